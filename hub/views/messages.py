"""Messages as received, for whoever runs the hub (`referral-hub messages`); they carry patient data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks
from hub.views import ids


@dataclass(frozen=True, slots=True)
class Listed:
    """One message in a list. error: why it was refused or parked, None where it was not."""

    id: str
    received_at: datetime
    organization: str | None
    channel: str
    format: str
    type: str
    control_id: str
    status: str
    referral_id: str | None
    error: Any


@dataclass(frozen=True, slots=True)
class Message:
    """All of one message. code: AA, AE, AR, CA, CE, CR or the HTTP status of its answer; application_acknowledgement:
    what followed the first answer (enhanced mode, replay)."""

    id: str
    received_at: datetime
    processed_at: datetime | None
    organization: str | None
    channel: str
    format: str
    type: str
    version: str
    charset: str
    application: str
    facility: str
    control_id: str
    status: str
    code: str | None
    patient_id: str | None
    referral_id: str | None
    error: Any
    raw: bytes
    acknowledgement: bytes | None
    application_acknowledgement: bytes | None
    bundle: Any
    ledger: Any


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to list: all that is given must agree. organization: CODE; after: id of the last one of the page before."""

    ids: Sequence[str] | None = None
    organization: str | None = None
    status: str | None = None
    type: str | None = None
    control_id: str | None = None
    since: datetime | None = None
    after: str | None = None


def listing(connection: Connection[Any], criteria: Criteria, *, limit: int) -> list[Listed]:
    """At most `limit` messages, oldest first."""
    given = {f.name: getattr(criteria, f.name) for f in fields(criteria) if getattr(criteria, f.name) is not None}
    sql = blocks("views")
    where: LiteralString = " AND ".join(sql[name] for name in ("messages_all", *("messages_" + g for g in given)))
    query = sql["messages"] + " " + where + " " + sql["messages_order"]
    parameters = given | {"limit": limit}
    if criteria.after is not None:
        parameters["after"] = ids.parse(criteria.after)
    if criteria.ids is not None:
        parameters["ids"] = ids.known(criteria.ids)
    with connection.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(query, parameters).fetchall()


def read(connection: Connection[Any], message_id: str) -> Message | None:
    """The message with its bytes, answer, Bundle and ledger; None: no such message."""
    with connection.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(blocks("views")["message"], {"id": ids.parse(message_id)}).fetchone()
