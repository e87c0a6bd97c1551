"""What a UCUM code measures: its size in base units, exactly, for the codes of laboratories and wards.

A small reader of UCUM for the units in use, because importing pint and parsing with it costs most of a second; codes it
does not know are asked of pint, and the tests hold the two against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

_PREFIXES = {"k": 3, "h": 2, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "M": 6, "G": 9}
_BASES: dict[str, tuple[str, dict[str, int]]] = {
    # symbol: size in base units (gram, metre, second, mole, unit of activity), dimension
    "g": ("1", {"mass": 1}), "m": ("1", {"length": 1}), "s": ("1", {"time": 1}), "mol": ("1", {"substance": 1}),
    "L": ("0.001", {"length": 3}), "l": ("0.001", {"length": 3}),
    "min": ("60", {"time": 1}), "h": ("3600", {"time": 1}), "d": ("86400", {"time": 1}), "wk": ("604800", {"time": 1}),
    "eq": ("1", {"charge": 1}), "osm": ("1", {"osmoles": 1}), "U": ("1", {"activity": 1}),
    "[IU]": ("1", {"activity": 1}),
    "kat": ("1", {"substance": 1, "time": -1}), "Pa": ("1000", {"mass": 1, "length": -1, "time": -2}),
    "m[Hg]": ("133322387.415", {"mass": 1, "length": -1, "time": -2}),
    "m[H2O]": ("9806650", {"mass": 1, "length": -1, "time": -2}),
    "%": ("0.01", {}), "[ppb]": ("0.000000001", {}), "[lb_av]": ("453.59237", {"mass": 1}),
    "[in_i]": ("0.0254", {"length": 1}), "[HPF]": ("1", {"[HPF]": 1}), "[LPF]": ("1", {"[LPF]": 1}),
}  # fmt: skip
_PREFIXED = frozenset({"g", "m", "s", "mol", "L", "l", "eq", "osm", "U", "[IU]", "kat", "Pa", "m[Hg]", "m[H2O]"})
_UNCOUNTED = frozenset({"{cells}", "{cell}", "{beats}", "{breaths}", "{#}", "{RBC}", "{WBC}"})
_PART = re.compile(r"([./]?)(10\*-?\d+|\d+|\{[^{}]*\}|(?:[A-Za-z%]|\[[^\[\]]*\])+)(-?\d+)?(\{[^{}]*\})?")
_BRACKET = re.compile(r"/\(([^()]*)\)")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Measure:
    """size: of one unit in base units; dimension: base to exponent; what UCUM calls arbitrary is a dimension itself."""

    size: Fraction
    dimension: tuple[tuple[str, int], ...]

    def over(self, other: Measure) -> dict[str, int]:
        """The exponents by which this dimension is more than the other's; empty: they measure the same."""
        difference = dict(self.dimension)
        for base, exponent in other.dimension:
            difference[base] = difference.get(base, 0) - exponent
        return {base: exponent for base, exponent in difference.items() if exponent}


@lru_cache(maxsize=4096)
def measure(code: str) -> Measure | None:
    """What the code measures, None where it is not UCUM of the kinds above, or has no zero in common (`Cel`)."""
    if len(code) > _LONGEST:
        return None
    flat = _BRACKET.sub(lambda bracket: "/" + bracket[1].replace(".", "/"), code)
    size, dimension, end = Fraction(1), dict[str, int](), 0
    for part in _PART.finditer(flat):
        sign = -1 if part[1] == "/" else 1
        atom = _atom(part[2])
        if part.start() != end or (end and not part[1]) or atom is None:
            return None
        end = part.end()
        power = sign * int(part[3] or 1)
        if abs(power) > 4:
            return None
        size *= atom.size**power
        noted = Measure(Fraction(1), ((part[4], 1),)).dimension if part[4] and part[4] not in _UNCOUNTED else ()
        for base, exponent in (*((b, e * power) for b, e in atom.dimension), *((b, e * sign) for b, e in noted)):
            dimension[base] = dimension.get(base, 0) + exponent
    if not end or end != len(flat):
        return None
    return Measure(size, tuple(sorted((base, exponent) for base, exponent in dimension.items() if exponent)))


def _atom(symbol: str) -> Measure | None:
    if symbol.startswith("10*"):
        exponent = int(symbol[3:])
        return Measure(Fraction(10) ** exponent, ()) if abs(exponent) <= 24 else None
    if symbol.isdigit():
        return Measure(Fraction(int(symbol)), ()) if int(symbol) else None
    if symbol.startswith("{"):
        return Measure(Fraction(1), () if symbol in _UNCOUNTED else ((symbol, 1),))
    if symbol in _BASES:
        size, dimension = _BASES[symbol]
        return Measure(Fraction(size), tuple(dimension.items()))
    prefix, rest = symbol[:1], symbol[1:]
    if prefix in _PREFIXES and rest in _PREFIXED:
        size, dimension = _BASES[rest]
        return Measure(Fraction(size) * Fraction(10) ** _PREFIXES[prefix], tuple(dimension.items()))
    return None


@lru_cache(maxsize=1024)
def ratio(code: str, other: str) -> Fraction | None:
    """How many of `other` one of `code` is, None where they do not measure the same or nothing is known of one."""
    one, two = measure(code), measure(other)
    if one and two:
        return None if one.over(two) else one.size / two.size
    return _asked_of_pint(code, other)


_ARBITRARY = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}")
_COMPOSED = re.compile(r"(?=.*[./*\[])(?!.*(?:Cel|\[deg))[!-~]+")
"""Codes worth the import of pint: ASCII, of more than one part, without a zero of their own."""


def _asked_of_pint(code: str, other: str) -> Fraction | None:
    """pint takes UCUM's arbitrary units and annotations as pure numbers: they must be the same on both sides."""
    if max(len(code), len(other)) > _LONGEST or sorted(_ARBITRARY.findall(code)) != sorted(_ARBITRARY.findall(other)):
        return None
    if not _COMPOSED.fullmatch(code) or not _COMPOSED.fullmatch(other):
        return None
    import pint
    from lark.exceptions import LarkError

    try:
        one, two = _registry().from_ucum(code), _registry().from_ucum(other)
        sizes = (Decimal(repr(float(quantity.magnitude))) for quantity in (one.to(two.units), two))
        return Fraction(next(sizes)) / Fraction(next(sizes))
    except (pint.errors.PintError, LarkError, AttributeError, TypeError, ValueError, ZeroDivisionError):
        return None


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
