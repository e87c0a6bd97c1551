"""Whether what an item says can be read in the text of its sources: name, numbers, unit, dates.

A name is supported where a part of the item's text (or its code, display, medicine) occurs in the sources; a number
where it is written there, in digits or Chinese; a unit where it is written in any spelling, or where the item's own
number stands there without one; a date where its digits, a relative expression, or the day of the source yield it.
"""

from __future__ import annotations

import re
from typing import Any

from tests.evaluation.plain import UNITS, numbers, plain, unit

Json = dict[str, Any]

_PART = re.compile(r"[\s（(）)，,：:；;、“”\"]+")
_MARKS = re.compile(r"\d{4}(?:-\d\d){0,2}(?:T[\d:+]+)?|\d+(?:\.\d+)?")
_RELATIVE = re.compile(
    r"[年月日天周岁]|去|昨|今|前|后|上|礼拜|星期|ago|last|since|week|month|year|day|yesterday|today|recent|腊|端午|中秋|春节|初"
)
_SAID_BY_THE_HUB = ("此前", "参考", "偏高", "偏低", "起", "至", "停", "过敏", "计划", "住院", "门诊", "已")


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
    """The parts of the text up to the first number: one of them is in the sources, or the code or its display is."""
    parts = [plain(_MARKS.sub("", p)) for p in _PART.split(item["text"])]
    said = [p for p in parts if p and p not in _SAID_BY_THE_HUB]
    if item["code"]:
        said += [plain(item["code"]["display"]), plain(item["code"]["code"])]
    if item["medication"]:
        said.append(plain(item["medication"]["name"]))
    if item["kind"] == "encounter":
        return True
    return any(s in whole for s in said if s)


def _numbers(item: Json) -> list[float]:
    found = [p["number"] for p in item["series"] or ()]
    if item["value"] and item["value"]["number"] is not None:
        found.append(item["value"]["number"])
    if item["medication"] and item["medication"]["dose"] is not None:
        found.append(item["medication"]["dose"])
    return [float(n) for n in found]


def _number_supported(number: float, text: str) -> bool:
    return number in numbers(text)


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
    compact = text.replace("-", "").replace("/", "").replace(".", "")
    return date.replace("-", "") in compact or all(float(p) in numbers(text) for p in date.split("-"))
