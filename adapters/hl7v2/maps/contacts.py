"""CTD: who is to be asked about a referral, a report or an order. Reasons: schemas/hl7v2/referral.csv."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.conversion import ABSENT, Conversion, put
from adapters.hl7v2.maps.datatypes import concept
from adapters.hl7v2.maps.marks import FIELD, OWN, SEGMENT, marked
from adapters.hl7v2.maps.names import address, human_name, telecom
from adapters.hl7v2.maps.reading import Reading

CONTACT = OWN + "contact-about"
"""The report or order that a contact of the patient is to be asked about."""
REACHED = OWN + "contact"
"""Purpose, name and address of a contact of a person who refers or is referred to."""


def ctd(c: Conversion, s: Reading) -> None:
    """A contact of the provider or payer before it; without one, and for a report or order, of the patient."""
    about = c.report or c.request
    entry = c.patient if about else c.provider or c.patient
    if entry is None:
        return
    of_patient = entry is c.patient
    contact: dict[str, Any] = {}
    role, name, place = s.first(1), s.first(2), s.first(3)
    if role and (purpose := concept(c, role)):
        contact |= {"relationship": [purpose]} if of_patient else {"purpose": purpose}
    if name and (held := human_name(c, name)):
        contact["name"] = held
    if place and (where := address(c, place)):
        contact["address"] = where
    for repetition in s.each(5):
        if value := telecom("work")(c, repetition):
            contact.setdefault("telecom", []).append(value)
    if not contact:
        return
    if of_patient and not contact.keys() & {"name", "telecom", "address"}:
        contact["name"] = dict(ABSENT)  # FHIR's pat-1: a role alone is no contact
    if about:
        put(contact, ("extension[]",), {"url": CONTACT, "valueReference": about.reference})
    if of_patient or entry.resource["resourceType"] == "Organization":
        entry.resource.setdefault("contact", []).append(contact)
    else:
        _reached(s, entry.resource, contact)


def _reached(s: Reading, role: dict[str, Any], contact: dict[str, Any]) -> None:
    """By whom a person is reached: the numbers are the person's, FHIR R4 has no place for who answers them."""
    segment = str(s.occurrence)
    numbers = [marked(marked(one, FIELD, "CTD-5"), SEGMENT, segment) for one in contact.pop("telecom", ())]
    if numbers:
        role.setdefault("telecom", []).extend(numbers)
    parts = [{"url": name, _CONTACT_PARTS[name]: value} for name, value in contact.items()]
    if parts:
        parts.append({"url": "segment", "valueString": segment})
        put(role, ("extension[]",), {"url": REACHED, "extension": parts})


_CONTACT_PARTS = {"purpose": "valueCodeableConcept", "name": "valueHumanName", "address": "valueAddress"}
