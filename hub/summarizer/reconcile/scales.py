"""A series on one scale: points converted to its unit, numbers that their unit makes hardly possible, and the trend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hub.summarizer import units
from hub.summarizer.items import Item, Point, Trend
from hub.summarizer.reconcile import numbers

TOLERANCE = Decimal("0.05")
"""A change by no more than this part of the number before is none."""

IMPLAUSIBLE = "数值与所写单位不相称，请核对"
_TRENDING = 2


def scaled(item: Item, analyte: str) -> Item:
    """The item with each point on the scale of the series, and its trend. Original numbers and units stay."""
    scale = _scale(item.points)
    points = tuple(_placed(point, scale, analyte) for point in item.points)
    return replace(item, points=points, trend=trend(points))


def _scale(points: Sequence[Point]) -> str | None:
    """The unit of most points, as the newest of them spells it; the newest point's unit among equals."""
    given = [(units.comparable(u), u) for p in points for u in [numbers.unit(p.draft)] if u]
    if not given:
        return None
    counts = Counter(folded for folded, _ in given)
    most = max(counts.values())
    return next(u for folded, u in reversed(given) if counts[folded] == most)


def _placed(point: Point, scale: str | None, analyte: str) -> Point:
    draft = point.draft
    if numbers.implausible(draft, analyte):
        return replace(point, flag=IMPLAUSIBLE)
    number, given = numbers.amount(draft), numbers.unit(draft)
    if scale is None or given is None:
        return point
    if units.same(given, scale):
        return replace(point, converted=(number, scale))
    found = numbers.converted(number, given, scale, analyte)
    return replace(point, converted=(numbers.shown(found, number), scale)) if found is not None else point


def trend(points: Sequence[Point]) -> Trend | None:
    """From the last two dated points, where both are on one scale and none is doubtful; else None."""
    dated = [p for p in points if p.draft.start]
    if len(dated) < _TRENDING:
        return None
    last = [p.converted for p in dated[-_TRENDING:]]
    if last[0] is None or last[1] is None:
        return None
    before, now = last[0][0], last[1][0]
    if abs(now - before) <= TOLERANCE * abs(before):
        return "stable"
    return "rising" if now > before else "falling"
