"""When and how often an order is to be done: ServiceRequest to TQ1, or to the TQ of OBR-27 before there was one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, FIELD, OWN, TIMING, TIMINGS
from adapters.hl7v2.maps.timing import LASTS, implied
from adapters.hl7v2.outbound.datatypes import Writing, back, composite_quantity, concept, date_time, number
from adapters.hl7v2.outbound.graph import extensions, mark, text
from adapters.hl7v2.outbound.values import Component, Repetition, Segment, clean, subcomponents
from hub.domain.fragments import Resource

_FIELDS = ("OBR-27", "ORC-7")


def parts(w: Writing, request: Resource) -> tuple[Resource, Resource]:
    """What of an order's timing stands in OBR-27 (or ORC-7), and what in TQ1: since version 2.5 a result has TQ1, which
    takes all that its sender had not in the other."""
    if not _has_tq1(w):
        return ({}, {}) if w.withdrawn else (request, {})
    if w.withdrawn:
        return {}, request
    own: Resource = {key: held for key, held in request.items() if key in _ELEMENTS and mark(held, FIELD) in _FIELDS}
    if mark(request, FIELD, "priority") in _FIELDS:
        own |= {key: request[key] for key in ("priority", "_priority")}
    rest = {key: held for key, held in request.items() if key not in own}
    return {**own, "note": request.get("note", ())}, rest


def _has_tq1(w: Writing) -> bool:
    return w.message.kind.startswith("ORU") and w.segments >= (2, 5)


_ELEMENTS = ("occurrenceTiming", "quantityQuantity")


def stands_in_control(request: Resource) -> bool:
    """Whether it stands in ORC-7 instead of OBR-27."""
    return _marked(request) == "ORC-7"


def _marked(request: Resource) -> str:
    """The field that its sender told it in, "" for none."""
    held = (request.get("occurrenceTiming", {}), request.get("quantityQuantity", {}), *request.get("note", ()))
    places = [mark(request, FIELD, "priority"), *(mark(one, FIELD).partition(".")[0] for one in held)]
    return next((one for one in places if one in _FIELDS), "")


def timing_quantity(w: Writing, request: Resource) -> Repetition | None:
    """TQ."""
    timing = request.get("occurrenceTiming", {})
    repeat = timing.get("repeat", {})
    made: dict[int, Component | None] = {2: text(timing.get("code", {}), "text")}
    if "quantityQuantity" in request:
        amount = composite_quantity(w, request["quantityQuantity"]) or {}
        unit = amount.get(2, "")
        made[1] = {1: str(amount.get(1, "")), 2: unit if isinstance(unit, str) else unit.get(2, "") or unit.get(1, "")}
    bounds, whole = _bounds(repeat)
    made[3] = mark(whole, AS_SENT, "value")
    made |= {n: date_time(w, bounds[key]) for n, key in ((4, "start"), (5, "end")) if key in bounds}
    for n, told in ((7, "TQ1-10"), (8, "TQ1-11")):
        others = () if _has_tq1(w) else (told,)
        made[n] = _note(request, *(f"{one}.{n}" for one in _FIELDS)) or _note(request, *others)
    made = {n: part for n, part in made.items() if part}
    if made or mark(request, FIELD, "priority") in _FIELDS:
        made[6] = _priority(request)
    return clean(made) or None


def tq1(w: Writing, request: Resource) -> list[Segment]:
    """TQ1, where there is something to tell that OBR-27 does not."""
    _, rest = parts(w, request)
    made = _timed(w, rest.get("occurrenceTiming", {}), rest.get("quantityQuantity"))
    for field, component in ((10, 7), (11, 8)):
        others = (f"{one}.{component}" for one in _FIELDS) if w.withdrawn else ()
        made.put(field, _note(rest, f"TQ1-{field}", *others))
    if not made.empty or mark(rest, FIELD, "priority") == "TQ1" or (w.version >= (2, 7) and "priority" in rest):
        made.put(9, _priority(rest))
    return with_further(w, request, made)


def with_further(w: Writing, resource: Resource, first: Segment) -> list[Segment]:
    """A TQ1 and those behind it; also those between them that say nothing."""
    told = [first, *(_dosage(w, one["valueDosage"]) for one in extensions(resource, TIMING))]
    rest = iter([one for one in told if not one.empty])
    return [*(next(rest, Segment("TQ1")) if how == "s" else Segment("TQ1") for how in mark(resource, TIMINGS)), *rest]


def _dosage(w: Writing, dosage: Mapping[str, Any]) -> Segment:
    amount = next((one.get("doseQuantity") for one in dosage.get("doseAndRate", ())), None)
    made = _timed(w, dosage.get("timing", {}), amount)
    for one in extensions(dosage, OWN + "priority"):
        made.put(9, mark(one, AS_SENT, "valueCode") or back("priority").get(str(one["valueCode"])))
    made.put(10, "\n".join(text(one, "text") for one in dosage.get("additionalInstruction", ())))
    made.put(11, text(dosage, "text"))
    return made


def _timed(w: Writing, timing: Mapping[str, Any], amount: Mapping[str, Any] | None) -> Segment:
    repeat = timing.get("repeat", {})
    made = Segment("TQ1")
    made.put(2, composite_quantity(w, amount) if amount else None)
    made.put(3, _pattern(w, timing))
    for place, at in enumerate(repeat.get("timeOfDay", ())):
        made.put(4, mark(repeat, AS_SENT, "timeOfDay", place) or str(at).replace(":", ""))
    bounds, whole = _bounds(repeat)
    if "value" in whole:
        made.put(6, clean({1: number(whole["value"]), 2: text(whole, "unit") or text(whole, "code")}))
    for field, key in ((7, "start"), (8, "end")):
        made.put(field, date_time(w, bounds[key]) if key in bounds else None)
    if "duration" in repeat:
        made.put(13, clean({1: number(repeat["duration"]), 2: text(repeat, "durationUnit")}))
    made.put(14, str(repeat["count"]) if "count" in repeat else None)
    return made


def _bounds(repeat: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """(start and end, how long): an end that a duration gave is told by that alone."""
    bounds = repeat.get("boundsPeriod", {})
    lasting = next((one["valueDuration"] for one in extensions(bounds.get("_end", {}), LASTS)), None)
    if lasting is None:
        return bounds, repeat.get("boundsDuration", {})
    return {key: value for key, value in bounds.items() if key != "end"}, lasting


def _pattern(w: Writing, timing: Mapping[str, Any]) -> Repetition | None:
    """RPT: the pattern's code; period, event and offset where the code does not say them."""
    repeat = timing.get("repeat", {})
    code = subcomponents(concept(w, timing.get("code", {})))
    if words := code.pop(9, ""):
        code[2] = words
    said = implied(code.get(1) or code.get(2, ""))
    made: dict[int, Component | None] = {1: code}
    if "period" in repeat and "period" not in said:
        made |= {5: number(repeat["period"]), 6: text(repeat, "periodUnit")}
    if "when" in repeat and "when" not in said:
        made[8] = str(repeat["when"][0])
    if "offset" in repeat:
        made[9] = text(repeat, "offset")
    return clean(made) or None


def _note(request: Resource, *places: str) -> str:
    return "\n".join(str(one.get("text", "")) for one in request.get("note", ()) if mark(one, FIELD) in places)


def _priority(request: Resource) -> str:
    return mark(request, AS_SENT, "priority") or back("priority").get(str(request.get("priority", "")), "")


def notes_of(request: Resource) -> list[Any]:
    """The notes that are not part of the timing."""
    return [one for one in request.get("note", ()) if not mark(one, FIELD).startswith(("TQ1", *_FIELDS))]
