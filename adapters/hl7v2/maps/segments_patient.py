"""PID, NK1, IN1: the patient and those around."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import organization_entry
from adapters.hl7v2.maps.conversion import ABSENT, Conversion, Entry, Order
from adapters.hl7v2.maps.datatypes import (
    boolean,
)
from adapters.hl7v2.maps.marks import FIELD, mark
from adapters.hl7v2.maps.names import human_name
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import apply


def pid(c: Conversion, s: Reading) -> None:
    patient: dict[str, Any] = {"resourceType": "Patient"}
    if c.patients:
        _leave(c)
    c.patient = None
    entry = c.add(patient)
    entry.patient = entry
    c.patient = entry
    c.patients.append(entry)
    c.encounter = c.report = c.request = c.observed = c.document = c.group = None
    apply(c, "PID[Patient]", s, patient)
    for field, target, other in ((24, "multipleBirthBoolean", "multipleBirthInteger"),
                                 (30, "deceasedBoolean", "deceasedDateTime")):  # fmt: skip
        given = s.first(field)
        value = boolean(c, given) if given else None
        if value is not None:
            if other not in patient:
                patient[target] = value
            elif value.value:
                entry.also.append((value, f"/{other}"))
    county = s.leaf(12)
    if county:
        places = patient.setdefault("address", [{}])
        if len(places) == 1 and "district" not in places[0]:
            places[0]["district"] = county
        else:
            places.append({"district": county})
        mark(places[-1], FIELD, "PID-12", "district")


def _leave(c: Conversion) -> None:
    """What the patient before it had open is not of the next one; what came before any patient (an appointment) is."""
    c.order = Order()
    c.immunization = c.last_text = c.provider = None
    c.opened = {name: entry for name, entry in c.opened.items() if entry.patient is None}
    c.results.clear()


def nk1(c: Conversion, s: Reading) -> None:
    """Patient.contact, beside the RelatedPerson of the sheet (official map ADT_A01: both); its house has the contact
    person (official map NK1[Patient])."""
    if c.patient is None:
        return
    with c.repeating():
        contact = apply(c, "NK1[Contact]", s, {})
        named, reached = s.first(13), apply(c, "NK1[Organization]", s, {})
        house = organization_entry(c, named) if named else None
    if reached and house is None:
        house = c.add({"resourceType": "Organization", "_name": dict(ABSENT)})
    if house:
        contact["organization"] = house.reference
        others = [{"name": name} for again in s.each(30)[1:] if (name := human_name(c, again))]
        if reached:
            house.resource.setdefault("contact", []).extend([reached, *others])
    if contact.keys() & {"name", "telecom", "address", "organization"}:
        c.patient.resource.setdefault("contact", []).append(contact)


def in1(c: Conversion, s: Reading) -> None:
    """Coverage; the company is its payor, the insured its subscriber."""
    made: dict[str, Any] = {"resourceType": "Coverage", "status": "active", "beneficiary": c.subject(), "payor": []}
    for earlier in ("coverage", "insured", "holder"):
        c.opened.pop(earlier, None)
    c.opened["coverage"] = c.add(apply(c, "IN1[Coverage]", s, made))
    payor = _company(c, s, 4)
    if payor is None and any(s.has(field) for field in (3, 5, 6, 7)):
        payor = c.add({"resourceType": "Organization", **({} if s.has(3) else {"_name": dict(ABSENT)})})
    if payor:
        apply(c, "IN1[Organization]", s, payor.resource)
    for kind, value, title in (("group", s.leaf(8), s.leaf(9)), ("plan", s.leaf(2), s.leaf(2, 2))):
        if value:
            coded = {"coding": [{"system": codes.TERMINOLOGY + "coverage-class", "code": kind}]}
            made.setdefault("class", []).append({"type": coded, "value": value, **({"name": title} if title else {})})
    made["payor"] = [payor.reference if payor else {"display": "unknown"}]
    if any(s.has(field) for field in _INSURED):
        insured = apply(c, "IN1[RelatedPerson]", s, {"resourceType": "RelatedPerson", "patient": c.subject()})
        c.opened["insured"] = c.add(insured)
        made["subscriber"] = c.opened["insured"].reference
    _holder(c, s, made)


_INSURED = (16, 18, 19, 49)
"""Fields that say who the insured is."""


def _company(c: Conversion, s: Reading, field: int) -> Entry | None:
    """XON; its own numbers are marked, as another field has more of them."""
    named = s.first(field)
    entry = organization_entry(c, named) if named else None
    if entry is None or entry.url in c.insurers:
        return entry
    c.insurers.add(entry.url)
    for number in entry.resource.get("identifier", ()):
        if not any(one["url"] == FIELD for one in number.get("extension", ())):
            mark(number, FIELD, f"IN1-{field}")
    return entry


def _holder(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """The insured's employer or group: IN1-11 with its number and address."""
    holder = _company(c, s, 11)
    if holder is None and s.has(10):
        holder = c.add({"resourceType": "Organization"})
    if holder:
        apply(c, "IN1[Holder]", s, holder.resource)
        c.opened["holder"] = holder
        made["policyHolder"] = holder.reference
