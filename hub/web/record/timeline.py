"""One timeline over all institutions: a lane each, marks by kind, partial dates as bars, and the same as a list."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.web.record.axis import Axis, Column, axis
from hub.web.record.dates import Day, Extent, day, extent
from hub.web.record.document import Item, Moment, Point
from hub.web.record.statements import Said, Statement, measured, number, said_by

LANES = 8
"""Institutions with a lane of their own; the others share the last."""
ROW, HEAD, FOOT = 20, 6, 6
_ROWS = 7
_CROWDED_ROWS = 3
_MARK = 16.0
_LABEL = 22
"""Half characters of a label; a Chinese character counts for two."""
_HALF = 5.8
"""Pixels of half a character."""
_CROWDED = 30
"""Marks in a lane, more of which are not labelled and lie closer."""


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the list: what was when, and who says so."""

    item_id: str
    section: str
    text: str
    on: Day
    end: Day | None
    said: tuple[Said, ...]
    received: datetime
    where: Extent | None


@dataclass(slots=True)
class Mark:
    """x, y: its middle; width: of a bar, 0 for a point; count: marks that lie on one another, told by the first."""

    item_id: str
    section: str
    x: float
    y: float
    width: float
    label: str
    label_x: float
    anchor: str
    title: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """institution: "" for all that have no lane of their own; y, height: pixels."""

    institution: str
    y: float
    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """events: oldest first; lanes: empty where nothing has a date that can be drawn."""

    events: tuple[Event, ...]
    columns: tuple[Column, ...]
    lanes: tuple[Lane, ...]
    width: float
    height: float
    kinds: tuple[str, ...]


@dataclass(slots=True)
class _Rows:
    """Where marks and their labels already stand."""

    most: int
    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def place(self, start: float, end: float) -> int | None:
        for index, row in enumerate(self.taken):
            if all(end <= a or start >= b for a, b in row):
                row.append((start, end))
                return index
        if len(self.taken) < self.most:
            self.taken.append([(start, end)])
            return len(self.taken) - 1
        return None


def timeline(moments: Sequence[Moment], items: Mapping[str, Item], statements: Mapping[str, Statement],
             organizations: Sequence[str], zone: ZoneInfo) -> Timeline:  # fmt: skip
    """organizations: in the order of their lanes; moments of items that the record does not hold are left out."""
    events = tuple(_event(m, items[m.item_id], statements[m.item_id], zone) for m in moments if m.item_id in statements)
    drawn = [(event, event.where) for event in events if event.where]
    if not drawn:
        return Timeline(events, (), (), 0, 0, ())
    scale = axis([where for _, where in drawn])
    lanes, y = [], 0.0
    for institution in _lanes(events, organizations):
        own = [(e, w) for e, w in drawn if _speaks(e, institution, organizations)]
        if own:
            lane = _lane(institution, own, scale, y)
            lanes.append(lane)
            y += lane.height
    kinds = tuple(dict.fromkeys(event.section for event, _ in drawn))
    return Timeline(events, scale.columns, tuple(lanes), scale.width, y, kinds)


def _event(moment: Moment, item: Item, said: Statement, zone: ZoneInfo) -> Event:
    point = next((p for p in item.series or () if p.date == moment.date), None)
    where = extent(moment.date)
    if point is not None:
        return Event(item.id, said.section, _measured(said, point), _day(moment), None,
                     said_by(point.sources, zone), max(s.received_at for s in point.sources), where)  # fmt: skip
    last = extent(item.end) if where and said.end else None
    if where and last and last.end > where.end:
        where = Extent(where.start, last.end)
    text = " ".join(part for part in (said.headline, said.value) if part)
    return Event(item.id, said.section, text, _day(moment), said.end, said.said, said.received, where)


def _measured(said: Statement, point: Point) -> str:
    return f"{said.headline} {measured(number(point.number), point.unit)}"


def _day(moment: Moment) -> Day:
    return day(moment.date) or Day(moment.date)


def _lanes(events: Sequence[Event], organizations: Sequence[str]) -> list[str]:
    spoken = {one.organization for event in events for one in event.said}
    named = [o for o in organizations if o in spoken]
    rest = spoken - set(named[:LANES])
    return [*named[:LANES], *([""] if rest else [])]


def _speaks(event: Event, institution: str, organizations: Sequence[str]) -> bool:
    said = {one.organization for one in event.said}
    if institution:
        return institution in said
    return bool(said - set([o for o in organizations if o][:LANES]))


def _lane(institution: str, events: Sequence[tuple[Event, Extent]], scale: Axis, y: float) -> Lane:
    crowded = len(events) > _CROWDED
    rows, marks = _Rows(_CROWDED_ROWS if crowded else _ROWS), list[Mark]()
    for event, where in sorted(events, key=lambda one: one[1].start):
        label = "" if crowded else _cut(event.text)
        mark = _mark(event, where, scale, label)
        row = _placed(mark, rows, scale.width)
        if row is None:
            nearest = min(marks, key=lambda one: abs(one.x - mark.x))
            nearest.count += 1
            continue
        mark.y = y + HEAD + row * ROW + ROW / 2
        marks.append(mark)
    return Lane(institution, y, HEAD + FOOT + ROW * max(len(rows.taken), 1), tuple(marks))


def _mark(event: Event, where: Extent, scale: Axis, label: str) -> Mark:
    start, end = scale.x(where.start), scale.x(where.end)
    width = round(end - start, 1) if end - start > _MARK else 0.0
    x = start if width else min(max((start + end) / 2, _MARK / 2), scale.width - _MARK / 2)
    dates = f"{event.on.text} – {event.end.text}" if event.end else event.on.text
    who = "、".join(one.organization for one in event.said)
    return Mark(event.item_id, event.section, round(x, 1), 0.0, width, label, 0.0, "start",
                f"{dates} {event.text} · {who}")  # fmt: skip


def _placed(mark: Mark, rows: _Rows, edge: float) -> int | None:
    """The row in which the mark has room, with its label on either side, else without; None where it has none."""
    left = mark.x - (0 if mark.width else _MARK / 2)
    right = left + (mark.width or _MARK)
    if mark.label:
        room = _width(mark.label) * _HALF + 4
        if right + room <= edge and (row := rows.place(left, right + room)) is not None:
            mark.label_x = round(right + 1, 1)
            return row
        if left - room >= 0 and (row := rows.place(left - room, right)) is not None:
            mark.label_x, mark.anchor = round(left - 1, 1), "end"
            return row
    mark.label = ""
    return rows.place(left, right)


def _cut(text: str) -> str:
    """The beginning of a text that fits a label."""
    used = 0
    for index, character in enumerate(text):
        used += _width(character)
        if used > _LABEL:
            return f"{text[:index].rstrip()}…"
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
