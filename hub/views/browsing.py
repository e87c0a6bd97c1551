"""The messages as an administrator looks through them: newest first, by what is asked for. No patient data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks
from hub.views import ids, pages

_IN_STRETCH = ("organization", "control_id", "status")
_SLACK = timedelta(hours=1)

Part = Literal["raw", "acknowledgement", "application_acknowledgement", "bundle", "ledger"]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to show: all that is given must agree. organization: CODE; since, until: received then or later, before."""

    since: datetime | None = None
    until: datetime | None = None
    organization: str | None = None
    channel: str | None = None
    type: str | None = None
    status: str | None = None
    control_id: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One message. code: of its answer; error: why it was refused or parked, None where it was not."""

    id: str
    received_at: datetime
    organization: str | None
    organization_name: str | None
    channel: str
    type: str
    control_id: str
    status: str
    code: str | None
    referral_id: str | None
    error: Any


@dataclass(frozen=True, slots=True)
class Caused:
    """An event of the outbox. published_at: None while it waits for the relay."""

    id: int
    event_id: str
    type: str
    subject: str
    occurred_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a referral stands. sender, receiver: CODE."""

    id: str
    state: str
    version: int
    sender: str
    receiver: str
    updated_at: datetime


def page(connection: Connection[Any], criteria: Criteria, *, limit: int, after: str | None = None,
         reach: int = pages.REACH) -> pages.Page[Line]:  # fmt: skip
    """At most `limit` messages after the one with the id `after`."""
    given = {f.name: getattr(criteria, f.name) for f in fields(criteria) if getattr(criteria, f.name) is not None}
    stretch = ["stretch_all", *("stretch_" + name for name in _IN_STRETCH if name in given)]
    parameters = dict(given)
    if criteria.since is not None:
        stretch.append("stretch_since")
        parameters["first"] = id_at(criteria.since - _SLACK)
    if criteria.until is not None:
        stretch.append("stretch_until")
        parameters["last"] = id_at(criteria.until + _SLACK)
    if after is not None:
        stretch.append("stretch_after")
        parameters["after"] = ids.parse(after)
    narrowed = ["narrow_all", *("narrow_" + name for name in given if name not in _IN_STRETCH)]
    return pages.read(connection, Line, "browse", stretch, narrowed, parameters, limit=limit, reach=reach)


def caused(connection: Connection[Any], message_id: str, subjects: Sequence[str | None]) -> list[Caused]:
    """The events that a message caused. subjects: the referral and the patient that it is about."""
    parameters = {"message_id": message_id, "subjects": [UUID(subject) for subject in subjects if subject]}
    with connection.cursor(row_factory=class_row(Caused)) as cursor:
        return cursor.execute(blocks("admin")["caused"], parameters).fetchall()


def standing(connection: Connection[Any], referral_id: str) -> Standing | None:
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(blocks("admin")["referral_of"], {"id": ids.parse(referral_id)}).fetchone()


def part(connection: Connection[Any], message_id: str, name: Part) -> bytes | None:
    """One part of a message as stored; None where there is no such message, or it has no such part."""
    row = connection.execute(blocks("admin")[f"part_{name}"], {"id": ids.parse(message_id)}).fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


def id_at(time: datetime) -> UUID:
    """The least id that is made at this time (UUIDv7: milliseconds first)."""
    return UUID(int=min(max(int(time.timestamp() * 1000), 0), (1 << 48) - 1) << 80)
