"""A medicine's name as on a box, a prescription or an order, without what is not its name: strength, form, salt.

`苯磺酸氨氯地平片(5mg×7片)` is `氨氯地平`, `Metoprolol Succinate ER 47.5 mg tablets` is `metoprolol`. Each step gives
one more candidate, the fullest first, so that a table may hold the fuller name where the shorter means something else
(碳酸钙, 硫酸镁, 复方甘草片). `复方` always stays: it is another product than the single ingredient.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LONGEST = 100
_MARKS = re.compile(r"[®™©★▲△※*]+$|^[★▲△※*]+|[®™©]")
_BRACKETED = re.compile(r"[(\[【〔{]([^()\[\]【】〔〕{}]{1,40})[)\]】〕}]")
_UNIT = r"(?:mg|g|ug|μg|mcg|ng|ml|l|iu|u|万单位|万u|单位|毫克|微克|克|毫升|%|片|粒|支|袋|盒|瓶|丸|枚|贴|揿|喷|吸|板|s)"
_STRENGTH = re.compile(rf"[:,\s]*\d[\d.]{{0,7}}\s?{_UNIT}(?:\s?[*×x/:]\s?\d{{0,5}}[\d.]{{0,4}}\s?{_UNIT}?){{0,3}}\s*$")
_BEFORE = re.compile(
    r"^(?:注射用|吸入用|外用|口服|静脉用|静注|进口|国产|肠溶|缓释|控释|重组人?|基因重组|鼻用|人工)(?=.{2,})"
)
_FORM = re.compile(
    r"(?:肠溶|缓释|控释|迟释|分散|咀嚼|泡腾|口崩|口腔崩解|口溶|薄膜衣?|糖衣|舌下|阴道|鼻用?|眼用?|滴眼|滴鼻|滴耳|吸入用?|雾化吸入用?|"
    r"雾化|气雾|粉雾|粉吸入|喷雾|鼻喷|外用|口服|静脉|皮下|肌肉|透皮|预充式?|预填充|笔芯|浓缩|微|软|硬|干|混悬|薄荷){0,4}"
    r"(?:片剂|片|胶囊剂?|胶丸|注射液|注射剂|粉针剂?|针剂|针|颗粒剂?|冲剂|口服液|口服溶液|溶液剂?|溶液|悬液|混悬液|混悬剂|乳剂|"
    r"糖浆|合剂|酊|软膏|乳膏|凝胶|眼膏|贴膏|搽剂|洗剂|滴眼液|滴鼻液|滴耳液|滴剂|滴丸|丸剂?|喷喷|喷剂|吸剂|药片|药丸|药水|药膏|气雾剂|粉雾剂|吸入剂|喷雾剂|喷鼻剂|粉剂|"
    r"散剂?|栓剂?|贴片|贴剂|贴|膜|笔芯|特充|都保|准纳器|能倍乐|令舒|雾化液|吸入液|吸入气雾剂|粉吸入剂|(?:氯化钠|葡萄糖)注射液|液)$"
)
_SALT = re.compile(
    r"^(复方)?(?:二?盐酸|硫酸氢|硫酸|对?甲?苯磺酸|门冬氨酸|琥珀酸|酒石酸|马来酸|富马酸|半?富马酸|甲磺酸|乙磺酸|磷酸|枸橼酸|醋酸|乙酸|乳酸|氢溴酸|"
    r"苯甲酸|丙酸|碳酸氢|硝酸|草酸|双羟萘酸|棕榈酸|精氨酸|氢碘酸)(?=[^钠钾钙镁铁锌铝铋亚氢].)"
)
_AFTER = re.compile(
    r"(?<=.{2})(?:(?:盐酸|硫酸|马来酸|甲磺酸|富马酸|琥珀酸|酒石酸|醋酸|枸橼酸|磷酸)(?:盐|酯|二?钠)|叔丁胺|二?钠盐?|钙盐?|钾盐?|镁盐?)$"
)
_WORDS = re.compile(r"[a-z][a-z0-9\-]*|\d+(?:/\d+)?")
_ENGLISH_FORMS = frozenset({
    "tablet", "tablets", "tab", "tabs", "capsule", "capsules", "cap", "caps", "injection", "injectable",
    "solution", "suspension", "syrup", "cream", "ointment", "gel", "patch", "drops", "spray", "inhaler",
    "aerosol", "inhalation", "powder", "pen", "flexpen", "penfill", "kwikpen", "solostar", "oral", "extended",
    "release", "sustained", "modified", "delayed", "controlled", "enteric", "coated", "film", "er", "xr", "sr",
    "xl", "cr", "la", "ec", "od", "odt", "mr", "for", "mg", "g", "mcg", "ug", "ml", "iu", "units", "unit", "po",
    "immediate", "chewable", "dispersible", "effervescent", "soluble", "iv", "im", "sc",
})  # fmt: skip
_ENGLISH_SALTS = frozenset({
    "hcl", "hydrochloride", "besylate", "besilate", "maleate", "succinate", "tartrate", "fumarate", "mesylate",
    "mesilate", "sulfate", "sulphate", "phosphate", "citrate", "acetate", "sodium", "calcium", "potassium",
    "magnesium", "hydrobromide", "bromide", "bisulfate", "medoxomil", "axetil", "cilexetil", "hemifumarate",
    "arginine", "erbumine", "disoproxil",
})  # fmt: skip


def candidates(name: str) -> Iterator[str]:
    """Names under which a table may know the medicine, the fullest first."""
    yield from plain(name)
    if len(name) > _LONGEST:
        return
    outside = _outside(name)
    for stage in _stages(outside):
        without = _AFTER.sub("", stage)
        if without != stage:
            yield without
    for inside in _BRACKETED.findall(_normal(name)):
        yield from _stages(_STRENGTH.sub("", inside))


def plain(name: str) -> Iterator[str]:
    """The name without strength, form and the acid of its salt, step by step; the last is how unknown ones compare.

    Metals of salts stay, as 乳酸钙 and 乳酸钠 are two.
    """
    yield name
    if len(name) <= _LONGEST:
        yield from _stages(_outside(name))


def _normal(name: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", _MARKS.sub("", name.strip())).casefold()).strip()


def _outside(name: str) -> str:
    """Without brackets and the strength at the end."""
    normal = _normal(name)
    bare = _BRACKETED.sub("", normal).strip() or normal
    return _STRENGTH.sub("", bare).strip() or bare


def _stages(name: str) -> Iterator[str]:
    if name.isascii():
        yield from _english(name)
        return
    name = "".join(name.split())
    yield name
    formless = _longest(_FORM, name)
    yield formless
    shorter = _BEFORE.sub("", formless)
    yield shorter
    yield _BEFORE.sub("", _SALT.sub(r"\1", shorter))


def _longest(form: re.Pattern[str], name: str) -> str:
    """Without its form, as long as two characters stay."""
    shorter = form.sub("", name)
    return shorter if len(shorter) >= 2 else name


def _english(name: str) -> Iterator[str]:
    yield name
    words = [word for word in _WORDS.findall(name) if not _ENGLISH_FORMS.issuperset(word.split("-"))]
    unsalted = [word for word in words if word not in _ENGLISH_SALTS] or words
    for kept in (words, unsalted, [word for word in unsalted if not word[0].isdigit()]):
        if kept:
            yield " ".join(kept)
