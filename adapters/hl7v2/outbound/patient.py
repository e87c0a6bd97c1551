"""Patient, RelatedPerson and Coverage to PID, PD1, NK1, GT1, IN1."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.marks import AS_SENT, FIELD, OWN, REPETITION
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.graph import codes_of, mark, text
from adapters.hl7v2.outbound.parties import organization_of
from adapters.hl7v2.outbound.rules import apart, apply
from adapters.hl7v2.outbound.values import Segment
from hub.domain.fragments import Resource

_CONGREGATION = "http://hl7.org/fhir/StructureDefinition/patient-congregation"
_WORSHIP = OWN + "place-of-worship"
_AFFIRMED = ((24, "multipleBirth"), (30, "deceased"))
"""Fields that say yes or no, and the element; one that says more than yes (a day, a number) says yes."""


def pid(w: Writing, patient: Resource) -> Segment:
    made = Segment("PID")
    made.put(1, "1")
    apply(w, "PID[Patient]", {**patient, "name": _called(patient)}, made)
    for place, name in _nicknames(patient):
        if len(made.fields.get(5, ())) >= place:
            made.fields[5][place - 1][15] = name
    for field, element in _AFFIRMED:
        known = [key for key in patient if key.startswith(element)]
        for key in known[:1]:
            made.put(field, mark(patient, AS_SENT, key) or ("N" if patient[key] is False else "Y"))
    for relation in w.graph.all("RelatedPerson"):
        if _is_mother(relation):
            apply(w, "PID[RelatedPerson]", relation, made)
    for origin in w.graph.all("Provenance"):
        if any(w.graph.resolve(one) is patient for one in origin.get("target", ())) and _is_update(origin):
            apply(w, "PID[Provenance]", origin, made)
    for place in patient.get("address", ()):
        if mark(place, FIELD, "district") == "PID-12":
            made.put(12, text(place, "district"))
    return made


def _nicknames(patient: Resource) -> list[tuple[int, str]]:
    """What the person is called by, and with which name it stands, as its component 15."""
    found = [one for one in patient.get("name", ()) if _is_nickname(one)]
    return [(int(mark(one, REPETITION) or place), str(one["given"][0])) for place, one in enumerate(found, 1)]


def _called(patient: Resource) -> list[Resource]:
    """The names that stand by themselves."""
    names = patient.get("name", [])
    return [one for one in names if not _is_nickname(one)] or names


def _is_nickname(name: Resource) -> bool:
    return name.get("use") == "nickname" and "family" not in name and len(name.get("given", ())) == 1


def _is_mother(person: Resource) -> bool:
    """The mother of whom nothing but her numbers is known: they stand in PID-21."""
    return _MOTHER in person.get("relationship", ()) and "name" not in person and "identifier" in person


def _is_update(origin: Resource) -> bool:
    return "UPDATE" in codes_of(origin.get("activity", {}))


def demographics(w: Writing, patient: Resource) -> list[Segment]:
    """PID and, where it says something, PD1; living will and advance directives that no visit tells stand there too."""
    made = Segment("PD1")
    held = patient.get("extension", [])
    if any(one.get("url") == _WORSHIP for one in held):
        held = [one for one in held if one.get("url") != _CONGREGATION]  # the name of the same
    apply(w, "PD1[Patient]", {**patient, "extension": held}, made)
    for one in w.graph.all("Observation"):
        sheet = directive(one)
        if sheet and "encounter" not in one and w.graph.resolve(one.get("subject"), one) is patient:
            apply(w, sheet, one, made)
    return [pid(w, patient), *([] if made.empty else [made])]


_LIVING_WILL = {"system": "http://loinc.org", "code": "75320-2"}
_DIRECTIVES = {"system": "http://loinc.org", "code": "42348-3"}


def directive(observation: Resource) -> str:
    """The sheet of PD1 that tells an Observation whole: a living will, advance directives; "" of any other."""
    coding = observation.get("code", {}).get("coding")
    if coding == [_LIVING_WILL] and "effectiveDateTime" not in observation:
        return "PD1[Observation]"
    told = coding == [_DIRECTIVES] and not any(name.startswith("value") for name in observation)
    return "PD1[AdvanceDirective]" if told else ""


def restrictions(w: Writing, patient: Resource) -> list[Segment]:
    """ARV: access restrictions of the patient (from version 2.8 on)."""
    made = apart(w, "ARV[Patient]", patient) if w.segments >= (2, 8) else []
    for segment in made:
        segment.put(2, "A")
    return made


_MOTHER = {"coding": [{"system": codes.V3 + "RoleCode", "code": "MTH"}]}
_GUARANTEE = {"coding": [{"system": codes.V3 + "RoleClass", "code": "GUAR"}]}


def kin(w: Writing, insured: list[Resource]) -> tuple[list[Segment], list[Segment]]:
    """NK1 and GT1 of the RelatedPersons that no coverage names."""
    contacts: list[Segment] = []
    guarantors: list[Segment] = []
    for person in w.graph.all("RelatedPerson"):
        if any(person is one for one in insured) or _is_mother(person):
            continue
        relations = person.get("relationship", [])
        if _GUARANTEE in relations:
            made = Segment("GT1")
            others = [one for one in relations if one != _GUARANTEE]
            apply(w, "GT1[RelatedPerson]", {**person, "relationship": others}, made)
            guarantors.append(made)
        else:
            made = Segment("NK1")
            apply(w, "NK1[RelatedPerson]", person, made)
            contacts.append(made)
        made.put(1, str(len(contacts if made.name == "NK1" else guarantors)))
    return contacts, guarantors


def in1(w: Writing, coverage: Resource) -> tuple[list[Segment], Resource | None]:
    """IN1, IN2 and IN3, and who is insured where that is a person of its own."""
    made, more, certified = Segment("IN1"), Segment("IN2"), Segment("IN3")
    apply(w, "IN1[Coverage]", coverage, made)
    apply(w, "IN2[Coverage]", coverage, more, marked_only=True)
    payor = next((found for one in coverage.get("payor", ()) if (found := w.graph.resolve(one, coverage))), None)
    if payor and payor["resourceType"] == "Organization":
        _company(w, payor, made, 4, ("IN1[Organization]",))
    holder = w.graph.resolve(coverage.get("policyHolder"), coverage)
    if holder and holder["resourceType"] == "Organization":
        _company(w, holder, made, 11, ("IN1[Holder]",))
        apply(w, "IN2[Organization]", holder, more, marked_only=True)
    for held in coverage.get("class", ()):
        if "group" in codes_of(held.get("type", {})):
            made.put(8, text(held, "value"))
            made.put(9, text(held, "name"))
    insured = w.graph.resolve(coverage.get("subscriber"), coverage)
    if insured is not None and insured["resourceType"] == "RelatedPerson":
        apply(w, "IN1[RelatedPerson]", insured, made, (17,) if made.has(17) else ())
        apply(w, "IN2[RelatedPerson]", insured, more, marked_only=True)
    else:
        insured = None
    apply(w, "IN3[Coverage]", coverage, certified, marked_only=True)
    for one in _following(w, coverage):
        apply(w, "IN3[CareTeam]", one, certified)
    return [made, *(one for one in (more, certified) if not one.empty)], insured


def _company(w: Writing, company: Resource, made: Segment, field: int, sheets: tuple[str, ...]) -> None:
    """An organisation with its own numbers in its XON, all others in the field before it."""
    place = f"IN1-{field}"
    own: list[Any] = []
    others: list[Any] = []
    for one in company.get("identifier", ()):
        (own if mark(one, FIELD) == place else others).append(one)
    for sheet in sheets:
        apply(w, sheet, {**company, "identifier": others}, made)
    made.put(field, organization_of(w, {**company, "identifier": own}))


def _following(w: Writing, coverage: Resource) -> list[Resource]:
    """The case managers' teams that stand behind a Coverage and before the next."""
    found: list[Resource] = []
    inside = False
    for one in w.graph.all("Coverage", "CareTeam"):
        if one["resourceType"] == "Coverage":
            inside = one is coverage
        elif inside:
            found.append(one)
    return found
