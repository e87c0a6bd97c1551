"""Names that are the same: folded spelling, medicine names without salt and form, and a table of synonyms.

The tables of `terminology` hold common names of the field; what they do not know is compared by its folded name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from hub.summarizer.terminology import tables

_PUNCTUATION = re.compile(r"[\s\-‐–—_·・,，、.。;；:：'\"“”‘’()（）\[\]【】/\\]+")
_SALT = re.compile(
    r"^(?:重组人?|注射用|复方?盐酸|盐酸|硫酸氢?|苯磺酸|门冬氨酸|琥珀酸|酒石酸|马来酸|富马酸|甲磺酸|磷酸|枸橼酸|醋酸|乳酸|"
    r"氢溴酸|苯甲酸|丙酸|碳酸氢)(?=.{2,})"
)
_FORM = re.compile(
    r"(?:肠溶|缓释|控释|分散|咀嚼|泡腾|口崩|薄膜衣|粉吸入|吸入用?|气雾|喷雾|鼻喷|外用|口服|静脉|皮下)*"
    r"(?:片剂|片|胶囊|注射液|注射剂|针剂|针|颗粒|口服液|溶液|混悬液|软膏|乳膏|滴眼液|滴丸|丸|气雾剂|粉雾剂|吸入剂|喷雾剂|"
    r"粉剂|散|栓|贴片|贴|都保|tablets?|capsules?|injection)$",
    re.IGNORECASE,
)
_CATION = re.compile(r"(?<=.{2})(?:钠|钙|钾)$")
_MODALITY = re.compile(r"^(?:既往)?(?:否认|已?排除|除外|未见|疑似|可疑|考虑)|[?？]|(?:待排除?|待查|待除外|可能)$")
_KNOWN_BY_CODE = frozenset({"http://loinc.org", "http://www.whocc.no/atc"})
_SIDES = {"双侧": "B", "左侧": "L", "右侧": "R", "双": "B", "左": "L", "右": "R"}
_SIDE = re.compile(r"双侧|左侧|右侧|双(?=眼|肾|肺|膝|髋|下肢|上肢|乳)|左|右")


def fold(name: str) -> str:
    """NFKC, no case, no spaces or punctuation."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", name).casefold())


def laterality(name: str) -> str:
    """`L`, `R`, `B` or "" from the words of a name."""
    found = _SIDE.search(name)
    if found:
        return _SIDES[found.group()]
    folded = name.casefold()
    return "L" if re.search(r"\bleft\b", folded) else "R" if re.search(r"\bright\b", folded) else ""


@lru_cache(maxsize=65536)
def key(kind: str, name: str) -> str:
    """What equal names of one kind share. kind: `problem`, `medicine`, `analyte`, `allergen`, `procedure`, ..."""
    table, _ = _table()
    folded = fold(name)
    for candidate in _candidates(kind, folded):
        if (kind, candidate) in table:
            return table[kind, candidate]
    return f"name|{list(_candidates(kind, folded))[-1]}"


def key_of_code(kind: str, system: str, code: str) -> str | None:
    """The same for a code that the table knows, None for others."""
    _, codes = _table()
    return codes.get((kind, code)) if system in _KNOWN_BY_CODE else None


def _candidates(kind: str, folded: str) -> list[str]:
    found = [folded]
    if kind in ("medicine", "allergen"):
        plain = _FORM.sub("", folded) or folded
        plain = _SALT.sub("", plain)
        found += [plain, _CATION.sub("", plain)]
        if kind == "allergen":
            found.append(re.sub(r"(?:类|类药物?|类抗生素|过敏史?|药物)$", "", found[-1]) or found[-1])
    elif kind in ("procedure", "problem"):
        found.append(_SIDE.sub("", folded) or folded)
        found.append(_MODALITY.sub("", found[-1]) or found[-1])
    return found


@lru_cache(maxsize=1)
def _table() -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], str]]:
    """The key of a folded name, and of a code, by kind."""
    names: dict[tuple[str, str], str] = {}
    codes: dict[tuple[str, str], str] = {}
    for term in tables.terms():
        kind = tables.family(term.kind)
        for name in (term.name, *term.names, *term.colloquial):
            names.setdefault((kind, fold(name)), term.key)
        for _, code in term.codes:
            codes.setdefault((kind, code), term.key)
    return names, codes
