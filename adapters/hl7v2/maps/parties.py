"""Who and where: names, addresses, numbers, people, organisations and places."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.datatypes import Convert, Value
from adapters.hl7v2.maps.reading import Joined, Leaf, Repetition
from adapters.hl7v2.maps.systems import namespace, universal
from hub.domain.patients import INSURANCE, NATIONAL, valid_national_identifier

_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_NATIONAL_TYPES = frozenset({"NI", "NNCHN"})
_INSURANCE_TYPES = frozenset({"SS", "JHN", "HC", "NIIP", "SI", "SN"})
_CHINA = frozenset({"CHN", "CN"})
_MASTER_TYPES = frozenset({"", "MR", "PI", "PT", "MRT"})
"""Types of an institution's own patient number: they share its one namespace."""


def _is_cjk(text: str) -> bool:
    return max(text, default="") > "\u2e80"


def human_name(c: Conversion, r: Repetition, start: int = 1) -> Value:
    """XPN; also the name inside an XCN, whose family name is component `start`."""
    family, given, further, suffix, prefix = (r.leaf(n) for n in range(start, start + 5))
    if r.lone and family:
        return {"text": family} if _is_cjk(family.text) or " " in family.text else {"family": family, "text": family}
    name: dict[str, Any] = {}
    use = r.leaf(7 if start == 1 else 10)
    if use and use.text.strip() == "A" and not _is_cjk(r.raw):
        # Senders put the representation where the name type belongs; Latin letters are alphabetic in any case.
        name["extension"] = [{"url": _REPRESENTATION, "valueCode": use.give("ABC")}]
    if use and use.text.strip().upper() in c.codes["name-use"]:
        name["use"] = use.give(c.codes["name-use"][use.text.strip().upper()])
    parts = [leaf for leaf in (family, given, further) if leaf]
    if parts and any(_is_cjk(leaf.text) for leaf in parts):
        name["text"] = Joined("".join(leaf.text.strip() for leaf in parts), parts)
    if family:
        name["family"] = family
    if given or further:
        name["given"] = [leaf for leaf in (given, further) if leaf]
    if prefix:
        name["prefix"] = [prefix]
    degree = r.leaf(start + 5)
    suffixes = [leaf for leaf in (suffix, degree) if leaf]
    if suffixes:
        name["suffix"] = suffixes
    return _more_of_name(c, r, name, start) if name else None


def _more_of_name(c: Conversion, r: Repetition, name: dict[str, Any], start: int) -> Value:
    shown = r.leaf(8 if start == 1 else 15)
    if shown and shown.text.strip().upper() in c.codes["representation"]:
        value = shown.give(c.codes["representation"][shown.text.strip().upper()])
        name.setdefault("extension", [{"url": _REPRESENTATION, "valueCode": value}])
    bounds = _period(c, r.leaf(12 if start == 1 else 19), r.leaf(13 if start == 1 else 20))
    if bounds:
        name["period"] = bounds
    return name


def _period(c: Conversion, start: Leaf | None, end: Leaf | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, leaf in (("start", start), ("end", end)):
        value = c.clock.date_time(leaf.text) if leaf else None
        if leaf and value:
            found[key] = leaf.give(value)
    return found


def address(c: Conversion, r: Repetition) -> Value:
    """XAD."""
    made: dict[str, Any] = {}
    kind = r.leaf(7)
    if kind:
        use, form = (c.codes[table].get(kind.text.upper()) for table in ("address-use", "address-type"))
        made |= {"use": kind.give(use)} if use else {"type": kind.give(form)} if form else {}
    lines = [leaf for leaf in (r.part(1, 1), r.part(1, 2), r.part(1, 3), r.leaf(2), r.leaf(19)) if leaf]
    if lines:
        made["line"] = lines
    elements = (("city", 3), ("district", 9), ("state", 4), ("postalCode", 5), ("country", 6))
    made |= {element: leaf for element, n in elements if (leaf := r.leaf(n))}
    bounds = _period(c, r.leaf(13), r.leaf(14))
    if made and bounds:
        made["period"] = bounds
    return made or None


def telecom(use: str | None = None) -> Convert:
    """XTN; use: what the field says where XTN.2 says nothing. An organisation (`work`) has no home number."""

    def convert(c: Conversion, r: Repetition) -> Value:
        purpose, kind, mail = r.leaf(2), r.leaf(3), r.leaf(4)
        systems = c.codes["telecom-system"]
        code = kind.text.strip().upper() if kind else "NET" if purpose and purpose.text == "NET" else ""
        value: Any = _telephone(r)
        if mail and (value is None or systems.get(code) == "email"):
            value, code = mail, code or "NET"
        if value is None:
            return None
        text = value.text if isinstance(value, Leaf) else ""
        plain = "email" if "@" in text else "phone"
        if systems.get(code) == "email" and "@" not in text:
            plain = "url" if text.lower().startswith("http") else "other" if mail is None else "email"
            code = ""
        system = systems.get(code)
        made: dict[str, Any] = {"system": kind.give(system or plain) if kind else system or plain, "value": value}
        known = c.codes["telecom-use"].get(purpose.text.strip().upper()) if purpose else None
        if purpose and known and not (known == "home" and use == "work"):
            made["use"] = purpose.give(known)
        elif code == "CP":
            made["use"] = "mobile"
        elif use and purpose is None:
            made["use"] = use
        return made

    return convert


def _telephone(r: Repetition) -> Value:
    plain, country, area, local, extension = (r.leaf(n) for n in (1, 5, 6, 7, 8))
    whole = r.leaf(12)
    if local is None:
        return whole or plain
    parts = [leaf for leaf in (country, area, local, extension) if leaf]
    texts = [("+" if leaf is country else "x" if leaf is extension else "") + leaf.text.strip() for leaf in parts]
    return Joined(" ".join(texts), parts)


def authority(c: Conversion, r: Repetition, component: int, kind: str = "") -> tuple[Value, Value]:
    """HD in a component: (system, assigner)."""
    return assigning(c, r.part(component, 1), r.part(component, 2), r.part(component, 3), kind)


def assigning(
    c: Conversion, name: Leaf | None, number: Leaf | None, form: Leaf | None, kind: str = ""
) -> tuple[Value, Value]:
    """A universal id is the system, else the namespace id in the hub's urn form, else the sender's own namespace."""
    uri = universal(number.text.strip(), form.text.strip() if form else "") if number else None
    assigner = {"display": name} if name else None
    if number and uri:
        return Joined(uri, (number, form) if form else (number,)), assigner
    if name:
        return name.give(namespace(name.text.strip())), assigner
    return namespace(c.facility, "" if kind in _MASTER_TYPES else kind), None


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
        made["type"] = _identifier_type(c, kind, code)
    shared = _chinese_system(r, code, value.text.strip())
    made["system"] = shared or system
    made["value"] = value
    if shared and assigner and isinstance(system, Joined):
        made["system"] = Joined(shared, system.sources)
    bounds = _period(c, r.leaf(7), r.leaf(8))
    if bounds:
        made["period"] = bounds
    if assigner:
        made["assigner"] = assigner
    return made


def typed_identifier(kind: str = "") -> Convert:
    """CX; kind: its type of table 0203 where CX.5 names none: such numbers are a namespace of their own."""
    if not kind:
        return identifier

    def convert(c: Conversion, r: Repetition) -> Value:
        found = identifier(c, r)
        if found and "type" not in found:
            found["type"] = _typed(kind)
            if r.part(4, 1) is None and r.part(4, 2) is None:
                found["system"] = namespace(c.facility, kind)
        return found

    return convert


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
    state = r.leaf(2)
    return {**made, "assigner": {"display": state}} if made and state else made


def _typed(kind: str) -> dict[str, Any]:
    return {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind}]}


def _identifier_type(c: Conversion, kind: Leaf, code: str) -> dict[str, Any]:
    if code in c.codes["identifier-type"]:
        return {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind.give(code)}]}
    return {"text": kind}


def _chinese_system(r: Repetition, code: str, value: str) -> str | None:
    assigner = r.part(4, 1)
    who = assigner.text.strip().upper() if assigner else ""
    china = who in _CHINA or bool({r.text(9).upper(), r.text(10).upper()} & _CHINA)
    if len(value) == 18 and (code in _NATIONAL_TYPES or who == "MPS" or (china and valid_national_identifier(value))):
        return NATIONAL
    if code in _INSURANCE_TYPES and (china or who in ("NHSA", "YB") or "医保" in who):
        return INSURANCE
    return None


def entity_identifier(kind: str = "", space: str = "") -> Convert:
    """EI; kind: PLAC, FILL and the like of table 0203; space: the namespace of one without any, kind unless told."""

    def convert(c: Conversion, r: Repetition) -> Value:
        value = r.leaf()
        if value is None:
            return None
        name, universal_id, form = r.leaf(2), r.leaf(3), r.leaf(4)
        uri = universal(universal_id.text.strip(), form.text.strip() if form else "") if universal_id else None
        made: dict[str, Any] = {}
        if kind:
            made["type"] = _typed(kind)
        if universal_id and uri:
            made["system"] = Joined(uri, (universal_id, form) if form else (universal_id,))
            if name:
                made["assigner"] = {"display": name}
        elif name:
            made["system"] = name.give(namespace(name.text.strip()))
        else:
            made["system"] = namespace(c.facility, space or kind)
        return {**made, "value": value}

    return convert
