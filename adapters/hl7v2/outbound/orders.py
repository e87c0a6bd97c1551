"""DiagnosticReport, ServiceRequest and Specimen to ORC, OBR and SPM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, OWN
from adapters.hl7v2.maps.segments_referral import HUB_REFERRAL
from adapters.hl7v2.outbound import notes, timing
from adapters.hl7v2.outbound.datatypes import Writing, back, concept, date_time
from adapters.hl7v2.outbound.graph import codes_of, extension, extensions, mark, text
from adapters.hl7v2.outbound.names import address, telecom
from adapters.hl7v2.outbound.observations import results
from adapters.hl7v2.outbound.parties import (
    entity_identifier,
    identifier,
    organization,
    organization_of,
    practitioner,
)
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Component, Repetition, Segment, clean, subcomponents
from hub.domain.fragments import Resource

_CONTROL = {"revoked": "CA", "on-hold": "HD", "entered-in-error": "CA"}
_CALLBACK = "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number"
_NUMBERS = (("PLAC", 2), ("FILL", 3))


def numbers(w: Writing, resource: Resource, control: Segment, made: Segment, own: int) -> None:
    """ORC and OBR have the same numbers; ORC-4 the group's. own: the field of a number that says not whose it is."""
    groups = [resource[key] for key in ("requisition", "groupIdentifier") if key in resource]
    for one in resource.get("identifier", ()):
        kinds = codes_of(one.get("type", {}))
        value = entity_identifier(w, one)
        field = next((number for kind, number in _NUMBERS if kind in kinds), 0)
        if one.get("system") == HUB_REFERRAL and len(resource["identifier"]) > 1:
            field = 3  # beside the number of who placed it; alone it is that number
        if one.get("type", {}).get("text") in GROUPED:
            groups.append(one)
        elif mark(one, FIELD) not in ("", "ORC-2", "ORC-3"):
            continue
        elif field or not made.has(own):
            for segment in (control,) if mark(one, FIELD) else (control, made):
                if not segment.has(field or own):
                    segment.put(field or own, value)
    group = grouped(w, groups)
    whole = any(mark(one, FIELD) == "ORC-4.1" for one in groups)
    alone = group.get(1) if group and len(group) == 1 and not whole else None
    control.put(4, alone if isinstance(alone, dict) else group)


GROUPED = ("PGN", "FGN")
"""Types of a group's numbers: the placer's, the filler's."""


def grouped(w: Writing, numbers: list[Any], kinds: tuple[str, str] = GROUPED) -> Repetition | None:
    """EIP: the placer's number, the filler's."""
    found: dict[int, Component | None] = {}
    for one in numbers:
        place = 2 if kinds[1] in _kinds(one) else 1
        value = entity_identifier(w, one)
        if value and place not in found:
            found[place] = subcomponents(value)
    return clean(found) or None


def house(w: Writing, who: Mapping[str, Any], control: Segment) -> None:
    """ORC-21 to ORC-23: the house that someone orders for."""
    found = w.graph.resolve(who)
    of = w.graph.resolve(found.get("organization"), found) if found and "organization" in found else found
    if of is None or of["resourceType"] != "Organization":
        return
    control.put(21, organization_of(w, of))
    for one in of.get("address", ()):
        control.put(22, address(w, one))
    for one in of.get("telecom", ()):
        control.put(23, telecom(w, one))


def further_orderers(w: Writing, resource: Resource, control: Segment) -> None:
    """ORC-12 and ORC-21 behind their first."""
    for one in extensions(resource, OWN + "ordering-provider"):
        control.put(12, practitioner(w, one["valueReference"]))
    for one in extensions(resource, OWN + "ordering-facility"):
        control.put(21, organization(w, one["valueReference"]))


def order(w: Writing, request: Resource, place: int, *, control: str = "", status: str = "") -> list[Segment]:
    """ORC, OBR, NTE, OBX of a ServiceRequest. control, status: ORC-1, ORC-5 where they are not those of its status."""
    head, made = Segment("ORC"), Segment("OBR")
    stands = str(request.get("status", ""))
    apply(w, "ORC[Any]", request, head, without=(1,) if control else ())
    if not head.has(1):
        head.put(1, control or _CONTROL.get(stands, "NW"))
    apply(w, "ORC[ServiceRequest]", {**request, "identifier": _own_numbers(request)}, head, without=(25,))
    made.put(1, str(place))
    numbers(w, request, head, made, 2)
    known = "" if control in ("NW", "XO") else back("request-status").get(stands)
    head.put(5, status or mark(request, AS_SENT, "status") or known)
    if "authoredOn" in request:
        head.put(9, date_time(w, request["authoredOn"]))
    who = request.get("requester")
    for segment, field in ((head, 12), (made, 16)):
        segment.put(field, practitioner(w, who) if who else None)
    house(w, who or {}, head)
    further_orderers(w, request, head)
    called = [one["valueContactPoint"] for one in extensions(request, _CALLBACK)]
    for segment, field in ((head, 14), (made, 17)):
        own = [one for one in called if (mark(one, FIELD) == "ORC-14") is (field == 14)]
        segment.put(field, *(telecom(w, one) for one in own or called))
    if not w.withdrawn:
        urgent = mark(request, AS_SENT, "priority") or back("priority").get(str(request.get("priority", "")))
        made.put(5, urgent if not mark(request, FIELD, "priority") else None)
    made.put(11, "G" if request.get("intent") == "reflex-order" else extension(request, OWN + "specimen-action"))
    plain = {**request, "reasonCode": _coded(request, coded=True), "identifier": _own_numbers(request)}
    apply(w, "OBR[ServiceRequest]", plain, made, without=(16, 17))
    apply(w, "OBR[Order]", request, made)
    parents = [one for one in request.get("basedOn", ()) if "identifier" in one]
    for segment, field in ((head, 8), (made, 29)):
        own = [one for one in parents if mark(one, FIELD) == f"{segment.name}-{field}"]
        segment.put(field, *_paired(w, [one["identifier"] for one in own or parents[:2]], ("PLAC", "FILL")))
    worded = _coded(request, coded=False)
    where = int(mark(worded[0], COMPONENT, "text") or 1) if worded else 1
    made.put(13, {where: "; ".join(text(one, "text") for one in worded)})
    told, _ = timing.parts(w, request)
    segment, field = (head, 7) if timing.stands_in_control(request) else (made, 27)
    segment.put(field, timing.timing_quantity(w, told))
    for one in request.get("occurrenceTiming", {}).get("event", ()) if not w.withdrawn else ():
        made.put(6, date_time(w, one))
    for one in request.get("specimen", ())[:1]:
        drawn(w, w.graph.resolve(one, request) or {}, made)
    segments = notes.of(w, request, timing.notes_of(request) if told else request.get("note", ()))
    for one in request.get("supportingInfo", ()):
        found = w.graph.resolve(one, request)
        if found is not None and found["resourceType"] == "Observation":
            segments += results(w, found)
    return [head, made, *segments]


def _own_numbers(request: Resource) -> list[Any]:
    """Numbers that are neither the order's own nor its group's."""
    return [one for one in request.get("identifier", ()) if mark(one, FIELD)]


def _coded(request: Resource, *, coded: bool) -> list[Any]:
    found = request.get("reasonCode", ())
    worded = [mark(one, FIELD) == "OBR-13" or not (one.get("coding") or mark(one, COMPONENT, "text")) for one in found]
    return [one for one, alone in zip(found, worded, strict=True) if alone is not coded]


def _paired(w: Writing, numbers: list[Any], kinds: tuple[str, str] = GROUPED) -> Iterator[Repetition | None]:
    """An EIP for each: a filler's number stands with the placer's before it."""
    pairs: list[list[Any]] = []
    for one in numbers:
        if _kinds(one) & {kinds[1]} and pairs and len(pairs[-1]) == 1 and _kinds(pairs[-1][0]) & {kinds[0]}:
            pairs[-1].append(one)
        else:
            pairs.append([one])
    return (grouped(w, pair, kinds) for pair in pairs)


def _kinds(number: Mapping[str, Any]) -> set[str | None]:
    """What the type of an identifier says that it is."""
    held = number.get("type", {})
    return {held.get("text"), *codes_of(held)}


def drawn(w: Writing, specimen: Resource, made: Segment) -> None:
    """OBR-9 to OBR-39: what an OBR says of its specimen."""
    apply(w, "OBR[Specimen]", specimen, made, without=(15,) if w.withdrawn else ())
    taken = specimen.get("collection", {})
    additive = [
        one["additiveCodeableConcept"] for one in specimen.get("container", ()) if "additiveCodeableConcept" in one
    ]
    words = [text(one, "text") for one in specimen.get("note", ()) if mark(one, FIELD) == "OBR-15"]
    parts = {1: specimen.get("type"), 2: next(iter(additive), None), 4: taken.get("bodySite"),
             6: next(iter(specimen.get("condition", ())), None)}  # fmt: skip
    found = {n: subcomponents(concept(w, one)) for n, one in parts.items() if one}
    if not w.withdrawn and mark(specimen, FIELD) == "OBR" and (words or set(found) - {1} or len(found.get(1, "")) > 1):
        made.fields.pop(15, None)
        made.put(15, clean({**found, **({3: words[0]} if words else {})}))


def specimen(w: Writing, made_of: Resource) -> list[Segment]:
    made = Segment("SPM")
    apply(w, "SPM[Specimen]", {**made_of, "identifier": [], "parent": []}, made)
    numbers = [one for one in made_of.get("identifier", ()) if one.get("type", {}).get("text") in GROUPED]
    for number in _paired(w, numbers):
        made.put(2, number)
    for one in made_of.get("identifier", ()):
        if not any(one is other for other in numbers):
            special = mark(one, FIELD) == "SPM-32"
            made.put(32 if special else 31, (entity_identifier if special else identifier)(w, one))
    parents = [one["identifier"] for one in made_of.get("parent", ()) if "identifier" in one]
    for number in _paired(w, parents):
        made.put(3, number)
    taken = made_of.get("collection", {})
    bounds = taken.get("collectedPeriod", {"start": taken.get("collectedDateTime")})
    made.put(17, clean({n: date_time(w, bounds[key]) for n, key in ((1, "start"), (2, "end")) if bounds.get(key)}))
    return [made]
