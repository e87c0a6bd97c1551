"""Numbers with their units: CQ, NM with OBX-6, reference ranges (official maps CQ[Quantity], CWE[Quantity])."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, mark
from adapters.hl7v2.maps.reading import Joined, Leaf, Repetition
from adapters.hl7v2.maps.systems import UNITS
from adapters.hl7v2.remembered import remembered

_UCUM = re.compile(r"[!-~]+$")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$")
_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥|＜|＞)\s*(\d+(?:\.\d+)?)$")
_COMPARATORS = {"≤": "<=", "≥": ">=", "＜": "<", "＞": ">", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)?\s*(?:-{1,2}|~|～|—|–|至)\s*(-?\d+(?:\.\d+)?)?$")


def number(text: str) -> Decimal | None:
    """A decimal as FHIR JSON can write it."""
    text = text.strip()
    if not _NUMBER.match(text):
        return None
    found = Decimal(text)
    return found if -18 < found.adjusted() < 18 else None


_POWER = re.compile(r"\s*\d+\s*/")
"""What stands behind the sign of a power that a sender did not escape: `10^9/L`."""


def units(r: Repetition | None) -> dict[str, Any]:
    """Unit as written, and its UCUM code where it is known or the sender says that it is UCUM (OBX-6, RXE-5); else the
    code that the sender gives, where it names a known system."""
    if r is None:
        return {}
    identifier = r.leaf(1)
    leaf = r.leaf(2) or identifier
    if leaf is None:
        return {}
    named = r.leaf(3)
    if identifier and r.text(3).upper() == "UCUM" and named and _UCUM.match(identifier.text.strip()):
        known = codes.ucum(identifier.text)
        return {"unit": leaf, "system": named.give(UNITS), "code": identifier.give(known) if known else identifier}
    ucum = codes.ucum(leaf.text)
    found: dict[str, Any] = {"unit": leaf}
    if identifier is None:
        mark(found, COMPONENT, "2", "unit")
    elif identifier is leaf and ucum and ucum != leaf.text.strip():
        mark(found, COMPONENT, "1", "unit")
    if identifier and identifier is not leaf and r.text(1) == "10" and _POWER.match(leaf.text):
        written = f"10^{leaf.text.strip()}"
        found["unit"] = Joined(written, (identifier, leaf))
        mark(found, COMPONENT, "1", "unit")
        ucum = codes.ucum(written)
    elif identifier and identifier is not leaf:
        found["unit"] = Joined(leaf.value, (leaf, identifier))
        mark(found, AS_SENT, identifier.text.strip(), "unit")
        if number(identifier.text) is None:
            ucum = codes.ucum(identifier.text) or ucum
    if ucum:
        found["system"], found["code"] = named.give(UNITS) if named else UNITS, ucum
    elif named and identifier and (uri := codes.SYSTEMS.get(named.text.strip().upper())) and uri != UNITS:
        found["system"], found["code"] = named.give(uri), identifier
    return found


def quantity(value: Leaf | None, unit: Repetition | None) -> Any:
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


def composite_quantity(c: Conversion, r: Repetition) -> Any:
    """CQ: quantity and units in one field; `MO`: a price is none."""
    value = r.leaf()
    found = number(value.text) if value else None
    if value is None or found is None:
        return None
    return {"value": value.give(found), **units(r.component(2))}


def unit(c: Conversion, r: Repetition) -> Any:
    """CWE as the unit of a Quantity whose value another field has."""
    return units(r) or None


def money(c: Conversion, r: Repetition) -> Any:
    """MO, and the MO in a CP: amount and currency (ISO 4217)."""
    amount, currency = r.part(1, 1), r.part(1, 2) or r.leaf(2)
    value = number(amount.text) if amount else None
    if amount is None or value is None:
        return None
    known = c.looked_up("currency", currency)
    return {"value": amount.give(value), **({"currency": known} if known else {})}


def reference_range(leaf: Leaf, unit: Repetition | None) -> dict[str, Any]:
    """OBX-7: `57-111`, `0-3.4`, `80-`, `<5`, else text alone."""
    made: dict[str, Any] = {"text": leaf}
    bounds = _bounds(leaf.text.strip())
    held = units(unit) if bounds else {}
    for bound, value in bounds:
        made[bound] = {"value": Joined(value, (leaf,)), **held}
    return made


@remembered(1024)
def _bounds(text: str) -> tuple[tuple[str, Decimal], ...]:
    """The low and high that a reference range names."""
    found, compared = _RANGE.match(text), _COMPARED.match(text)
    named: tuple[tuple[str, str | None], ...] = ()
    if found:
        named = (("low", found[1]), ("high", found[2]))
    elif compared:
        named = (("high" if _COMPARATORS[compared[1]].startswith("<") else "low", compared[2]),)
    return tuple((bound, limit) for bound, given in named if given and (limit := number(given)) is not None)
