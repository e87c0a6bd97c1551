"""Whether two measured numbers are one: equal in one unit, or after conversion to the precision that was written."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from hub.summarizer import units
from hub.summarizer.drafts import Draft

_CLOSE = Decimal("0.015")
"""Two numbers that round to one another are one only where they differ by no more than this part."""

_FACTORS = Decimal("0.002")
"""By how much factors in use differ: 18 or 18.016 for glucose, 59.48 or 59.5 for urate."""

_DIGITS = 2
"""A number of fewer digits is too coarse to be known again in another unit."""

_NO_UNIT = frozenset({"1", "{inr}", "inr", "{ratio}", "ratio", "比值", "/", "-", "[ph]", "ph", "无"})
_COMPARATORS = "<>≤≥＜＞"


def amount(draft: Draft) -> Decimal:
    """The number of a measurement."""
    number = (draft.value or {})["number"]
    return number if isinstance(number, Decimal) else Decimal(str(number))


def unit(draft: Draft) -> str | None:
    found = (draft.value or {}).get("unit")
    return str(found) if found else None


@lru_cache(maxsize=4096)
def folded(unit: str | None) -> str:
    """One spelling of a unit, "" for what only says that there is none."""
    found = units.comparable(unit)
    return "" if found in _NO_UNIT else found


@lru_cache(maxsize=4096)
def _known(keys: frozenset[str]) -> str | None:
    return next((k for k in sorted(keys) if k.startswith("term|")), None)


def analyte(draft: Draft, series: str) -> str:
    """What was measured: of one series there may be two (urea, and urea nitrogen in mmol/L)."""
    return _known(draft.keys) or series


def alike(a: Draft, b: Draft, series: str) -> bool:
    """Whether two numbers compare as they are: one analyte in one unit."""
    mine, theirs = unit(a), unit(b)
    return (mine == theirs or folded(mine) == folded(theirs)) and analyte(a, series) == analyte(b, series)


def equal(a: Draft, b: Draft, series: str) -> bool:
    """Whether two measurements of one series say the same number."""
    if _comparator(a) != _comparator(b):
        return False
    one, other = amount(a), amount(b)
    same = alike(a, b, series)
    if one == other and (same or (a.free and not unit(a)) or (b.free and not unit(b))):
        return True
    if same:
        return (a.free and _rounds(other, one)) or (b.free and _rounds(one, other))
    there, here = expressed(a, b, series), expressed(b, a, series)
    return (there is not None and _converts(there, other)) or (here is not None and _converts(here, one))


def same_number(a: Draft, b: Draft) -> bool:
    """Whether two measurements are written with one number in one unit, whatever their analytes are called."""
    return amount(a) == amount(b) and folded(unit(a)) == folded(unit(b)) and _comparator(a) == _comparator(b)


def different(a: Draft, b: Draft, series: str) -> bool:
    """Whether two measurements can be compared and say another number."""
    return (alike(a, b, series) or expressed(a, b, series) is not None) and not equal(a, b, series)


def _comparator(draft: Draft) -> str:
    text = str((draft.value or {}).get("text") or "").strip()
    return text[0] if text and text[0] in _COMPARATORS else ""


def _rounds(precise: Decimal, coarse: Decimal) -> bool:
    """Whether the precise number is the coarse one when it is rounded to its decimals."""
    if len(coarse.as_tuple().digits) < _DIGITS or abs(precise - coarse) > _CLOSE * abs(coarse):
        return False
    exponent = coarse.as_tuple().exponent
    step = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    return abs(precise - coarse) <= step / 2


def _converts(converted: Decimal, given: Decimal) -> bool:
    """Whether a converted number is the given one: when rounded, or but for the factor that a laboratory rounds."""
    return _rounds(converted, given) or abs(converted - given) <= _FACTORS * abs(given)


def expressed(draft: Draft, like: Draft, series: str) -> Decimal | None:
    """The number of a measurement in unit and analyte of another of its series, None where no factor is known."""
    mine, theirs = analyte(draft, series), analyte(like, series)
    given, wanted = unit(draft), unit(like)
    if given is None or wanted is None:
        return None
    if mine == theirs:
        return units.convert(amount(draft), given, wanted, mine)
    between = units.canonical(amount(draft), given, mine)
    return units.convert(*between, wanted, theirs) if between else None


def implausible(draft: Draft, series: str) -> bool:
    """Whether the number is hardly possible in its unit: as of creatinine `161 mg/dL`."""
    return not units.plausible(amount(draft), unit(draft), analyte(draft, series))
