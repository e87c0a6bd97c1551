"""Patient, RelatedPerson and Coverage to PID, PD1, NK1, GT1, IN1."""

from __future__ import annotations

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.marks import FIELD, OWN
from adapters.hl7v2.outbound.datatypes import Writing, date_time
from adapters.hl7v2.outbound.graph import extension, mark, text
from adapters.hl7v2.outbound.parties import organization_of
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment
from hub.domain.fragments import Resource

_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_CONGREGATION = "http://hl7.org/fhir/StructureDefinition/patient-congregation"
_WORSHIP = OWN + "place-of-worship"
_AFFIRMED = ((24, "multipleBirth"), (30, "deceased"))
"""Fields that say yes or no, and the element; one that says more than yes (a day, a number) says yes."""


def pid(w: Writing, patient: Resource) -> Segment:
    made = Segment("PID")
    made.put(1, "1")
    apply(w, "PID[Patient]", {**patient, "name": _called(patient)}, made)
    for index, name in enumerate(_nicknames(patient)):
        if len(made.fields.get(5, ())) > index:
            made.fields[5][index][15] = name
    born = extension(patient.get("_birthDate", {}), _BIRTH_TIME)
    if born:
        made.fields[7] = [{1: date_time(w, str(born))}]
    for field, element in _AFFIRMED:
        known = [value for key, value in patient.items() if key.startswith(element)]
        if known:
            made.put(field, "N" if known == [False] else "Y")
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


def _nicknames(patient: Resource) -> list[str]:
    """What the person is called by: component 15 of the name that it stands with."""
    return [str(one["given"][0]) for one in patient.get("name", ()) if _is_nickname(one)]


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
    return any(c.get("code") == "UPDATE" for c in origin.get("activity", {}).get("coding", ()))


def pd1(w: Writing, patient: Resource) -> Segment:
    made = Segment("PD1")
    told = patient.get("extension", [])
    if any(one.get("url") == _WORSHIP for one in told):
        told = [one for one in told if one.get("url") != _CONGREGATION]  # the name of the same
    apply(w, "PD1[Patient]", {**patient, "extension": told}, made)
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
    """IN1 and IN2, and who is insured where that is a person of its own."""
    made, more = Segment("IN1"), Segment("IN2")
    apply(w, "IN1[Coverage]", coverage, made)
    apply(w, "IN2[Coverage]", coverage, more, marked_only=True)
    payor = next((found for one in coverage.get("payor", ()) if (found := w.graph.resolve(one, coverage))), None)
    if payor and payor["resourceType"] == "Organization":
        apply(w, "IN1[Organization]", payor, made)
        made.put(4, organization_of(w, {**payor, "identifier": []}))
    holder = w.graph.resolve(coverage.get("policyHolder"), coverage)
    if holder and holder["resourceType"] == "Organization":
        apply(w, "IN1[Holder]", holder, made)
        apply(w, "IN2[Organization]", holder, more, marked_only=True)
        made.put(11, organization_of(w, {**holder, "identifier": []}))
    for held in coverage.get("class", ()):
        if any(c.get("code") == "group" for c in held.get("type", {}).get("coding", ())):
            made.put(8, text(held, "value"))
            made.put(9, text(held, "name"))
    insured = w.graph.resolve(coverage.get("subscriber"), coverage)
    if insured is not None and insured["resourceType"] == "RelatedPerson":
        apply(w, "IN1[RelatedPerson]", insured, made)
        apply(w, "IN2[RelatedPerson]", insured, more, marked_only=True)
    else:
        insured = None
    return [made, *([] if more.empty else [more])], insured
