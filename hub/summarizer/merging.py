"""Drafts to items: the same fact from several fragments is one item with all its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from hub.summarizer import medication_history
from hub.summarizer.drafts import SECTIONS, Draft
from hub.summarizer.evidence import Source
from hub.summarizer.items import Item, Point, Trend
from hub.summarizer.reconcile import concepts, courses, facts, results, scales

_PLACE_OF = itemgetter("path", "start", "end")
_PLACE = {section: place for place, section in enumerate(SECTIONS)}


@dataclass(slots=True, eq=False)
class _Made:
    """An item before it has a name. disputes: whose measurement of the same moment is another number."""

    head: Draft
    drafts: list[Draft]
    sources: tuple[Source, ...]
    points: tuple[Point, ...] = ()
    trend: Trend | None = None
    disputes: _Made | None = None
    id: str = ""

    @property
    def order(self) -> tuple[int, datetime]:
        first = self.drafts[0].evidence.at if len(self.drafts) == 1 else min(d.evidence.at for d in self.drafts)
        return _PLACE[self.head.section], first


def merge(drafts: Sequence[Draft]) -> list[Item]:
    """Items in the order of the sections, within each the first said first."""
    numeric, medicines, others = _sorted(sorted(drafts, key=lambda d: d.evidence.at))
    made = [_fact(group) for group in (*facts.grouped(others), *courses.grouped(medicines))]
    made += [one for series in results.series(numeric) for one in _series(series)]
    made.sort(key=lambda m: m.order)
    return medication_history.told(_named(made))


def _sorted(drafts: Iterable[Draft]) -> tuple[list[Draft], list[Draft], list[Draft]]:
    numeric: list[Draft] = []
    medicines: list[Draft] = []
    others: list[Draft] = []
    for draft in drafts:
        if draft.kind == "result" and draft.value and draft.value["number"] is not None:
            numeric.append(draft)
        else:
            (medicines if draft.kind == "medication" else others).append(draft)
    return numeric, medicines, others


def _named(made: Iterable[_Made]) -> list[Item]:
    """Items with ids that count within their section."""
    counts: dict[str, int] = {}
    ordered = list(made)
    for one in ordered:
        section = one.head.section
        counts[section] = counts.get(section, 0) + 1
        one.id = f"{section}-{counts[section]}"
    return [
        Item(m.id, m.head, tuple(m.drafts), m.sources, m.points, m.disputes.id if m.disputes else None, trend=m.trend)
        for m in ordered
    ]


def _fact(drafts: list[Draft]) -> _Made:
    named = drafts[0] if len(drafts) == 1 else _exactest(drafts)
    head = _alone(named) if len(drafts) == 1 else _together(drafts, named)
    return _Made(head, drafts, _sources([named, *(d for d in drafts if d is not named)]))


def _alone(draft: Draft) -> Draft:
    over = draft.kind == "encounter" and draft.end and draft.status == "active"
    return replace(draft, status="completed") if over else draft


def _together(drafts: list[Draft], named: Draft) -> Draft:
    """What several say: the newest, with the most exact name and dates, and with what only one of them says."""
    newest = drafts[-1]
    end = max((d.end for d in drafts if d.end), key=len, default=None)
    status = next((d.status for d in reversed(drafts) if d.status != "unknown"), newest.status)
    start = max((d for d in drafts if d.start), key=_exactness, default=None)
    return replace(
        newest,
        name=named.name,
        code=named.code,
        keys=named.keys,
        kind=named.kind,
        start=start.start if start else None,
        ago=bool(start and start.ago),
        end=end,
        laterality=next((d.laterality for d in drafts if d.laterality), ""),
        status="completed" if newest.kind == "encounter" and end and status == "active" else status,
        medication=_fullest(drafts),
        details=tuple(dict.fromkeys(x for d in drafts for x in d.details)),
        by=next((d.by for d in reversed(drafts) if d.by), ""),
        reason=next((d.reason for d in reversed(drafts) if d.reason), ""),
    )


def _exactest(drafts: list[Draft]) -> Draft:
    """Whose words name the item: the most exact term, of these the newest with a code, else the wording that most use,
    the standard name before others, the newer before the older.
    """
    depths = [_depth(d.keys) for d in drafts]
    deepest = max(depths)
    exact = [d for d, depth in zip(drafts, depths, strict=True) if depth == deepest]
    coded = next((d for d in reversed(exact) if d.code), None)
    if coded or len(exact) == 1:
        return coded or exact[0]
    used = Counter(d.name for d in exact)
    return max(reversed(exact), key=lambda d: (used[d.name], any(k.endswith(f":{d.name}") for k in d.keys)))


@lru_cache(maxsize=16384)
def _depth(keys: frozenset[str]) -> int:
    return max((len(concepts.broader(k)) for k in keys), default=0)


def _exactness(draft: Draft) -> tuple[int, bool]:
    return len(draft.start or ""), not draft.ago


def _fullest(drafts: list[Draft]) -> dict[str, Any] | None:
    """The statement that says most, with what only others say."""
    given = [d.medication for d in drafts if d.medication]
    if not given:
        return None
    said = max(given, key=lambda m: sum(v is not None for v in m.values()))
    if said["dose"] is None:
        dosed = next((m for m in given if m["dose"] is not None), said)
        said = {**said, "dose": dosed["dose"], "unit": dosed["unit"]}
    found = {k: next((m[k] for m in given if m[k]), None) for k in ("route", "frequency") if not said[k]}
    return {**said, **found}


def _sources(drafts: Sequence[Draft]) -> tuple[Source, ...]:
    if len(drafts) == 1 and len(drafts[0].sources) == 1:
        return drafts[0].sources
    distinct = {_mark(source): source for draft in drafts for source in draft.sources}
    return tuple(distinct.values())


def _mark(source: Source) -> tuple[Any, ...]:
    return source["fragment_id"], *_PLACE_OF(source["location"])


def _series(series: results.Series) -> list[_Made]:
    """One item, and one more for each measurement that says another number of the same moment."""
    main = _measured(series.points, series.analyte)
    rivals = [_measured([point], series.analyte) for point in series.disputed]
    for rival in rivals:
        rival.disputes = main
    return [main, *rivals]


def _measured(points: list[list[Draft]], analyte: str) -> _Made:
    placed = scales.placed([p[0] for p in points], analyte)
    made = tuple(Point(p[0], _sources(p), converted, flag) for p, (converted, flag) in zip(points, placed, strict=True))
    newest = points[-1]
    named = next((d for d in newest if d.code), newest[0])
    head = newest[0]
    if named is not head:
        head = replace(head, name=named.name, code=named.code)
    sources = _sources([d for p in reversed(points) for d in p])
    return _Made(head, [d for p in points for d in p], sources, made, scales.trend(made))
