"""Conflicts side by side: what each side says, how much, and which institution says so when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hub.web.record import words
from hub.web.record.dates import Day, day
from hub.web.record.document import Conflict, Item, Point
from hub.web.record.statements import Said, Statement, measured, number, said_by


@dataclass(frozen=True, slots=True)
class Side:
    """item_id: whose sources the side opens, "" where the side is no item; by: where `said` is only a text."""

    item_id: str
    headline: str
    value: str
    start: Day | None
    warnings: tuple[words.Tag, ...]
    said: tuple[Said, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Opposition:
    """A conflict. msgid: its heading; text: the record's own sentence, shown where the sides cannot be."""

    id: str
    msgid: str
    sides: tuple[Side, ...]
    text: str


def opposition(conflict: Conflict, items: Mapping[str, Item], statements: Mapping[str, Statement],
               zone: ZoneInfo) -> Opposition:  # fmt: skip
    msgid = words.CONFLICT.get(conflict.kind, conflict.kind)
    if conflict.kind == "identity" and (found := words.identity(conflict.text)):
        msgid, mine, other, who = found
        pair = (Side("", mine, "", None, (), ()), Side("", other, "", None, (), (), who))
        return Opposition(conflict.id, msgid, pair, conflict.text)
    known = [items[i] for i in conflict.item_ids if i in statements]
    sides = tuple(_side(item, statements[item.id], _rival(item, known), zone) for item in known)
    return Opposition(conflict.id, msgid, sides, conflict.text)


def _side(item: Item, said: Statement, rival: Point | None, zone: ZoneInfo) -> Side:
    if rival is None:
        return Side(item.id, said.headline, said.value, said.start, said.warnings, said.said)
    value = measured(number(rival.number), rival.unit)
    return Side(item.id, said.headline, value, day(rival.date), (), said_by(rival.sources, zone))


def _rival(item: Item, sides: Sequence[Item]) -> Point | None:
    """Of a series the measurement of the day that the other side disputes, where it is not the newest."""
    days = {(other.start or "")[:10] for other in sides if other is not item}
    points = [p for p in item.series or () if p.date and p.date[:10] in days]
    return points[0] if points and (item.start or "")[:10] not in days else None
