"""What the administrator's pages do beyond the database; given by the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from hub.domain.messages import Receipt
from hub.domain.positions import Readers


@dataclass(frozen=True, slots=True)
class LineReplay:
    """The newest replay of dead letters. subject: of one line, None for all; processed, failed: events so far;
    fault: why the command itself failed, None where it did not; ended_at: None while it runs."""

    subject: str | None
    started_at: datetime
    ended_at: datetime | None = None
    processed: int = 0
    failed: int = 0
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Commands:
    """consumer: the worker's name. readers: what Kafka said last, at once; codec: Python's of a character set's name,
    None where the hub decodes none such; replay_message: of a message by id, as `referral-hub messages replay`, raises
    Refused and Unavailable; replay_lines: begin `referral-hub dead-letters replay` of one line or all, False while
    another runs; line_replay: the newest, None before the first.

    replay_delivery, skip_delivery: of a delivery by its number, whether it was one that waits for it;
    pause_destination, resume_destination: of an organization by its id, by the destination's name, raise Refused; all
    in the caller's transaction."""

    consumer: str
    readers: Callable[[], Readers]
    codec: Callable[[str], str | None]
    replay_message: Callable[[str], Receipt]
    replay_lines: Callable[[str | None], bool]
    line_replay: Callable[[], LineReplay | None]
    replay_delivery: Callable[[Connection[Any], int], bool]
    skip_delivery: Callable[[Connection[Any], int], bool]
    pause_destination: Callable[[Connection[Any], int, str], None]
    resume_destination: Callable[[Connection[Any], int, str], None]
