"""HL7 datatypes to FHIR datatypes (the official datatype maps). Each takes a repetition and gives the FHIR value.

None: the value says nothing that FHIR's type can hold; it then stays in the ledger as unmapped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading, Repetition
from adapters.hl7v2.maps.systems import UNITS, listed, namespace, system_of

Value = Any
Convert = Callable[[Conversion, Repetition], Value]

_CODE = re.compile(r"[^\s]+( [^\s]+)*$")
_UCUM = re.compile(r"[!-~]+$")
_SHORT_CODE = re.compile(r"[!-~]{1,20}$")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$")
_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥|＜|＞)\s*(\d+(?:\.\d+)?)$")
_COMPARATORS = {"≤": "<=", "≥": ">=", "＜": "<", "＞": ">", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)?\s*(?:-{1,2}|~|～|—|–|至)\s*(-?\d+(?:\.\d+)?)?$")
_CODINGS = ((1, 2, 3, 7), (4, 5, 6, 8), (10, 11, 12, 13))
ALTERNATE = _CODINGS[1]
"""Components of a CWE's second code: code, text, system, version."""


def string(c: Conversion, r: Repetition) -> Value:
    return r.leaf()


def boolean(c: Conversion, r: Repetition) -> Value:
    leaf = r.leaf()
    known = {"Y": True, "N": False, "1": True, "0": False}.get(leaf.text.strip().upper()) if leaf else None
    return None if leaf is None or known is None else leaf.give(known)


def positive(c: Conversion, r: Repetition) -> Value:
    leaf = r.leaf()
    return leaf.give(int(leaf.text)) if leaf and leaf.text.strip().isdecimal() and int(leaf.text) > 0 else None


def date_time(c: Conversion, r: Repetition) -> Value:
    return _time(r.leaf(), c.clock.date_time)


def date(c: Conversion, r: Repetition) -> Value:
    return _time(r.leaf(), c.clock.date)


def instant(c: Conversion, r: Repetition) -> Value:
    return _time(r.leaf(), c.clock.instant)


def _time(leaf: Leaf | None, read: Callable[[str], str | None]) -> Leaf | None:
    found = read(leaf.text) if leaf else None
    return leaf.give(found) if leaf and found else None


def number(text: str) -> Decimal | None:
    """A decimal as FHIR JSON can write it."""
    text = text.strip()
    if not _NUMBER.match(text):
        return None
    found = Decimal(text)
    return found if -18 < found.adjusted() < 18 else None


def decimal(c: Conversion, r: Repetition) -> Value:
    leaf = r.leaf()
    found = number(leaf.text) if leaf else None
    return leaf.give(found) if leaf and found is not None else None


def code(table: str) -> Convert:
    """ID or CWE to a FHIR code, by a table of tables.yaml."""

    def convert(c: Conversion, r: Repetition) -> Value:
        leaf = r.leaf()
        found = c.codes[table].get(leaf.text.strip().upper()) if leaf else None
        return leaf.give(found) if leaf and found else None

    return convert


def coding(c: Conversion, r: Repetition, parts: tuple[int, int, int, int] = _CODINGS[0]) -> Value:
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
        return {"text": leaf}
    codings = [coding(c, r, parts) for parts in _CODINGS if parts[0] in r.values or parts[1] in r.values]
    concept: dict[str, Any] = {}
    text = r.leaf(9)
    if text is None and not [found for found in codings if "code" in found]:
        # A name without a code is text; its coding system says only whose name it is.
        text = r.leaf(2) or r.leaf(5) or r.leaf(1)
        if codings and "system" not in codings[0]:
            codings = codings[1:]
    if codings:
        concept["coding"] = codings
    if text:
        concept["text"] = text
    return concept or None


def table(table: str) -> Convert:
    """CWE, IS or ID by a table of tables.yaml to another code system; codes that it lacks stay what they are."""

    def convert(c: Conversion, r: Repetition) -> Value:
        leaf = r.leaf()
        found = c.pairs[table].get(leaf.text.strip().upper()) if leaf else None
        if leaf is None or found is None:
            return concept(c, r)
        made: dict[str, Any] = {"coding": [{"system": found[1], "code": leaf.give(found[0])}]}
        text = r.leaf(9) or r.leaf(2)
        if text:
            made["text"] = text
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


_POWER = re.compile(r"\s*\d+\s*/")
"""What stands behind the sign of a power that a sender did not escape: `10^9/L`."""


def units(r: Repetition | None) -> dict[str, Any]:
    """Unit as written, and its UCUM code where it is known or the sender says that it is UCUM (OBX-6, RXE-5)."""
    if r is None:
        return {}
    identifier = r.leaf(1)
    leaf = r.leaf(2) or identifier
    if leaf is None:
        return {}
    if identifier and r.text(3).upper() == "UCUM" and _UCUM.match(identifier.text.strip()):
        known = codes.UCUM.get(identifier.text.strip().casefold())
        return {"unit": leaf, "system": UNITS, "code": identifier.give(known) if known else identifier}
    ucum = codes.UCUM.get(leaf.text.strip().casefold())
    found: dict[str, Any] = {"unit": leaf}
    if identifier and identifier is not leaf and r.text(1) == "10" and _POWER.match(leaf.text):
        written = f"10^{leaf.text.strip()}"
        found["unit"] = Joined(written, (identifier, leaf))
        ucum = codes.UCUM.get(written.casefold())
    elif identifier and identifier is not leaf:
        found["unit"] = Joined(leaf.value, (leaf, identifier))
        if number(identifier.text) is None:
            ucum = codes.UCUM.get(identifier.text.strip().casefold()) or ucum
    if ucum:
        found["system"], found["code"] = UNITS, ucum
    return found


def quantity(value: Leaf | None, unit: Repetition | None) -> Value:
    """A number with its unit; `<0.5` keeps its comparator; None where the value is no number."""
    if value is None:
        return None
    found = number(value.text)
    if found is not None:
        return {"value": value.give(found), **units(unit)}
    compared = _COMPARED.match(value.text.strip())
    found = number(compared[2]) if compared else None
    if compared is None or found is None:
        return None
    return {"value": value.give(found), "comparator": _COMPARATORS[compared[1]], **units(unit)}


def composite_quantity(c: Conversion, r: Repetition) -> Value:
    """CQ: quantity and units in one field; `MO`: a price is none."""
    value = r.leaf()
    found = number(value.text) if value else None
    if value is None or found is None:
        return None
    unit = r.leaf(2)
    made: dict[str, Any] = {"value": value.give(found)}
    if unit:
        made["unit"] = unit
        ucum = codes.UCUM.get(unit.text.strip().casefold())
        if ucum:
            made |= {"system": UNITS, "code": ucum}
    return made


def reference_range(leaf: Leaf, unit: Repetition | None) -> dict[str, Any]:
    """OBX-7: `57-111`, `0-3.4`, `80-`, `<5`, else text alone."""
    made: dict[str, Any] = {"text": leaf}
    bounds = _bounds(leaf.text.strip())
    held = units(unit) if bounds else {}
    for bound, value in bounds:
        made[bound] = {"value": leaf.give(value), **held}
    return made


@lru_cache(maxsize=1024)
def _bounds(text: str) -> tuple[tuple[str, Decimal], ...]:
    """The low and high that a reference range names."""
    found, compared = _RANGE.match(text), _COMPARED.match(text)
    named: tuple[tuple[str, str | None], ...] = ()
    if found:
        named = (("low", found[1]), ("high", found[2]))
    elif compared:
        named = (("high" if _COMPARATORS[compared[1]].startswith("<") else "low", compared[2]),)
    return tuple((bound, limit) for bound, given in named if given and (limit := number(given)) is not None)


def first_coding(c: Conversion, r: Repetition) -> Value:
    """A CWE as Coding; None where it has no code."""
    found = concept(c, r)
    return found["coding"][0] if found and "coding" in found else None


def prose(c: Conversion, r: Repetition) -> Value:
    """The whole repetition as running text."""
    return r.prose()


def days(c: Conversion, r: Repetition) -> Value:
    """NM as Duration in days."""
    found = decimal(c, r)
    return {"value": found, "unit": "d", "system": UNITS, "code": "d"} if found else None


def language(c: Conversion, r: Repetition) -> Value:
    """A language by its BCP 47 tag where that is known, else in words."""
    leaf = r.leaf(1)
    tag = c.codes["language"].get(leaf.text.strip().upper()) if leaf else None
    name = r.leaf(9) or r.leaf(2) or leaf
    if name is None:
        return None
    coding = [{"system": "urn:ietf:bcp:47", "code": leaf.give(tag)}] if leaf and tag else []
    return {**({"coding": coding} if coding else {}), "text": name}


def text_of(c: Conversion, r: Repetition) -> Value:
    """A CWE as a string: its text, else its code."""
    return r.leaf(9) or r.leaf(2) or r.leaf(1)


def effective(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    begin, end = s.first(7), s.first(8)
    start, stop = date_time(c, begin) if begin else None, date_time(c, end) if end else None
    if start and stop:
        made["effectivePeriod"] = {"start": start, "end": stop}
    elif start:
        made["effectiveDateTime"] = start
