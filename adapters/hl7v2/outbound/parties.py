"""Identifiers, people, organisations and places as CX, EI, XCN, NDL, XON, HD and PL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, OWN, VALUE_TYPE
from adapters.hl7v2.maps.systems import NAMESPACE, system_name
from adapters.hl7v2.outbound.datatypes import Writing, concept, date_time
from adapters.hl7v2.outbound.graph import extension, mark, text
from adapters.hl7v2.outbound.names import human_name, period
from adapters.hl7v2.outbound.values import Component, Repetition, clean, subcomponents
from hub.domain.patients import INSURANCE, NATIONAL

_STANDARD = "http://hl7.org/fhir/StructureDefinition/"
_CHINESE = {NATIONAL: "NNCHN", INSURANCE: "HC"}
"""Types of the numbers that are valid everywhere in China, where their identifier names none."""
_CHECKS = (_STANDARD + "identifier-checkDigit", _STANDARD + "namingsystem-checkDigit")
_ISSUED = OWN + "assigning-facility"


def authority(system: str, assigner: str, form: str = "") -> dict[int, str]:
    """HD of an identifier's system: namespace id, universal id, its type."""
    made = {1: assigner, 2: "", 3: ""}
    if system.startswith("urn:oid:"):
        made |= {2: system.removeprefix("urn:oid:"), 3: form or "ISO"}
    elif system.startswith("urn:uuid:"):
        made |= {2: system.removeprefix("urn:uuid:"), 3: form or "UUID"}
    elif system.startswith(NAMESPACE):
        made[1] = assigner or unquote(system.removeprefix(NAMESPACE).partition(":")[0])
    elif system and system not in _CHINESE:
        made |= {2: system, 3: form or "URI"}
    return made


def _authority(w: Writing, value: Mapping[str, Any]) -> dict[int, str]:
    """HD of who assigned an identifier: the organisation that it refers to, else what its system says."""
    assigner = value.get("assigner", {})
    house = w.graph.resolve(assigner) if "reference" in assigner else None
    if house is not None and "identifier" in house:
        return party(house)
    return authority(str(value.get("system", "")), str(assigner.get("display", "")))


def party(house: Mapping[str, Any]) -> dict[int, str]:
    """HD of an Organization or Location: its namespace id, and its universal id with its type (table 0301)."""
    made = {1: "", 2: "", 3: ""}
    for one in house.get("identifier", ()):
        kinds = [c for c in one.get("type", {}).get("coding", ()) if str(c.get("system", "")).endswith("v2-0301")]
        value = mark(one, AS_SENT, "value") or system_name(text(one, "value"))
        if kinds or "text" in one.get("type", {}) or one.get("system") == "urn:ietf:rfc:3986":
            made |= {2: value, 3: text(kinds[0], "code") if kinds else text(one.get("type", {}), "text")}
        elif "system" in one and not made[1]:
            made[1] = text(one, "value")
        elif "system" not in one and not made[2]:
            made[2] = text(one, "value")
    if house.get("resourceType") == "Location":
        made[1] = text(house, "name")
    return made


def _checked(value: Mapping[str, Any], digit: int, scheme: int) -> dict[int, Component | None]:
    return {n: str(extension(value, url) or "") for n, url in zip((digit, scheme), _CHECKS, strict=True)}


def _issued_at(w: Writing, value: Mapping[str, Any]) -> Component:
    found = w.graph.resolve(extension(value, _ISSUED))
    return party(found) if found else ""


def identifier_type(value: Mapping[str, Any]) -> str:
    """CX.5: the code of table 0203, else the type's words."""
    kind = value.get("type", {})
    if sent := mark(kind, AS_SENT, "text"):
        return sent
    for held in kind.get("coding", ()):
        if "code" in held:
            return text(held, "code")
    return text(kind, "text") or _CHINESE.get(str(value.get("system", "")), "")


def identifier(w: Writing, value: Any) -> Repetition | None:
    """Identifier to CX."""
    if "value" not in value:
        return None
    made: dict[int, Component | None] = {1: text(value, "value"), 4: _authority(w, value), 5: identifier_type(value)}
    made |= {**_checked(value, 2, 3), 6: _issued_at(w, value), **period(w, value, 7, 8)}
    for component, url in ((9, "assigning-jurisdiction"), (10, "assigning-agency")):
        held = extension(value, OWN + url)
        made[component] = subcomponents(concept(w, held)) if held else None
    return clean(made)


def number(w: Writing, value: Any) -> Repetition | None:
    """Identifier to its number alone."""
    return {1: text(value, "value")} if "value" in value else None


def licence(w: Writing, value: Any) -> Repetition | None:
    """DLN: a driver's licence with the state that issued it."""
    state = str(value.get("assigner", {}).get("display", ""))
    return clean({1: text(value, "value"), 2: state, **period(w, value, 0, 3)}) if "value" in value else None


def practitioner_number(w: Writing, value: Any) -> Repetition | None:
    """PLN: a number of a practitioner with its type and who gave it."""
    made = licence(w, value)
    kinds = [text(one, "code") for one in value.get("type", {}).get("coding", ())] or [
        text(value.get("type", {}), "text")
    ]
    return made and clean({1: made[1], 2: kinds[0], 3: made.get(2, ""), **period(w, value, 0, 4)})


def entity_identifier(w: Writing, value: Any) -> Repetition | None:
    """Identifier to EI."""
    if "value" not in value:
        return None
    if mark(value, COMPONENT) == "3":
        alone = party({"identifier": [value]})
        return clean({3: alone[2] or alone[1], 4: alone[3]})
    held = _authority(w, value)
    return clean({1: text(value, "value"), 2: held[1], 3: held[2], 4: held[3]})


def coded_identifier(w: Writing, value: Any) -> Repetition | None:
    """Identifier to CWE: number, what it is called, whose it is."""
    own = "" if str(value.get("system", "")).endswith(":plan") else system_name(str(value.get("system", "")))
    return clean({1: text(value, "value"), 2: text(value.get("type", {}), "text"), 3: own}) or None


def practitioner(w: Writing, value: Any) -> Repetition | None:
    """A reference to a Practitioner (of a PractitionerRole its practitioner) to XCN."""
    found = person(w, value)
    if found is None:
        return None
    made: dict[int, Component | None] = {}
    for held in found.get("identifier", ())[:1]:
        made |= {1: text(held, "value"), 9: _authority(w, held), 13: identifier_type(held)}
        made |= {**_checked(held, 11, 12), 14: _issued_at(w, held)}
    for name in found.get("name", ())[:1]:
        made |= human_name(w, name, 2) or {}
    return clean(made) or None


def interpreter(w: Writing, value: Any) -> Repetition | None:
    """NDL: the person's CNN in component 1, when and where they worked."""
    found = practitioner(w, value)
    if found is None:
        return None
    house = found.get(9, "")
    name, number, kind = (house.get(n, "") for n in (1, 2, 3)) if isinstance(house, Mapping) else (house, "", "")
    parts = {n: part for n in range(1, 9) if isinstance(part := found.get(n), str)}
    authority = {9: str(name), 10: str(number), 11: str(kind)}
    if mark(value, VALUE_TYPE) == "XCN":
        return clean({**parts, **authority})
    made: dict[int, Component | None] = {1: {**parts, **authority}}
    role = w.graph.resolve(value) or {}
    if role.get("resourceType") == "PractitionerRole":
        made |= period(w, role, 2, 3)
        where = location(w, role["location"][0]) if "location" in role else None
        for component, to in ((4, 7), (7, 10), (8, 11), (1, 4), (2, 5), (3, 6)):
            part = (where or {}).get(component)
            made[to] = part if isinstance(part, str) else dict(part) if part else None
    return clean(made)


def person(w: Writing, value: Any) -> Mapping[str, Any] | None:
    """The Practitioner that a reference names."""
    found = w.graph.resolve(value)
    if found is not None and found["resourceType"] == "PractitionerRole":
        found = w.graph.resolve(found.get("practitioner"), found)
    return found if found is not None and found["resourceType"] == "Practitioner" else None


def organization(w: Writing, value: Any) -> Repetition | None:
    """A reference to an Organization to XON."""
    found = w.graph.resolve(value)
    return organization_of(w, found) if found is not None and found["resourceType"] == "Organization" else None


def organization_of(w: Writing, found: Mapping[str, Any]) -> Repetition | None:
    made: dict[int, Component | None] = {1: text(found, "name")}
    for index, held in enumerate(found.get("identifier", ())[:2]):
        number = int(mark(held, COMPONENT, "value") or (3 if w.version < (2, 5) else 10))
        if index and ("system" in held or 3 in made):
            break
        made[3 if index else number] = text(held, "value")
        if index == 0:
            made |= {6: _authority(w, held), 7: identifier_type(held), 8: _issued_at(w, held), **_checked(held, 4, 5)}
    made[2] = str(extension(found, OWN + "organization-name-type") or "")
    return clean(made) or None


def party_reference(w: Writing, value: Any) -> Repetition | None:
    """A reference to an Organization or Location to HD."""
    found = w.graph.resolve(value)
    return clean(dict(party(found))) or None if found else None


def coded_organization(w: Writing, value: Any) -> Repetition | None:
    """A reference to an Organization as CWE: number, name, whose number."""
    found = w.graph.resolve(value)
    if found is None or found["resourceType"] != "Organization":
        return None
    made: dict[int, Component | None] = {}
    for held in found.get("identifier", ())[:1]:
        system = str(held.get("system", ""))
        own = unquote(system.removeprefix(NAMESPACE)) if system.startswith(NAMESPACE) else system
        made |= {1: text(held, "value"), 3: mark(held, AS_SENT, "system") or own}
    made[int(mark(found, COMPONENT, "name") or 2)] = text(found, "name")
    return clean(made) or None


_LEVELS = {"si": 4, "bu": 7, "lvl": 8, "wa": 1, "ro": 2, "bd": 3}


def location(w: Writing, value: Any) -> Repetition | None:
    """A reference to a Location and all that it is part of to PL."""
    found = w.graph.resolve(value)
    made: dict[int, Component | None] = {}
    narrowest = True
    seen = 0
    while found is not None and found["resourceType"] == "Location" and seen < len(_LEVELS) + 1:
        seen += 1
        codings = found.get("physicalType", {}).get("coding", ())
        kinds = [_LEVELS[c["code"]] for c in codings if c.get("code") in _LEVELS]
        if kinds:
            made[kinds[0]] = party({**found, "identifier": _own(found)})
        if narrowest:
            made |= _of_the_whole(w, found, bare=not kinds)
        narrowest = False
        found = w.graph.resolve(found.get("partOf"), found)
    return clean(made) or None


def _own(found: Mapping[str, Any]) -> list[Any]:
    """The universal id of a place; a number beside it is of the whole, or its name again."""
    held = [
        one for one in found.get("identifier", ()) if "assigner" not in one and one.get("value") != found.get("name")
    ]
    return [one for one in held if _universal(one)] or ([] if "name" in found else held)


def _universal(one: Mapping[str, Any]) -> bool:
    return one.get("system") == "urn:ietf:rfc:3986" or "type" in one or mark(one, COMPONENT) == "2"


def _of_the_whole(w: Writing, found: Mapping[str, Any], *, bare: bool) -> dict[int, Component | None]:
    """PL.5, .6, .9, .10 and .11: status, type, description, the identifier of the whole and who assigned it."""
    made: dict[int, Component | None] = {9: text(found, "description") or (text(found, "name") if bare else "")}
    made[5] = str(extension(found, OWN + "location-status") or "")
    for kind in [one for one in found.get("type", ()) if not mark(one, FIELD)][:1]:
        made[6] = (concept(w, kind) or {}).get(1)
    for one in found.get("identifier", ()):
        if _universal(one) or not ({"assigner", "system"} & one.keys() or one.get("value") != found.get("name")):
            continue
        house = _authority(w, one)
        if "system" in one:
            made[10] = {1: text(one, "value"), 2: house[1], 3: house[2], 4: house[3]}
        else:
            made[11] = house if "assigner" in one else ""
            made[10] = text(one, "value") if one.get("value") != found.get("name") else ""
    whole = w.graph.resolve(extension(found, OWN + "assigning-authority"))
    if whole:
        made[11] = party(whole)
    return made


def discharged_to(w: Writing, value: Any) -> Repetition | None:
    """A reference to a Location as DLD: its type, else its name, and since when."""
    found = w.graph.resolve(value)
    if not found or "name" not in found:
        return None
    kind = next((concept(w, one) for one in found.get("type", ())), None) or {}
    made: dict[int, Component | None] = {1: subcomponents(kind)}
    name, since = text(found, "name"), extension(found, OWN + "effective")
    if not kind:
        made[1] = name
    elif name not in kind.values():
        made[2] = name
    if since:
        made[2] = date_time(w, str(since))
    return clean(made)
