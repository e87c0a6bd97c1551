"""Names that are the same: folded spelling, medicine names without salt and form, and a table of synonyms.

The tables of `terminology` hold common names of the field; what they do not know is compared by its folded name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from hub.summarizer import medicine_names
from hub.summarizer.terminology import tables

_PUNCTUATION = re.compile(r"[\s\-‐–—_·・,，、.。;；:：'\"“”‘’()（）\[\]【】/\\]+")
_CLASS = re.compile(r"(?:类|类药物?|类抗生素|过敏史?|药物)$")
_MODALITY = re.compile(r"^(?:既往)?(?:否认|已?排除|除外|未见|疑似|可疑|考虑)|[?？]|(?:待排除?|待查|待除外|可能)$")
_KNOWN_BY_CODE = frozenset({"http://loinc.org", "http://www.whocc.no/atc"})
_CLASSES = frozenset({"胰岛素", "铁剂", "低分子肝素"})
"""Broader terms of medicines that are a class, not an ingredient: two of a class are not the same medicine twice."""
_SIDES = {"双侧": "B", "左侧": "L", "右侧": "R", "双": "B", "左": "L", "右": "R"}
_SIDES_EN = {"left": "L", "right": "R"}
_SIDE = re.compile(r"双侧|左侧|右侧|双(?=眼|肾|肺|膝|髋|下肢|上肢|乳)|左(?!右)|(?<!左)右")


def fold(name: str) -> str:
    """NFKC, no case, no spaces or punctuation."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", name).casefold())


def laterality(name: str) -> str:
    """`L`, `R`, `B` or "" from the words of a name."""
    found = _SIDE.search(name) if "左" in name or "右" in name or "双" in name else None
    if found:
        return _SIDES[found.group()]
    folded = name.casefold()
    return next((side for word, side in _SIDES_EN.items() if word in folded and re.search(rf"\b{word}\b", folded)), "")


@lru_cache(maxsize=65536)
def key(kind: str, name: str) -> str:
    """What equal names of one kind share. kind: `problem`, `medicine`, `analyte`, `allergen`, `procedure`, ..."""
    table, _ = _table()
    for candidate in _candidates(kind, name):
        if (kind, candidate) in table:
            return table[kind, candidate]
    return f"name|{_unknown(kind, name)}"


def key_of_code(kind: str, system: str, code: str) -> str | None:
    """The same for a code that the table knows, None for others."""
    _, codes = _table()
    return codes.get((kind, code)) if system in _KNOWN_BY_CODE else None


@lru_cache(maxsize=4096)
def ingredients(medicine_key: str) -> frozenset[str]:
    """Keys of what a medicine contains: those of a combination, itself for a single ingredient or an unknown name."""
    found: set[str] = set()
    waiting, seen = [medicine_key], set()
    while waiting:
        at = waiting.pop()
        term = medicines().get(at)
        parts = [name for name in term.broader if name not in _CLASSES] if term and at not in seen else []
        seen.add(at)
        waiting += [f"term|medicine:{name}" for name in parts]
        if not parts:
            found.add(at)
    return frozenset(found)


@lru_cache(maxsize=1)
def medicines() -> dict[str, tables.Term]:
    """The medicines of the tables by key."""
    return {term.key: term for term in tables.terms() if term.kind == "medicine"}


def _candidates(kind: str, name: str) -> list[str]:
    if kind in ("medicine", "allergen"):
        found = list(dict.fromkeys(fold(candidate) for candidate in medicine_names.candidates(name)))
        return [*found, *(_CLASS.sub("", c) or c for c in found)] if kind == "allergen" else found
    found = [fold(name)]
    if kind == "analyte":
        return [*found, *(found[0] + measured for measured in ("测定", "浓度"))]
    if kind in ("procedure", "problem"):
        found.append(_SIDE.sub("", found[0]) or found[0])
        found.append(_MODALITY.sub("", found[-1]) or found[-1])
    return found


def _unknown(kind: str, name: str) -> str:
    """What a name that no table knows is compared by."""
    if kind in ("medicine", "allergen"):
        bare = fold(list(medicine_names.plain(name))[-1]) or fold(name)
        return (_CLASS.sub("", bare) or bare) if kind == "allergen" else bare
    return fold(name) if kind == "analyte" else _candidates(kind, name)[-1]


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
