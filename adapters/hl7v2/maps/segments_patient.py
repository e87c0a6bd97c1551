"""PID, PD1, NK1, GT1, IN1: the patient and those around."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import organization, organization_entry, practitioner, related
from adapters.hl7v2.maps.conversion import Conversion, put
from adapters.hl7v2.maps.datatypes import (
    Value,
    boolean,
    code,
    concept,
    date,
    date_time,
    extension,
    positive,
    string,
    table,
    text_of,
)
from adapters.hl7v2.maps.parties import address, entity_identifier, human_name, identifier, telecom
from adapters.hl7v2.maps.reading import Reading, Repetition
from adapters.hl7v2.maps.rules import apply, rules
from adapters.hl7v2.maps.systems import namespace

_PATIENT = "http://hl7.org/fhir/StructureDefinition/patient-"
_OWN = "urn:referral-hub:extension:"


def _language(c: Conversion, r: Repetition) -> Value:
    """A language by its BCP 47 tag where that is known, else in words."""
    leaf = r.leaf(1)
    tag = codes.LANGUAGE.get(leaf.text.strip().lower()) if leaf else None
    name = r.leaf(9) or r.leaf(2) or leaf
    if name is None:
        return None
    coding = [{"system": "urn:ietf:bcp:47", "code": leaf.give(tag)}] if leaf and tag else []
    return {"language": {**({"coding": coding} if coding else {}), "text": name}}


def _citizenship(c: Conversion, r: Repetition) -> Value:
    found = concept(c, r)
    return (
        {"url": _PATIENT + "citizenship", "extension": [{"url": "code", "valueCodeableConcept": found}]}
        if found
        else None
    )


def _nationality(c: Conversion, r: Repetition) -> Value:
    found = concept(c, r)
    return (
        {"url": _PATIENT + "nationality", "extension": [{"url": "code", "valueCodeableConcept": found}]}
        if found
        else None
    )


def _account(c: Conversion, r: Repetition) -> Value:
    found = identifier(c, r)
    if found and "type" not in found:
        found["type"] = {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": "AN"}]}
        if r.part(4, 1) is None:
            found["system"] = namespace(c.facility, "AN")
    return found


def _social_security(c: Conversion, r: Repetition) -> Value:
    value = r.leaf()
    kind = {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": "SS"}]}
    return {"type": kind, "system": namespace(c.facility, "SS"), "value": value} if value else None


def _licence(c: Conversion, r: Repetition) -> Value:
    value, state = r.leaf(1), r.leaf(2)
    if value is None:
        return None
    kind = {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": "DL"}]}
    made: dict[str, Any] = {"type": kind, "system": namespace(c.facility, "DL"), "value": value}
    if state:
        made["assigner"] = {"display": state}
    return made


def _birth_place(c: Conversion, r: Repetition) -> Value:
    value = r.leaf()
    return {"url": _PATIENT + "birthPlace", "valueAddress": {"text": value}} if value else None


PATIENT = rules(
    (3, "identifier[]", identifier),
    (2, "identifier[]", identifier),
    (4, "identifier[]", identifier),
    (18, "identifier[]", _account),
    (19, "identifier[]", _social_security),
    (20, "identifier[]", _licence),
    (5, "name[]", human_name),
    (9, "name[]", human_name),
    (6, "extension[]", extension(_PATIENT + "mothersMaidenName", "valueString", string)),
    (7, "birthDate", date),
    (8, "gender", code(codes.GENDER)),
    (10, "extension[]", extension(_OWN + "race", "valueCodeableConcept", concept)),
    (11, "address[]", address),
    (13, "telecom[]", telecom("home")),
    (14, "telecom[]", telecom("work")),
    (40, "telecom[]", telecom()),
    (15, "communication[]", _language),
    (16, "maritalStatus", table(codes.MARITAL)),
    (17, "extension[]", extension(_PATIENT + "religion", "valueCodeableConcept", concept)),
    (22, "extension[]", extension(_OWN + "ethnic-group", "valueCodeableConcept", concept)),
    (23, "extension[]", _birth_place),
    (25, "multipleBirthInteger", positive),
    (26, "extension[]", _citizenship),
    (28, "extension[]", _nationality),
    (29, "deceasedDateTime", date_time),
)
_BIRTH_TIME = extension(_PATIENT + "birthTime", "valueDateTime", date_time)


def pid(c: Conversion, s: Reading) -> None:
    patient: dict[str, Any] = {"resourceType": "Patient"}
    c.patient = None
    entry = c.add(patient)
    entry.patient = entry
    c.patient = entry
    c.patients.append(entry)
    c.encounter = c.report = c.request = c.observed = c.document = c.group = None
    apply(PATIENT, c, s, patient)
    born = s.first(7)
    if born and len(born.text()) > 8 and (found := _BIRTH_TIME(c, born)) and len(found["valueDateTime"].value) > 10:
        patient["_birthDate"] = {"extension": [found]}
    for field, target, other in ((24, "multipleBirthBoolean", "multipleBirthInteger"),
                                 (30, "deceasedBoolean", "deceasedDateTime")):  # fmt: skip
        given = s.first(field)
        value = boolean(c, given) if given else None
        if value is not None:
            if other in patient:
                entry.also.append((value, f"/{other}"))
            else:
                patient[target] = value
    county = s.leaf(12)
    if county:
        places = patient.setdefault("address", [{}])
        if len(places) == 1 and "district" not in places[0]:
            places[0]["district"] = county
        else:
            places.append({"district": county})


_DEMOGRAPHICS = rules(
    (3, "generalPractitioner[]", organization),
    (4, "generalPractitioner[]", practitioner),
    (6, "extension[]", extension(_PATIENT + "disability", "valueCodeableConcept", concept)),
    (14, "extension[]", extension(_PATIENT + "congregation", "valueString", text_of)),
)


def pd1(c: Conversion, s: Reading) -> None:
    if c.patient:
        apply(_DEMOGRAPHICS, c, s, c.patient.resource)


_KIN = rules(
    (3, "relationship[]", table(codes.RELATIONSHIP)),
    (7, "relationship[]", concept),
    (8, "period.start", date_time),
    (9, "period.end", date_time),
    (15, "gender", code(codes.GENDER)),
    (16, "birthDate", date),
    (20, "communication[]", _language),
)


def nk1(c: Conversion, s: Reading) -> None:
    parts = {"identifier": (12, 33), "name": (2, 30), "address": (4, 32), "telecom": (5, 31, 40, 41), "workcom": (6,)}
    c.add(apply(_KIN, c, s, related(c, s, parts)))


_GUARANTOR = rules(
    (8, "birthDate", date),
    (9, "gender", code(codes.GENDER)),
    (11, "relationship[]", table(codes.RELATIONSHIP)),
    (13, "period.start", date_time),
    (14, "period.end", date_time),
    (36, "communication[]", _language),
)


def gt1(c: Conversion, s: Reading) -> None:
    made = related(c, s, {"identifier": (2, 19), "name": (3,), "address": (5,), "telecom": (6,), "workcom": (7,)})
    made["relationship"] = [{"coding": [{"system": codes.V3 + "RoleClass", "code": "GUAR"}]}]
    c.add(apply(_GUARANTOR, c, s, made))


_COVERAGE = rules(
    (2, "identifier[]", entity_identifier()),
    (12, "period.start", date_time),
    (13, "period.end", date_time),
    (15, "type", concept),
    (17, "relationship", table(codes.RELATIONSHIP)),
    (36, "identifier[]", identifier),
    (49, "subscriberId", string),
)


def in1(c: Conversion, s: Reading) -> None:
    """Coverage; the company is its payor, the insured its subscriber."""
    made: dict[str, Any] = {"resourceType": "Coverage", "status": "active", "beneficiary": c.subject(), "payor": []}
    entry = c.add(apply(_COVERAGE, c, s, made))
    name = s.first(4)
    payor = organization_entry(c, name) if name else None
    if payor is None and s.has(3):
        payor = c.add({"resourceType": "Organization"})
    if payor:
        for field, target, convert in ((3, "identifier[]", identifier), (5, "address[]", address),
                                       (7, "telecom[]", telecom("work"))):  # fmt: skip
            for repetition in s.each(field):
                value = convert(c, repetition)
                if value is not None:
                    put(payor.resource, (target,), value)
    group = s.leaf(8)
    if group:
        kind = {"coding": [{"system": codes.TERMINOLOGY + "coverage-class", "code": "group"}]}
        made["class"] = [{"type": kind, "value": group}]
        if (title := s.leaf(9)) is not None:
            made["class"][0]["name"] = title
    made["payor"] = [payor.reference if payor else {"display": "unknown"}]
    if s.has(16):
        insured = related(c, s, {"name": (16,), "address": (19,)})
        born = s.first(18)
        if born and (day := date(c, born)):
            insured["birthDate"] = day
        made["subscriber"] = c.add(insured).reference
    entry.resource = made
