"""Drafts to items: the same fact from several fragments is one item with all its sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hub.summarizer import units
from hub.summarizer.drafts import SECTIONS, Draft, compatible
from hub.summarizer.evidence import Source


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement of a series."""

    draft: Draft
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What the fragments say together. head: the statement; drafts: all that say it; points: of a series, by date.

    disputes: the item whose measurement of the same moment is another number.
    """

    id: str
    head: Draft
    drafts: tuple[Draft, ...]
    sources: tuple[Source, ...]
    points: tuple[Point, ...] = ()
    disputes: str | None = None
    text: str = ""

    @property
    def organizations(self) -> frozenset[str]:
        return frozenset(d.evidence.organization for d in self.drafts)


@dataclass(slots=True)
class _Group:
    drafts: list[Draft] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


def merge(drafts: Sequence[Draft]) -> list[Item]:
    """Items in the order of the sections, within each the first said first."""
    ordered = sorted(drafts, key=lambda d: d.evidence.at)
    numeric = [d for d in ordered if d.kind == "result" and d.value and d.value["number"] is not None]
    chosen = {id(d) for d in numeric}
    found = [item for group in _groups(d for d in ordered if id(d) not in chosen) for item in [_item(group)]]
    found += [item for analyte in _analytes(numeric) for item in _series(analyte)]
    found.sort(key=lambda i: (SECTIONS.index(i.head.section), min(d.evidence.at for d in i.drafts)))
    return _numbered(found)


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


def _groups(drafts: Iterable[Draft]) -> list[list[Draft]]:
    groups: list[_Group] = []
    index: dict[tuple[Any, ...], list[_Group]] = {}
    for draft in drafts:
        scope = _scope(draft)
        candidates = (g for key in draft.keys for g in index.get((scope, key), ()))
        group = next((g for g in candidates if all(_agree(draft, other) for other in g.drafts)), None)
        if group is None:
            group = _Group()
            groups.append(group)
        group.drafts.append(draft)
        for key in draft.keys - group.keys:
            group.keys.add(key)
            index.setdefault((scope, key), []).append(group)
    return [group.drafts for group in groups]


def _scope(draft: Draft) -> tuple[Any, ...]:
    """What must be equal, besides a key, for two drafts to be one: who takes a medicine no more takes it otherwise."""
    status = draft.status if draft.kind == "medication" else ""
    return draft.section, draft.kind, draft.assertion, draft.group, status


def _agree(a: Draft, b: Draft) -> bool:
    sides = not a.laterality or not b.laterality or a.laterality == b.laterality
    return sides and compatible(a.start, b.start) and compatible(a.end, b.end)


def _item(drafts: list[Draft]) -> Item:
    newest = drafts[-1]
    named = next((d for d in reversed(drafts) if d.code), newest)
    end = max((d.end for d in drafts if d.end), key=len, default=None)
    status = next((d.status for d in reversed(drafts) if d.status != "unknown"), newest.status)
    head = replace(
        newest,
        name=named.name,
        code=named.code,
        start=max((d.start for d in drafts if d.start), key=len, default=None),
        end=end,
        laterality=next((d.laterality for d in drafts if d.laterality), ""),
        status="completed" if newest.kind == "encounter" and end and status == "active" else status,
        medication=_fullest(drafts),
        details=tuple(dict.fromkeys(x for d in drafts for x in d.details)),
    )
    sources = _sources(sorted(drafts, key=lambda d: d is not named))
    return Item(_identity(newest), head, tuple(drafts), sources)


def _fullest(drafts: list[Draft]) -> dict[str, Any] | None:
    given = [d.medication for d in drafts if d.medication]
    return max(given, key=lambda m: sum(v is not None for v in m.values())) if given else None


def _sources(drafts: Iterable[Draft]) -> tuple[Source, ...]:
    distinct = {_mark(source): source for draft in drafts for source in draft.sources}
    return tuple(distinct.values())


def _mark(source: Source) -> tuple[Any, ...]:
    location = source["location"]
    return source["fragment_id"], location["path"], location["start"], location["end"]


def _identity(draft: Draft) -> str:
    return f"{draft.evidence.fragment.id}|{id(draft)}"


def _analytes(drafts: list[Draft]) -> list[list[Draft]]:
    """Measurements by analyte: a code of all institutions, else the one that its name has elsewhere, else its name."""
    by_name: dict[str, set[str]] = {}
    for draft in drafts:
        code = _global_code(draft)
        if code:
            for key in _names(draft):
                by_name.setdefault(key, set()).add(code)
    groups: dict[tuple[str, str], list[Draft]] = {}
    local: dict[str, str] = {}
    for draft in drafts:
        key = _analyte(draft, by_name)
        for own in sorted(k for k in draft.keys if k.startswith("code|") and not k.startswith("code||")):
            key = local.setdefault(own, key)
        groups.setdefault((key, _scale(draft)), []).append(draft)
    return list(groups.values())


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
    unit = units.comparable((draft.value or {}).get("unit"))
    return "field" if "hp" in unit.lower() or "lp" in unit.lower() else ""


def _series(drafts: list[Draft]) -> list[Item]:
    """One item, and one more for each measurement that says another number of the same moment."""
    points: list[list[Draft]] = []
    disputed: list[tuple[list[Draft], list[Draft]]] = []
    by_day: dict[str, list[list[Draft]]] = {}
    for draft in drafts:
        day = (draft.start or "")[:10]
        same = by_day.setdefault(day, [])
        twin = next((p for p in same if _same_point(p[0], draft)), None)
        if twin is not None:
            twin.append(draft)
            continue
        rival = next((p for p in same if _rivals(p[0], draft)), None)
        point = [draft]
        same.append(point)
        if rival is None:
            points.append(point)
        else:
            disputed.append((point, rival))
    points.sort(key=lambda p: p[0].start or "")
    main = _series_item(points)
    return [main, *(replace(_series_item([p]), disputes=main.id) for p, _ in disputed)]


def _series_item(points: list[list[Draft]]) -> Item:
    made = tuple(Point(p[0], _sources(p)) for p in points)
    drafts = [d for p in points for d in p]
    newest = points[-1]
    named = next((d for d in newest if d.code), newest[0])
    sources = _sources(d for p in reversed(points) for d in p)
    return Item(
        _identity(drafts[0]), replace(newest[0], name=named.name, code=named.code), tuple(drafts), sources, made
    )


def _same_point(a: Draft, b: Draft) -> bool:
    one, other = a.value or {}, b.value or {}
    equal = one["number"] == other["number"] and units.same(one["unit"], other["unit"])
    return bool(equal and a.start and b.start and compatible(a.start, b.start))


def _rivals(a: Draft, b: Draft) -> bool:
    """Whether two numbers of one moment contradict: the same minute, or the same day at two organisations."""
    one, other = a.value or {}, b.value or {}
    if a.evidence is b.evidence or not a.start or not b.start or not units.same(one["unit"], other["unit"]):
        return False
    if len(a.start) > 10 and len(b.start) > 10:
        return a.start == b.start
    return a.start == b.start and a.evidence.organization != b.evidence.organization
