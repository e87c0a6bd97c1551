"""Units as written in China and elsewhere: their UCUM code, what converts into what, and what a value can be.

The spellings and the analytes' factors are the tables `spellings.tsv` and `conversions.tsv` beside this module. Nothing
is guessed: mass and amount of substance convert only where the table has the analyte's molar mass, arbitrary units
(U, IU, copies, FEU) never convert to anything else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from hub.summarizer import dimensions
from hub.summarizer.rows import rows

_POWER = re.compile(r"10(?:\^\{?|\*\*?|e\+?)?(\d{1,2})\}?(?=\D)")
_TIMES = re.compile(r"^[×x*·](?=10)")
_LEAST_DIGITS = 4
"""Four digits keep a value within 0.05%, so that there and back stays within 0.1%."""
_LINEAR = {
    ("糖化血红蛋白", "mmol/mol", "%"): (Decimal("0.09148"), Decimal("2.152")),
    ("体温", "[degF]", "Cel"): (Decimal(5) / Decimal(9), Decimal(-160) / Decimal(9)),
}
"""Of scales with zeros apart: factor and offset. NGSP from IFCC: ngsp.org/ifcc.asp."""
_UNITS_IN_KATAL = Fraction(60_000_000)
"""An enzyme unit turns over a micromole a minute."""
_MASSES = {"g": Decimal(1000), "mg": Decimal(1), "ug": Decimal("0.001"), "ng": Decimal("0.000001")}
_UNITS = {"U": Decimal(1), "[IU]": Decimal(1), "10*4.U": Decimal(10000), "mU": Decimal("0.001")}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A row of conversions.tsv. unit "": a bare number; molar_mass: g/mol; series: the analyte whose one it joins."""

    analyte: str
    unit: str
    molar_mass: Fraction | None
    valence: int | None
    low: Decimal
    high: Decimal
    series: str


@lru_cache(maxsize=4096)
def fold(unit: str) -> str:
    """A unit's spelling without case, spaces and multiplication sign; `u` for micro, `10*9` for any way to write it."""
    folded = "".join(unicodedata.normalize("NFKC", unit).lower().split()).replace("μ", "u")
    return _POWER.sub(r"10*\1", _TIMES.sub("", folded))


@lru_cache(maxsize=4096)
def ucum(unit: str | None) -> str | None:
    """The UCUM code, None where it is not known."""
    if not unit:
        return None
    codes, words, pattern = _spellings()
    folded = fold(unit)
    return codes.get(folded) or codes.get(pattern.sub(lambda word: words[word[0]], folded))


def same(a: str | None, b: str | None) -> bool:
    """Whether two units are spellings of one."""
    return comparable(a) == comparable(b)


def comparable(unit: str | None) -> str:
    """The UCUM code, the folded spelling where none is known, "" for no unit."""
    return (ucum(unit) or fold(unit)) if unit else ""


def dose(number: Decimal | int | None, unit: str | None) -> tuple[str, str]:
    """A dose in a form that compares: masses in milligrams, units of activity in U, the rest as they are."""
    code = comparable(unit)
    if number is None:
        return ("", code)
    amount = Decimal(str(number))
    if code in _MASSES:
        amount, code = amount * _MASSES[code], "mg"
    elif code in _UNITS:
        amount, code = amount * _UNITS[code], "U"
    return (format(amount.normalize(), "f"), code)


def convert(number: Decimal | int, unit: str | None, to_unit: str | None, analyte_key: str) -> Decimal | None:
    """The number in another unit, None where the two do not measure the same or no factor is known.

    analyte_key: of `terms.key("analyte", name)`. A power of ten shifts the point and nothing else; other results have
    one significant digit more than the number had, at least four.
    """
    value = Decimal(str(number))
    one, two = _code(unit), _code(to_unit)
    if one == two:
        return value
    if not one or not two or not value.is_finite():
        return None
    line = _linear(_name(analyte_key), one, two)
    if line is not None:
        return _rounded(value * line[0] + line[1], value)
    factor = _factor(one, two, _name(analyte_key))
    if factor is None:
        return None
    if _power_of_ten(factor):
        return _plain(value * factor.numerator / factor.denominator)
    return _rounded(value * factor.numerator / factor.denominator, value)


def canonical(number: Decimal | int, unit: str | None, analyte_key: str) -> tuple[Decimal, str] | None:
    """The number in the one unit in which values of the analyte compare, None where there is no such unit or way."""
    row = _conversions().get(_name(analyte_key))
    if row is None or not row.unit:
        return None
    converted = convert(number, unit, row.unit, analyte_key)
    return None if converted is None else (converted, row.unit)


def plausible(number: Decimal | int, unit: str | None, analyte_key: str) -> bool:
    """False where the value cannot be the analyte's in that unit (creatinine 1.2 umol/L); True where nothing is known.

    An absent unit is taken as the canonical one only where that is none or a percentage.
    """
    row = _conversions().get(_name(analyte_key))
    if row is None:
        return True
    value = Decimal(str(number))
    if unit and row.unit:
        converted = convert(value, unit, row.unit, analyte_key)
    else:
        converted = value if row.unit in ("", "%") and _code(unit) in ("", row.unit) else None
    return converted is None or row.low <= converted <= row.high


def series(analyte_key: str) -> str:
    """The key under which canonical values of the analyte make one series: urea nitrogen in mmol/L is urea's."""
    row = _conversions().get(_name(analyte_key))
    return _PREFIX + row.series if row and row.series else analyte_key


_PREFIX = "term|analyte:"


def _name(analyte_key: str) -> str:
    return analyte_key.removeprefix(_PREFIX)


def _code(unit: str | None) -> str:
    """The UCUM code of a unit as written or already a code; U and IU of one analyte are the same."""
    return (ucum(unit) or unit.strip()).replace("[IU]", "U") if unit else ""


def _linear(analyte: str, one: str, two: str) -> tuple[Decimal, Decimal] | None:
    if (analyte, one, two) in _LINEAR:
        return _LINEAR[analyte, one, two]
    if (analyte, two, one) in _LINEAR:
        factor, offset = _LINEAR[analyte, two, one]
        return 1 / factor, -offset / factor
    return None


@lru_cache(maxsize=4096)
def _factor(one: str, two: str, analyte: str) -> Fraction | None:
    if any(analyte == linear[0] for linear in _LINEAR):
        return None
    a, b = dimensions.measure(one), dimensions.measure(two)
    row = _conversions().get(analyte)
    if a is None or b is None or not (over := a.over(b)):
        return dimensions.ratio(one, two)
    ratio = a.size / b.size
    if row is None:
        return None
    mass = row.molar_mass
    valence = Fraction(row.valence) if row.valence else None
    kinds = {
        (("mass", 1), ("substance", -1)): 1 / mass if mass else None,
        (("mass", -1), ("substance", 1)): mass,
        (("charge", 1), ("substance", -1)): 1 / valence if valence else None,
        (("charge", -1), ("substance", 1)): valence,
        (("activity", -1), ("substance", 1), ("time", -1)): _UNITS_IN_KATAL if row.unit == "U/L" else None,
        (("activity", 1), ("substance", -1), ("time", 1)): 1 / _UNITS_IN_KATAL if row.unit == "U/L" else None,
    }
    known = kinds.get(tuple(sorted(over.items())))
    return ratio * known if known else None


def _power_of_ten(factor: Fraction) -> bool:
    large, small = max(factor.numerator, factor.denominator), min(factor.numerator, factor.denominator)
    return small == 1 and str(large).strip("0") == "1"


def _rounded(value: Decimal, like: Decimal) -> Decimal:
    digits = max(len(like.as_tuple().digits) + 1, _LEAST_DIGITS)
    return _plain(Context(prec=digits, rounding=ROUND_HALF_EVEN).plus(value))


def _plain(value: Decimal) -> Decimal:
    return Decimal(format(value.normalize(), "f"))


@lru_cache(maxsize=1)
def _spellings() -> tuple[dict[str, str], dict[str, str], re.Pattern[str]]:
    """UCUM code by folded spelling, words within units, their pattern. Raises ValueError where one has two codes."""
    codes: dict[str, str] = {}
    words: dict[str, str] = {}
    for row, written, meaning in rows("spellings.tsv", 3):
        if row == "word":
            words[written] = meaning
            continue
        for spelling in (written, *meaning.split("|")):
            folded = fold(spelling)
            if folded and codes.setdefault(folded, written) != written:
                raise ValueError(f"spellings.tsv: {spelling} is {codes[folded]} and {written}")
    pattern = re.compile("|".join(sorted(words, key=len, reverse=True)))
    return codes, words, pattern


@lru_cache(maxsize=1)
def _conversions() -> dict[str, Conversion]:
    """The rows of conversions.tsv by analyte."""
    found = {}
    for analyte, unit, mass, valence, low, high, joined, _ in rows("conversions.tsv", 8):
        found[analyte] = Conversion(
            analyte, unit, Fraction(mass) if mass else None, int(valence) if valence else None,
            Decimal(low), Decimal(high), joined.strip("-"),
        )  # fmt: skip
    return found
