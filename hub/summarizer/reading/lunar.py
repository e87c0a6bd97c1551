"""Days of the Chinese calendar and named times of the year (`calendar.tsv`) as FHIR dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hub.summarizer.reading.partial import fhir
from hub.summarizer.rows import rows

Span = tuple[str, str | None]
"""First and, where it is not the same, last date."""

_LATE = 11
"""From this lunar month on a day may lie in the next Gregorian year."""
_EVE = (12, 30)
_FIRST, _LAST = 1901, 2098
"""Years of the library's table."""


@dataclass(frozen=True, slots=True)
class Named:
    """A row of `calendar.tsv`: see its head."""

    names: tuple[str, ...]
    kind: str
    first: tuple[int, int]
    last: int
    about: bool
    bare: bool


@lru_cache(maxsize=1)
def named_times() -> dict[str, Named]:
    """The rows of `calendar.tsv` by name."""
    found: dict[str, Named] = {}
    for names, kind, first, last, about, bare in rows("reading/calendar.tsv", 6):
        month, _, day = first.partition("-")
        row = Named(tuple(names.split("|")), kind, (int(month), int(day or 0)), int(last or 0), bool(about), bool(bare))
        found.update(dict.fromkeys(row.names, row))
    return found


def span(row: Named, year: int) -> Span | None:
    """When that was in a year (a lunar year, for days and months late in the Chinese calendar)."""
    month, day = row.first
    if row.kind == "months":
        last = fhir(year + (row.last < month), row.last) if row.last != month else None
        first = fhir(year, month)
        return (first, last) if first else None
    if row.kind == "day":
        first = fhir(year, month, day)
        return (first, None) if first else None
    first = lunar_day(year, month, day) or (lunar_day(year, 12, 29) if row.first == _EVE else None)
    if not first:
        return None
    return (first, None) if row.kind == "lunar" else (first[:7], None)


def lunar_year(anchor: date) -> int:
    """The year of the Chinese calendar that a day belongs to."""
    new_year = lunar_day(anchor.year, 1, 1)
    return anchor.year - 1 if new_year and anchor.isoformat() < new_year else anchor.year


def year_meant(month: int, year: int, anchor: date, relative: bool) -> int:
    """The lunar year that `去年腊月` means: the last months are counted from the lunar year of the document."""
    if relative and month >= _LATE:
        return year + lunar_year(anchor) - anchor.year
    return year


@lru_cache(maxsize=512)
def lunar_day(year: int, month: int, day: int) -> str | None:
    """The FHIR date of a day of the Chinese calendar (not of a leap month); None where there is none."""
    from lunarcalendar import Converter, DateNotExist, Lunar

    if not _FIRST <= year <= _LAST:
        return None
    try:
        solar = Converter.Lunar2Solar(Lunar(year, month, day))
    except DateNotExist:
        return None
    return fhir(solar.year, solar.month, solar.day)


def lunar_month(year: int, month: int) -> Span | None:
    """The Gregorian months that a month of the Chinese calendar spans."""
    first = lunar_day(year, month, 1)
    last = lunar_day(year, month, 30) or lunar_day(year, month, 29)
    if not first or not last:
        return None
    return first[:7], last[:7] if last[:7] != first[:7] else None
