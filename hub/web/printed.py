"""The record as it is printed: every statement in words of the reader's language, with numbered sources at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.domain.statements import Document, find, items
from hub.views.marks import Mark
from hub.web.page import Page
from hub.web.record.conflicts import Opposition, Side
from hub.web.record.courses import Line, Piece
from hub.web.record.dates import Day
from hub.web.record.model import Text, View
from hub.web.record.statements import Past, Said, Statement, measured, number
from hub.web.words import N_, gender_word


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement. refs: numbers of its sources: `3.2` is place 2 of message 3, `3.2–4` its places 2 to 4; mark: of a
    reader, or ""."""

    text: str
    detail: str = ""
    refs: tuple[str, ...] = ()
    mark: str = ""
    lines: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A message that is cited. places: number and path of each place in it."""

    number: int
    organization: str
    at: str
    message: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """patient: one line; facts: label and value; footer: when and of what it was made."""

    title: str
    patient: str
    facts: tuple[tuple[str, str], ...]
    question: str
    parts: tuple[Part, ...]
    sources_title: str
    origins: tuple[Origin, ...]
    footer: str


class _Numbers:
    """Gives each cited place its number, in the order in which statements cite it."""

    def __init__(self) -> None:
        self._messages: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self._places: dict[str, dict[str, int]] = {}

    def of(self, sources: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        found: dict[tuple[int, int], None] = {}
        for source in sources:
            name, path = str(source["message_id"]), str(source["location"]["path"])
            position, _ = self._messages.setdefault(name, (len(self._messages) + 1, source))
            places = self._places.setdefault(name, {})
            found[position, places.setdefault(path, len(places) + 1)] = None
        return tuple(_ranges(sorted(found)))

    def origins(self, page: Page, messages: Mapping[str, tuple[str, str]]) -> Iterator[Origin]:
        for name, (position, first) in self._messages.items():
            said = datetime.fromisoformat(first.get("recorded_at") or first["received_at"])
            message = " ".join(part for part in messages.get(name, ()) if part) or _named(name, first.get("file"))
            places = tuple((f"{position}.{n}", path or page._(N_("Note"))) for path, n in self._places[name].items())
            yield Origin(position, first["organization"], page.written(said), message, places)


def _named(message: str, file: str | None) -> str:
    """A message by its id, and the file that it was in where that is called otherwise."""
    return f"{message} ({file})" if file and not file.endswith(message) else file or message


def _ranges(places: Sequence[tuple[int, int]]) -> Iterator[str]:
    """`3.1–4` for places 1 to 4 of message 3."""
    start = 0
    for end in range(1, len(places) + 1):
        message, last = places[end - 1]
        if end == len(places) or places[end] != (message, last + 1):
            first = places[start][1]
            yield f"{message}.{first}" if first == last else f"{message}.{first}–{last}"
            start = end


def printed(page: Page, view: View, document: Document, messages: Mapping[str, tuple[str, str]],
            standing: Mapping[str, Mark]) -> Printed:  # fmt: skip
    """messages: type and control id of those cited, by id; standing: marks by key."""
    writer = _Writer(page, view, document, standing)
    parts = tuple(part for part in writer.parts() if part.entries)
    made = page.written(view.generated_at) if view.generated_at else view.as_of
    return Printed(
        title=page._(N_("Continuous record")),
        patient=_patient(page, view),
        facts=tuple(dict.fromkeys(_facts(page, view))),
        question=_question(page, view),
        parts=parts,
        sources_title=page._(N_("Sources")),
        origins=tuple(writer.numbers.origins(page, messages)),
        footer=page._(N_("Record of %(made)s · printed %(now)s"), made=made, now=page.written(page.now)),
    )


def _patient(page: Page, view: View) -> str:
    person = view.person
    age = page._(N_("%(age)s years"), age=person.age) if person.age is not None else ""
    gender = page._(gender_word(person.gender)) if person.gender else ""
    return " · ".join(part for part in (person.name or "", gender, age, person.birth_date or "") if part)


def _facts(page: Page, view: View) -> Iterator[tuple[str, str]]:
    for one in view.person.numbers:
        yield page._(one.msgid) if one.msgid else one.owner or page._(N_("Number")), one.value
    yield page._(N_("Institutions")), page._(N_(", ")).join(one.name for one in view.institutions)


def _question(page: Page, view: View) -> str:
    asked = view.question
    return page._(N_("Question: %(text)s"), text=asked.full or asked.text) if asked else ""


class _Writer:
    def __init__(self, page: Page, view: View, document: Document, standing: Mapping[str, Mark]) -> None:
        self._page, self._view, self._document, self._standing = page, view, document, standing
        self._items = {item["id"]: item for item in items(document)}
        self.numbers = _Numbers()

    def parts(self) -> Iterator[Part]:
        page, view = self._page, self._view
        yield Part(page._(N_("Brief")), tuple(self._statement(s) for s in view.brief))
        yield Part(page._(N_("Contradictions")), tuple(self._conflict(c) for c in view.conflicts))
        missing = (page._(phrase.msgid, **phrase.values) for phrase in view.missing)
        yield Part(page._(N_("Missing")), tuple(Entry(text) for text in missing))
        yield Part(page._(N_("Follow-up")), tuple(self._follow_up()))
        yield Part(page._(N_("Course of chronic diseases")), tuple(self._courses()))
        for section in view.sections:
            yield Part(page._(section.msgid), tuple(self._whole(s) for s in section.statements))
        yield Part(page._(N_("What the question needs")), self._texts("passages", view.passages))
        yield Part(page._(N_("Not placed")), self._texts("unplaced", view.unplaced))

    def _statement(self, said: Statement) -> Entry:
        item = self._items[said.id]
        trend = self._page._(said.trend.msgid) if said.trend else ""
        shown = () if said.full else (said.value, trend, self._reference(said.reference))
        dates = _day(said.start) + (f" – {_day(said.end)}" if said.end else "")
        tags = (self._page._(tag.msgid) for tag in said.warnings)
        return Entry(
            text=said.full or said.headline,
            detail=self._joined((*shown, dates, *tags, _measurements(item), self._by(said.said))),
            refs=self.numbers.of(item["sources"]),
            mark=self._mark(self._view.keys.get(("item", said.id))),
        )

    def _whole(self, said: Statement) -> Entry:
        """The statement in its section: of a medicine with its courses, and others of the same ingredient."""
        doubled = [self._view.by_id[other] for other in said.doubles if other in self._view.by_id]
        names = self._page._(N_(", ")).join(f"{one.headline} {one.value}".strip() for one in doubled)
        lines = [Entry(f"{self._page._(N_('Same ingredient:'))} {names}")] if names else []
        lines += [self._step(step) for step in said.steps if not step.current]
        return replace(self._statement(said), lines=tuple(lines))

    def _step(self, step: Past) -> Entry:
        dates = _day(step.start) + (f" – {_day(step.end)}" if step.end else "")
        status = self._page._(step.status.msgid) if step.status else ""
        return Entry(self._joined((dates, step.value, status, step.why)), "", self._cited([step.item_id]))

    def _conflict(self, one: Opposition) -> Entry:
        found = find(self._document, "conflict", one.id)
        lines = tuple(self._side(side) for side in one.sides)
        refs = self.numbers.of(found.sources) if found and not any(line.refs for line in lines) else ()
        return Entry(
            self._page._(one.msgid), "" if lines else one.text, refs, self._mark(found.key if found else None), lines
        )

    def _side(self, side: Side) -> Entry:
        sources = self._items[side.item_id]["sources"] if side.item_id else ()
        tags = (self._page._(tag.msgid) for tag in side.warnings)
        detail = self._joined((side.value, _day(side.start), *tags, self._by(side.said), side.by))
        return Entry(side.headline, detail, self.numbers.of(sources))

    def _follow_up(self) -> Iterator[Entry]:
        for told, one in zip(self._document.get("follow_up", ()), self._view.follow_up, strict=True):
            yield Entry(one.what, self._joined((_day(one.when), one.by)), self.numbers.of(told["sources"]))

    def _courses(self) -> Iterator[Entry]:
        for course in self._view.courses:
            lines = tuple(self._line(line) for line in course.lines)
            yield Entry(self._page._(course.disease), "", self._cited([course.item_id]), lines=lines)

    def _line(self, line: Line) -> Entry:
        said = self._page._(N_("; ")).join(self._piece(piece) for piece in line.pieces)
        return Entry(self._named(self._page._(line.msgid), said), "", self._cited(line.item_ids))

    def _piece(self, piece: Piece) -> str:
        said = self._page._(piece.state.msgid, **piece.state.values)
        return self._named(self._page._(piece.name), said) if piece.name else said

    def _named(self, name: str, said: str) -> str:
        return f"{name}{self._page._(N_(': '))}{said}"

    def _cited(self, item_ids: Sequence[str]) -> tuple[str, ...]:
        return self.numbers.of([s for name in item_ids if name in self._items for s in self._items[name]["sources"]])

    def _texts(self, field: str, texts: Sequence[Text]) -> tuple[Entry, ...]:
        part = "passage" if field == "passages" else "unplaced"
        return tuple(
            Entry(
                text=one.full or one.text,
                detail=self._joined((
                    self._page._(one.reason.msgid, **one.reason.values) if one.reason else "", self._by(one.said))),
                refs=self.numbers.of(self._document[field][int(one.name)]["sources"]),
                mark=self._mark(self._view.keys.get((part, one.name))),
            )
            for one in texts
        )  # fmt: skip

    def _mark(self, key: str | None) -> str:
        mark = self._standing.get(key or "")
        if mark is None:
            return ""
        word = self._page._(N_("Checked") if mark.verdict == "checked" else N_("Marked as wrong"))
        return self._joined((word, mark.reason or "", mark.user_name, self._page.written(mark.at)))

    def _reference(self, said: str) -> str:
        return self._page._(N_("reference %(range)s"), range=said) if said else ""

    def _by(self, said: Sequence[Said]) -> str:
        return self._page._(N_(", ")).join(f"{one.organization} {one.on.isoformat()}" for one in said)

    def _joined(self, parts: Iterable[str]) -> str:
        return " · ".join(part for part in parts if part)


def _day(day: Day | None) -> str:
    return f"{day.text} {day.time}".strip() if day else ""


def _measurements(item: Mapping[str, Any]) -> str:
    """All of a series but a single measurement, which the statement says itself."""
    points = item.get("series") or ()
    if len(points) < 2:
        return ""
    return "; ".join(f"{(p['date'] or '')[:10]} {measured(_number(p['number']), p['unit'])}".strip() for p in points)


def _number(value: object) -> str:
    return number(value) if isinstance(value, Decimal) else str(value)
