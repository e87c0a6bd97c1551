"""Whether two dates may be the same: as precise as they were said, and off by one where they were counted back."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_YEAR, _MONTH, _DAY = 4, 7, 10


def day(moment: str | None) -> str:
    """A date without its time of day, "" for none."""
    return (moment or "")[:_DAY]


def agree(a: str, b: str, a_ago: bool = False, b_ago: bool = False) -> bool:
    """Whether two dates (no time of day; "": not said) may be one: equal to the shorter precision.

    ago: it was counted back from the day of writing, so it agrees with what agrees with its neighbours as well.
    """
    if not a or not b or a.startswith(b) or b.startswith(a):
        return True
    if a_ago and any(agree(near, b) for near in neighbours(a)):
        return True
    return b_ago and any(agree(a, near) for near in neighbours(b))


def neighbours(moment: str) -> tuple[str, ...]:
    """The dates one unit of their precision before and after; () for what is no date."""
    try:
        if len(moment) == _YEAR:
            return f"{int(moment) - 1:04d}", f"{int(moment) + 1:04d}"
        if len(moment) == _MONTH:
            months = int(moment[:_YEAR]) * 12 + int(moment[5:]) - 1
            return tuple(f"{n // 12:04d}-{n % 12 + 1:02d}" for n in (months - 1, months + 1))
        one = date.fromisoformat(moment)
    except ValueError:
        return ()
    return (one - timedelta(1)).isoformat(), (one + timedelta(1)).isoformat()


def before(moment: str, other: str) -> bool:
    """Whether a date is surely before another: earlier already to the shorter precision."""
    length = min(len(moment), len(other), _DAY)
    return length > 0 and moment[:length] < other[:length]


def apart(a: str, b: str) -> int:
    """Days between two dates of any precision (their first days); a large number for what is no date."""
    try:
        return abs((first(a) - first(b)).days)
    except ValueError:
        return 1 << 20


@lru_cache(maxsize=16384)
def first(moment: str) -> date:
    """The first day of a FHIR date of any precision. Raises ValueError for what is no date."""
    year, month, day_of_month = [*moment[:_DAY].split("-"), "1", "1"][:3]
    return date(int(year), int(month), int(day_of_month))
