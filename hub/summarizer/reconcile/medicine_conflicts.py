"""Two doses now, or taken here and stopped there. What its own organisation changed, or a date, is history.

A statement holds until its organisation says otherwise. It contradicts a later one of another organisation, unless that
one tells when it changed, or orders it and had said the same before, and so changed it itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.reconcile import courses, dates
from hub.summarizer.reconcile.courses import Intake
from hub.summarizer.reconcile.opposed import Opposed, day_told

_CODED = re.compile(r"[a-z0-9/]+")
_ONCE_A_DAY = frozenset({"qd", "qn", "qm", "qam", "qhs"})


class Statement(NamedTuple):
    """What one organisation said of a medicine on a day. start: from when, "" where nobody says."""

    organization: str
    day: str
    status: str
    start: str
    intake: Intake
    item: Item
    draft: Draft


class _Told:
    """The statements on one medicine, by item and by organization, each by day."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._of: dict[str, list[Statement]] = {}
        self._by: dict[str, list[Statement]] = {}
        for statement in sorted(statements, key=_day):
            self._of.setdefault(statement.item.id, []).append(statement)
            self._by.setdefault(statement.organization, []).append(statement)

    def of(self, item: Item) -> Sequence[Statement]:
        return self._of.get(item.id, ())

    def by(self, organization: str) -> Sequence[Statement]:
        return self._by.get(organization, ())

    def after(self, organization: str, day: str, last: str) -> Iterator[Statement]:
        """What an organization said after a day, until the last one."""
        told = self.by(organization)
        for number in range(bisect_right(told, day, key=_day), len(told)):
            if told[number].day > last:
                return
            yield told[number]


def _day(statement: Statement) -> str:
    return statement.day


def medicines(items: Sequence[Item]) -> list[Opposed]:
    of = {id(i.head): i for i in items if i.head.kind == "medication" and i.head.assertion == "present"}
    found: list[Opposed] = []
    for block in courses.blocks(i.head for i in of.values()):
        if len(block) > 1:
            group = [of[id(head)] for head in block]
            told = _Told(s for i in group for s in _statements(i))
            found += _doses(group, told)
            found += _stops(group, told)
    return found


def _statements(item: Item) -> Iterator[Statement]:
    start, intake = _stated_start(item), courses.intake(item.head)
    for draft in item.drafts:
        yield Statement(draft.evidence.organization, day_told(draft), item.head.status, start,
                        intake, item, draft)  # fmt: skip


def _stated_start(item: Item) -> str:
    """When it began, as somebody says; not the day on which an order was written."""
    dated = [d for d in item.drafts if d.start]
    return "" if all(_order_day(d) for d in dated) else dates.day(item.head.start)


def _order_day(draft: Draft) -> bool:
    written = (draft.evidence.value(pointer) for pointer in ("/authoredOn", "/whenHandedOver"))
    return not draft.free and any(str(day)[:10] == dates.day(draft.start) for day in written if day)


def _doses(group: Sequence[Item], told: _Told) -> list[Opposed]:
    current = [(i, courses.intake(i.head)) for i in group if i.head.status in courses.CURRENT]
    found = []
    for (a, mine), (b, theirs) in combinations(current, 2):
        what = _differ(mine, theirs)
        if what and _overlap(a, b) and _contradict(a, b, told):
            found.append(Opposed("dose", what, a, b))
    return found


def _differ(a: Intake, b: Intake) -> str:
    """In what two intakes differ, "" where they do not, or cannot be compared."""
    if a.amount and b.amount and a.unit == b.unit and a.amount != b.amount:
        return "同一药物剂量不一致"
    known = _CODED.fullmatch(a.frequency) and _CODED.fullmatch(b.frequency)
    once = {a.frequency, b.frequency} <= _ONCE_A_DAY
    return "同一药物用药频次不一致" if known and a.frequency != b.frequency and not once else ""


def _overlap(a: Item, b: Item) -> bool:
    pairs = ((a.head, b.head), (b.head, a.head))
    return not any(one.end and other.start and dates.before(one.end, other.start) for one, other in pairs)


def _contradict(a: Item, b: Item, told: _Told) -> bool:
    ordered = ((x, y) if x.day <= y.day else (y, x) for x in told.of(a) for y in told.of(b))
    return any(_opposed(first, later, told) for first, later in ordered)


def _opposed(first: Statement, later: Statement, told: _Told) -> bool:
    """Whether the later statement contradicts what the first organisation then still said."""
    if first.organization == later.organization or (later.start and dates.before(first.day, later.start)):
        return False
    if any(s.item is not first.item for s in told.after(first.organization, first.day, later.day)):
        return False
    return later.draft.free or not any(
        s.organization == later.organization and first.day <= s.day <= later.day for s in told.of(first.item)
    )


def _stops(group: Sequence[Item], told: _Told) -> list[Opposed]:
    """One organisation says that it was stopped, another that it is taken."""
    taken = [i for i in group if i.head.status == "active"]
    stopped = [i for i in group if i.head.status == "stopped"]
    return [
        Opposed("medication-status", "同一药物在用与已停不一致", a, b)
        for a in taken
        for b in stopped
        if courses.same_dose(courses.intake(a.head), courses.intake(b.head)) and _still(a, b, told)
    ]


def _still(taken: Item, stopped: Item, told: _Told) -> bool:
    """Whether it is said to be taken after it was said to be stopped; begun again, it is another course."""
    end, start = dates.day(stopped.head.end), _stated_start(taken)
    if end and start and not dates.before(start, end):
        return False
    over = [d for d in taken.drafts if end and all(courses.told_before(d, end, stop) for stop in stopped.drafts)]
    uses = [s for s in told.of(taken) if not any(s.draft is d for d in over)]
    return any(
        use.organization != stop.organization
        and not _stopped_later(use, told.by(use.organization))
        and not _goes_on(stop, end, told.by(stop.organization))
        for use in uses
        for stop in told.of(stopped)
    )


def _stopped_later(use: Statement, own: Iterable[Statement]) -> bool:
    """Whether who said that it is taken says then that it was stopped. own: statements of its organization."""
    return any(s.status == "stopped" and s.day >= use.day for s in own)


def _goes_on(stop: Statement, end: str, own: Iterable[Statement]) -> bool:
    """Whether who said that it was stopped says so of a change (`20mg -> 40mg`), or when it was begun again."""
    return any(
        s.status == "active"
        and (s.draft.evidence is stop.draft.evidence or bool(end and s.start and not dates.before(s.start, end)))
        for s in own
    )
