"""Identifiers and who assigns them: CX, EI, ST, DLN, and HD as an Organization (the official datatype maps)."""

from __future__ import annotations

from functools import partial
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import Convert, Value, concept
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, OWN, mark, marked
from adapters.hl7v2.maps.names import validity
from adapters.hl7v2.maps.reading import Joined, Leaf, Repetition
from adapters.hl7v2.maps.systems import listed, namespace, universal
from hub.domain.patients import INSURANCE, NATIONAL, valid_national_identifier

_STANDARD = "http://hl7.org/fhir/StructureDefinition/"
_UNIVERSAL = codes.TERMINOLOGY + "v2-0301"
_URIS = "urn:ietf:rfc:3986"
_INSURANCE_TYPES = frozenset({"SS", "JHN", "HC", "NIIP", "SI", "SN"})
_CHINA = frozenset({"CHN", "CN"})
_MASTER_TYPES = frozenset({"", "MR", "PI", "PT", "MRT"})
"""Types of an institution's own patient number: they share its one namespace."""


def party(c: Conversion, name: Leaf | None, number: Leaf | None, form: Leaf | None) -> Entry | None:
    """HD to an Organization: its namespace id is one identifier, its universal id, typed by table 0301, another."""
    if name is None and number is None:
        return None
    found: list[dict[str, Any]] = []
    if name:
        found.append({"system": namespace(name.text.strip()), "value": name})
    if number:
        found.append(universal_identifier(number, form))
    key = f"HD{name.text if name else ''}^{number.text if number else ''}^{form.text if form else ''}"
    return c.share(key, {"resourceType": "Organization", "identifier": found})


def universal_identifier(number: Leaf, form: Leaf | None) -> dict[str, Any]:
    """HD.2 with HD.3 as an identifier: a URI by itself; of a register that has no URIs (CLIA, NPI, DNS) as it is."""
    held: dict[str, Any] = {}
    if form:
        known = listed(_UNIVERSAL, form.text.strip())
        held["type"] = {"coding": [{"system": _UNIVERSAL, "code": form}]} if known else {"text": form}
    found = universal(number.text.strip(), form.text.strip() if form else "")
    return {**held, "system": _URIS, "value": number.give(found)} if found else {**held, "value": number}


def authority(c: Conversion, r: Repetition, component: int, kind: str = "") -> tuple[Value, Value]:
    """HD in a component: (system, assigner)."""
    return assigning(c, r.part(component, 1), r.part(component, 2), r.part(component, 3), kind)


def assigning(
    c: Conversion, name: Leaf | None, number: Leaf | None, form: Leaf | None, kind: str = ""
) -> tuple[Value, Value]:
    """A universal id is the system, else the namespace id in the hub's urn form, else the sender's own namespace."""
    entry = party(c, name, number, form)
    if entry is None:
        return namespace(c.facility, "" if kind in _MASTER_TYPES else kind), None
    return uri(name, number, form), {**entry.reference, "display": name} if name else entry.reference


def uri(name: Leaf | None, number: Leaf | None, form: Leaf | None) -> Value:
    """HD as a URI."""
    found = universal(number.text.strip(), form.text.strip() if form else "") if number else None
    if number and found:
        return Joined(found, (number, form) if form else (number,))
    named = name or number
    return named.give(namespace(named.text.strip())) if named else None


def checked(made: dict[str, Any], digit: Leaf | None, scheme: Leaf | None) -> None:
    """Check digit and its scheme, as extensions of an identifier."""
    for url, leaf in (("identifier-checkDigit", digit), ("namingsystem-checkDigit", scheme)):
        if leaf:
            made.setdefault("extension", []).append({"url": _STANDARD + url, "valueString": leaf})


def facility(c: Conversion, name: Leaf | None, number: Leaf | None, form: Leaf | None) -> Entry | None:
    """HD to a Location: a site."""
    if name is None and number is None:
        return None
    site = {"coding": [{"system": codes.TERMINOLOGY + "location-physical-type", "code": "si"}]}
    made: dict[str, Any] = {"resourceType": "Location", "mode": "instance", "physicalType": site}
    if name:
        made["name"] = name
    if number:
        made["identifier"] = [universal_identifier(number, form)]
    key = f"HD{name.text if name else ''}^{number.text if number else ''}^{form.text if form else ''}"
    return c.share(key, made)


def issued_at(c: Conversion, r: Repetition, component: int, made: dict[str, Any], *, site: bool = False) -> None:
    """The assigning facility (HD), as an extension of an identifier; site: a Location, else an Organization."""
    parts = (r.part(component, 1), r.part(component, 2), r.part(component, 3))
    entry = facility(c, *parts) if site else party(c, *parts)
    if entry:
        made.setdefault("extension", []).append({"url": OWN + "assigning-facility", "valueReference": entry.reference})


def identifier(c: Conversion, r: Repetition) -> Value:
    """CX. The national and insurance numbers of China get the systems by which they are valid everywhere."""
    value = r.leaf()
    if value is None:
        return None
    kind = r.leaf(5)
    code = kind.text.strip().upper() if kind else ""
    system, assigner = authority(c, r, 4, code)
    made: dict[str, Any] = {}
    if kind:
        made["type"] = identifier_type(c, kind, code)
    shared = _chinese_system(c, r, code, value.text.strip())
    made["system"] = shared or system
    made["value"] = value
    if shared and assigner and isinstance(system, Joined):
        made["system"] = Joined(shared, system.sources)
    if assigner:
        made["assigner"] = assigner
    return made if r.lone else _more_of_identifier(c, r, made)


def _more_of_identifier(c: Conversion, r: Repetition, made: dict[str, Any]) -> Value:
    """CX.2, .3 and .6 to .10."""
    checked(made, r.leaf(2), r.leaf(3))
    issued_at(c, r, 6, made)
    bounds = validity(c, r, 7, 8)
    if bounds:
        made["period"] = bounds
    for component, url in ((9, "assigning-jurisdiction"), (10, "assigning-agency")):
        part = r.component(component)
        if part and (where := concept(c, part)):
            made.setdefault("extension", []).append({"url": OWN + url, "valueCodeableConcept": where})
    return made


def typed_identifier(kind: str = "", label: str = "") -> Convert:
    """CX; kind: its type of table 0203 where CX.5 names none: such numbers are a namespace of their own; label: the
    type in words."""
    if not kind:
        return identifier

    def convert(c: Conversion, r: Repetition) -> Value:
        found = identifier(c, r)
        if found and label and "type" in found:
            held = found["type"]
            if "text" in held:
                mark(held, AS_SENT, held["text"].text.strip(), "text")
            held.setdefault("coding", []).extend(_typed(kind)["coding"])
            held.setdefault("text", label)
        elif found and "type" not in found:
            found["type"] = {**_typed(kind), **({"text": label} if label else {})}
            if r.part(4, 1) is None and r.part(4, 2) is None:
                found["system"] = namespace(c.facility, kind)
        return found

    return convert


def coded_identifier_in(space: str = "plan") -> Convert:
    """CWE as an identifier; space: the sender's namespace of one whose system is not named."""
    return partial(coded_identifier, space=space)


def coded_identifier(c: Conversion, r: Repetition, space: str = "plan") -> Value:
    """Its code, in the system that it names; its text is the type in words."""
    value = r.leaf(1) or r.leaf(4)
    if value is None:
        return None
    name, system = r.leaf(2), r.leaf(3)
    made: dict[str, Any] = {"type": {"text": name}} if name else {}
    return {**made, "system": uri(system, None, None) if system else namespace(c.facility, space), "value": value}


def own_number(kind: str = "", space: str = "") -> Convert:
    """ST as a number that the sender gives. kind: its type of table 0203; space: its namespace, kind unless told."""

    def convert(c: Conversion, r: Repetition) -> Value:
        value = r.leaf()
        if value is None:
            return None
        made = {"system": namespace(c.facility, space or kind), "value": value}
        return {"type": _typed(kind), **made} if kind else made

    return convert


def licence(c: Conversion, r: Repetition) -> Value:
    """DLN: a driver's licence with the state that issued it."""
    made = own_number("DL")(c, r)
    state, bounds = r.leaf(2), validity(c, r, 0, 3)
    if made and state:
        made["assigner"] = {"display": state}
    if made and bounds:
        made["period"] = bounds
    return made


def practitioner_number(c: Conversion, r: Repetition) -> Value:
    """PLN: a number of a practitioner, its type (table 0338), who gave it, and until when it is valid."""
    value, kind, state = r.leaf(1), r.leaf(2), r.leaf(3)
    if value is None:
        return None
    code = kind.text.strip().upper() if kind else ""
    made: dict[str, Any] = {"type": identifier_type(c, kind, code)} if kind else {}
    made |= {"system": namespace(c.facility, code or "PRN"), "value": value}
    if state:
        made["assigner"] = {"display": state}
    bounds = validity(c, r, 0, 4)
    return {**made, "period": bounds} if bounds else made


def _typed(kind: str) -> dict[str, Any]:
    """A type of table 0203; of those that its FHIR code system lacks (PGN, FGN) the code as text."""
    if kind not in codes.WORDS["identifier-type"]:
        return {"text": kind}
    return {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind}]}


def identifier_type(c: Conversion, kind: Leaf, code: str) -> dict[str, Any]:
    if code in c.codes["identifier-type"]:
        return {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind.give(code)}]}
    return {"text": kind}


def _chinese_system(c: Conversion, r: Repetition, code: str, value: str) -> str | None:
    assigner = r.part(4, 1)
    who = assigner.text.strip().upper() if assigner else ""
    china = who in _CHINA or bool({r.text(9).upper(), r.text(10).upper()} & _CHINA)
    kind = c.codes["national-type"].get(code, "")
    if len(value) == 18 and (kind == "said" or who == "MPS"):
        return NATIONAL
    if (china or kind) and valid_national_identifier(value):
        return NATIONAL
    if code in _INSURANCE_TYPES and (china or who in ("NHSA", "YB") or "医保" in who):
        return INSURANCE
    return None


def pair(c: Conversion, r: Repetition, kinds: tuple[str, str]) -> list[dict[str, Any]]:
    """EIP: what the placer and what the filler assigned, of those types of table 0203."""
    parts = [(part, kind) for n, kind in enumerate(kinds, 1) if (part := r.component(n))]
    return [found for part, kind in parts if (found := entity_identifier(kind)(c, part))]


def entity_identifier(kind: str = "", space: str = "") -> Convert:
    """EI; kind: PLAC, FILL and the like of table 0203; space: the namespace of one without any, kind unless told."""

    def convert(c: Conversion, r: Repetition) -> Value:
        value = r.leaf()
        if value is None:
            number = r.leaf(3)
            return marked(universal_identifier(number, r.leaf(4)), COMPONENT, "3") if number else None
        made: dict[str, Any] = {"type": _typed(kind)} if kind else {}
        if r.lone:
            return {**made, "system": namespace(c.facility, space or kind), "value": value}
        name, number, form = r.leaf(2), r.leaf(3), r.leaf(4)
        if name or number:
            made["system"], made["assigner"] = assigning(c, name, number, form)
        else:
            made["system"] = namespace(c.facility, space or kind)
        return {**made, "value": value}

    return convert
