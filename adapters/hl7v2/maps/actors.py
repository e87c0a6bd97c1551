"""Practitioners, organisations and locations as entries of their own, referred to from where they act."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import Value, coded
from adapters.hl7v2.maps.marks import COMPONENT, OWN, VALUE_TYPE, mark, marked
from adapters.hl7v2.maps.names import is_cjk, person_name, validity
from adapters.hl7v2.maps.parties import (
    assigning,
    authority,
    checked,
    facility,
    identifier_type,
    issued_at,
    party,
    universal_identifier,
)
from adapters.hl7v2.maps.reading import Leaf, Repetition
from adapters.hl7v2.maps.systems import namespace

_PHYSICAL = codes.TERMINOLOGY + "location-physical-type"
_LEVELS = ((4, "si"), (7, "bu"), (8, "lvl"), (1, "wa"), (2, "ro"), (3, "bd"))
"""PL components from the widest place to the narrowest, with location-physical-type."""
_WORKPLACE = ((7, "si"), (10, "bu"), (11, "lvl"), (4, "wa"), (5, "ro"), (6, "bd"))
"""Those of NDL."""


def practitioner_entry(c: Conversion, r: Repetition, *, plain: bool = False) -> Entry | None:
    """XCN to a Practitioner; plain: CNN, whose assigning authority is components 9 to 11."""
    made: dict[str, Any] = {"resourceType": "Practitioner"}
    number = r.leaf(1)
    if r.lone:
        return c.share(r.raw, {**made, **_one_word(c, number)}) if number else None
    if number:
        made["identifier"] = [_numbered(c, r, number, plain=plain)]
    name = person_name(c, r, plain=plain)
    if name:
        made["name"] = [name]
    return c.share(r.raw, made) if number or name else None


def _one_word(c: Conversion, number: Leaf) -> dict[str, Any]:
    """XCN.1 alone: a number by the map; senders write a name there, so words are shown as one."""
    held: dict[str, Any] = {}
    if not is_cjk(number.text):
        held["identifier"] = [{"system": namespace(c.facility, "PRN"), "value": number}]
    if not any(sign.isdigit() for sign in number.text):
        held["name"] = [marked({"text": number}, COMPONENT, "1", "text")]
    return held or {"name": [marked({"text": number}, COMPONENT, "1", "text")]}


def _numbered(c: Conversion, r: Repetition, number: Leaf, *, plain: bool) -> dict[str, Any]:
    """Their number, with who assigned it, its check digit and its type."""
    kind = None if plain else r.leaf(13)
    code = kind.text.strip().upper() if kind else ""
    if plain:
        system, assigner = assigning(c, r.leaf(9), r.leaf(10), r.leaf(11), "PRN")
    else:
        system, assigner = authority(c, r, 9, "PRN")
    held: dict[str, Any] = {"system": system, "value": number}
    if kind:
        held["type"] = identifier_type(c, kind, code)
    if assigner:
        held["assigner"] = assigner
    if not plain:
        checked(held, r.leaf(11), r.leaf(12))
        issued_at(c, r, 14, held, site=True)
    return held


def practitioner(c: Conversion, r: Repetition) -> Value:
    entry = practitioner_entry(c, r)
    return entry.reference if entry else None


def _is_dated_name(c: Conversion, r: Repetition) -> bool:
    """Whether an NDL is one: many senders write an XCN there."""
    return 1 in r.divided or any(c.clock.date_time(r.text(n)) for n in (2, 3) if r.leaf(n))


def interpreter(c: Conversion, r: Repetition) -> Value:
    """NDL: the name is a CNN in component 1; with a time or a place it is a PractitionerRole. XCN is marked."""
    name = r.component(1) if _is_dated_name(c, r) else r
    entry = practitioner_entry(c, name, plain=True) if name else None
    if entry is None or r.lone:
        return entry.reference if entry else None
    if name is r:
        return marked(entry.reference, VALUE_TYPE, "XCN")
    made: dict[str, Any] = {"resourceType": "PractitionerRole", "practitioner": entry.reference}
    bounds = validity(c, r, 2, 3)
    where = workplace(c, r)
    if bounds:
        made["period"] = bounds
    if where:
        made["location"] = [where]
    return c.share("NDL" + r.raw, made).reference if len(made) > 2 else entry.reference


def organization_entry(c: Conversion, r: Repetition) -> Entry | None:
    """XON to an Organization."""
    name = r.leaf(1)
    number, other = r.leaf(10) or r.leaf(3), r.leaf(3)
    if name is None and number is None and (r.lone or not any(r.part(n, sub) for n in (6, 8) for sub in (1, 2))):
        return None
    made: dict[str, Any] = {"resourceType": "Organization"}
    kind = r.leaf(7)
    if number or kind or not name:
        system, assigner = authority(c, r, 6, "XX")
        held: dict[str, Any] = {"system": system, "value": number} if number else {}
        if kind:
            held["type"] = identifier_type(c, kind, kind.text.strip().upper())
        if assigner:
            held["assigner"] = assigner
        checked(held, r.leaf(4), r.leaf(5))
        issued_at(c, r, 8, held, site=True)
        made["identifier"] = [held]
        if number and number is other:
            mark(held, COMPONENT, "3", "value")
        if other and other is not number:
            made["identifier"].append({"value": other})
    if name:
        made["name"] = name
    form = r.leaf(2)
    if form:
        made["extension"] = [{"url": OWN + "organization-name-type", "valueString": form}]
    return c.share(r.raw, made)


def organization(c: Conversion, r: Repetition) -> Value:
    entry = organization_entry(c, r)
    return entry.reference if entry else None


def coded_organization(c: Conversion, r: Repetition) -> Value:
    """CWE as a reference to an Organization."""
    entry = coded_organization_entry(c, r)
    return entry.reference if entry else None


def coded_organization_entry(c: Conversion, r: Repetition) -> Entry | None:
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
        if name is None:
            mark(made, COMPONENT, "1", "name")
    return c.share("CWE" + r.raw, made)


def party_reference(c: Conversion, r: Repetition) -> Value:
    """HD as a reference to an Organization."""
    entry = system_party(c, r)
    return entry.reference if entry else None


def site(c: Conversion, r: Repetition) -> Value:
    """HD as a reference to a Location."""
    entry = facility(c, r.leaf(1), r.leaf(2), r.leaf(3))
    return entry.reference if entry else None


def system_party(c: Conversion, r: Repetition) -> Entry | None:
    """HD to an Organization: MSH-4, MSH-6."""
    return party(c, r.leaf(1), r.leaf(2), r.leaf(3))


def location(c: Conversion, r: Repetition) -> Value:
    """PL to a chain of Locations; the reference is to the narrowest, which has what PL says of the whole."""
    entry = location_entry(c, r)
    return entry.reference if entry else None


def location_entry(c: Conversion, r: Repetition) -> Entry | None:
    """The narrowest Location of a PL."""
    levels = [level for level in _LEVELS if r.part(level[0], 1) or r.part(level[0], 2)]
    parent = _chain(c, r, levels[:-1])
    whole: dict[str, Any] = {"resourceType": "Location", "mode": "instance"}
    made = _level(r, *levels[-1]) if levels else whole
    said = _of_the_whole(c, r, made)
    if not levels and not said:
        return None
    if parent:
        made["partOf"] = parent.reference
    return c.share(r.raw if said else _named(r, levels), made)


def workplace(c: Conversion, r: Repetition) -> Value:
    """The place in an NDL."""
    entry = _chain(c, r, [level for level in _WORKPLACE if r.part(level[0], 1) or r.part(level[0], 2)])
    return entry.reference if entry else None


def _chain(c: Conversion, r: Repetition, levels: list[tuple[int, str]]) -> Entry | None:
    """A Location for each level, each part of the one before it."""
    parent: Entry | None = None
    for number, level in enumerate(levels, 1):
        made = _level(r, *level)
        if parent:
            made["partOf"] = parent.reference
        parent = c.share(_named(r, levels[:number]), made)
    return parent


def _named(r: Repetition, levels: list[tuple[int, str]]) -> str:
    """What a place is known by in its message: the names of its levels."""
    parts = [(physical, r.part(n, sub)) for n, physical in levels for sub in (1, 2, 3)]
    return "|".join(f"{physical}:{leaf.text}" for physical, leaf in parts if leaf)


def _level(r: Repetition, component: int, physical: str) -> dict[str, Any]:
    """One HD of a PL."""
    name, number = r.part(component, 1), r.part(component, 2)
    made: dict[str, Any] = {"resourceType": "Location", "mode": "instance"}
    if name:
        made["name"] = name
    if number:
        form = r.part(component, 3)
        made["identifier"] = [universal_identifier(number, form)]
        if form is None and "system" not in made["identifier"][0]:
            mark(made["identifier"][0], COMPONENT, "2")
        if name:
            made["identifier"].insert(0, {"value": name})
    made["physicalType"] = {"coding": [{"system": _PHYSICAL, "code": physical}]}
    return made


def _of_the_whole(c: Conversion, r: Repetition, made: dict[str, Any]) -> bool:
    """PL.5, .6, .9, .10, .11: status, type, description, the identifier of the whole, who assigned it."""
    said = len(made)
    status, kind, description = r.leaf(5), r.leaf(6), r.leaf(9)
    if status:
        made["extension"] = [{"url": OWN + "location-status", "valueString": status}]
    if kind:
        made["type"] = [coded("0305")(c, Repetition(kind.text, kind, r.separators))]
    if description:
        made["description"] = description
        made.setdefault("name", description)
    number, assigner = r.part(10, 1), party(c, r.part(11, 1), r.part(11, 2), r.part(11, 3))
    if number:
        held: dict[str, Any] = {"value": number}
        if r.part(10, 2) or r.part(10, 3):
            held["system"], held["assigner"] = assigning(c, r.part(10, 2), r.part(10, 3), r.part(10, 4))
        elif assigner:
            held["assigner"] = assigner.reference
        made.setdefault("identifier", []).append(held)
    if assigner and "name" in made and "identifier" not in made:
        made["identifier"] = [{"value": made["name"], "assigner": assigner.reference}]
    elif assigner and (number is None or r.part(10, 2) or r.part(10, 3)):
        named = made.get("identifier", ()) if number is None else ()
        again = next((one for one in named if one["value"] is made.get("name")), None)
        if again is not None:
            again["assigner"] = assigner.reference
        else:
            whole = {"url": OWN + "assigning-authority", "valueReference": assigner.reference}
            made.setdefault("extension", []).append(whole)
    return len(made) > said or number is not None


def discharged_to(c: Conversion, r: Repetition) -> Value:
    """DLD: where the patient went, as a Location of that type, and when."""
    when = r.leaf(2)
    time = c.clock.date_time(when.text) if when else None
    name = r.part(1, 2) or (r.leaf(1) if time else when or r.leaf(1))
    part = r.component(1)
    if name is None:
        return None
    made: dict[str, Any] = {"resourceType": "Location", "name": name, "mode": "instance"}
    if part and (kind := coded("0113")(c, part)):
        made["type"] = [kind]
    if when and time:
        made["extension"] = [{"url": OWN + "effective", "valueDateTime": when.give(time)}]
    return c.share("DLD" + r.raw, made).reference
