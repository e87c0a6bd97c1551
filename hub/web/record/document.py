"""The continuous record (`schemas/record/continuous-record.v1.schema.json`) as typed values.

What is absent is empty, so that a record of an earlier or later writer still shows what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Assertion = Literal["present", "absent", "uncertain"]
Status = Literal["active", "resolved", "stopped", "planned", "completed", "unknown"]
Precision = Literal["day", "month", "year", "time", "unknown"]

SECTIONS = (
    "problems", "allergies", "medications", "results", "procedures", "immunizations", "encounters", "history", "plans",
)  # fmt: skip
"""In the order of the page."""


@dataclass(frozen=True, slots=True)
class Code:
    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Source:
    """One place that says it; the place itself is shown by the sources page."""

    fragment_id: str
    message_id: str
    organization: str
    received_at: datetime
    recorded_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it was said: recorded, else received."""
        return self.recorded_at or self.received_at


@dataclass(frozen=True, slots=True)
class Value:
    number: Decimal | None = None
    unit: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    interpretation: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Medication:
    name: str
    dose: Decimal | None = None
    unit: str | None = None
    route: str | None = None
    frequency: str | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """A measurement on the scale of its series."""

    number: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Point:
    """A measurement of a series. date: as precise as it was said; flag: why its number cannot be taken as written."""

    date: str | None
    number: Decimal
    unit: str | None
    sources: tuple[Source, ...]
    converted: Converted | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A course of a medicine in its history: the item that tells it, by whom and why it changed."""

    item_id: str
    status: Status = "unknown"
    dose: Decimal | None = None
    unit: str | None = None
    frequency: str | None = None
    start: str | None = None
    end: str | None = None
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    kind: str
    text: str
    sources: tuple[Source, ...]
    code: Code | None = None
    assertion: Assertion = "present"
    status: Status = "unknown"
    start: str | None = None
    end: str | None = None
    precision: Precision = "unknown"
    value: Value | None = None
    medication: Medication | None = None
    history: tuple[Step, ...] | None = None
    duplicates: tuple[str, ...] | None = None
    series: tuple[Point, ...] | None = None
    trend: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Patient:
    name: str | None = None
    gender: str | None = None
    birth_date: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the timeline."""

    date: str
    precision: Precision
    item_id: str


@dataclass(frozen=True, slots=True)
class Passage:
    text: str
    score: float
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    id: str
    kind: str
    item_ids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    section: str
    text: str


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One aspect of a disease's course: `control`, `medication`, `complication` or `check`."""

    aspect: str
    text: str
    item_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    item_id: str
    disease: str
    lines: tuple[CourseLine, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is to be done, in the plan's words; when: a date as precise as it was said; by: as the words say."""

    what: str
    item_id: str
    when: str | None = None
    by: str | None = None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    item_id: str
    original: str
    code: Code
    score: float


@dataclass(frozen=True, slots=True)
class Unplaced:
    text: str
    reason: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    generated_at: datetime | None = None
    as_of: str = ""
    question: Question | None = None
    patient: Patient = Patient()
    messages: int = 0
    fragments: int = 0
    organizations: tuple[str, ...] = ()
    sections: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    brief: tuple[str, ...] = ()
    timeline: tuple[Moment, ...] = ()
    passages: tuple[Passage, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    missing: tuple[Missing, ...] = ()
    course: tuple[Course, ...] = ()
    follow_up: tuple[FollowUp, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()


_decoder = msgspec.json.Decoder(Record)


def read(document: str) -> Record:
    """The record of its JSON text. Raises msgspec.ValidationError where it is of another shape."""
    return _decoder.decode(document)
