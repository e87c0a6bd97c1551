"""The measurements of one analyte over institutions: a small chart's geometry, and the table behind it.

One chart has one scale: that of the newest measurement as the record converts it. What is not on it is told, not drawn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hub.web.record.dates import Day, day, extent
from hub.web.record.document import Item, Point
from hub.web.record.statements import Said, measured, number, said_by

WIDTH, HEIGHT = 300, 96
_LEFT, _RIGHT, _TOP, _BOTTOM = 10.0, 290.0, 20.0, 76.0
_SHAPES = 5
_LABELLED = 5
"""So many points carry their value; of more the first, the newest and the extremes."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A row of the table. converted: on the scale of the chart, "" where it was said on it; flag: why the number cannot
    be taken as it is written, a msgid, or ""."""

    value: str
    unit: str
    converted: str
    flag: str
    on: Day | None
    said: tuple[Said, ...]
    received: datetime
    drawn: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """shape: index of its institution's mark; label: its value where there is room; title: value, day, institution."""

    x: float
    y: float
    shape: int
    label: str
    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """path: through the dots; band: top and height of the reference range, None without; low, high: its labels."""

    dots: tuple[Dot, ...]
    path: str
    band: tuple[float, float] | None
    first: str
    last: str
    unit: str
    institutions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """rows: newest first; chart: None where fewer than two can be drawn; other_units: rows that are not on its scale;
    converted: whether some of it is drawn on another scale than it was said."""

    id: str
    rows: tuple[Measurement, ...]
    chart: Chart | None
    other_units: tuple[Measurement, ...]
    undated: int
    converted: bool = False


def series(item: Item, zone: ZoneInfo) -> Series | None:
    """None for an item without measurements."""
    if not item.series:
        return None
    unit = folded(_on_scale(item.series[-1])[1])
    placed = [p for p in item.series if folded(_on_scale(p)[1]) == unit]
    drawn = [p for p in placed if extent(p.date)]
    rows = tuple(_row(p, zone, p in drawn) for p in reversed(item.series))
    others = tuple(r for r, p in zip(rows, reversed(item.series), strict=True) if p not in placed)
    undated = len(placed) - len(drawn)
    chart = _chart(item, drawn) if len(drawn) > 1 else None
    return Series(item.id, rows, chart, others, undated, bool(chart) and any(_moved(p) for p in drawn))


def _on_scale(point: Point) -> tuple[Decimal, str | None]:
    """Number and unit as the record converts them, else as said."""
    return (point.converted.number, point.converted.unit) if point.converted else (point.number, point.unit)


def _moved(point: Point) -> bool:
    """Whether it was said in another unit than it is converted to."""
    return point.converted is not None and folded(point.converted.unit) != folded(point.unit)


def folded(unit: str | None) -> str:
    """A unit as it is compared: `μmol/L`, `µmol/l` and `umol/L` are one."""
    return unicodedata.normalize("NFKC", unit or "").replace("μ", "u").replace(" ", "").casefold()


def _row(point: Point, zone: ZoneInfo, drawn: bool) -> Measurement:
    received = max(source.received_at for source in point.sources)
    amount, unit = _on_scale(point)
    converted = measured(number(amount), unit) if _moved(point) else ""
    return Measurement(number(point.number), point.unit or "", converted, point.flag or "", day(point.date),
                       said_by(point.sources, zone), received, drawn)  # fmt: skip


def _chart(item: Item, points: Sequence[Point]) -> Chart:
    low, high = _reference(item)
    values = [_on_scale(p)[0] for p in points]
    bounds = values + [n for n in (low, high) if n is not None]
    bottom, top = _widened(min(bounds), max(bounds))
    times = [_middle(p) for p in points]
    institutions = tuple(dict.fromkeys(_institution(p) for p in points))
    shown = _labelled(points)
    dots = []
    for index, (point, time) in enumerate(zip(points, times, strict=True)):
        x, y = _x(time, min(times), max(times)), _y(values[index], bottom, top)
        label = number(values[index]) if index in shown and len(number(values[index])) <= 10 else ""
        anchor = "start" if x < _LEFT + 20 else "end" if x > _RIGHT - 20 else "middle"
        shape = min(institutions.index(_institution(point)), _SHAPES - 1)
        dots.append(Dot(x, y, shape, label, anchor, _title(point)))
    return Chart(
        dots=tuple(dots),
        path="M" + "L".join(f"{dot.x} {dot.y}" for dot in dots),
        band=_band(low, high, bottom, top),
        first=(points[0].date or "")[:10],
        last=(points[-1].date or "")[:10],
        unit=_on_scale(points[-1])[1] or "",
        institutions=institutions,
    )


def _reference(item: Item) -> tuple[Decimal | None, Decimal | None]:
    """The range that the newest result gives, where it is drawn."""
    if item.value is None or not item.series or folded(item.value.unit) != folded(_on_scale(item.series[-1])[1]):
        return None, None
    return item.value.low, item.value.high


def _widened(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """Equal bounds are given room, so that equal values lie in the middle."""
    room = abs(low) / 10 or Decimal(1) if low == high else Decimal(0)
    return low - room, high + room


def _band(low: Decimal | None, high: Decimal | None, bottom: Decimal, top: Decimal) -> tuple[float, float] | None:
    """A range that is open at one end goes to the chart's end."""
    if low is None and high is None:
        return None
    upper = _TOP - 8 if high is None else _y(high, bottom, top)
    lower = _BOTTOM + 4 if low is None else _y(low, bottom, top)
    return (upper, round(max(lower - upper, 1.0), 1)) if lower >= upper else None


def _x(time: float, first: float, last: float) -> float:
    share = (time - first) / (last - first) if last > first else 0.5
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _y(value: Decimal, bottom: Decimal, top: Decimal) -> float:
    share = float((value - bottom) / (top - bottom)) if top > bottom else 0.5
    return round(_BOTTOM - min(max(share, 0.0), 1.0) * (_BOTTOM - _TOP), 1)


def _middle(point: Point) -> float:
    found = extent(point.date)
    return (found.start + found.end) / 2 if found else 0.0


def _labelled(points: Sequence[Point]) -> frozenset[int]:
    if len(points) <= _LABELLED:
        return frozenset(range(len(points)))
    numbers = [_on_scale(p)[0] for p in points]
    return frozenset({len(points) - 1, numbers.index(max(numbers)), numbers.index(min(numbers))})


def _institution(point: Point) -> str:
    return point.sources[0].organization


def _title(point: Point) -> str:
    """As it was said, and on the chart's scale where that is another."""
    amount, unit = _on_scale(point)
    moved = f" = {measured(number(amount), unit)}" if _moved(point) else ""
    return f"{(point.date or '')[:10]} {measured(number(point.number), point.unit)}{moved} {_institution(point)}"
