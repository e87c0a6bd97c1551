"""Words, numbers and units in one spelling, so that truth and record can be compared. Independent of the hub's tables."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc

_SIMPLIFY = opencc.OpenCC("t2s")
_DROPPED = re.compile(r"[\s“”\"'‘’、，,。；;：:（）()\[\]【】《》·．!！?？\-—_/]")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "半": 0.5}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CHINESE = re.compile(r"[零〇一二三四五六七八九两俩半十百千]+(?:点[零一二三四五六七八九]+)?")
FRACTIONS = {"半": 0.5, "一": 1.0}

UNITS = {
    "毫克": "mg", "克": "g", "微克": "ug", "mcg": "ug", "μg": "ug", "µg": "ug", "单位": "u", "iu": "u", "国际单位": "u",
    "个单位": "u", "units": "u", "unit": "u", "毫升": "ml", "片": "片", "tablet": "片", "tablets": "片", "tab": "片", "粒": "粒",
    "capsule": "粒", "cap": "粒", "支": "支", "袋": "袋", "喷": "喷", "puff": "喷", "puffs": "喷", "滴": "滴", "丸": "丸", "吸": "喷",
    "毫摩尔/升": "mmol/l", "毫摩尔每升": "mmol/l", "毫摩/升": "mmol/l", "mmol": "mmol/l", "微摩尔/升": "umol/l",
    "微摩尔每升": "umol/l", "μmol/l": "umol/l", "µmol/l": "umol/l", "umol": "umol/l", "毫克/分升": "mg/dl", "mg%": "mg/dl",
    "克/升": "g/l", "克/分升": "g/dl", "mg/l": "mg/l", "毫克/升": "mg/l", "mmhg": "mmhg", "mm[hg]": "mmhg",
    "毫米汞柱": "mmhg", "个": "", "×10^9/l": "10^9/l", "x10^9/l": "10^9/l", "*10^9/l": "10^9/l", "10*9/l": "10^9/l",
    "10e9/l": "10^9/l", "×109/l": "10^9/l", "10⁹/l": "10^9/l", "g/l(l)": "g/l", "miu/l": "miu/l", "uiu/ml": "miu/l",
    "μiu/ml": "miu/l", "mu/l": "miu/l", "ug/l": "ng/ml", "μg/l": "ng/ml", "ng/l": "pg/ml", "ml/min/1.73m^2": "ml/min/1.73m2",
    "ml/min/{1.73_m2}": "ml/min/1.73m2", "ml/(min·1.73m2)": "ml/min/1.73m2", "ml/min": "ml/min/1.73m2",
    "毫升/分": "ml/min/1.73m2", "℃": "c", "°c": "c", "cel": "c", "度": "c", "次/分": "/min", "次/分钟": "/min", "bpm": "/min",
    "公斤": "kg", "千克": "kg", "斤": "jin", "厘米": "cm", "公分": "cm", "毫米": "mm", "{u}": "u", "[iu]": "u", "u/l": "u/l",
    "iu/l": "u/l", "单位/升": "u/l", "iu/ml": "iu/ml", "copies/ml": "copies/ml", "拷贝/毫升": "copies/ml",
}  # fmt: skip

FREQUENCIES = {
    "qd": "qd", "一天一次": "qd", "一日一次": "qd", "每日一次": "qd", "每天一次": "qd", "1次/日": "qd", "daily": "qd", "once daily": "qd",
    "bid": "bid", "一天两次": "bid", "每日两次": "bid", "2次/日": "bid", "twice daily": "bid", "tid": "tid", "3次/日": "tid",
    "qid": "qid", "qn": "qn", "qhs": "qn", "hs": "qn", "每晚一次": "qn", "睡前": "qn", "at bedtime": "qn", "nightly": "qn",
    "prn": "prn", "必要时": "prn", "按需": "prn", "as needed": "prn", "qw": "qw", "每周一次": "qw", "weekly": "qw", "qod": "qod",
    "隔日一次": "qod", "q12h": "bid", "q8h": "tid", "q6h": "qid", "am": "qd", "qm": "qd", "每早一次": "qd",
}  # fmt: skip
"""q12h and qn stand beside bid and qd: see `same_frequency`."""


@lru_cache(100_000)
def plain(text: str) -> str:
    """Half width, simplified, lower case, without spaces and punctuation."""
    return _DROPPED.sub("", _SIMPLIFY.convert(unicodedata.normalize("NFKC", text)).lower())


@lru_cache(10_000)
def unit(text: str | None) -> str | None:
    """One spelling of a unit; None stays None."""
    if text is None or not text.strip():
        return None
    said = unicodedata.normalize("NFKC", text.replace("⁹", "^9")).replace(" ", "").replace("μ", "u").replace("µ", "u")
    said = said.lower()
    return UNITS.get(said, UNITS.get(text.strip().lower(), said)) or None


def frequency(text: str | None) -> str | None:
    """A code of a frequency (qd, bid, ...) or the plain words."""
    if text is None:
        return None
    said = unicodedata.normalize("NFKC", text).strip().lower()
    return FREQUENCIES.get(said, said)


@lru_cache(20_000)
def numbers(text: str) -> frozenset[float]:
    """Every number in a text, in digits or Chinese."""
    said = unicodedata.normalize("NFKC", text)
    found = {float(m.group()) for m in _NUMBER.finditer(said)}
    # A date without separators holds year, month and day; "120/80" and "1,000" hold their parts.
    found |= {float(m.group()) for m in _NUMBER.finditer(said.replace(",", ""))}
    for match in _CHINESE.finditer(said):
        value = chinese(match.group())
        if value is not None:
            found.add(value)
    return frozenset(found)


def chinese(text: str) -> float | None:
    """The value of a Chinese numeral up to thousands, digit by digit (二〇二三) or with 十百千, 两片半 excluded."""
    whole, _, part = text.partition("点")
    if part:
        base = chinese(whole)
        digits = "".join(str(_DIGITS[c]) for c in part)
        return None if base is None else base + float(f"0.{digits}")
    if not any(c in "十百千" for c in whole):
        if len(whole) > 1 and "半" in whole:
            return None
        return float("".join(str(_DIGITS[c]) for c in whole))
    total, digit = 0.0, 0.0
    for c in whole:
        if c in _DIGITS:
            digit = _DIGITS[c]
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            digit = 0
    return total + digit
