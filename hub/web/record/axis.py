"""The axis of the timeline: columns of years, of months where much happened, and narrow gaps where nothing did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from hub.web.record.dates import Extent

WIDTH = 1020
COLUMN, GAP = 48, 14
"""The narrowest column, which holds its label, and the width of a stretch of time without events."""
COLUMNS = 20
"""Years are told by their months, the fullest first, while the axis has at most so many columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """label: `2026` or `2026-11`, "" for a gap; x, width: pixels; start, end: days, end exclusive."""

    label: str
    x: float
    width: float
    start: float
    end: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Axis:
    columns: tuple[Column, ...]
    width: float

    def x(self, moment: float) -> float:
        """Where a moment lies; before the first and after the last column at the ends."""
        for column in self.columns:
            if moment < column.end:
                share = (moment - column.start) / (column.end - column.start)
                return round(column.x + max(share, 0.0) * column.width, 1)
        return round(self.width, 1)


def axis(extents: Sequence[Extent]) -> Axis:
    """For at least one extent; every one lies within the columns."""
    years = Counter(year for extent in extents for year in _years(extent))
    expanded: set[int] = set()
    for year, _ in sorted(years.items(), key=lambda one: (-one[1], -one[0])):
        if len(_with_gaps(_periods(extents, years, expanded | {year}))) <= COLUMNS:
            expanded.add(year)
    return _laid_out(_with_gaps(_periods(extents, years, expanded)), extents)


def _years(extent: Extent) -> Iterable[int]:
    return range(_date(extent.start).year, _date(_last(extent)).year + 1)


def _last(extent: Extent) -> float:
    """The last moment that still belongs to it."""
    return max(extent.start, extent.end - 1) if extent.end > extent.start else extent.start


def _date(moment: float) -> date:
    return date.fromordinal(int(moment))


def _periods(extents: Sequence[Extent], years: Iterable[int], expanded: set[int]) -> list[tuple[str, int, int]]:
    """(label, first day, day after) of each column, in order; a year with no month of its own stays a year."""
    months = {
        (one.year, one.month)
        for extent in extents
        if extent.end - extent.start <= 31
        for one in (_date(extent.start), _date(_last(extent)))
    }
    found = []
    for year in sorted(years):
        own = sorted(month for y, month in months if y == year) if year in expanded else []
        if own:
            found += [(f"{year:04}-{m:02}", _ordinal(year, m), _ordinal(year, m + 1)) for m in own]
        else:
            found.append((f"{year:04}", _ordinal(year, 1), _ordinal(year, 13)))
    return found


def _ordinal(year: int, month: int) -> int:
    if month > 12:
        return date(year, 12, 31).toordinal() + 1
    return date(year, month, 1).toordinal()


def _with_gaps(periods: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for label, start, end in periods:
        if found and found[-1][2] < start:
            found.append(("", found[-1][2], start))
        found.append((label, start, end))
    return found


def _laid_out(periods: Sequence[tuple[str, int, int]], extents: Sequence[Extent]) -> Axis:
    """What is left of the width goes to the columns by how much happened in them."""
    counts = [sum(start <= e.start < end for e in extents) if label else 0 for label, start, end in periods]
    narrowest = sum(COLUMN if label else GAP for label, _, _ in periods)
    spare, total = max(WIDTH - narrowest, 0), sum(counts) or 1
    columns, x = [], 0.0
    for (label, start, end), count in zip(periods, counts, strict=True):
        width = (COLUMN if label else GAP) + spare * count / total
        columns.append(Column(label, round(x, 1), round(width, 1), start, end))
        x += width
    return Axis(tuple(columns), round(x, 1))
