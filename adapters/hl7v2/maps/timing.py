"""Repeat patterns and quantity/timing: TQ1, TQ (RXE-1, ORC-7) to FHIR Dosage and Timing."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import positive_of
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, OWN, TIMING, as_sent, mark, marked
from adapters.hl7v2.maps.names import period
from adapters.hl7v2.maps.quantities import composite_quantity, number, quantity
from adapters.hl7v2.maps.reading import Leaf, Reading, Repetition
from adapters.hl7v2.maps.systems import UNITS, code_system

_EVERY = re.compile(r"Q(\d{1,3})([SMHDWL])$")
_SHARE = re.compile(r"(\d{1,2})/(\d{0,3})\s*(小时|天|日|周|月|[HDW])$")
"""`1/12 小时`, `3/日`: how often in how long, as hospitals of China write it."""
_SHARED = {"小时": "h", "天": "d", "日": "d", "周": "wk", "月": "mo", "H": "h", "D": "d", "W": "wk"}
_FREQUENCY = re.compile(r"(\d+) per (\d+) (\w+)")
_TIMES = re.compile(r"(\d)ID$")
_UNIT = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo"}
_GTS = codes.V3 + "GTSAbbreviation"


def pattern(c: Conversion, leaf: Leaf, dosage: dict[str, Any], *, name: Leaf | None = None,
            system: Leaf | None = None) -> None:  # fmt: skip
    """A repeat pattern (table 0335): its code, its words, and what it means where that is known."""
    code = leaf.text.strip().upper()
    timing = dosage.setdefault("timing", {})
    concept: dict[str, Any] = {"text": name or leaf}
    if code in c.codes["gts"]:
        concept["coding"] = [{"system": _GTS, "code": leaf.give(code)}]
    elif system and re.fullmatch(r"\S+", leaf.text):
        concept["coding"] = [
            {"system": system.give(code_system(c.dialect.systems, system.text, c.facility)), "code": leaf}
        ]
    timing["code"] = concept
    if code.startswith("PRN"):
        dosage["asNeededBoolean"] = leaf.give(True)
        code = code[3:].strip()
    repeat = timing.setdefault("repeat", {})
    found = c.codes["repeat"].get(code)
    every, times = _EVERY.match(code), _TIMES.match(code)
    told = name or leaf
    share = _SHARE.match(told.text.strip().upper())
    if found:
        frequency, period, unit = _FREQUENCY.fullmatch(found).groups()  # type: ignore[union-attr]
        repeat |= {"frequency": leaf.give(int(frequency)), "period": int(period), "periodUnit": unit}
        if code in c.codes["when"]:
            repeat["when"] = [leaf.give(c.codes["when"][code])]
    elif every and int(every[1]) > 0:
        repeat |= {"frequency": 1, "period": leaf.give(int(every[1])), "periodUnit": _UNIT[every[2]]}
    elif times and int(times[1]) > 0:
        repeat |= {"frequency": leaf.give(int(times[1])), "period": 1, "periodUnit": "d"}
    elif share and int(share[1]) > 0 and int(share[2] or 1) > 0:
        often, long = told.give(int(share[1])), int(share[2] or 1)
        repeat |= {"frequency": often, "period": long, "periodUnit": _SHARED[share[3]]}
    if not repeat:
        timing.pop("repeat")


def implied(code: str) -> frozenset[str]:
    """Which elements of a Timing.repeat a pattern's code says."""
    code = code.strip().upper().removeprefix("PRN").strip()
    if code in codes.WORDS["repeat"]:
        return frozenset(("period", "when") if code in codes.WORDS["when"] else ("period",))
    return frozenset(("period",)) if _EVERY.match(code) or _TIMES.match(code) else frozenset()


def bounds(c: Conversion, start: Leaf | None, end: Leaf | None, dosage: dict[str, Any]) -> None:
    """When it begins and ends."""
    found = period(c, start, end)
    if found:
        repeat = dosage.setdefault("timing", {}).setdefault("repeat", {})
        repeat.pop("boundsDuration", None)
        repeat.setdefault("boundsPeriod", found)


def duration(leaf: Leaf | None, dosage: dict[str, Any]) -> None:
    """TQ.3: `D10`, ten days."""
    found = re.fullmatch(r"([SMHDWL])(\d{1,4})", leaf.text.strip().upper()) if leaf else None
    if leaf and found:
        _lasting(leaf.give(number(found[2])), _UNIT[found[1]], _UNIT[found[1]], dosage)


LASTS = OWN + "lasts"
_SPANS = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
          "wk": timedelta(weeks=1)}  # fmt: skip
_LONGEST = 36525 * _SPANS["d"]


def _lasting(value: Leaf, unit: str, written: Leaf | str, dosage: dict[str, Any]) -> None:
    """How long it is to be done. Of a Period that begins it gives the end: FHIR takes no duration beside one."""
    repeat = dosage.setdefault("timing", {}).setdefault("repeat", {})
    made = {"value": value, "unit": written, "system": UNITS, "code": unit}
    bounds = repeat.get("boundsPeriod")
    if bounds is None:
        repeat.setdefault("boundsDuration", made)
    elif "end" not in bounds and (end := _until(str(bounds["start"].value), Decimal(str(value.value)), unit)):
        bounds["end"] = value.give(end)
        bounds["_end"] = {"extension": [{"url": LASTS, "valueDuration": made}]}


def _until(start: str, length: Decimal, unit: str) -> str | None:
    """The last day, counted with the first, of what begins on a day; the last moment of what begins at one."""
    span = _SPANS.get(unit)
    if span is None or length > _LONGEST / span or start > "9":
        return None
    if "T" in start:
        return (datetime.fromisoformat(start) + float(length) * span).isoformat()
    if len(start) < 10 or span < _SPANS["d"] or length != int(length):
        return None
    return (date.fromisoformat(start) + int(length) * span - _SPANS["d"]).isoformat()


def quantity_timing(c: Conversion, r: Repetition, dosage: dict[str, Any], resource: dict[str, Any]) -> None:
    """TQ: quantity, interval, duration, start, end, priority, condition, text."""
    interval = r.part(2, 1)
    if interval:
        pattern(c, interval, dosage)
    bounds(c, r.leaf(4), r.leaf(5), dosage)
    duration(r.leaf(3), dosage)
    priority(c, r.leaf(6), resource)
    amount, unit = r.part(1, 1), r.part(1, 2)
    if amount and "doseAndRate" not in dosage:
        found = quantity(amount, None)
        if found:
            dosage["doseAndRate"] = [{"doseQuantity": {**found, **({"unit": unit} if unit else {})}}]
    words = r.leaf(8)
    if words:
        dosage.setdefault("text", words)
    condition = r.leaf(7)
    if condition:
        dosage.setdefault("additionalInstruction", []).append({"text": condition})


def priority(c: Conversion, leaf: Leaf | None, resource: dict[str, Any]) -> None:
    if found := c.looked_up("priority", leaf):
        resource.setdefault("priority", found)


_WORDS = {"S": "s", "SEC": "s", "MIN": "min", "M": "min", "H": "h", "HR": "h", "HRS": "h", "D": "d", "DAY": "d",
          "DAYS": "d", "WK": "wk", "W": "wk", "MO": "mo", "A": "a", "YR": "a", "秒": "s", "分钟": "min", "小时": "h",
          "天": "d", "日": "d", "日分": "d", "日間": "d", "周": "wk", "月": "mo"}  # fmt: skip
"""Units of time as senders write them, to UCUM."""
_MINUTES = {"s": Decimal(1) / 60, "min": Decimal(1), "h": Decimal(60), "d": Decimal(1440)}


def _details(c: Conversion, s: Reading, repeat: Repetition | None, dosage: dict[str, Any]) -> None:
    """RPT.5, .6, .8, .9 and TQ1-4, -13: period, event and offset, times of day, duration of each time."""
    found: dict[str, Any] = {}
    period, unit = (repeat.leaf(5), repeat.leaf(6)) if repeat else (None, None)
    if (value := _amount(period)) and (written := _unit(unit)):
        found |= {"period": value, "periodUnit": written}
    event = repeat.leaf(8) if repeat else None
    if event and event.text.strip() in c.codes["event-timing"]:
        found["when"] = [event]
        away = repeat.leaf(9) if repeat else None
        distance = number(away.text) if away else None
        factor = _MINUTES.get(_named(repeat.leaf(10) if repeat else None))
        if away and distance and factor and int(distance * factor) > 0:
            found["offset"] = away.give(int(distance * factor))
    times = [time for r in s.each(4) if (time := _time_of_day(r.leaf()))]
    if times and "when" not in found:
        found["timeOfDay"] = times
    length = s.first(13)
    if length and (value := _amount(length.leaf())) and (written := _unit(length.leaf(2))):
        found |= {"duration": value, "durationUnit": written}
    if found:
        held = dosage.setdefault("timing", {}).setdefault("repeat", {})
        for key, item in found.items():
            held.setdefault(key, item)


def _amount(leaf: Leaf | None) -> Leaf | None:
    value = number(leaf.text) if leaf else None
    return leaf.give(value) if leaf and value is not None and value > 0 else None


def _named(leaf: Leaf | None) -> str:
    return _WORDS.get(leaf.text.strip().upper(), "") if leaf else ""


def _unit(leaf: Leaf | None) -> Leaf | None:
    return leaf.give(_named(leaf)) if leaf and _named(leaf) else None


def _time_of_day(leaf: Leaf | None) -> Leaf | None:
    found = re.match(r"([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)?$", leaf.text.strip()) if leaf else None
    return leaf.give(f"{found[1]}:{found[2]}:{found[3] or '00'}") if leaf and found else None


def tq1(c: Conversion, s: Reading, dosage: dict[str, Any], resource: dict[str, Any]) -> None:
    """TQ1 as one Dosage (MedicationRequest) or, its timing alone, an occurrence (ServiceRequest)."""
    repeat = s.first(3)
    if repeat and (leaf := repeat.part(1, 1)):
        name = repeat.part(1, 2)
        pattern(c, leaf, dosage, name=name, system=repeat.part(1, 3))
        if name is None and "coding" not in dosage["timing"]["code"]:
            mark(dosage["timing"]["code"], COMPONENT, "1", "text")
    _details(c, s, repeat, dosage)
    bounds(c, s.leaf(7), s.leaf(8), dosage)
    whole = s.first(6)
    if whole and (value := _amount(whole.leaf())) and (written := _unit(whole.leaf(2))):
        _lasting(value, _named(whole.leaf(2)), whole.part(2, 2) or written, dosage)
    priority(c, s.leaf(9), resource)
    amount = s.first(2)
    found = composite_quantity(c, amount) if amount else None
    if found and "doseAndRate" not in dosage:
        dosage["doseAndRate"] = [{"doseQuantity": found}]
    for field in (10, 11):
        leaf = s.leaf(field)
        if leaf and field == 11 and "text" not in dosage:
            dosage["text"] = leaf
        elif leaf:
            dosage.setdefault("additionalInstruction", []).append({"text": leaf})
    total = positive_of(s.leaf(14))
    if total:
        dosage.setdefault("timing", {}).setdefault("repeat", {})["count"] = total


def timed(c: Conversion, s: Reading, entry: Entry) -> None:
    """TQ1 of a request: a MedicationRequest's dosage, a ServiceRequest's occurrence."""
    resource = entry.resource
    if resource["resourceType"] == "MedicationRequest":
        tq1(c, s, resource.setdefault("dosageInstruction", [{}])[0], resource)
        return
    if resource["resourceType"] != "ServiceRequest":
        return
    if "s" in entry.timings or "occurrenceTiming" in resource or "quantityQuantity" in resource:
        further(c, s, entry)
    else:
        dosage: dict[str, Any] = {}
        ranked = "priority" in resource
        tq1(c, s, dosage, resource)
        if "priority" in resource and not ranked:
            mark(resource, FIELD, "TQ1", "priority")
        entry.timings += "s" if dosage or ("priority" in resource and not ranked) else "e"
        occurs(dosage, resource, ("TQ1-10", "TQ1-11"))


def further(c: Conversion, s: Reading, entry: Entry) -> None:
    """A TQ1 behind the first, or behind OBR-27: a ServiceRequest takes one occurrence, an Appointment one time."""
    dosage: dict[str, Any] = {}
    held: dict[str, Any] = {}
    tq1(c, s, dosage, held)
    if rank := held.get("priority"):
        dosage["extension"] = [{"url": OWN + "priority", "valueCode": rank}]
        if form := as_sent(rank.value, rank.text):
            mark(dosage["extension"][0], AS_SENT, form, "valueCode")
    entry.timings += "s" if dosage else "e"
    if dosage:
        entry.resource.setdefault("extension", []).append({"url": TIMING, "valueDosage": dosage})


def occurs(dosage: dict[str, Any], resource: dict[str, Any], places: tuple[str, str]) -> None:
    """A timing as that of a ServiceRequest. places: where the condition and the text stood, in OBR-27 or TQ1."""
    condition, text = places
    where = "" if text.startswith("TQ1") else text.partition(".")[0]
    if "timing" in dosage and not any(key in resource for key in ("occurrenceTiming", "occurrencePeriod")):
        resource["occurrenceTiming"] = dosage["timing"]
        if where:
            mark(resource["occurrenceTiming"], FIELD, where)
        if "occurrenceDateTime" in resource:
            resource["occurrenceTiming"]["event"] = [resource.pop("occurrenceDateTime")]
    if "text" in dosage:
        resource.setdefault("note", []).append(marked({"text": dosage["text"]}, FIELD, text))
    for instruction in dosage.get("additionalInstruction", ()):
        resource.setdefault("note", []).append(marked(instruction, FIELD, condition))
    if "doseAndRate" in dosage and "quantityQuantity" not in resource:
        resource["quantityQuantity"] = dosage["doseAndRate"][0]["doseQuantity"]
        if where:
            mark(resource["quantityQuantity"], FIELD, where)
