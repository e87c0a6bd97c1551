"""A series on one scale: points converted to its unit, numbers that their unit makes hardly possible, and the trend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from hub.summarizer.drafts import Draft
from hub.summarizer.items import Point, Trend
from hub.summarizer.reconcile import numbers

TOLERANCE = Decimal("0.05")
"""A change by no more than this part of the number before is none."""

IMPLAUSIBLE = "数值与所写单位不相称，请核对"
_TRENDING = 2

Placed = tuple[tuple[Decimal | int, str] | None, str]
"""A number and unit on the scale of its series (None where that cannot be told), and why it is doubtful."""


def placed(measurements: Sequence[Draft], series: str) -> list[Placed]:
    """Each measurement of a series on its scale: the unit of most of them."""
    scale = _scale(measurements, series)
    return [_placed(draft, scale, series) for draft in measurements]


def _scale(measurements: Sequence[Draft], series: str) -> Draft | None:
    """The newest measurement in the unit of most; the newest one with a unit, among equals."""
    given = [
        ((numbers.folded(numbers.unit(d)), numbers.analyte(d, series)), d) for d in measurements if numbers.unit(d)
    ]
    if not given:
        return None
    counts = Counter(scale for scale, _ in given)
    most = max(counts.values())
    return next(draft for scale, draft in reversed(given) if counts[scale] == most)


def _placed(draft: Draft, scale: Draft | None, series: str) -> Placed:
    """A number that its unit makes hardly possible is not converted: whether unit or number is wrong, nobody says."""
    if numbers.implausible(draft, series):
        return None, IMPLAUSIBLE
    unit = numbers.unit(scale) if scale else None
    if scale is None or unit is None or numbers.unit(draft) is None:
        return None, ""
    if numbers.alike(draft, scale, series):
        return ((draft.value or {})["number"], unit), ""
    found = numbers.expressed(draft, scale, series)
    return ((found, unit) if found is not None else None), ""


def trend(points: Sequence[Point]) -> Trend | None:
    """From the last two dated points, where both are on one scale and none is doubtful; else None."""
    dated = [p for p in points if p.draft.start]
    if len(dated) < _TRENDING:
        return None
    last = [p.converted for p in dated[-_TRENDING:]]
    if last[0] is None or last[1] is None:
        return None
    before, now = Decimal(last[0][0]), Decimal(last[1][0])
    if abs(now - before) <= TOLERANCE * abs(before):
        return "stable"
    return "rising" if now > before else "falling"
