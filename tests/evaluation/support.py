"""Whether what an item says can be read in the text of its sources: name, numbers, unit, dates.

A name is supported where a part of the item's text (or its code, display, medicine) occurs in the sources; a number
where it is written there, in digits or Chinese; a unit where it is written in any spelling, or where the item's own
number stands there without one; a date where its digits, a relative expression, or the day of the source yield it.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from tests.evaluation.plain import UNITS, numbers, plain, unit

Json = dict[str, Any]

_PART = re.compile(r"[\s（(）)，,：:；;、“”\"]+")
_DATE_OR_NUMBER = re.compile(r"[\d\-T:+.~/]*")
_RELATIVE = re.compile(
    r"[年月日天周岁]|去|昨|今|前|后|上|下|明|礼拜|星期|ago|last|since|week|month|year|day|yesterday|today|recent|next|tomorrow|腊|端午|中秋|春节|初"
)
_SAID_BY_THE_HUB = (
    "此前",
    "参考",
    "偏高",
    "偏低",
    "起",
    "至",
    "停",
    "计划",
    "已停",
    "已",
    "否认",
    "无",
    "可能",
    "疑似",
    "家族史",
    "过敏",
    "待排",
    "不确定",
    "拟",
    "左侧",
    "右侧",
    "双侧",
)
_SIDES = re.compile(r"^[左右双两]侧?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PRESSURES = ("收缩压", "舒张压")
_ENOUGH = 0.7


def unsupported(item: Json) -> list[str]:
    """What of the item cannot be found in its sources."""
    text = " ".join(s["text"] for s in item["sources"])
    whole = plain(text)
    found = []
    if not _name_supported(item, whole):
        found.append("name")
    if not all(_number_supported(n, text) for n in _numbers(item)):
        found.append("number")
    if not all(_unit_supported(u, text) for u in _units(item)):
        found.append("unit")
    if not all(_date_supported(d, item, text) for d in _dates(item)):
        found.append("date")
    return found


def _name_supported(item: Json, whole: str) -> bool:
    """A part of the text that is not the hub's own word, the code, its display or the medicine is in the sources."""
    if item["kind"] == "encounter":
        return True
    parts = [plain(p) for p in _PART.split(item["text"]) if not _DATE_OR_NUMBER.fullmatch(p)]
    said = [p for p in parts if p and p not in _SAID_BY_THE_HUB]
    if item["code"]:
        said += [plain(item["code"]["display"]), plain(item["code"]["code"])]
    if item["medication"]:
        said.append(plain(item["medication"]["name"]))
    if any(s in _PRESSURES for s in said) and re.search(r"血压|高压|低压|bp|pressure", whole):
        return True
    if "nkda" in whole and item["assertion"] == "absent":
        return True
    return any(_written(s, whole) for s in said) if said else any(p in whole for p in parts)


def _written(name: str, whole: str) -> bool:
    """The name, without its side, or most of its pairs of characters (a side may stand in the middle: 左肺下叶)."""
    bare = _SIDES.sub("", name)
    if name in whole or (bare and bare in whole):
        return True
    pairs = [a + b for a, b in itertools.pairwise(bare)]
    return len(pairs) > 1 and sum(p in whole for p in pairs) / len(pairs) >= _ENOUGH


def _numbers(item: Json) -> list[float]:
    found = [p["number"] for p in item["series"] or ()]
    if item["value"] and item["value"]["number"] is not None:
        found.append(item["value"]["number"])
    if item["medication"] and item["medication"]["dose"] is not None:
        found.append(item["medication"]["dose"])
    return [float(n) for n in found]


def _number_supported(number: float, text: str) -> bool:
    return abs(number) in numbers(text)


def _units(item: Json) -> set[str]:
    found = {p["unit"] for p in item["series"] or ()}
    for holder in (item["value"], item["medication"]):
        found.add(holder["unit"] if holder else None)
    return {u for u in found if u}


def _unit_supported(said: str, text: str) -> bool:
    if plain(said) in plain(text):
        return True
    wanted = unit(said)
    folded = plain(text)
    return any(plain(spelling) in folded for spelling, meant in UNITS.items() if meant == wanted)


def _dates(item: Json) -> list[str]:
    found = [p["date"] for p in item["series"] or ()] + [item["start"], item["end"]]
    return [d[:10] for d in found if d]


def _date_supported(date: str, item: Json, text: str) -> bool:
    """Digits of the year and all further parts, a word of time beside which the date is computed, or a source's day."""
    days = {(s[k] or "")[:10] for s in item["sources"] for k in ("recorded_at", "received_at")}
    if any(day.startswith(date) for day in days) or _RELATIVE.search(text):
        return True
    written = {int(n) for n in re.findall(r"\d+", text)} | {n for n in numbers(text) if n == int(n)}
    written |= {n for n, month in enumerate(_MONTHS, 1) if month in text.lower()}
    return date.replace("-", "") in re.sub(r"[-/.]", "", text) or all(int(p) in written for p in date.split("-"))
