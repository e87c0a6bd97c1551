"""Practitioners, organisations and locations as entries of their own, referred to from where they act."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import Value
from adapters.hl7v2.maps.parties import assigning, authority, human_name
from adapters.hl7v2.maps.reading import Repetition
from adapters.hl7v2.maps.systems import namespace

_PHYSICAL = codes.TERMINOLOGY + "location-physical-type"
_LEVELS = ((4, "si"), (7, "bu"), (8, "lvl"), (1, "wa"), (2, "ro"), (3, "bd"))
"""PL components from the widest place to the narrowest, with location-physical-type."""


def practitioner_entry(c: Conversion, r: Repetition) -> Entry | None:
    """XCN or CNN to a Practitioner."""
    made: dict[str, Any] = {"resourceType": "Practitioner"}
    number = r.leaf(1)
    if r.lone:
        if number is None:
            return None
        return c.share(r.raw, {**made, "name": [{"text": number}]})
    if number:
        kind = r.leaf(13)
        code = kind.text.strip().upper() if kind else ""
        system, assigner = authority(c, r, 9, "PRN")
        held: dict[str, Any] = {"system": system, "value": number}
        if kind and code in c.codes["identifier-type"]:
            held["type"] = {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind.give(code)}]}
        if assigner:
            held["assigner"] = assigner
        made["identifier"] = [held]
    name = human_name(c, r, 2)
    if name:
        made["name"] = [name]
    return c.share(r.raw, made) if number or name else None


def practitioner(c: Conversion, r: Repetition) -> Value:
    entry = practitioner_entry(c, r)
    return entry.reference if entry else None


def organization_entry(c: Conversion, r: Repetition) -> Entry | None:
    """XON to an Organization."""
    name = r.leaf(1)
    number = r.leaf(10) or r.leaf(3)
    if name is None and number is None:
        return None
    made: dict[str, Any] = {"resourceType": "Organization"}
    if number:
        system, assigner = authority(c, r, 6, "XX")
        made["identifier"] = [{"system": system, "value": number, **({"assigner": assigner} if assigner else {})}]
    if name:
        made["name"] = name
    return c.share(r.raw, made)


def organization(c: Conversion, r: Repetition) -> Value:
    entry = organization_entry(c, r)
    return entry.reference if entry else None


def coded_organization(c: Conversion, r: Repetition) -> Value:
    """CWE[Organization]: OBX-15, RXA-17."""
    number, name = r.leaf(1), r.leaf(2)
    if number is None and name is None:
        return None
    made: dict[str, Any] = {"resourceType": "Organization"}
    if number and not r.lone:
        system = r.leaf(3)
        uri: Value = namespace(c.facility, "XX")
        made["identifier"] = [{"system": system.give(namespace(system.text)) if system else uri, "value": number}]
    if name or (r.lone and number):
        made["name"] = name or number
    return c.share("CWE" + r.raw, made).reference


def system_party(c: Conversion, r: Repetition) -> Entry | None:
    """HD to an Organization: MSH-4, MSH-6."""
    name, number, form = r.leaf(1), r.leaf(2), r.leaf(3)
    system, _ = assigning(c, name, number, form)
    value = name or number
    if value is None:
        return None
    return c.share("HD" + r.raw, {"resourceType": "Organization", "identifier": [{"system": system, "value": value}]})


def location(c: Conversion, r: Repetition) -> Value:
    """PL to a chain of Locations; the reference is to the narrowest."""
    parent: Entry | None = None
    raw = ""
    for component, physical in _LEVELS:
        name = r.leaf(component)
        if name is None:
            continue
        made: dict[str, Any] = {"resourceType": "Location", "name": name, "mode": "instance"}
        if r.part(component, 2):
            system, _ = authority(c, r, component)
            made["identifier"] = [{"system": system, "value": name}]
        made["physicalType"] = {"coding": [{"system": _PHYSICAL, "code": physical}]}
        if parent:
            made["partOf"] = parent.reference
        raw += f"|{component}:{name.text}"
        parent = c.share(raw, made)
    description = r.leaf(9)
    if description:
        made = {"resourceType": "Location", "name": description, "mode": "instance"}
        if parent is None:
            parent = c.share(r.raw, made)
        elif "description" not in parent.resource:
            parent.resource["description"] = description
    return parent.reference if parent else None


def discharged_to(c: Conversion, r: Repetition) -> Value:
    """DLD: where the patient went."""
    found = r.leaf(2) or r.leaf(1)
    if found is None:
        return None
    made = {"resourceType": "Location", "name": found, "mode": "instance"}
    return c.share("DLD" + r.raw, made).reference
