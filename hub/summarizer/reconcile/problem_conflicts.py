"""Had and denied, two kinds of one illness, two dates, two sides: of problems and procedures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache

from hub.summarizer.items import Item
from hub.summarizer.reconcile import concepts, dates
from hub.summarizer.reconcile.opposed import (
    Opposed,
    by_key,
    crossed,
    day_told,
    keys,
    messages,
    pairs,
    said,
    with_broader,
)

_NOT_SEEN = re.compile(r"未见|未发现|未探及|未显示|未及|no evidence|unremarkable|without", re.IGNORECASE)
_NEVER = re.compile(
    r"(?:没|未|冇|不曾|莫)[^。,，;；]{0,4}过|从[来未没]|打小[没未]|病史|(?<!次)史(?=[。,，;；:：]|$)|\bnever\b|\bhistory\b|\bhx\b",
    re.IGNORECASE,
)
"""Of a denial of all that was before, not of what is there now (`未发现冠心病病史`, `从没得过肺炎`)."""
_SAME_TIME = 31
"""Days within which two stages are of one time."""

_WITNESSED = 62
"""Days between an operation and who tells it at the time."""

_MANY = 4
"""A procedure told of this many dates is done again and again."""


def assertions(items: Sequence[Item]) -> list[Opposed]:
    present = by_key((i for i in items if i.head.assertion == "present"), with_broader)
    absent = [i for i in items if i.head.assertion == "absent"]
    return [
        Opposed("assertion", "有与无不一致", had, denied)
        for denied, had in crossed(absent, present, keys)
        if _denied(denied, had)
    ]


def _with_refined(item: Item) -> set[str]:
    return {wide for k in item.keys for wide in concepts.with_refined(k)}


def _one_concept(a: Item, b: Item) -> bool:
    """Whether they are of one concept, or one of a kind of the other's: two kinds of one are two concepts."""
    return not a.keys.isdisjoint(_with_refined(b)) or not b.keys.isdisjoint(_with_refined(a))


def _denied(denied: Item, had: Item) -> bool:
    if had.head.status == "resolved" or messages(denied) == messages(had):
        return False
    passes = passing(had) and (had.head.kind == "symptom" or not _never(denied))
    if passes or any(concepts.changes(k) for k in had.keys | denied.keys) or _unseen(denied):
        return not messages(denied) & messages(had) and _meanwhile({day_told(d) for d in denied.drafts}, had)
    start = dates.day(had.head.start)
    return not start or not all(dates.before(day_told(d), start) for d in denied.drafts)


def _meanwhile(denied: Set[str], had: Item) -> bool:
    """Whether it was told on one of the days; of what is no complaint, also whether it was told before and after."""
    days = {day_told(d) for d in had.drafts}
    return bool(days & denied) or (not passing(had) and _amid(denied, days)) or _listed(denied, had)


def _listed(denied: Set[str], had: Item) -> bool:
    """Whether an illness that passes was among the diagnoses before and after."""
    if had.head.kind == "symptom":
        return False
    days = {day_told(d) for d in had.drafts if not d.start and d.status == "active" and d.kind == "problem"}
    return len(days) > 1 and _amid(denied, days)


def _amid(denied: Set[str], days: Set[str]) -> bool:
    first, last = min(days), max(days)
    return any(first <= day <= last for day in denied)


def _unseen(denied: Item) -> bool:
    """Whether an examination did not show it: of its day only."""
    return not _never(denied) and all(any(_NOT_SEEN.search(str(s["text"])) for s in d.sources) for d in denied.drafts)


def _never(denied: Item) -> bool:
    """Whether some source denies that it ever was."""
    return any(_NEVER.search(str(s["text"])) for d in denied.drafts for s in d.sources)


def passing(item: Item) -> bool:
    return item.head.kind == "symptom" or any(concepts.passes(k) for k in item.keys)


def diagnoses(items: Sequence[Item]) -> list[Opposed]:
    present = [i for i in items if i.head.assertion == "present" and i.head.status != "resolved"]
    return [*_exclusive(present), *_grades(present)]


def _exclusive(present: Iterable[Item]) -> Iterator[Opposed]:
    index = by_key(present)
    for one, other, when in concepts.exclusive():
        for a in index.get(one, ()):
            for b in index.get(other, ()):
                if not messages(a) & messages(b) and (when == "always" or _same_time(a, b)):
                    yield Opposed("diagnosis", "诊断不一致", a, b)


def _same_time(a: Item, b: Item) -> bool:
    if a.organizations & b.organizations:
        return False
    return dates.agree(dates.day(a.head.start), dates.day(b.head.start), a.head.ago, b.head.ago)


def _grades(present: Iterable[Item]) -> Iterator[Opposed]:
    """Two stages or grades of one illness at one time; a later higher one is its progress."""
    for a, b in pairs(by_key(present, _ungraded)):
        if _graded_apart(a, b):
            yield Opposed("diagnosis", "分期或分级不一致", a, b)


def _ungraded(item: Item) -> set[str]:
    return {base for k in item.keys for base, found in [concepts.grade(k)] if found}


def _graded_apart(a: Item, b: Item) -> bool:
    mine, theirs = _grade(a.keys), _grade(b.keys)
    differing = [d for d in mine if d in theirs and not mine[d].startswith(theirs[d])
                 and not theirs[d].startswith(mine[d])]  # fmt: skip
    lower = any(_lower(mine[d], theirs[d]) for d in differing)
    tellings = {(x, y) for x in said(a) for y in said(b) if x.organization != y.organization} if differing else ()
    return any(_no_progress(x.day, y.day) if lower else _no_progress(y.day, x.day) for x, y in tellings)


def _no_progress(lower: str, higher: str) -> bool:
    """Whether the higher stage was told before the lower one, or at the same time."""
    return higher <= lower or dates.apart(lower, higher) <= _SAME_TIME


def _lower(grade: str, other: str) -> bool:
    risks = ("低危", "中危", "高危", "很高危")
    return risks.index(grade) < risks.index(other) if grade in risks and other in risks else grade < other


@lru_cache(maxsize=4096)
def _grade(of: frozenset[str]) -> Mapping[str, str]:
    return {dimension: said for k in sorted(of) for dimension, said in concepts.grade(k)[1].items()}


def onsets(items: Sequence[Item]) -> list[Opposed]:
    """The same problem or procedure with two dates, at two organisations. Episodes are two of them."""
    dated = [
        i
        for i in items
        if i.head.start and i.head.assertion == "present" and i.head.status != "resolved"
        and not passing(i) and not any(concepts.repeats(k) for k in i.keys)
    ]  # fmt: skip
    return [
        Opposed("date", "日期不一致", a, b)
        for a, b in pairs(by_key(dated, _with_refined), _MANY)
        if _one_concept(a, b)
        and not _two_of_them(a, b)
        and (not a.head.laterality or not b.head.laterality or a.head.laterality == b.head.laterality)
        and not dates.agree(dates.day(a.head.start), dates.day(b.head.start), a.head.ago, b.head.ago)
    ]


def _two_of_them(a: Item, b: Item) -> bool:
    """Whether two dates are two events: who tells both in one message, or each when it was done, knows of two.

    An illness begins once, whatever its organisation writes later.
    """
    if messages(a) & messages(b):
        return True
    if a.head.kind != "procedure":
        return bool(a.organizations & b.organizations)
    return _witnessed(a) and _witnessed(b)


def _witnessed(item: Item) -> bool:
    return any(dates.apart(dates.day(d.start), day_told(d)) <= _WITNESSED for d in item.drafts if d.start)


def sides(items: Sequence[Item]) -> list[Opposed]:
    sided = [i for i in items if i.head.laterality in ("L", "R") and i.head.assertion == "present"
             and i.head.kind != "symptom" and not any(k in concepts.symptoms() for k in i.keys)]  # fmt: skip
    return [
        Opposed("laterality", "侧别不一致", a, b)
        for a, b in pairs(by_key(sided, _with_refined))
        if a.head.laterality != b.head.laterality
        and _one_concept(a, b)
        and dates.agree(dates.day(a.head.start), dates.day(b.head.start), a.head.ago, b.head.ago)
        and not messages(a) & messages(b)
    ]
