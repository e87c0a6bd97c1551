"""OBX-5 to Observation.value[x] by its type, OBX-2 (official map OBX[Observation])."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.attachments import ATTACHMENT, Put, attachment, pointer
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.datatypes import ALTERNATE, coding, concept, date_time
from adapters.hl7v2.maps.marks import COMPONENT, mark
from adapters.hl7v2.maps.quantities import number, quantity, reference_range, units
from adapters.hl7v2.maps.reading import Leaf, Reading, Repetition

PROSE = frozenset({"TX", "FT"})
_INTERPRETATION = codes.V3 + "ObservationInterpretation"
_SENTENCE = re.compile(r"[。；！？]|[.;!?]\s|\n|.{80}")

Read = Callable[[Conversion, Reading, Repetition], Put | None]


def value(c: Conversion, s: Reading, kind: str, repetition: Repetition) -> Put | None:
    """The element that carries the value, as {name: value}; None where it says nothing."""
    read = _READERS.get(kind or ("NM" if s.has(6) else ""))
    if read is _coded and not repetition.lone and not repetition.values.keys() & _SAYING:
        return None
    found = read(c, s, repetition) if read else None
    return found or _string(c, s, repetition)


def _string(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    prose = r.prose()
    return {"valueString": prose} if prose else None


def _number(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    """Components that NM has not are left to the ledger, unless they hold a number too (`120^80`)."""
    alone = r.lone or not any(character.isdigit() for leaf in r.leaves()[1:] for character in leaf.text)
    found = quantity(r.leaf(1), s.first(6)) if alone else None
    return {"valueQuantity": found} if found else None


_SAYING = {1, 2, 4, 5, 9}
"""Components of a CWE that say something: a coding system alone (`^^99LAB`) says nothing."""


def _coded(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    """A sentence where a code should stand is text."""
    if r.lone and _SENTENCE.search(r.text()):
        return None
    found = concept(c, r)
    return {"valueCodeableConcept": found} if found else None


def _time(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    leaf = r.leaf()
    found = c.clock.date_time(leaf.text) if leaf and r.lone else None
    return {"valueDateTime": leaf.give(found)} if leaf and found else None


def _clock_time(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    leaf = r.leaf()
    found = re.match(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)?$", leaf.text.strip()) if leaf else None
    if not leaf or not found:
        return None
    return {"valueTime": leaf.give(f"{found[1]}:{found[2]}:{found[3] or '00'}")}


def _structured(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    """SN: comparator, number, separator, number."""
    comparator, first, separator, second = (r.leaf(n) for n in (1, 2, 3, 4))
    if r.lone or first is None:
        return _number(c, s, r)
    one = number(first.text)
    two = number(second.text) if second else None
    mark_of = separator.text.strip() if separator else ""
    sign = {"<": "<", ">": ">", "<=": "<=", ">=": ">="}.get(comparator.text.strip()) if comparator else None
    if one is None or (comparator and comparator.text.strip() not in ("=", "<", ">", "<=", ">=")):
        return None
    low = {"value": first.give(one), **units(s.first(6))}
    if mark_of in (":", "/") and second and two is not None:
        ratio: Put = {"numerator": low, "denominator": {"value": second.give(two)}}
        if mark_of != ":":
            mark(ratio, COMPONENT, mark_of)
        if comparator and sign:
            low["comparator"] = comparator.give(sign)
        return {"valueRatio": ratio}
    if mark_of == "-" and second and two is not None and not sign:
        return {"valueRange": {"low": low, "high": {"value": second.give(two), **units(s.first(6))}}}
    if mark_of or second:
        return None
    if comparator and sign:
        low["comparator"] = comparator.give(sign)
    return {"valueQuantity": low}


def _range(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    low, high = r.leaf(1), r.leaf(2)
    made: Put = {}
    for key, leaf in (("low", low), ("high", high)):
        found = number(leaf.text) if leaf else None
        if leaf and found is not None:
            made[key] = {"value": leaf.give(found), **units(s.first(6))}
    return {"valueRange": made} if made and len(made) == sum(1 for leaf in (low, high) if leaf) else None


def _period(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    made: Put = {}
    for key, leaf in (("start", r.leaf(1)), ("end", r.leaf(2))):
        found = c.clock.date_time(leaf.text) if leaf else None
        if leaf and found:
            made[key] = leaf.give(found)
    return {"valuePeriod": made} if made else None


def _attached(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    found = attachment(r)
    return {"extension": [{"url": ATTACHMENT, "valueAttachment": found}]} if found else None


def _pointed(c: Conversion, s: Reading, r: Repetition) -> Put | None:
    found = pointer(r)
    return {"extension": [{"url": ATTACHMENT, "valueAttachment": found}]} if found else None


_READERS: dict[str, Read] = {
    "NM": _number, "SN": _structured, "CE": _coded, "CWE": _coded, "CNE": _coded, "CF": _coded, "IS": _coded,
    "DT": _time, "DTM": _time, "TS": _time, "TM": _clock_time, "NR": _range, "DR": _period, "ED": _attached,
    "RP": _pointed, "ID": _coded, "SI": _number,
}  # fmt: skip


def usual_type(found: Put) -> str:
    """The OBX-2 that a value usually has; "" for none."""
    if "valueQuantity" in found:
        return "SN" if "comparator" in found["valueQuantity"] else "NM"
    if "valueString" in found:
        said = str(getattr(found["valueString"], "value", found["valueString"]))
        return "TX" if "\n" in said or len(said) > 199 else "ST"
    if "extension" in found:
        return "ED" if "data" in found["extension"][0]["valueAttachment"] else "RP"
    return next((usual for element, usual in _USUAL.items() if element in found), "")


_USUAL = {"valueCodeableConcept": "CWE", "valueDateTime": "DTM", "valueTime": "TM", "valueRange": "SN",
          "valueRatio": "SN", "valuePeriod": "DR"}  # fmt: skip


def interpretation(c: Conversion, r: Repetition) -> Any:
    """OBX-8, table 0078: known codes in the FHIR code system, others as text."""
    leaf = r.leaf()
    if leaf and leaf.text.strip() in c.codes["interpretation"]:
        system, name = r.leaf(3), r.leaf(9) or r.leaf(2)
        first = {"system": system.give(_INTERPRETATION) if system else _INTERPRETATION, "code": leaf}
        other = None if r.lone else coding(c, r, ALTERNATE)
        made: Put = {"coding": [first, other] if other else [first]}
        if name and name is r.leaf(9):
            mark(made, COMPONENT, "9", "text")
        return {**made, "text": name} if name else made
    if leaf and r.lone:
        return {"text": leaf}
    return concept(c, r)


def reference(s: Reading) -> list[Any]:
    leaf: Leaf | None = s.leaf(7)
    return [reference_range(leaf, s.first(6))] if leaf else []


def effective(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBR-7 and -8: a Period where both are told, else the time of the first."""
    begin, end = s.first(7), s.first(8)
    start, stop = date_time(c, begin) if begin else None, date_time(c, end) if end else None
    if start and stop:
        made["effectivePeriod"] = {"start": start, "end": stop}
    elif start:
        made["effectiveDateTime"] = start
