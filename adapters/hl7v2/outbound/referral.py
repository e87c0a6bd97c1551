"""ServiceRequest, Task, PractitionerRole and Coverage to RF1, PRD, CTD, AUT. Reasons: schemas/hl7v2/referral.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.hl7v2.maps.contacts import REACHED
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, OWN, SEGMENT
from adapters.hl7v2.maps.segments_referral import HUB_REFERRAL
from adapters.hl7v2.outbound.datatypes import Writing, concept, time
from adapters.hl7v2.outbound.graph import codes_of, extension, extensions, mark, text
from adapters.hl7v2.outbound.names import address, human_name, telecom
from adapters.hl7v2.outbound.parties import entity_identifier, identifier_type, location, organization_of
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Repetition, Segment, clean
from hub.domain.fragments import Resource

_REFERRAL_CODE = "3457005"
_STATUS = {"requested": ("P", "Pending"), "received": ("P", "Pending"), "draft": ("P", "Pending"),
           "accepted": ("A", "Accepted"), "in-progress": ("A", "Accepted"), "completed": ("A", "Accepted"),
           "ready": ("A", "Accepted"), "on-hold": ("P", "Pending"), "rejected": ("R", "Rejected"),
           "cancelled": ("R", "Rejected"), "failed": ("E", "Expired"),
           "entered-in-error": ("R", "Rejected")}  # fmt: skip
"""Task.status in HL7 table 0283."""
_PRIORITY = {"stat": ("S", "STAT"), "asap": ("A", "ASAP"), "urgent": ("U", "Urgent"), "routine": ("R", "Routine")}
"""FHIR request-priority in HL7 table 0280; U is ours."""
_ROLES = {"RP": "Referring Provider", "RT": "Referred to Provider"}


def _reason(w: Writing, value: Any) -> Repetition | None:
    """RF1-10: the question. Its words stand in the text component, where people's systems show them."""
    made = concept(w, value) or {}
    words = text(value, "text")
    if words and words not in made.values():
        made[9] = words
    return made or None


def rf1(w: Writing, request: Resource, task: Resource | None) -> Segment:
    """RF1. The hub's own id of the referral is RF1-11, the sender's number RF1-6."""
    made = Segment("RF1")
    status = (task or {}).get("status", "requested")
    made.put(1, _standing(task or {}, str(status)))
    told = extension(request, OWN + "referral-priority")
    made.put(2, concept(w, told) if told else _urgency(request))
    categories = [one for one in request.get("category", ()) if not _is_referral(one)]
    own = {name: [one for one in request.get(name, ()) if mark(one, FIELD)] for name in ("reasonCode", "note")}
    apply(w, "RF1[ServiceRequest]", {**request, **own, "category": categories}, made)
    made.put(10, *(_reason(w, one) for one in request.get("reasonCode", ()) if not mark(one, FIELD)))
    if "occurrenceDateTime" in request:
        made.put(7, time(w, request["occurrenceDateTime"]))
    named, of_hub = _numbers(request)
    if not of_hub and "id" in request:
        of_hub = [{"system": HUB_REFERRAL, "value": request["id"]}]
    first, *others = named or of_hub or [None]
    for one in others:
        made.put(6 if mark(one, FIELD) == "RF1-6" else 11, entity_identifier(w, one))
    if first:
        made.put(6, entity_identifier(w, first))
    for one in of_hub if named else ():
        made.put(11, entity_identifier(w, one))
    for one in request.get("basedOn", ()):
        if "identifier" in one:
            made.put(11, entity_identifier(w, one["identifier"]))
    return made


def _numbers(request: Resource) -> tuple[list[Any], list[Any]]:
    """The sender's numbers of the referral, and the hub's own."""
    known = request.get("identifier", ())
    return [one for one in known if one.get("system") != HUB_REFERRAL], [
        one for one in known if one.get("system") == HUB_REFERRAL
    ]


def numbers(w: Writing, request: Resource) -> list[Repetition | None]:
    """By which the sender and the hub know a referral, as EI."""
    own, hub = _numbers(request)
    return [entity_identifier(w, one) for one in (*own[:1], *hub[:1])]


def numbers_of_referral(w: Writing) -> list[Repetition | None]:
    """Of the hub's referral that a message is about; none where it is about none."""
    found = (one for one in w.graph.all("ServiceRequest") if _numbers(one)[1])
    return next((numbers(w, one) for one in found), [])


def _standing(task: Mapping[str, Any], status: str) -> Repetition:
    sent = mark(task, AS_SENT, "status")
    code, words = _STATUS.get(status, ("P", "Pending"))
    return clean({1: sent or code, 2: text(task.get("businessStatus", {}), "text") or words, 3: "HL70283"})


def _urgency(request: Mapping[str, Any]) -> Repetition:
    code, words = _PRIORITY.get(str(request.get("priority", "routine")), ("R", "Routine"))
    sent = mark(request, AS_SENT, "priority")
    where = int(mark(request, COMPONENT, "priority") or 1)
    return clean({1: code, 2: words, 3: "HL70280", **({where: sent} if sent else {})})


def _is_referral(category: Mapping[str, Any]) -> bool:
    return _REFERRAL_CODE in codes_of(category)


def providers(w: Writing, request: Resource, task: Resource | None) -> list[Segment]:
    """A PRD with its CTDs for who refers, for who is referred to, and for every other provider."""
    made: list[Segment] = []
    named: list[tuple[str, Resource]] = []
    named += _named(w, "RP", _asking(w, request, task or {}), request)
    named += _named(w, "RT", request.get("performer", ()), request)
    named += _named(w, "", [one.get("valueReference") for one in extensions(request, OWN + "provider")], request)
    order = {id(resource): place for place, resource in enumerate(w.graph.resources)}
    named.sort(key=lambda pair: order.get(id(pair[1]), 0))
    for role, resource in named:
        made += _provider(w, role, resource)
    return made


def _asking(w: Writing, request: Resource, task: Resource) -> list[Any]:
    """Who refers: a person, and the organisation that the hub knows as the sender (`Task.requester`); or that alone."""
    own, house = request.get("requester"), task.get("requester")
    who, asks = w.graph.resolve(own, request), w.graph.resolve(house, task)
    if who and asks and who["resourceType"] != "Organization" == asks["resourceType"]:
        return [own, house]
    return [own]


def _named(w: Writing, role: str, references: Any, request: Resource) -> list[tuple[str, Resource]]:
    """The parties in a role; an organisation that one of them acts for is told by its PRD."""
    found = [one for reference in references if (one := w.graph.resolve(reference, request))]
    roles = [one for one in found if one["resourceType"] == "PractitionerRole"]
    covered = [w.graph.resolve(one.get("organization"), one) for one in roles]
    return [(role, one) for one in found if not any(one is other for other in covered)]


def _acting(w: Writing, resource: Resource) -> tuple[Resource, Resource | None, Resource | None]:
    """(the role or {}, its person, its house) of a PractitionerRole, Practitioner or Organization."""
    if resource["resourceType"] == "PractitionerRole":
        person = w.graph.resolve(resource.get("practitioner"), resource)
        return resource, person, w.graph.resolve(resource.get("organization"), resource)
    alone = resource["resourceType"] == "Practitioner"
    return {}, resource if alone else None, None if alone else resource


def _provider(w: Writing, role: str, resource: Resource) -> list[Segment]:
    made = Segment("PRD")
    acting, person, house = _acting(w, resource)
    own = [one for one in acting.get("telecom", ()) if not _of_contact(one)]
    for one in acting.get("code", ()):
        made.put(1, concept(w, one))
    if role and not any(r.get(1) == role for r in made.fields.get(1, ())):
        made.put(1, {1: role, 2: _ROLES[role], 3: "HL70286"})
    if person:
        for name in person.get("name", ())[:1]:
            made.put(2, human_name(w, name))
        apply(w, "PRD[Practitioner]", {**person, **({"telecom": own} if own else {})}, made)
        for one in person.get("identifier", ()):
            made.put(7, _licence(w, one))
    elif acting:
        places = [one["valueAddress"] for one in extensions(acting, OWN + "address")]
        apply(w, "PRD[Practitioner]", {**acting, "address": places, "telecom": own}, made)
    if house:
        _house(w, house, made, placed="location" in acting)
    for place in acting.get("location", ())[:1]:
        made.put(4, location(w, place))
    for key, field in (("start", 8), ("end", 9)):
        if key in acting.get("period", {}):
            made.put(field, time(w, acting["period"][key]))
    return [made, *_contacts(w, house or {}), *[contact(w, one) for one in _reached(acting)]]


def _reached(role: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The contacts of a person, in the form of an organisation's."""
    found: dict[int, dict[str, Any]] = {}
    for one in extensions(role, REACHED):
        parts = {held["url"]: next(value for key, value in held.items() if key != "url") for held in one["extension"]}
        found[int(parts["segment"])] = parts
    for one in filter(_of_contact, role.get("telecom", ())):
        found.setdefault(int(mark(one, SEGMENT) or 0), {}).setdefault("telecom", []).append(one)
    return [found[number] for number in sorted(found)]


def _of_contact(telecom: Mapping[str, Any]) -> bool:
    return mark(telecom, FIELD) == "CTD-5"


def _house(w: Writing, house: Resource, made: Segment, *, placed: bool) -> None:
    """PRD-10 with the organisation's name and number. PRD-7 and PRD-4, where its sender put them there."""
    licences = [one for one in house.get("identifier", ()) if mark(one, FIELD) == "PRD-7"]
    numbers = [one for one in house.get("identifier", ()) if mark(one, FIELD) != "PRD-7"]
    for one in licences:
        made.put(7, _licence(w, one))
    where = mark(house, FIELD, "name")
    if where == "PRD-4" and not placed:
        made.put(4, text(house, "name"))
    elif not where:
        made.put(10, organization_of(w, {**house, "identifier": numbers}))
    apply(w, "PRD[Organization]", house, made)
    for one in house.get("alias", ())[:1]:
        made.put(12, str(one))


def _licence(w: Writing, value: Mapping[str, Any]) -> Repetition:
    """PLN: number, kind, state, expiry."""
    end = value.get("period", {}).get("end")
    ended = time(w, end) if end else None
    return clean({1: text(value, "value"), 2: identifier_type(value), 4: ended[1] if ended else ""})


def _contacts(w: Writing, house: Mapping[str, Any]) -> list[Segment]:
    return [contact(w, one) for one in house.get("contact", ())]


def contact(w: Writing, held: Mapping[str, Any]) -> Segment:
    """CTD of a contact of an Organization or a Patient."""
    made = Segment("CTD")
    for one in [held["purpose"]] if "purpose" in held else held.get("relationship", ())[:1]:
        made.put(1, concept(w, one))
    if "name" in held:
        made.put(2, human_name(w, held["name"]))
    if "address" in held:
        made.put(3, address(w, held["address"]))
    for one in held.get("telecom", ()):
        made.put(5, telecom(w, one))
    return made


def aut(w: Writing, coverage: Resource) -> list[Segment]:
    """AUT of a Coverage that the referral's insurance names, with CTD."""
    made = Segment("AUT")
    apply(w, "AUT[Coverage]", coverage, made)
    payor = next((found for one in coverage.get("payor", ()) if (found := w.graph.resolve(one, coverage))), None)
    if payor:
        made.put(3, str(payor.get("name", "")))
        for one in payor.get("identifier", ())[:1]:
            made.put(2, text(one, "value"))
    return [*([] if made.empty else [made]), *_contacts(w, payor or {})]
