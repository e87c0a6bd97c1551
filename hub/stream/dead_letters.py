"""The dead letters as they wait: what could not be processed, and what queues behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks

_SQL = blocks("stream")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event in one line. cause: error class and place; None: it queues behind an earlier one of its subject."""

    id: int
    consumer: str
    subject: str
    event_id: str
    type: str
    cause: str | None
    created_at: datetime


def waiting(connection: Connection[Any]) -> list[DeadLetter]:
    """All that have not been replayed, oldest first. `hub.stream.lines.Lines.replay` replays them."""
    with connection.cursor(row_factory=class_row(DeadLetter)) as cursor:
        return cursor.execute(_SQL["parked"]).fetchall()
