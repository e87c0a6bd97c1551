"""A referral's course: what happened, who did it, and what its parties said, message by message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from hub.domain import readable
from hub.domain.delivery import ACKNOWLEDGED
from hub.domain.fragments import Resource
from hub.domain.referrals import State
from hub.store.connections import decode
from hub.store.sql import blocks
from hub.views import fragments, ids
from hub.views.referrals import Referral

_EVENTS, _FRAGMENTS = 500, 400
_AUTHOR = re.compile(
    r'"author":{"type":"Practitioner","display":("(?:[^"\\]|\\.)*")'
    r'|"url":"urn:referral-hub:author","valueString":("(?:[^"\\]|\\.)*")'
)
"""In MessageHeader.author, and in the extension of a Task, as `adapters.forms` writes them."""

LONGEST = 20_000
"""Characters of a document that a page shows; the record and the message have it whole."""
_LARGEST = 256 * 1024
"""Bytes as stored of a resource beyond which it is a file, which is shown by itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """One resource that a party gave. title, text: of a document; line: of what is coded, standing: what else must be
    said of it; author: a person's name."""

    fragment_id: str
    message_id: str
    organization_id: int
    organization: str
    resource_type: str
    at: datetime
    title: str = ""
    text: str = ""
    line: str = ""
    author: str = ""
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One step. type: without `.v1`; channel: of its message, or what of `ACKNOWLEDGED` it was; organization: who made
    it, None: the hub itself; author: the person, by form; appointment: {start, end, location}; said: what its message
    brought, at the last step that the message made."""

    type: str
    at: datetime
    version: int
    state: State
    reason: str | None
    appointment: dict[str, Any]
    message_id: str | None
    channel: str | None
    organization_id: int | None
    organization: str | None
    author: str | None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Another referral of the same chain. follows: it follows from this one; readable: the viewer takes part in it."""

    id: str
    state: State
    direction: str
    since: datetime
    sender: str
    receiver: str
    readable: bool
    follows: bool


@dataclass(frozen=True, slots=True)
class Course:
    """events: oldest first; loose: what a party gave that belongs to no event that is told."""

    events: tuple[Event, ...]
    related: tuple[Related, ...]
    loose: tuple[Said, ...]

    def newest(self, *types: str) -> Event | None:
        """The last event of one of these types."""
        return next((event for event in reversed(self.events) if event.type in types), None)

    def of(self, *types: str) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.type in types)

    @property
    def since(self) -> datetime | None:
        """When the referral came into the state in which it is."""
        found: datetime | None = None
        for event in reversed(self.events):
            if event.state is not self.events[-1].state:
                break
            found = event.at
        return found


def read(connection: Connection[Any], viewer: int, referral: Referral) -> Course:
    """The course of a referral that the viewer (an organisation's id) takes part in: three queries."""
    sql = blocks("history")
    parameters = {
        "referral_id": ids.parse(referral.id),
        "based_on": referral.based_on,
        "patient_id": referral.patient_id,
        "viewer": viewer,
        "whole": fragments.WHOLE,
        "largest": _LARGEST,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql["events"], parameters | {"limit": _EVENTS, "acknowledged": list(ACKNOWLEDGED.values())}
        ).fetchall()
        query = sql["said"] + " " + blocks("views")["fragment_visible"] + " " + sql["said_order"]
        given = [_said(row) for row in cursor.execute(query, parameters | {"limit": _FRAGMENTS})]
    with connection.cursor(row_factory=class_row(Related)) as related:
        chain = related.execute(sql["related"], parameters).fetchall()
    events = _events(rows[::-1], given)
    told = {event.message_id for event in events}
    return Course(events, tuple(chain), tuple(said for said in given if said.message_id not in told))


def opening(connection: Connection[Any], referral: Referral) -> str | None:
    """The id of the message with which the sender began the referral."""
    parameters = {"referral_id": ids.parse(referral.id), "sender": referral.sender.id}
    row = connection.execute(blocks("history")["opening"], parameters).fetchone()
    return row[0] if row else None


def accepted(connection: Connection[Any], organization_id: int, application: str, control_id: str) -> bool:
    """Whether a message of this key of the organisation took effect."""
    parameters = {"organization_id": organization_id, "application": application, "control_id": control_id}
    [(known,)] = connection.execute(blocks("history")["accepted"], parameters).fetchall()
    return bool(known)


def _events(rows: Sequence[dict[str, Any]], given: Sequence[Said]) -> tuple[Event, ...]:
    last = {row["message_id"]: number for number, row in enumerate(rows)}
    return tuple(
        Event(
            **row
            | {
                "type": row["type"].removesuffix(".v1"),
                "state": State(row["state"]),
                "author": _author(row.pop("beginning")),
                "appointment": row["appointment"] or {},
                "said": tuple(s for s in given if s.message_id == row["message_id"] and last[s.message_id] == number),
            }
        )
        for number, row in enumerate(rows)
    )


def _author(beginning: bytes | None) -> str | None:
    """The name that a form's message begins with: its files, which follow, are not read for it."""
    found = _AUTHOR.search((beginning or b"").decode("utf-8", "ignore"))
    return str(decode(found.group(1) or found.group(2))) if found else None


def _said(row: dict[str, Any]) -> Said:
    resource: Resource = row.pop("resource")
    at = row.pop("recorded_at") or row["received_at"]
    del row["received_at"]
    if row["resource_type"] in readable.DOCUMENTS:
        text = readable.document_text(resource)
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        return Said(**row, at=at, title=readable.title(resource), text=text, author=readable.author(resource))
    return Said(**row, at=at, line=readable.line(resource), standing=readable.standing(resource))
