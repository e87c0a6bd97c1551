"""What the record page shows, made once of a record; the reader's own (new, marked) is told apart by `Reading`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.domain import statements as named
from hub.store.connections import decode
from hub.web.record import document, words
from hub.web.record.conflicts import Opposition, opposition
from hub.web.record.courses import Chronic, Task, chronic, tasks
from hub.web.record.document import SECTIONS, Record, Source, Suggestion
from hub.web.record.patients import Person, person
from hub.web.record.series import Series, series
from hub.web.record.statements import Said, Statement, said_by, statement
from hub.web.record.timeline import Timeline, timeline
from hub.web.words import N_

LONG = 400
"""Characters of a passage or an unplaced text that are shown at once."""


@dataclass(frozen=True, slots=True)
class Text:
    """A passage or what is unplaced. name: its number in the record; full: the whole text where `text` is cut."""

    name: str
    text: str
    full: str
    said: tuple[Said, ...]
    received: datetime | None
    reason: words.Phrase | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """statements: the important first."""

    name: str
    msgid: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Institution:
    name: str
    messages: int


@dataclass(frozen=True, slots=True)
class View:
    """keys: of every statement that can be marked, by (part, name) as in `hub.domain.statements`; charted: items whose
    measurements are a chart or a table; by_id: statements of items."""

    person: Person
    question: Text | None
    generated_at: datetime | None
    as_of: str
    messages: int
    fragments: int
    institutions: tuple[Institution, ...]
    brief: tuple[Statement, ...]
    conflicts: tuple[Opposition, ...]
    missing: tuple[words.Phrase, ...]
    courses: tuple[Chronic, ...]
    follow_up: tuple[Task, ...]
    passages: tuple[Text, ...]
    sections: tuple[Section, ...]
    series: Mapping[str, Series]
    timeline: Timeline
    unplaced: tuple[Text, ...]
    keys: Mapping[tuple[str, str], str]
    charted: frozenset[str]
    by_id: Mapping[str, Statement]

    @property
    def statements(self) -> Iterator[Statement]:
        return (one for section in self.sections for one in section.statements)

    def part(self, name: str) -> tuple[str, Sequence[Any]] | None:
        """A part that has a page of its own: its msgid and all that stands in it."""
        parts: dict[str, tuple[str, Sequence[Any]]] = {
            "passages": (N_("What the question needs"), self.passages),
            "timeline": (N_("Timeline"), self.timeline.events),
            "conflicts": (N_("Contradictions"), self.conflicts),
            "unplaced": (N_("Not placed"), self.unplaced),
            **{section.name: (section.msgid, section.statements) for section in self.sections},
        }
        return parts.get(name)


def view(text: str, zone: ZoneInfo) -> View:
    """Of a record's JSON text. zone: of the reader. Raises msgspec.ValidationError where it is no record."""
    record = document.read(text)
    items = {item.id: item for section in record.sections.values() for item in section}
    sections = _sections(record, zone)
    statements = {s.id: s for section in sections for s in section.statements}
    found = {item.id: series(item, zone) for item in items.values()}
    return View(
        person=person(record.patient, record.as_of),
        question=_question(record, zone),
        generated_at=record.generated_at,
        as_of=record.as_of,
        messages=record.messages,
        fragments=record.fragments,
        institutions=_institutions(record),
        brief=tuple(statements[i] for i in record.brief if i in statements),
        conflicts=tuple(opposition(c, items, statements, zone) for c in record.conflicts),
        missing=tuple(words.phrase(m.text) for m in record.missing),
        courses=chronic(record.course, items),
        follow_up=tasks(record.follow_up, record.as_of),
        passages=tuple(_text(n, p.text, p.sources, zone) for n, p in enumerate(record.passages)),
        sections=sections,
        series={name: one for name, one in found.items() if one},
        timeline=timeline(record.timeline, items, statements, record.organizations, zone),
        unplaced=tuple(_text(n, u.text, u.sources, zone, u.reason) for n, u in enumerate(record.unplaced)),
        keys=_keys(decode(text)),
        charted=frozenset(name for name, one in found.items() if one and len(one.rows) > 1),
        by_id=statements,
    )


def _sections(record: Record, zone: ZoneInfo) -> tuple[Section, ...]:
    """All that the page knows, and any other that the record has, after them."""
    disputed: dict[str, list[str]] = {}
    for conflict in record.conflicts:
        for item_id in conflict.item_ids:
            disputed.setdefault(item_id, []).append(conflict.id)
    terms: dict[str, list[Suggestion]] = {}
    for suggestion in record.suggestions:
        terms.setdefault(suggestion.item_id, []).append(suggestion)
    names = (*SECTIONS, *(name for name in record.sections if name not in SECTIONS))
    return tuple(
        Section(name, words.SECTION.get(name, name), _ordered((
            statement(item, name, zone, disputed.get(item.id, ()), terms.get(item.id, ()))
            for item in record.sections.get(name, ())
        ), record.brief))
        for name in names
    )  # fmt: skip


def _ordered(statements: Iterable[Statement], brief: Sequence[str]) -> tuple[Statement, ...]:
    """What is disputed, then what holds, of that first what the brief names, then what is over; each the newest first,
    the undated last."""
    rank = {name: index for index, name in enumerate(brief)}
    newest_first = sorted(statements, key=lambda s: s.start.text if s.start else "", reverse=True)
    return tuple(sorted(newest_first, key=lambda s: (s.past, not s.conflicts, rank.get(s.id, len(rank)))))


def _question(record: Record, zone: ZoneInfo) -> Text | None:
    if record.question is None:
        return None
    return _text(1, record.question.text, record.question.sources, zone)


def _text(number: int, text: str, sources: Sequence[Source], zone: ZoneInfo, reason: str | None = None) -> Text:
    cut = len(text) > LONG
    return Text(
        name=str(number),
        text=f"{text[: LONG - 1]}…" if cut else text,
        full=text if cut else "",
        said=said_by(sources, zone),
        received=max((source.received_at for source in sources), default=None),
        reason=words.phrase(reason) if reason else None,
    )


def _institutions(record: Record) -> tuple[Institution, ...]:
    """Who speaks, in the order in which they were first heard, with how many messages are cited."""
    cited = Counter(organization for organization, _ in {(s.organization, s.message_id) for s in _sources(record)})
    return tuple(Institution(name, cited[name]) for name in record.organizations)


def _sources(record: Record) -> Iterator[Source]:
    for section in record.sections.values():
        for item in section:
            yield from item.sources
    for passage in record.passages:
        yield from passage.sources
    for unplaced in record.unplaced:
        yield from unplaced.sources
    yield from record.patient.sources
    if record.question:
        yield from record.question.sources


def _keys(raw: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    keys = {("item", str(item["id"])): named.key_of_item(item) for item in named.items(raw)}
    listed: tuple[tuple[named.Part, str], ...] = (("passage", "passages"), ("unplaced", "unplaced"))
    for part, field in listed:
        for number, one in enumerate(raw.get(field, ())):
            keys[part, str(number)] = named.key(part, one["text"], one["sources"])
    for conflict in raw.get("conflicts", ()):
        if stated := named.find(raw, "conflict", conflict["id"]):
            keys["conflict", conflict["id"]] = stated.key
    return keys
