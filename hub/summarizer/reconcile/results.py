"""Measurements to series: one analyte over all institutions, each moment once, other numbers of one moment apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter

from hub.summarizer import units
from hub.summarizer.drafts import Draft
from hub.summarizer.reconcile import concepts, dates, numbers

_DAY = 10
_RECENT = timedelta(31)
"""A number without a date is taken for the equal one that was measured within this time before it was written."""


@dataclass(frozen=True, slots=True)
class Series:
    """points: one moment each, by date; disputed: measurements of a moment of which a point says another number."""

    analyte: str
    points: list[list[Draft]]
    disputed: list[list[Draft]]


@dataclass(slots=True)
class _Moments:
    """Points by the beginnings of their dates."""

    analyte: str
    points: list[list[Draft]] = field(default_factory=list)
    disputed: list[list[Draft]] = field(default_factory=list)
    by_date: dict[str, list[list[Draft]]] = field(default_factory=dict)

    def add(self, draft: Draft) -> None:
        start = draft.start or ""
        near = self._near(draft, start)
        twins = [p for p in near if numbers.equal(p[0], draft, self.analyte)]
        if twins and (len(twins) == 1 or len(start) >= _DAY):
            twins[0].append(draft)
            return
        point = [draft]
        rival = any(_rivals(p[0], draft, self.analyte) for p in near if len(start) >= _DAY)
        (self.disputed if rival else self.points).append(point)
        for length in {4, 7, _DAY, len(start)} if start else ():
            self.by_date.setdefault(start[:length], []).append(point)

    def take(self, point: list[Draft]) -> bool:
        """Whether the point is one that is known here already; then it is added to that."""
        near = self._near(point[0], point[0].start or "") if point[0].start else []
        twins = [p for p in near if numbers.same_number(p[0], point[0])]
        if len(twins) == 1:
            twins[0].extend(point)
        return len(twins) == 1

    def _near(self, draft: Draft, start: str) -> list[list[Draft]]:
        """Points that may be of the same moment."""
        if not start:
            days = _lately(draft.evidence.day) if draft.free else ()
            return [point for day in days for point in self.by_date.get(day, ())]
        if len(start) > _DAY:
            return [p for p in self.by_date.get(start[:_DAY], ()) if _one_time(p[0].start or "", start)]
        wanted = (start, *dates.neighbours(start)) if draft.ago else (start,)
        return [point for date in wanted for point in self.by_date.get(date, ())]


def _one_time(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)


@lru_cache(maxsize=1024)
def _lately(written: str) -> tuple[str, ...]:
    """The days of the month before something was written, and the one after."""
    latest = date.fromisoformat(written) + timedelta(1)
    return tuple((latest - timedelta(n)).isoformat() for n in range(_RECENT.days + 2))


def _rivals(a: Draft, b: Draft, analyte: str) -> bool:
    """Whether two numbers contradict: of the same minute, or at two organisations of a day that has one number."""
    if a.evidence is b.evidence or not numbers.different(a, b, analyte):
        return False
    timed = len(a.start or "") > _DAY and len(b.start or "") > _DAY
    if timed:
        return a.start == b.start
    return a.evidence.organization != b.evidence.organization and not concepts.fluctuates(analyte)


def series(drafts: Sequence[Draft]) -> list[Series]:
    """The series of all numeric results, those with the most precise dates placed first."""
    made = {place: _moments(place[0], group) for place, group in _analytes(drafts).items()}
    _known_again(made)
    return [_series(moments) for moments in made.values() if moments.points]


def _moments(analyte: str, drafts: list[Draft]) -> _Moments:
    moments = _Moments(analyte)
    for draft in sorted(drafts, key=lambda d: (-len(d.start or ""), d.ago)):
        moments.add(draft)
    return moments


def _known_again(made: Mapping[tuple[str, str], _Moments]) -> None:
    """A number told under a broad name (`肌钙蛋白`) that one narrower analyte has of that date is that measurement."""
    under: dict[tuple[str, str], list[_Moments]] = {}
    for (analyte, scale), moments in made.items():
        for broad in concepts.broader(analyte):
            under.setdefault((broad, scale), []).append(moments)
    for place, moments in made.items():
        narrow = under.get(place, ())
        if len(narrow) == 1:
            moments.points = [p for p in moments.points if not (p[0].free and narrow[0].take(p))]


def _series(moments: _Moments) -> Series:
    for point in moments.points:
        point.sort(key=lambda d: -len(d.start or ""))
    points = sorted(moments.points, key=lambda p: p[0].start or "")
    return Series(moments.analyte, points, sorted(moments.disputed, key=lambda p: p[0].start or ""))


def _analytes(drafts: Iterable[Draft]) -> dict[tuple[str, str], list[Draft]]:
    """Measurements by analyte: a code of all institutions, else the one that its name has elsewhere, else its name."""
    ordered = sorted(drafts, key=attrgetter("evidence.at"))
    by_name: dict[str, set[str]] = {}
    for draft in ordered:
        code = _global_code(draft)
        if code:
            for key in _names(draft):
                by_name.setdefault(key, set()).add(code)
    groups: dict[tuple[str, str], list[Draft]] = {}
    local: dict[str, str] = {}
    for draft in ordered:
        key = _analyte(draft, by_name)
        for own in sorted(k for k in draft.keys if k.startswith("code|") and not k.startswith("code||")):
            key = local.setdefault(own, key)
        groups.setdefault((units.series(key), _scale(draft)), []).append(draft)
    return groups


def _analyte(draft: Draft, by_name: dict[str, set[str]]) -> str:
    known = next((k for k in sorted(draft.keys) if k.startswith("term|")), None)
    if known or _global_code(draft):
        return known or _global_code(draft) or ""
    for key in _names(draft):
        codes = by_name.get(key, set())
        if len(codes) == 1:
            return next(iter(codes))
    return next(iter(_names(draft)), draft.name)


def _global_code(draft: Draft) -> str | None:
    return next((k for k in sorted(draft.keys) if k.startswith("code||")), None)


def _names(draft: Draft) -> list[str]:
    return sorted(k for k in draft.keys if k.startswith("name|"))


def _scale(draft: Draft) -> str:
    """Counts per field of view (sediment) are another analyte than counts per volume, whatever their name."""
    unit = numbers.folded(numbers.unit(draft)).lower()
    return "field" if "hp" in unit or "lp" in unit else ""
