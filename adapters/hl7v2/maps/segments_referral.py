"""RF1, PRD, AUT: the referral itself. No official map has them: the rules and their reasons are in
schemas/hl7v2/referral.csv."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import location, organization_entry
from adapters.hl7v2.maps.conversion import Conversion, Entry, first_of, put
from adapters.hl7v2.maps.datatypes import Value, concept
from adapters.hl7v2.maps.marks import FIELD, OWN, mark, marked
from adapters.hl7v2.maps.names import human_name, period
from adapters.hl7v2.maps.parties import entity_identifier
from adapters.hl7v2.maps.reading import Leaf, Reading, Repetition
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.maps.systems import is_uuid, namespace
from hub.domain.patients import Identifier

AUTHORIZATION = OWN + "authorization"
"""The Coverage by which a procedure is authorized."""
HUB_REFERRAL = "urn:referral-hub:referral"
_REFERRAL_CATEGORY = {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}
_IDENTIFIER = entity_identifier()


def rf1(c: Conversion, s: Reading) -> None:
    """ServiceRequest and Task."""
    made: dict[str, Any] = {"resourceType": "ServiceRequest", "status": "revoked" if c.event == "I14" else "active",
                            "intent": "order", "subject": c.subject()}  # fmt: skip
    entry = c.add(made, s.leaf(9), s.leaf(7))
    for field in (6, 11):
        for repetition in s.each(field):
            value = referral_identifier(c, repetition)
            if value is None:
                continue
            if field == 11 and c.event == "I12" and value["system"] == HUB_REFERRAL:
                made.setdefault("basedOn", []).append({"type": "ServiceRequest", "identifier": value})
            else:
                made.setdefault("identifier", []).append(value)
    made["category"] = [_REFERRAL_CATEGORY.copy()]
    made["priority"] = _priority(c, s)
    if not isinstance(made["priority"], Leaf) and (told := s.first(2)) and (urgency := concept(c, told)):
        made["extension"] = [{"url": OWN + "referral-priority", "valueCodeableConcept": urgency}]
    apply(c, "RF1[ServiceRequest]", s, made)
    for repetition in s.each(10):
        reason = concept(c, repetition)
        if reason:
            text = first_of(repetition.leaf(n) for n in (9, 2, 1, 5, 4))
            made.setdefault("reasonCode", []).append({**reason, "text": text} if text else reason)
    _coverage_of(c, made)
    c.referral = entry
    c.task = c.add(_task(c, s), c.entries[0].recorded[0])


def _priority(c: Conversion, s: Reading) -> Leaf | str:
    """RF1-2 by its code, else by its words."""
    for leaf in (s.leaf(2), s.leaf(2, 2)):
        if found := c.looked_up("priority", leaf):
            return found
    return "routine"


def referral_identifier(c: Conversion, r: Repetition) -> Value:
    """RF1-6, RF1-11: the hub's own id is known by its form."""
    value = _IDENTIFIER(c, r) if r.leaf() else None
    if value and r.leaf(2) is None and r.leaf(3) is None and is_uuid(r.text(1)):
        value["system"] = HUB_REFERRAL
    return value


def _task(c: Conversion, s: Reading) -> dict[str, Any]:
    status = c.looked_up("task-status", s.leaf(1))
    made: dict[str, Any] = {"resourceType": "Task", "intent": "order"}
    made["status"] = "cancelled" if c.event == "I14" else status or "requested"
    if name := s.leaf(1, 2):
        made["businessStatus"] = {"text": name}
    made["code"] = {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]}
    return made


def _coverage_of(c: Conversion, made: dict[str, Any]) -> None:
    """The policies told since the last RF1; of several RF1 of one policy (group INSURANCE of ADT_A01) each names it."""
    covers = [entry.reference for entry in c.entries[c.referred :] if entry.resource["resourceType"] == "Coverage"]
    if not covers and (policy := c.opened.get("coverage")):
        covers = [policy.reference]
    if covers:
        made["insurance"] = covers
    c.referred = len(c.entries)


def prd(c: Conversion, s: Reading) -> None:
    """A provider in a role: PractitionerRole of a Practitioner in an Organization (PRD-10, PRD-4, PRD-7)."""
    person = _person(c, s)
    house = _organization(c, s)
    made: dict[str, Any] = {"resourceType": "PractitionerRole"}
    for repetition in s.each(1):
        role = concept(c, repetition)
        if role:
            made.setdefault("code", []).append(role)
    if person:
        made["practitioner"] = person.reference
    if house:
        made["organization"] = house.reference
    place = s.first(4)
    if place and not _is_organization(place) and (where := location(c, place)):
        made["location"] = [where]
    if person is None:
        apply(c, "PRD[Practitioner]", s, made)
        for where in made.pop("address", ()):
            made.setdefault("extension", []).append({"url": OWN + "address", "valueAddress": where})
    bounds = period(c, s.leaf(8), s.leaf(9))
    if bounds:
        made["period"] = bounds
    entry = c.add(made)
    c.provider = house or entry
    _act(c, s, entry, house)


REFERRING, REFERRED_TO = ("RP", "AP"), ("RT", "IR")
"""Roles of table 0286, and those of HL7 Australia: authoring provider, intended recipient."""


def providers(c: Conversion, roles: Sequence[str]) -> list[Reading]:
    """The PRDs in the first of these roles that the message has."""
    return [s for s in c.readings if s.name == "PRD" and _acts(c, s, roles)]


def _acts(c: Conversion, s: Reading, roles: Sequence[str]) -> bool:
    role = next((role for role in roles if role in c.roles), None)
    return any(repetition.text(1).upper() == role for repetition in s.each(1))


def _act(c: Conversion, s: Reading, entry: Entry, house: Entry | None) -> None:
    if c.referral is None:
        return
    request = c.referral.resource
    if _acts(c, s, REFERRING) and "requester" not in request:
        request["requester"] = entry.reference
    elif _acts(c, s, REFERRED_TO):
        performers = request.setdefault("performer", [])
        performers.extend([house.reference, entry.reference] if house else [entry.reference])
        if c.receiver is None:
            c.receiver = house or entry
    else:
        put(request, ("extension[]",), {"url": OWN + "provider", "valueReference": entry.reference})


def _person(c: Conversion, s: Reading) -> Entry | None:
    name = s.first(2)
    held = human_name(c, name) if name else None
    if held is None:
        return None
    made: dict[str, Any] = {"resourceType": "Practitioner", "name": [held]}
    for repetition in s.each(7):
        value = repetition.leaf(1)
        if value and not _names_receiver(s):
            made.setdefault("identifier", []).append(_licence(c, repetition))
    return c.add(apply(c, "PRD[Practitioner]", s, made))


def _names_receiver(s: Reading) -> bool:
    """Whether PRD-7 stands for the organisation: nothing else of the segment does."""
    return not s.has(10) and not s.has(4)


def _licence(c: Conversion, r: Repetition) -> dict[str, Any]:
    """PLN: number, kind, state, expiry."""
    value, kind, _state, expiry = (r.leaf(n) for n in (1, 2, 3, 4))
    made: dict[str, Any] = {"system": namespace(c.facility, kind.text if kind else "PRD"), "value": value}
    if kind:
        code = kind.text.strip().upper()
        known = code in c.codes["identifier-type"]
        made["type"] = (
            {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind.give(code)}]}
            if known
            else {"text": kind}
        )
    end = c.clock.date_time(expiry.text) if expiry else None
    if expiry and end:
        made["period"] = {"end": expiry.give(end)}
    return made


def _is_organization(place: Repetition) -> bool:
    """PRD-4 as senders use it: one plain text is the institution's name."""
    return place.lone or (
        place.leaf(4) is None and place.leaf(2) is None and place.leaf(3) is None and place.leaf(9) is None
    )


def _organization(c: Conversion, s: Reading) -> Entry | None:
    made: dict[str, Any] = {"resourceType": "Organization"}
    named = s.first(10)
    place = s.first(4)
    if named:
        entry = organization_entry(c, named)
        if entry:
            made = entry.resource
    elif place and _is_organization(place) and (plain := place.leaf(1)):
        entry, made["name"] = None, plain
        mark(made, FIELD, "PRD-4", "name")
    elif place and (facility := place.leaf(4)):
        entry, made["name"] = None, facility
        mark(made, FIELD, "PRD-4", "name")
    else:
        entry = None
    if not (s.has(2) and (named or place)):
        for repetition in s.each(7):
            if repetition.leaf(1):
                made.setdefault("identifier", []).append(marked(_licence(c, repetition), FIELD, "PRD-7"))
    if entry is None and len(made) == 1:
        return None
    apply(c, "PRD[Organization]", s, made)
    department = s.first(12)
    if department and (leaf := department.leaf(1)):
        made["alias"] = [leaf]
    return entry or c.add(made)


def aut(c: Conversion, s: Reading) -> None:
    """An authorization by the payer: Coverage that the referral's insurance names."""
    made: dict[str, Any] = {"resourceType": "Coverage", "status": "active", "beneficiary": c.subject(), "payor": []}
    mark(made, FIELD, "AUT")
    apply(c, "AUT[Coverage]", s, made)
    name, number = s.leaf(3), s.first(2)
    house: dict[str, Any] = {"resourceType": "Organization"}
    if name:
        house["name"] = name
    if number and (value := number.leaf(1)):
        house["identifier"] = [{"system": namespace(c.facility, "AUT"), "value": value}]
    c.provider = c.add(house) if len(house) > 1 else None
    made["payor"] = [c.provider.reference if c.provider else {"display": "unknown"}]
    entry = c.add(made)
    if procedure := c.opened.get("procedure"):
        put(procedure.resource, ("extension[]",), {"url": AUTHORIZATION, "valueReference": entry.reference})
    if c.referral:
        c.referral.resource.setdefault("insurance", []).append(entry.reference)


def identifiers(c: Conversion) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
    """The referral's own identifiers (RF1-6 first), and the original that a down-referral names (RF1-11)."""
    if c.referral is None:
        return (), ()
    own = [_plain(value) for value in c.referral.resource.get("identifier", ())]
    based = [_plain(item["identifier"]) for item in c.referral.resource.get("basedOn", ())]
    return tuple(own), tuple(based)


def _plain(value: dict[str, Any]) -> Identifier:
    return Identifier(str(_value(value["system"])), str(_value(value["value"])))


def _value(item: Any) -> Any:
    return item.value if isinstance(item, Leaf) else getattr(item, "value", item)
