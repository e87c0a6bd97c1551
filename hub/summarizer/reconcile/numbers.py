"""Whether two measured numbers are one: equal in one unit, or after conversion to the precision that was written."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from hub.summarizer import units
from hub.summarizer.drafts import Draft
from hub.summarizer.reconcile import concepts

_CLOSE = Decimal("0.015")
"""Two numbers that round to one another are one only where they differ by no more than this part."""

_DIGITS = 2
"""A number of fewer digits is too coarse to be known again in another unit."""

_SHOWN = 3
_COMPARATORS = "<>≤≥＜＞"


def amount(draft: Draft) -> Decimal:
    """The number of a measurement."""
    number = (draft.value or {})["number"]
    return number if isinstance(number, Decimal) else Decimal(str(number))


def unit(draft: Draft) -> str | None:
    found = (draft.value or {}).get("unit")
    return str(found) if found else None


def equal(a: Draft, b: Draft, analyte: str) -> bool:
    """Whether two measurements of one analyte say the same number."""
    if _comparator(a) != _comparator(b):
        return False
    one, other = amount(a), amount(b)
    mine, theirs = unit(a), unit(b)
    if one == other and (units.same(mine, theirs) or (a.free and not mine) or (b.free and not theirs)):
        return True
    if units.same(mine, theirs):
        return (a.free and _rounds(other, one)) or (b.free and _rounds(one, other))
    there, here = converted(one, mine, theirs, analyte), converted(other, theirs, mine, analyte)
    return (there is not None and _rounds(there, other)) or (here is not None and _rounds(here, one))


def different(a: Draft, b: Draft, analyte: str) -> bool:
    """Whether two measurements can be compared and say another number."""
    known = units.same(unit(a), unit(b)) or converted(amount(a), unit(a), unit(b), analyte) is not None
    return known and not equal(a, b, analyte)


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


def converted(number: Decimal, given: str | None, wanted: str | None, analyte: str) -> Decimal | None:
    """The number in another unit, None where no factor is known."""
    if given is None or wanted is None:
        return None
    if units.same(given, wanted):
        return number
    return _convert(number, given, wanted, analyte)


def _convert(number: Decimal, given: str, wanted: str, analyte: str) -> Decimal | None:
    convert: Any = getattr(units, "convert", None)
    return convert(number, given, wanted, analyte) if convert else None


def shown(number: Decimal, like: Decimal) -> Decimal:
    """A converted number with as many digits as the original has, three at least."""
    digits = max(_SHOWN, len(like.as_tuple().digits))
    if not number:
        return number
    step = Decimal(1).scaleb(number.adjusted() - digits + 1)
    return number.quantize(step) if step <= 1 else number.quantize(Decimal(1))


def implausible(draft: Draft, analyte: str) -> bool:
    """Whether the number is hardly possible in its unit: as of creatinine `161 mg/dL`."""
    limits = _limits().get(analyte)
    if limits is None:
        return False
    wanted, low, high = limits
    number = converted(amount(draft), unit(draft), wanted, analyte)
    return number is not None and not low <= number <= high


@lru_cache(maxsize=1)
def _limits() -> dict[str, tuple[str, Decimal, Decimal]]:
    return {
        f"term|analyte:{name}": (given, Decimal(low), Decimal(high))
        for name, given, low, high in concepts.rows("plausible.tsv")
    }
