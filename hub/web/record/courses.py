"""The course of chronic diseases and what is to be done, as the page and its prints show them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.web.record import words
from hub.web.record.dates import Day, day
from hub.web.record.document import Course, CourseLine, FollowUp
from hub.web.words import N_

_PARTS = "；"
_CHECK = re.compile(r"(?P<name>[^：]+)：(?P<state>.+)")
_OLD = re.compile(r"(?P<day>[\d-]+)（超过(?P<months>\d+)个月）")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line. name: what was looked for, a msgid, "" in other lines; state: what is said of it, a msgid with
    values; late: whether it was never sent or long ago."""

    name: str
    state: words.Phrase
    late: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An aspect of a course. msgid: its label; item_ids: whose sources it cites."""

    msgid: str
    pieces: tuple[Piece, ...]
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chronic:
    """The course of a disease. disease: a msgid; item_id: the problem that it is of."""

    disease: str
    item_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, in the words of the plan; when: None where nothing says it; past: on the record's day."""

    item_id: str
    what: str
    when: Day | None
    by: str
    past: bool


def chronic(told: Sequence[Course], known: Collection[str]) -> tuple[Chronic, ...]:
    """known: ids of items that can be cited."""
    return tuple(Chronic(one.disease, one.item_id, tuple(_line(line, known) for line in one.lines)) for one in told)


def _line(line: CourseLine, known: Collection[str]) -> Line:
    piece = _check if line.aspect == "check" else _said
    pieces = tuple(piece(part) for part in line.text.split(_PARTS))
    return Line(words.ASPECT.get(line.aspect, line.aspect), pieces, tuple(i for i in line.item_ids if i in known))


def _said(part: str) -> Piece:
    return Piece("", words.phrase(part), part in words.NOT_SENT)


def _check(part: str) -> Piece:
    found = _CHECK.fullmatch(part)
    if found is None:
        return _said(part)
    name, state = found["name"], found["state"]
    if old := _OLD.fullmatch(state):
        return Piece(name, words.Phrase(N_("%(day)s (more than %(months)s months ago)"), old.groupdict()), True)
    return Piece(name, words.Phrase(words.CHECK.get(state, state)), state in words.NOT_SENT)


def tasks(told: Sequence[FollowUp], as_of: str) -> tuple[Task, ...]:
    return tuple(
        Task(one.item_id, one.what, day(one.when), one.by or "", bool(one.when and one.when < as_of[: len(one.when)]))
        for one in told
    )
