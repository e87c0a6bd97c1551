"""HL7 datatypes to FHIR datatypes (the official datatype maps). Each takes a repetition and gives the FHIR value.

None: the value says nothing that FHIR's type can hold; it then stays in the ledger as unmapped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, SYSTEM_OID, mark, marked
from adapters.hl7v2.maps.quantities import number
from adapters.hl7v2.maps.reading import Joined, Leaf, Repetition
from adapters.hl7v2.maps.systems import NAMESPACE, UNITS, listed, namespace, system_name, system_of, universal

Value = Any
Convert = Callable[[Conversion, Repetition], Value]

_CODE = re.compile(r"[^\s]+( [^\s]+)*$")
_SHORT_CODE = re.compile(r"[!-~]{1,20}$")
CODINGS = ((1, 2, 3, 7), (4, 5, 6, 8), (10, 11, 12, 13))
ALTERNATE = CODINGS[1]
"""Components of a CWE's second code: code, text, system, version."""
REGISTERED = ((14, 15, 16), (17, 18, 19), (20, 21, 22))
"""Components that say of each code: OID of its system, of its value set, and that one's version."""
LANGUAGE = "urn:referral-hub:extension:language-as-coded"
VALUE_SET = "http://hl7.org/fhir/StructureDefinition/valueset-reference"
VALUE_SET_VERSION = "urn:referral-hub:extension:value-set-version"


def string(c: Conversion, r: Repetition) -> Value:
    return r.leaf()


def boolean(c: Conversion, r: Repetition) -> Value:
    """ID of table 0136, and as others write it."""
    return _truth(r, {"Y": True, "N": False, "1": True, "0": False, "YES": True, "NO": False})


def active(c: Conversion, r: Repetition) -> Value:
    """ID of table 0183: active or inactive."""
    return _truth(r, {"A": True, "I": False})


def _truth(r: Repetition, words: Mapping[str, bool]) -> Value:
    leaf = r.leaf()
    known = words.get(leaf.text.strip().upper()) if leaf else None
    return None if leaf is None or known is None else leaf.give(known)


def positive(c: Conversion, r: Repetition) -> Value:
    return positive_of(r.leaf())


def positive_of(leaf: Leaf | None) -> Leaf | None:
    """A positiveInt; None where it is none."""
    found = unsigned_of(leaf)
    return found if found and found.value else None


def unsigned_of(leaf: Leaf | None) -> Leaf | None:
    """An unsignedInt; None where it is none."""
    text = leaf.text.strip() if leaf else ""
    fits = text.isdecimal() and len(text) < _DIGITS and int(text) < 2**31
    return leaf.give(int(text)) if leaf and fits else None


_DIGITS = 100
"""Of a number, leading zeros included; Python itself reads no more than some thousand."""


def date_time(c: Conversion, r: Repetition) -> Value:
    return _time(r.leaf(), c.clock.date_time)


def moment(c: Conversion, r: Repetition) -> Value:
    """A time that says more than its day, beside an element that takes no more."""
    found = date_time(c, r)
    return found if found and len(found.value) > 10 else None


def date(c: Conversion, r: Repetition) -> Value:
    return _time(r.leaf(), c.clock.date)


def instant(c: Conversion, r: Repetition) -> Value:
    return _time(r.leaf(), c.clock.instant)


def _time(leaf: Leaf | None, read: Callable[[str], str | None]) -> Leaf | None:
    found = read(leaf.text) if leaf else None
    return leaf.give(found) if leaf and found else None


def decimal(c: Conversion, r: Repetition) -> Value:
    leaf = r.leaf()
    found = number(leaf.text) if leaf else None
    return leaf.give(found) if leaf and found is not None else None


def code(table: str) -> Convert:
    """ID or CWE to a FHIR code, by a table of tables.yaml."""

    def convert(c: Conversion, r: Repetition) -> Value:
        return c.looked_up(table, r.leaf())

    return convert


def coding(c: Conversion, r: Repetition, parts: tuple[int, int, int, int] = CODINGS[0]) -> Value:
    """A triplet of a CWE."""
    found: dict[str, Any] = {}
    one, two, three, four = parts
    identifier, display, system, version = r.leaf(one), r.leaf(two), r.leaf(three), r.leaf(four)
    code = identifier.text.strip() if identifier else ""
    if system:
        found["system"] = system.give(system_of(c.dialect.systems, system.text.strip(), code, c.facility))
    if version:
        found["version"] = version
    if identifier:
        found["code" if _CODE.match(code) else "display"] = identifier
    if display and "display" not in found:
        found["display"] = display
    return found if identifier or display else None


def concept(c: Conversion, r: Repetition) -> Value:
    """CE, CWE, CNE, IS to CodeableConcept. What has no code is text."""
    if r.lone:
        leaf = r.leaf()
        if leaf is None:
            return None
        if _SHORT_CODE.match(leaf.text):
            return {"coding": [{"code": leaf}], "text": leaf}
        return marked({"text": leaf}, COMPONENT, "1", "text")
    codings: list[Any] = []
    for parts in CODINGS:
        if parts[0] in r.values or parts[1] in r.values:
            codings.append(coding(c, r, parts))
            if parts is not CODINGS[len(codings) - 1]:
                mark(codings[-1], COMPONENT, str(parts[0]))
    if len(r.values) > 2 and max(r.values) > 13:
        _register(r, codings)
    concept: dict[str, Any] = {}
    text = r.leaf(9)
    if text is None and not [found for found in codings if "code" in found]:
        # A name without a code is text; its coding system says only whose name it is.
        text = r.leaf(2) or r.leaf(5) or r.leaf(1)
        if codings and "system" not in codings[0]:
            codings = codings[1:]
        if r.leaf(2) is None and text:
            mark(concept, COMPONENT, "5" if r.leaf(5) else "1", "text")
    elif text and not [found for found in codings if "code" in found]:
        mark(concept, COMPONENT, "9", "text")
    if codings:
        concept["coding"] = codings
    if text:
        concept["text"] = text
    return concept or None


def _register(r: Repetition, codings: list[dict[str, Any]]) -> None:
    """CWE.14 to .22 of each code: the OID is the system where its name is nobody's; the value set is an extension."""
    present = [
        at for at, parts in zip(REGISTERED, CODINGS, strict=True) if parts[0] in r.values or parts[1] in r.values
    ]
    for (system, values, version), made in zip(present, codings, strict=True):
        oid, among, as_of = r.leaf(system), r.leaf(values), r.leaf(version)
        uri = universal(oid.text.strip(), "ISO") if oid else None
        if oid and uri:
            held = made.get("system")
            known = held is not None and not str(held.value).startswith(NAMESPACE)
            made["system"] = Joined(held.value if held and known else uri, (held, oid) if held else (oid,))
            mark(made, SYSTEM_OID, oid.text.strip(), "system")
            if held and not (known and system_name(str(held.value)) == held.text.strip()):
                mark(made, AS_SENT, held.text.strip(), "system")
        named = universal(among.text.strip(), "ISO") if among else None
        if among and named:
            made.setdefault("extension", []).append({"url": VALUE_SET, "valueUri": among.give(named)})
        if as_of:
            made.setdefault("extension", []).append({"url": VALUE_SET_VERSION, "valueString": as_of})


def table(table: str) -> Convert:
    """CWE, IS or ID by a table of tables.yaml to another code system; codes that it lacks stay what they are."""

    def convert(c: Conversion, r: Repetition) -> Value:
        leaf = r.leaf()
        found = c.pairs[table].get(leaf.text.strip().upper()) if leaf else None
        if leaf is None or found is None:
            return concept(c, r)
        named = r.leaf(3)
        system = named.give(found[1]) if named else found[1]
        made: dict[str, Any] = {"coding": [{"system": system, "code": leaf.give(found[0])}]}
        made["coding"] += [coding(c, r, parts) for parts in CODINGS[1:] if parts[0] in r.values or parts[1] in r.values]
        text = r.leaf(9) or r.leaf(2)
        if text:
            made["text"] = text
            if 9 in r.values:
                mark(made, COMPONENT, "9", "text")
        return made

    return convert


def coded(number: str) -> Convert:
    """ID or IS of an HL7 table to CodeableConcept."""
    system = f"{codes.TERMINOLOGY}v2-{number}"

    def convert(c: Conversion, r: Repetition) -> Value:
        leaf = r.leaf()
        if not r.lone or leaf is None or not _CODE.match(leaf.text):
            return concept(c, r)
        uri = system if listed(system, leaf.text.strip()) else namespace(c.facility, f"HL7{number}")
        return {"coding": [{"system": uri, "code": leaf}]}

    return convert


def first_coding(c: Conversion, r: Repetition) -> Value:
    """A CWE as Coding; None where it has no code."""
    found = concept(c, r)
    return found["coding"][0] if found and "coding" in found else None


def word(c: Conversion, r: Repetition) -> Value:
    """A field of one value as CodeableConcept; of one with components nothing."""
    return concept(c, r) if r.lone and not r.divided else None


def prose(c: Conversion, r: Repetition) -> Value:
    """The whole repetition as running text."""
    return r.prose()


def days(c: Conversion, r: Repetition) -> Value:
    """NM as Duration in days."""
    found = decimal(c, r)
    return {"value": found, "unit": "days", "system": UNITS, "code": "d"} if found else None


def language(c: Conversion, r: Repetition) -> Value:
    """A language by its BCP 47 tag where one of its codes is known, else in words."""
    leaf = r.leaf(1)
    name = r.leaf(9) or r.leaf(2) or leaf or r.leaf(5)
    if name is None:
        return None
    tagged = [found for n in (1, 4, 10) if (found := c.looked_up("language", r.leaf(n)))]
    if not tagged:
        where = "9" if name is r.leaf(9) else "2" if name is r.leaf(2) else ""
        return marked({"text": name}, COMPONENT, where, "text") if where and name is not leaf else {"text": name}
    own = [coding(c, r, parts) for parts in CODINGS if not r.lone and (parts[0] in r.values or parts[1] in r.values)]
    made: dict[str, Any] = {"coding": [{"system": "urn:ietf:bcp:47", "code": tag} for tag in tagged], "text": name}
    if name is r.leaf(9) or name is leaf:
        mark(made, COMPONENT, "9" if name is r.leaf(9) else "1", "text")
    if own:
        # ISO is a standard of languages here, no system of units.
        made["extension"] = [
            {"url": LANGUAGE, "valueCoding": {key: part for key, part in one.items() if not _is_unit(key, part)}}
            for one in own
        ]
    return made


def _is_unit(key: str, part: Leaf) -> bool:
    return key == "system" and part.value == UNITS


def uri(c: Conversion, r: Repetition) -> Value:
    """An OID or a URI as a URI."""
    leaf = r.leaf()
    found = universal(leaf.text.strip(), "") if leaf else None
    return leaf.give(found) if leaf and found else None


def language_tag(c: Conversion, r: Repetition) -> Value:
    """A language as a code of BCP 47."""
    return c.looked_up("language", r.leaf())


def text_of(c: Conversion, r: Repetition) -> Value:
    """A CWE as a string: its text, else its code."""
    return r.leaf(9) or r.leaf(2) or r.leaf(1)


def note(c: Conversion, r: Repetition) -> Value:
    """A CWE as an Annotation: its words."""
    where = next((n for n in (9, 2, 1) if r.leaf(n)), 0)
    made: dict[str, Any] = {"text": r.leaf(where)}
    return marked(made, COMPONENT, str(where), "text") if where > 1 else made if where else None
