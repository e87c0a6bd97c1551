"""RXA: what was given, as a vaccination or as a medicine."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2 import supported
from adapters.hl7v2.maps.actors import location_entry
from adapters.hl7v2.maps.conversion import ABSENT, Conversion
from adapters.hl7v2.maps.datatypes import date_time
from adapters.hl7v2.maps.marks import OWN
from adapters.hl7v2.maps.names import address
from adapters.hl7v2.maps.orders import control
from adapters.hl7v2.maps.quantities import number, quantity, units
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading
from adapters.hl7v2.maps.sheets import apply


def rxa(c: Conversion, s: Reading) -> None:
    """What was given: an Immunization, in pharmacy messages a MedicationAdministration; RXA-21 D takes it back."""
    if supported.MESSAGES.get(c.kind, supported.UNKNOWN).rxa == "medication":
        _administration(c, s)
        return
    made: dict[str, Any] = {"resourceType": "Immunization", "status": _completion(c, s)}
    entry = c.add(made, s.leaf(3))
    apply(c, "RXA[Immunization]", s, made)
    made.setdefault("vaccineCode", {"text": "unknown"})
    made["patient"] = c.subject()
    start, end = _span(c, s)
    if start:
        made["occurrenceDateTime"] = _both(start, end) if end and end.text == start.text else start
    else:
        made["occurrenceString"] = "unknown"
    dose = s.leaf(6)
    if dose and number(dose.text) is not None and dose.text.strip() not in ("999", "998"):
        made["doseQuantity"] = {"value": dose.give(number(dose.text)), **units(s.first(7))}
    control(c, made, entry)
    _where(c, s, made)
    _ordered(c, made)
    source = s.text(9)
    if source in _SOURCES:
        made["primarySource"] = source == "00"
    c.immunization = c.observed = entry


_SOURCES = frozenset({"00", "01", "02", "03", "04", "05", "06", "07", "08"})
"""NIP001: a new record, by who gave it, and those told by others."""


def _ordered(c: Conversion, made: dict[str, Any]) -> None:
    """The order that led to it (official map VXU_V04): its numbers are those that the sender asks by."""
    s = c.order.control
    if s is None or not (s.has(2) or s.has(3)):
        return
    request: dict[str, Any] = {"resourceType": "ServiceRequest", "status": "unknown", "intent": "order"}
    entry = c.repeat(request, "ORC")
    with c.repeating():
        control(c, request, entry)
    request["subject"] = c.subject()
    made.setdefault("extension", []).append({"url": _BASED_ON, "valueReference": entry.reference})


_BASED_ON = OWN + "based-on"
"""FHIR's own event-basedOn is not for an Immunization."""


def _completion(c: Conversion, s: Reading) -> Leaf | str:
    """RXA-21, else RXA-20 (table 0322); what says neither was given."""
    action, completion = s.leaf(21), s.leaf(20)
    if action and action.text.strip().upper() == "D":
        return action.give("entered-in-error")
    if found := c.looked_up("completion-status", completion):
        return found
    return "not-done" if s.text(5) == _NO_VACCINE else "completed"


_NO_VACCINE = "998"
"""CVX: no vaccine administered, only told of."""


def _where(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """RXA-27 with its address, RXA-28; before 2.6 RXA-11."""
    given, postal = s.first(27) or s.first(11), s.first(28)
    place = location_entry(c, given) if given else None
    where = address(c, postal) if postal else None
    if place is None and where:
        place = c.add({"resourceType": "Location", "mode": "instance"})
    if place and where:
        place.resource.setdefault("address", where)
    if place:
        made["location"] = place.reference


def _administration(c: Conversion, s: Reading) -> None:
    made: dict[str, Any] = {"resourceType": "MedicationAdministration", "status": _completion(c, s)}
    entry = c.add(made, s.leaf(3))
    control(c, made, entry)
    apply(c, "RXA[MedicationAdministration]", s, made)
    made.setdefault("medicationCodeableConcept", {"text": "unknown"})
    made["subject"] = c.subject()
    if c.encounter:
        made["context"] = c.encounter.reference
    _given(c, s, made)
    amount = quantity(s.leaf(6), s.first(7))
    if amount:
        made["dosage"] = {"dose": amount}
    if c.order.request:
        made["request"] = c.order.request.reference
    c.order.given.append(entry)
    c.immunization = c.observed = entry


def _given(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """When: a period where RXA-4 differs from RXA-3."""
    start, end = _span(c, s)
    if start and end and start.text != end.text:
        made["effectivePeriod"] = {"start": start, "end": end}
    elif start and end:
        made["effectiveDateTime"] = _both(start, end)
    elif start or end:
        made["effectiveDateTime"] = start or end
    else:
        made["_effectiveDateTime"] = dict(ABSENT)


def _span(c: Conversion, s: Reading) -> tuple[Leaf | None, Leaf | None]:
    first, last = s.first(3), s.first(4)
    return date_time(c, first) if first else None, date_time(c, last) if last else None


def _both(start: Leaf, end: Leaf) -> Joined:
    return Joined(start.value, (start, end))
