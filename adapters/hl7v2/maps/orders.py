"""ORC, and what an order's control segment says of the request, report or immunization that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.hl7v2.er7 import Segment
from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import (
    coded_organization,
    organization,
    organization_entry,
    practitioner,
    practitioner_entry,
)
from adapters.hl7v2.maps.conversion import Conversion, Entry, Order
from adapters.hl7v2.maps.datatypes import date_time, instant
from adapters.hl7v2.maps.marks import FIELD, INHERITED, mark, marked
from adapters.hl7v2.maps.names import address, telecom
from adapters.hl7v2.maps.parties import entity_identifier, pair
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.maps.timing import quantity_timing

_PLACER, _FILLER, _GROUP = entity_identifier("PLAC"), entity_identifier("FILL"), entity_identifier("PGN")
_CALLBACK = "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number"


_DETAILS = frozenset({"OBR", "RXO", "RXE", "RXD", "RXG", "RXA"})
"""Segments that say what an ORC orders, and are read together with it."""


def begin(c: Conversion, s: Reading) -> None:
    """An order begins; what follows takes from it. Where none of its details follows (a cancellation, OSU), the ORC
    says all there is of the order."""
    c.order = Order(control=s)
    c.report = c.request = c.immunization = c.observed = c.last_text = c.group = None
    if c.alone is None:
        c.alone = _alone(c.readings)
    if s.segment not in c.alone:
        return
    made: dict[str, Any] = {"resourceType": "ServiceRequest", "status": "unknown", "intent": "order"}
    entry = c.order.request = c.request = c.observed = c.add(made)
    control(c, made, entry)
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference


def _alone(readings: Sequence[Reading]) -> frozenset[Segment]:
    """The ORCs without a detail before the next one."""
    found: list[Segment] = []
    detailed = False
    for reading in reversed(readings):
        if reading.name == "ORC":
            if not detailed:
                found.append(reading.segment)
            detailed = False
        detailed = detailed or reading.name in _DETAILS
    return frozenset(found)


def status(c: Conversion, s: Reading) -> Leaf | None:
    """FHIR request-status: ORC-5, else ORC-1."""
    for field, table in ((5, "request-status"), (1, "control-status")):
        if found := c.looked_up(table, s.leaf(field)):
            return found
    return None


def _ended(s: Reading) -> str:
    """A prescription that is cancelled (ORC-1 CA, CR, OC) was never to be; one discontinued or replaced was."""
    return "cancelled" if s.text(1).upper() in ("CA", "CR", "OC") else "stopped"


def numbers(c: Conversion, made: dict[str, Any], own: Reading | None) -> None:
    """Placer and filler numbers of OBR-2 and -3 and of ORC-2 and -3: one where they are the same."""
    typed = [one["type"] for one in made.get("identifier", ()) if "type" in one]
    held = {coding.get("code") for kind in typed for coding in kind.get("coding", ())}
    for field, convert, kind in ((2, _PLACER, "PLAC"), (3, _FILLER, "FILL")):
        if kind in held:
            continue
        first, second = (segment.first(field) if segment else None for segment in (own, c.order.control))
        value, again = convert(c, first) if first else None, convert(c, second) if second else None
        if first and second and value and again and own and c.order.control:
            if first.text() != second.text():
                made.setdefault("identifier", []).append(marked(again, FIELD, f"ORC-{field}"))
            else:
                whole = _same(own, c.order.control, field)
                value = _twice(value, again if whole else {"value": again["value"]})
        if value or again:
            made.setdefault("identifier", []).append(value or again)


def _same(one: Reading, other: Reading, field: int) -> bool:
    return one.fields[field] == other.fields[field]


def _twice(value: dict[str, Any], again: dict[str, Any] | None) -> dict[str, Any]:
    """The same identifier in ORC and OBR: both fields stand in it."""
    if again is None:
        return value
    merged = dict(value)
    for key in ("system", "value"):
        one, other = value.get(key), again.get(key)
        sources = (*_sources(one), *_sources(other))
        if sources and one is not None:
            merged[key] = Joined(one if isinstance(one, str) else one.value, sources)
    return merged


def _sources(value: Any) -> Sequence[Leaf]:
    if isinstance(value, Leaf):
        return (value,)
    return value.sources if isinstance(value, Joined) else ()


def control(c: Conversion, made: dict[str, Any], entry: Entry, *, own: Reading | None = None) -> None:
    """What ORC says of the resource: numbers, status, when and by whom it was ordered."""
    numbers(c, made, own)
    s = c.order.control
    if s is None:
        return
    kind = made["resourceType"]
    requests = kind in ("MedicationRequest", "ServiceRequest")
    found = status(c, s)
    if requests and found:
        ended = kind == "MedicationRequest" and found.value == "revoked"
        made["status"] = found.give(_ended(s)) if ended else found
    _grouped(c, s, made, kind)
    when = s.first(9)
    time = date_time(c, when) if when else None
    entry.recorded.append(s.leaf(9))
    if time and (requests or kind == "Immunization"):
        made.setdefault("recorded" if kind == "Immunization" else "authoredOn", time)
    _requester(c, s, made, kind)
    _others(c, s, made)
    if kind == "MedicationRequest" and (timing := s.first(7)):
        quantity_timing(c, timing, made["dosageInstruction"][0], made)
    apply(c, "ORC[Any]", s, made)
    if kind in _OWN_SHEET:
        apply(c, f"ORC[{kind}]", s, made)
    if requests:
        parents(c, s, 8, made)
    if kind == "DiagnosticReport":
        if c.order.reported:
            mark(made, INHERITED, "ORC")
        c.order.reported = True
    if not c.order.told:
        c.order.told = True
        _transaction(c, s, entry)
    else:
        c.read_again(s)


_OWN_SHEET = frozenset({"ServiceRequest", "MedicationRequest", "DiagnosticReport"})


def _grouped(c: Conversion, s: Reading, made: dict[str, Any], kind: str) -> None:
    """ORC-4: the group's number; an EIP holds the placer's and the filler's."""
    group = s.first(4)
    found = [] if group is None else pair(c, group, ("PGN", "FGN")) if group.divided else [_GROUP(c, group)]
    if group and group.divided and group.values.keys() == {1}:
        mark(found[0], FIELD, "ORC-4.1")
    element = {"ServiceRequest": "requisition", "MedicationRequest": "groupIdentifier"}.get(kind)
    for value in found:
        if value and element and element not in made and value.get("type") == {"text": "PGN"}:
            made[element] = value
        elif value:
            made.setdefault("identifier", []).append(value)


def parents(c: Conversion, s: Reading, field: int, made: dict[str, Any]) -> None:
    """ORC-8, OBR-29: the order that this one is of."""
    for repetition in s.each(field):
        for value in pair(c, repetition, ("PLAC", "FILL")):
            named = {"type": "ServiceRequest", "identifier": value}
            made.setdefault("basedOn", []).append(marked(named, FIELD, f"{s.name}-{field}"))


_OTHERS = ((12, practitioner, "ordering-provider"), (21, organization, "ordering-facility"))


def _others(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """ORC-12 and -21 after their first: FHIR takes one requester."""
    for field, convert, name in _OTHERS:
        for repetition in s.each(field)[1:]:
            if value := convert(c, repetition):
                url = f"urn:referral-hub:extension:{name}"
                made.setdefault("extension", []).append({"url": url, "valueReference": value})


_AGENTS = ((10, "enterer"), (11, "verifier"), (19, "performer"))


def _transaction(c: Conversion, s: Reading, entry: Entry) -> None:
    """Who entered, verified and acted: official map ORC[Provenance]."""
    agents: list[dict[str, Any]] = []
    house = s.first(17)
    for field, code in _AGENTS:
        kind = {"coding": [{"system": codes.TERMINOLOGY + "provenance-participant-type", "code": code}]}
        agents += [{"type": kind, "who": who} for r in s.each(field) if (who := practitioner(c, r))]
    if house and (onbehalf := coded_organization(c, house)):
        if agents and s.has(10):
            agents[0]["onBehalfOf"] = onbehalf
        else:
            agents.append({"who": onbehalf})
    if not agents:
        return
    made: dict[str, Any] = {"resourceType": "Provenance", "target": [entry.reference], "agent": agents}
    when = s.first(9)
    if when and (time := date_time(c, when)):
        made["occurredDateTime"] = time
    if when and (recorded := instant(c, when)):
        made["recorded"] = recorded
    if activity := c.looked_up("order-activity", s.leaf(1)):
        made["activity"] = {"coding": [{"system": codes.V3 + "DataOperation", "code": activity}]}
    c.add(made)


def _requester(c: Conversion, s: Reading, made: dict[str, Any], kind: str) -> None:
    ordering, house = s.first(12), s.first(21)
    person = practitioner_entry(c, ordering) if ordering else None
    facility = organization_entry(c, house) if house else None
    for entry, fields in ((person, _OWN_ADDRESS), (facility, _HOUSE)):
        for field, element, convert in fields if entry else ():
            for repetition in s.each(field):
                if entry and (value := convert(c, repetition)) is not None:
                    c.join(entry, element, repetition.raw, value)
    found = person.reference if person else None
    if found and facility and kind != "Immunization" and ordering and house:
        role = {"resourceType": "PractitionerRole", "practitioner": found, "organization": facility.reference,
                "code": [{"coding": [{"system": codes.TERMINOLOGY + "v2-0443", "code": "OP"}]}]}  # fmt: skip
        acting = c.share(f"{ordering.raw}|{house.raw}", role).reference
        c.orderers[acting["reference"]], found = found, acting
    who = found or (facility.reference if facility else None)
    if kind in ("MedicationRequest", "ServiceRequest") and who:
        made.setdefault("requester", who)
    elif kind in ("Immunization", "MedicationAdministration") and who:
        function = {"coding": [{"system": codes.TERMINOLOGY + "v2-0443", "code": "OP"}]}
        made.setdefault("performer", []).append({"function": function, "actor": who})
    elif kind == "DiagnosticReport" and who:
        made.setdefault("extension", []).append({"url": "urn:referral-hub:extension:ordered-by", "valueReference": who})
    for phone in s.each(14) if kind == "ServiceRequest" else ():
        if value := _CALL(c, phone):
            called = {"url": _CALLBACK, "valueContactPoint": marked(value, FIELD, "ORC-14")}
            made.setdefault("extension", []).append(called)


_CALL = telecom()
_HOUSE = ((22, "address", address), (23, "telecom", telecom("work")))
_OWN_ADDRESS = ((24, "address", address),)
