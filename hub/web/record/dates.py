"""Dates as precise as they were said, and where they lie in time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")


@dataclass(frozen=True, slots=True)
class Day:
    """A date for people. text: to the day at most; machine: for `<time datetime>`, "" where it is no date; time: HH:MM
    of the place where it was said, or "".
    """

    text: str
    machine: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """Days since 0001-01-01 from which to which a date may be; of a time start and end are the same."""

    start: float
    end: float


def day(said: str | None) -> Day | None:
    """None where nothing was said; what is no date is shown as it is."""
    if not said:
        return None
    found = _DATE.fullmatch(said)
    if found is None or extent(said) is None:
        return Day(said)
    text = said[:10]
    return Day(text, said if found[6] else text, f"{found[4]}:{found[5]}" if found[4] else "")


def extent(said: str | None) -> Extent | None:
    """Where a date lies: a year is as long as the year, a day as the day; None for what is no date."""
    found = _DATE.fullmatch(said or "")
    if found is None:
        return None
    year, month, number = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        first = date(year, month, number)
        last = date(year, 12, 31) if not found[2] else _month_end(first) if not found[3] else first
    except ValueError:
        return None
    if found[4]:
        moment = first.toordinal() + (int(found[4]) * 60 + int(found[5])) / 1440
        return Extent(moment, moment)
    return Extent(first.toordinal(), last.toordinal() + 1)


def _month_end(first: date) -> date:
    """Raises ValueError in December of the year 9999."""
    try:
        return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    except OverflowError as error:
        raise ValueError("after the last month") from error
