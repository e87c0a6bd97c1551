"""ORC, and what an order's control segment says of the request, report or immunization that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import organization_entry, practitioner
from adapters.hl7v2.maps.conversion import Conversion, Entry, Order
from adapters.hl7v2.maps.datatypes import concept, date_time
from adapters.hl7v2.maps.names import address, telecom
from adapters.hl7v2.maps.parties import entity_identifier
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading
from adapters.hl7v2.maps.timing import quantity_timing
from adapters.hl7v2.maps.timing import tq1 as apply_timing

_PLACER, _FILLER, _GROUP = entity_identifier("PLAC"), entity_identifier("FILL"), entity_identifier(space="PGN")
_CALLBACK = "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number"


def orc(c: Conversion, s: Reading) -> None:
    """Begins an order; what follows takes from it."""
    c.order = Order(control=s)
    c.report = c.request = c.immunization = c.observed = c.last_text = c.group = None


def status(c: Conversion, s: Reading) -> Leaf | None:
    """FHIR request-status: ORC-5, else ORC-1."""
    for field, table in ((5, "request-status"), (1, "control-status")):
        leaf = s.leaf(field)
        found = c.codes[table].get(leaf.text.strip().upper()) if leaf else None
        if leaf and found:
            return leaf.give(found)
    return None


def _ended(s: Reading) -> str:
    """A prescription that is cancelled (ORC-1 CA, CR, OC) was never to be; one discontinued or replaced was."""
    return "cancelled" if s.text(1).upper() in ("CA", "CR", "OC") else "stopped"


def numbers(c: Conversion, made: dict[str, Any], own: Reading | None) -> None:
    """Placer and filler numbers: OBR-2 and -3 where they are given, else ORC-2 and -3."""
    for field, convert in ((2, _PLACER), (3, _FILLER)):
        for segment in (own, c.order.control):
            repetition = segment.first(field) if segment else None
            value = convert(c, repetition) if repetition else None
            if value:
                made.setdefault("identifier", []).append(value)
                if segment is own and c.order.control and _same(own, c.order.control, field):
                    again = c.order.control.first(field)
                    pointer = len(made["identifier"]) - 1
                    made["identifier"][pointer] = _twice(value, convert(c, again) if again else None)
                break


def _same(one: Reading | None, other: Reading, field: int) -> bool:
    return one is not None and other.has(field) and one.fields[field] == other.fields[field]


def _twice(value: dict[str, Any], again: dict[str, Any] | None) -> dict[str, Any]:
    """The same identifier in ORC and OBR: both fields stand in it."""
    if again is None:
        return value
    merged = dict(value)
    for key in ("system", "value"):
        one, other = value[key], again[key]
        sources = (*_sources(one), *_sources(other))
        if sources:
            merged[key] = Joined(one if isinstance(one, str) else one.value, sources)
    return merged


def _sources(value: Any) -> Sequence[Leaf]:
    if isinstance(value, Leaf):
        return (value,)
    return value.sources if isinstance(value, Joined) else ()


def control(c: Conversion, made: dict[str, Any], entry: Entry, *, medication: bool, own: Reading | None = None) -> None:
    """What ORC says of the resource: numbers, status, when and by whom it was ordered."""
    numbers(c, made, own)
    s = c.order.control
    if s is None:
        return
    kind = made["resourceType"]
    requests = kind in ("MedicationRequest", "ServiceRequest")
    found = status(c, s)
    if requests and found:
        made["status"] = found.give(_ended(s)) if medication and found.value == "revoked" else found
    group = s.first(4)
    if group and (value := _GROUP(c, group)):
        if kind == "ServiceRequest":
            made["requisition"] = value
        elif kind == "MedicationRequest":
            made["groupIdentifier"] = value
        else:
            made.setdefault("identifier", []).append(value)
    when = s.first(9)
    time = date_time(c, when) if when else None
    entry.recorded.append(s.leaf(9))
    if time and (requests or kind == "Immunization"):
        made.setdefault("recorded" if kind == "Immunization" else "authoredOn", time)
    _requester(c, s, made, kind)
    if kind == "MedicationRequest" and (timing := s.first(7)):
        quantity_timing(c, timing, made["dosageInstruction"][0], made)
    reason = s.first(16)
    if reason and (why := concept(c, reason)):
        if kind == "MedicationRequest":
            made["statusReason"] = why
        elif kind == "ServiceRequest":
            url = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
            made.setdefault("extension", []).append({"url": url, "valueCodeableConcept": why})


def _requester(c: Conversion, s: Reading, made: dict[str, Any], kind: str) -> None:
    ordering = s.first(12)
    found = practitioner(c, ordering) if ordering else None
    house = s.first(21)
    organization = organization_entry(c, house) if house else None
    if organization:
        for field, element, convert in _HOUSE:
            for repetition in s.each(field):
                if (value := convert(c, repetition)) is not None:
                    organization.resource.setdefault(element, []).append(value)
    if found and organization and kind != "Immunization":
        role = {"resourceType": "PractitionerRole", "practitioner": found, "organization": organization.reference}
        found = c.add(role).reference
    who = found or (organization.reference if organization else None)
    if kind in ("MedicationRequest", "ServiceRequest") and who:
        made.setdefault("requester", who)
    elif kind == "Immunization" and who:
        function = {"coding": [{"system": codes.TERMINOLOGY + "v2-0443", "code": "OP"}]}
        made.setdefault("performer", []).append({"function": function, "actor": who})
    elif kind == "DiagnosticReport" and who:
        made.setdefault("extension", []).append({"url": "urn:referral-hub:extension:ordered-by", "valueReference": who})
    phone = s.first(14)
    if phone and kind == "ServiceRequest" and (value := telecom()(c, phone)):
        made.setdefault("extension", []).append({"url": _CALLBACK, "valueContactPoint": value})


_HOUSE = ((22, "address", address), (23, "telecom", telecom("work")))


def timed(c: Conversion, s: Reading, entry: Entry) -> None:
    """TQ1 of a request: a MedicationRequest's dosage, a ServiceRequest's occurrence."""
    resource = entry.resource
    if resource["resourceType"] == "MedicationRequest":
        apply_timing(c, s, resource.setdefault("dosageInstruction", [{}])[0], resource)
        return
    if resource["resourceType"] != "ServiceRequest":
        return
    dosage: dict[str, Any] = {}
    apply_timing(c, s, dosage, resource)
    if "timing" in dosage and not any(key.startswith("occurrence") for key in resource):
        resource["occurrenceTiming"] = dosage["timing"]
    if "text" in dosage:
        resource.setdefault("patientInstruction", dosage["text"])
