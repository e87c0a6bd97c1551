"""Statements on a medicine to courses: one dose over one time, said by however many.

A statement without a dose joins the single course of its status that fits. A stop ends the single course that was told
before it: `2024-08 停` of a medicine that a letter of 2023 lists with its dose is the end of that course.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from hub.summarizer import units
from hub.summarizer.drafts import Draft
from hub.summarizer.reconcile import dates

_KNOWN_STATUS = ("active", "completed", "stopped", "planned")
CURRENT = ("active", "unknown")
"""Statuses of a medicine that may be taken now."""


class Intake(NamedTuple):
    """What must not contradict. amount: "" where no dose is said; unit: in which two amounts compare."""

    amount: str
    unit: str
    frequency: str
    start: str
    end: str
    ago: bool


@dataclass(slots=True, eq=False)
class Course:
    """Drafts that tell one course. said: what they say, each once."""

    section: str
    assertion: str
    status: str
    drafts: list[Draft] = field(default_factory=list)
    said: dict[Intake, None] = field(default_factory=dict)

    def fits(self, intake: Intake) -> bool:
        return intake in self.said or all(_agree(intake, own) for own in self.said)


def intake(draft: Draft) -> Intake:
    """Dose, frequency and dates of a draft, in a form that compares."""
    given = draft.medication or {}
    amount, unit = _dose(given.get("dose"), given.get("unit"))
    often = str(given.get("frequency") or "").lower()
    start, end = dates.day(draft.start), dates.day(draft.end)
    return Intake(amount, unit if amount else "", often, start, end, draft.ago)


@lru_cache(maxsize=4096)
def _dose(number: Decimal | int | None, unit: str | None) -> tuple[str, str]:
    return units.dose(number, unit)


def _agree(a: Intake, b: Intake) -> bool:
    if a.amount and b.amount and a.unit == b.unit and a.amount != b.amount:
        return False
    if a.frequency and b.frequency and a.frequency != b.frequency:
        return False
    return dates.agree(a.start, b.start, a.ago, b.ago) and dates.agree(a.end, b.end, a.ago, b.ago)


def same_dose(a: Intake, b: Intake) -> bool:
    """Whether two intakes can be compared, and neither dose nor frequency differs."""
    comparable = not a.amount or not b.amount or a.unit == b.unit
    alike = a.amount == b.amount or not a.amount or not b.amount
    often = a.frequency == b.frequency or not a.frequency or not b.frequency
    return comparable and alike and often


def grouped(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Courses, each with its drafts in the order of `drafts`."""
    order = {id(d): n for n, d in enumerate(drafts)}
    found = [course for block in blocks(drafts) for course in _courses(block)]
    return [sorted(c.drafts, key=lambda d: order[id(d)]) for c in found]


def blocks(drafts: Iterable[Draft]) -> list[list[Draft]]:
    """Drafts of one ingredient: by its term, else by any key that they share."""
    by_key: dict[str, list[Draft]] = {}
    found: list[list[Draft]] = []
    for draft in drafts:
        known = ingredients(draft) or draft.keys
        block = next((by_key[k] for k in sorted(known) if k in by_key), None)
        if block is None:
            block = []
            found.append(block)
        block.append(draft)
        for key in known:
            by_key.setdefault(key, block)
    return found


def ingredients(draft: Draft) -> frozenset[str]:
    return frozenset(k for k in draft.keys if k.startswith("term|"))


def _courses(drafts: Sequence[Draft]) -> list[Course]:
    """The fullest statements first, so that what says less finds what it may mean; stops that end a course last."""
    read = [(intake(d), d) for d in drafts]
    read.sort(key=lambda pair: (pair[1].status not in _KNOWN_STATUS, -_said(pair[0]), -len(pair[0].start)))
    courses: list[Course] = []
    stops: list[tuple[Intake, Draft]] = []
    for what, draft in read:
        course = _fitting(courses, what, draft)
        if course is None and draft.status == "stopped":
            stops.append((what, draft))
            continue
        _tell(courses, course, what, draft)
    for what, draft in stops:
        end = what.end or _changed(what, draft, read)
        course = _fitting(courses, what, draft)
        if course is None and end:
            course = _ended(courses, what._replace(end=end), draft)
        _tell(courses, course, what, draft)
    return courses


def _changed(what: Intake, draft: Draft, read: Iterable[tuple[Intake, Draft]]) -> str:
    """When a dose was changed, of the old dose: when the new one began, else before it was written."""
    new = [
        w
        for w, d in read
        if d.evidence is draft.evidence and d.status == "active" and w.unit == what.unit and w.amount != what.amount
    ]
    return (new[0].start or draft.evidence.at.date().isoformat()) if new and what.amount else ""


def _said(what: Intake) -> int:
    return 2 * bool(what.amount) + bool(what.frequency)


def _tell(courses: list[Course], course: Course | None, what: Intake, draft: Draft) -> None:
    if course is None:
        course = Course(draft.section, draft.assertion, draft.status)
        courses.append(course)
    elif draft.status in _KNOWN_STATUS:
        course.status = draft.status
    course.drafts.append(draft)
    course.said[what] = None


def _fitting(courses: Iterable[Course], what: Intake, draft: Draft) -> Course | None:
    """The course that the statement is of: of several that fit the one that says just this, else none."""
    fitting = [
        c
        for c in courses
        if c.section == draft.section and c.assertion == draft.assertion
        and (draft.status == c.status or _any_status(draft)) and c.fits(what)
    ]  # fmt: skip
    if len(fitting) < 2:
        return fitting[0] if fitting and _told_enough(fitting[0], what) else None
    same = next((c for c in fitting if what in c.said), None)
    if same is not None or not what.amount:
        return same
    alike = [c for c in fitting if any(s.amount and s.unit == what.unit for s in c.said)]
    return max(alike, key=lambda c: max(s.start for s in c.said)) if alike else None


def _any_status(draft: Draft) -> bool:
    """Whether it tells a medicine that was handed out, of whatever course: words that do not say are no such thing."""
    return draft.status not in _KNOWN_STATUS and not draft.free


def _told_enough(course: Course, what: Intake) -> bool:
    """Whether doses in units that do not compare (`1片`, `80mg`) are told of one time or by one frequency at least."""
    others = [s for s in course.said if s.amount]
    return not what.amount or not others or any(s.unit == what.unit or s.frequency == what.frequency for s in others)


def _ended(courses: Iterable[Course], what: Intake, draft: Draft) -> Course | None:
    """The single course told before the stop, which it ends."""
    told = [
        c
        for c in courses
        if c.section == draft.section and c.assertion == draft.assertion and c.status in ("active", "unknown")
        and all(_before_end(s, d, what, draft) for s, d in zip(map(intake, c.drafts), c.drafts, strict=True))
        and all(same_dose(s, what) for s in c.said)
    ]  # fmt: skip
    return told[0] if len(told) == 1 else None


def _before_end(said: Intake, draft: Draft, stop: Intake, stopped: Draft) -> bool:
    starts = not said.start or not dates.before(stop.end, said.start)
    meant = not stop.start or dates.agree(said.start, stop.start)
    return starts and meant and told_before(draft, stop.end, stopped)


def told_before(draft: Draft, end: str, stopped: Draft) -> bool:
    """Whether a statement may be of the time before an end, and was written before the one that tells the end."""
    written, later = draft.evidence.at.date().isoformat(), stopped.evidence.at.date().isoformat()
    precise = len(end) >= len(written)
    return written < later and (written < end if precise else written[: len(end)] <= end)
