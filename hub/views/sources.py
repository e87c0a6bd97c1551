"""Messages that a record cites, with their bytes. Who may read the record may read these, and no other by its id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.domain.messages import Format
from hub.store.sql import blocks
from hub.views import ids


@dataclass(frozen=True, slots=True)
class CitedMessage:
    """One message. charset: as it or its sender's registration names it; strangers: whether it brought something of
    another patient too."""

    id: str
    received_at: datetime
    organization: str | None
    channel: str
    format: Format
    type: str
    control_id: str
    charset: str | None
    raw: bytes
    strangers: bool


def read(connection: Connection[Any], patient_id: str, message_ids: Iterable[str]) -> dict[str, CitedMessage]:
    """The messages by their ids, as they concern the patient."""
    given = {"ids": ids.known(message_ids), "patient_id": patient_id}
    with connection.cursor(row_factory=class_row(CitedMessage)) as cursor:
        return {m.id: m for m in cursor.execute(blocks("views")["cited_messages"], given)}


def names(connection: Connection[Any], message_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Type and control id of the messages, by their ids."""
    rows = connection.execute(blocks("views")["message_names"], {"ids": ids.known(message_ids)}).fetchall()
    return {name: (kind, control_id) for name, kind, control_id in rows}
