"""Drafts to items: the same fact from several fragments is one item with all its sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hub.summarizer import medication_history
from hub.summarizer.drafts import SECTIONS, Draft
from hub.summarizer.evidence import Source
from hub.summarizer.items import Item, Point
from hub.summarizer.reconcile import concepts, courses, facts, results, scales


def merge(drafts: Sequence[Draft]) -> list[Item]:
    """Items in the order of the sections, within each the first said first."""
    ordered = sorted(drafts, key=lambda d: d.evidence.at)
    numeric, medicines, others = _sorted(ordered)
    found = [_item(group) for group in [*facts.grouped(others), *courses.grouped(medicines)]]
    found += [item for one in results.series(numeric) for item in _series(one)]
    found.sort(key=lambda i: (SECTIONS.index(i.head.section), min(d.evidence.at for d in i.drafts)))
    return medication_history.told(_numbered(found))


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


def _numbered(items: Iterable[Item]) -> list[Item]:
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    numbered = []
    for item in items:
        section = item.head.section
        counts[section] = counts.get(section, 0) + 1
        names[item.id] = f"{section}-{counts[section]}"
        numbered.append(replace(item, id=names[item.id]))
    return [replace(i, disputes=names[i.disputes]) if i.disputes else i for i in numbered]


def _item(drafts: list[Draft]) -> Item:
    newest = drafts[-1]
    named = _named(drafts)
    end = max((d.end for d in drafts if d.end), key=len, default=None)
    status = next((d.status for d in reversed(drafts) if d.status != "unknown"), newest.status)
    start = max((d for d in drafts if d.start), key=_exactness, default=None)
    head = replace(
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
    )
    sources = _sources(sorted(drafts, key=lambda d: d is not named))
    return Item(_identity(newest), head, tuple(drafts), sources)


def _named(drafts: list[Draft]) -> Draft:
    """Whose words name the item: the most exact term, of these the newest with a code, else the newest."""
    depths = [max((len(concepts.broader(k)) for k in d.keys), default=0) for d in drafts]
    exact = [d for d, depth in zip(drafts, depths, strict=True) if depth == max(depths)]
    return next((d for d in reversed(exact) if d.code), exact[-1])


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


def _sources(drafts: Iterable[Draft]) -> tuple[Source, ...]:
    distinct = {_mark(source): source for draft in drafts for source in draft.sources}
    return tuple(distinct.values())


def _mark(source: Source) -> tuple[Any, ...]:
    location = source["location"]
    return source["fragment_id"], location["path"], location["start"], location["end"]


def _identity(draft: Draft) -> str:
    return f"{draft.evidence.fragment.id}|{id(draft)}"


def _series(series: results.Series) -> list[Item]:
    """One item, and one more for each measurement that says another number of the same moment."""
    main = _series_item(series.points, series.analyte)
    rivals = [_series_item([point], series.analyte) for point in series.disputed]
    return [main, *(replace(rival, disputes=main.id) for rival in rivals)]


def _series_item(points: list[list[Draft]], analyte: str) -> Item:
    made = [Point(p[0], _sources(p)) for p in points]
    drafts = [d for p in points for d in p]
    newest = points[-1]
    named = next((d for d in newest if d.code), newest[0])
    sources = _sources(d for p in reversed(points) for d in p)
    head = replace(newest[0], name=named.name, code=named.code)
    return scales.scaled(Item(_identity(drafts[0]), head, tuple(drafts), sources, tuple(made)), analyte)
