"""`/referrals/{id}/record/sources`, `.../messages/{id}`: the originals that a record cites, marked where it cites them.

Whoever may read the record may read what it cites, through the record alone: no message is found by its id otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection

from hub.domain.errors import Refused
from hub.domain.messages import Format
from hub.domain.quotations import LeftOut, Line, Original, Place, Quotation, Run, folded, shortened
from hub.domain.statements import place, sources
from hub.security.people import Person
from hub.views import history, ids, marks, referrals
from hub.views import sources as cited
from hub.views.referrals import Referral
from hub.views.sources import CitedMessage
from hub.web.opened import Opened, asked, note, opened
from hub.web.pages import Pages

_AROUND = 2
_SHORT = 40
_LONG_VALUE = 1200
_LONG_RUN = 4000
_MANY_LINES = 3000
_SUFFIXES: dict[Format, str] = {"hl7v2": ".hl7", "fhir": ".json", "text": ".txt"}


class Quote(Protocol):
    """A received message with its cited places marked, see `hub.processes.quoting.quote`."""

    def __call__(self, raw: bytes, kind: Format, charset: str | None, places: Sequence[Place],
                 scope: Sequence[str] | None = (), /) -> Original: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cited:
    """One source: its place, what it says as the record has it, and as the original has it (None: not found there)."""

    path: str
    text: str
    value: Line | None
    meaning: str

    @property
    def short(self) -> bool:
        """Whether it is a field with nothing around it, not a passage of a text."""
        return self.value is not None and len(self.value.runs) == 1 and len(self.text) <= _SHORT and not self.meaning


@dataclass(frozen=True, slots=True)
class Shown:
    """One message and what is cited of it. organization, recorded_at: as the record has them; message: None where it is
    not stored; lines: of the original, what is far from the cited left out."""

    id: str
    organization: str
    received_at: datetime
    recorded_at: datetime | None
    message: CitedMessage | None
    cited: Sequence[Cited]
    lines: Sequence[Line | LeftOut]


@dataclass(frozen=True, slots=True)
class _Message:
    """A message, the record that cites it, and the record's sources in it."""

    record: Opened
    message: CitedMessage
    sources: Sequence[Mapping[str, Any]]


def router(pages: Pages, quote: Quote) -> APIRouter:
    routes = APIRouter(tags=["pages"], include_in_schema=False)

    @routes.get("/referrals/{referral_id}/record/sources")
    def show_sources(referral_id: str, request: Request, person: Person = Depends(pages.clinician)) -> Response:
        """With `HX-Request` the panel alone."""
        query = request.query_params
        with pages.connection() as connection:
            record = opened(connection, person, referral_id, query.get("record"), "read-sources")
            statement = asked(record.document, query) if record else None
            if record is None or statement is None:
                return pages.missing(request, person)
            names = {s["message_id"] for s in statement.sources}
            messages = cited.read(connection, record.referral.patient_id, names)
            standing = marks.standing(connection, record.referral.id)
        partial = request.headers.get("hx-request") == "true"
        return pages.show(
            request, person, "sources/_panel.html" if partial else "sources/page.html", referral=record.referral,
            record=record.record, statement=statement, mark=standing.get(statement.key), error="", reason="",
            shown=list(_shown(statement.sources, messages, quote)),
        )  # fmt: skip

    @routes.get("/referrals/{referral_id}/record/messages/{message_id}")
    def show_message(
        referral_id: str, message_id: str, request: Request, person: Person = Depends(pages.clinician)
    ) -> Response:
        """The whole of a message that the record cites."""
        found = _message(pages, request, person, referral_id, message_id, "read")
        if found is None:
            return pages.missing(request, person)
        lines, whole = _whole(found.message, found.sources, quote)
        return pages.show(request, person, "sources/message.html", referral=found.record.referral,
                          record=found.record.record, message=found.message, lines=lines, whole=whole)  # fmt: skip

    @routes.get("/referrals/{referral_id}/message")
    def show_opening(referral_id: str, request: Request, person: Person = Depends(pages.clinician)) -> Response:
        """The message that opened the referral, to its sender and its receiver, also before there is a record."""
        with pages.connection() as connection:
            found = _opening(connection, person, referral_id)
        if found is None:
            return pages.missing(request, person)
        referral, message = found
        lines, whole = _whole(message, (), quote) if not message.strangers else ([], False)
        return pages.show(request, person, "sources/message.html", referral=referral, record=None, message=message,
                          lines=lines, whole=whole)  # fmt: skip

    @routes.get("/referrals/{referral_id}/record/messages/{message_id}/raw")
    def download_message(
        referral_id: str, message_id: str, request: Request, person: Person = Depends(pages.clinician)
    ) -> Response:
        """The bytes of a message that the record cites and that is this patient's alone."""
        found = _message(pages, request, person, referral_id, message_id, "export")
        if found is None or found.message.strangers:
            return pages.missing(request, person)
        name = f"message-{found.message.id}{_SUFFIXES[found.message.format]}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(found.message.raw, media_type="application/octet-stream", headers=headers)

    return routes


def _message(pages: Pages, request: Request, person: Person, referral_id: str, message_id: str,
             action: str) -> _Message | None:  # fmt: skip
    """A message through the record that cites it; None where the record may not be read or does not cite it."""
    with pages.connection() as connection:
        record = opened(connection, person, referral_id, request.query_params.get("record"), "read-sources")
        if record is None:
            return None
        of_message = [s for s in sources(record.document) if s["message_id"] == message_id]
        found = cited.read(connection, record.referral.patient_id, [message_id] if of_message else [])
        named = message_id if ids.parse(message_id) else "no id"
        note(connection, person, action, "message", named, allowed=bool(found))
    return _Message(record, found[message_id], of_message) if found else None


def _opening(connection: Connection[Any], person: Person, referral_id: str) -> tuple[Referral, CitedMessage] | None:
    """What the sender sent to open the referral; None where the person's organization is no party of it."""
    referral = referrals.read(connection, person.organization.id, referral_id)
    name = history.opening(connection, referral) if referral else None
    named = referral_id if ids.parse(referral_id) else "no id"
    note(connection, person, "read", "message", name or named, allowed=name is not None)
    if referral is None or name is None:
        return None
    message = cited.read(connection, referral.patient_id, [name])[name]
    own = referral.sender.id == person.organization.id
    return referral, replace(message, strangers=False) if own else message


def _shown(of: Iterable[Mapping[str, Any]], messages: Mapping[str, CitedMessage], quote: Quote) -> Iterable[Shown]:
    """The messages in the order in which the statement cites them."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for source in of:
        grouped.setdefault(source["message_id"], []).append(source)
    for name, group in grouped.items():
        message = messages.get(name)
        original = _original(message, group, quote, ()) if message else Original((), (None,) * len(group))
        first, recorded = group[0], group[0].get("recorded_at")
        yield Shown(
            id=name,
            organization=first["organization"],
            received_at=datetime.fromisoformat(first["received_at"]),
            recorded_at=datetime.fromisoformat(recorded) if recorded else None,
            message=message,
            cited=[_cited(s, q) for s, q in zip(group, original.quotations, strict=True)],
            lines=list(folded(original.lines, around=0 if message and message.strangers else _AROUND)),
        )


def _cited(source: Mapping[str, Any], quotation: Quotation | None) -> Cited:
    path, text = source["location"]["path"], source["text"]
    if quotation is None or quotation.cited != text:
        return Cited(path, text, None, "")
    runs = (Run(quotation.before, "value"), Run(quotation.cited, "cited"), Run(quotation.after, "value"))
    return Cited(path, text, shortened(Line(tuple(r for r in runs if r.text)), _LONG_VALUE), quotation.meaning)


def _original(message: CitedMessage, of: Sequence[Mapping[str, Any]], quote: Quote,
              scope: Sequence[str] | None) -> Original:  # fmt: skip
    places = [place(source) for source in of]
    try:
        return quote(message.raw, message.format, message.charset, places, scope)
    except Refused:
        return Original((), (None,) * len(places))


def _whole(message: CitedMessage, of: Sequence[Mapping[str, Any]], quote: Quote
           ) -> tuple[Sequence[Line | LeftOut], bool]:  # fmt: skip
    """The lines of a message, and whether they are all: not of one that is other patients' too, nor of a very long."""
    if message.strangers:
        lines = _original(message, of, quote, ()).lines
        return list(folded(lines, around=0, most=_LONG_RUN)), False
    lines = _original(message, of, quote, None).lines
    if len(lines) > _MANY_LINES:
        return list(folded(lines, around=_AROUND, most=_LONG_RUN)), False
    return [shortened(line, _LONG_RUN) for line in lines], True
