"""Dead letters by the line that they hold up: what could not be processed, why, and what queues behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks


@dataclass(frozen=True, slots=True)
class Letter:
    """One event in its line. event: its CloudEvent; cause: None where it queues behind an earlier one."""

    id: int
    consumer: str
    subject: str
    event_id: str
    event: Any
    cause: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """subject: the referral (or patient) that waits; behind: events that queue behind the first; lines: how many lines
    wait in all; state, sender, receiver: of the referral where it is one."""

    consumer: str
    subject: str
    id: int
    behind: int
    since: datetime
    lines: int
    state: str | None
    sender: str | None
    receiver: str | None


def lines(connection: Connection[Any], *, limit: int) -> list[Line]:
    """The lines that wait, the oldest first."""
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(blocks("admin")["waiting_lines"], {"limit": limit}).fetchall()


def letters(connection: Connection[Any], of: Sequence[Line], *, limit: int) -> dict[tuple[str, str], list[Letter]]:
    """The first events of each of these lines, by consumer and subject, in their order."""
    parameters = {
        "consumers": [line.consumer for line in of],
        "subjects": [line.subject for line in of],
        "limit": limit,
    }
    found: dict[tuple[str, str], list[Letter]] = {}
    with connection.cursor(row_factory=class_row(Letter)) as cursor:
        for letter in cursor.execute(blocks("admin")["waiting_letters"], parameters):
            found.setdefault((letter.consumer, letter.subject), []).append(letter)
    return found


def waits(connection: Connection[Any], consumer: str, subject: str | None) -> bool:
    """Whether events of the consumer wait, in this line or (None) in any."""
    row = connection.execute(blocks("admin")["line_is_waiting"], {"consumer": consumer, "subject": subject}).fetchone()
    return row is not None and bool(row[0])
