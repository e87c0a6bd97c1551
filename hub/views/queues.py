"""What waits in the hub now, for whoever runs it: messages, events, dead letters, referrals nobody has taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.domain.events import organization_topic
from hub.domain.positions import Reader, Readers
from hub.store.sql import blocks
from hub.views.browsing import id_at

REACH = 2_000
"""Newest published events among which those that the worker has not dealt with are counted."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the oldest does."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """One cause for which messages were refused. organization: CODE, None where nobody was known."""

    organization: str | None
    type: str
    code: str
    path: str
    messages: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Outbox:
    """waiting: for the broker; published: the newest confirmation; relay: since when a relay leads, None: none does."""

    waiting: Waiting
    published: datetime | None
    relay: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events that a consumer has not dealt with, among the newest `looked_at`; newest: when it dealt with one last."""

    waiting: Waiting
    looked_at: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Letters:
    """Dead letters of one consumer. lines: referrals (or patients) that they hold up."""

    consumer: str
    waiting: Waiting
    lines: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """Referrals at one receiver that it has not taken in (requested), or not decided on (received)."""

    code: str
    name: str
    requested: int
    requested_since: datetime | None
    received: int
    received_since: datetime | None


@dataclass(frozen=True, slots=True)
class Stream:
    """An organisation's own stream. last_sequence: its newest position; heard: when it sent something last."""

    code: str
    name: str
    kind: str
    last_sequence: int
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class Follower:
    """An organisation's own stream and the groups that follow it."""

    stream: Stream
    readers: Sequence[Reader]


@dataclass(frozen=True, slots=True)
class Queues:
    """All of it at one time. messages: by status (stored, parked, incomplete)."""

    messages: Mapping[str, Waiting]
    refused: list[Refused]
    outbox: Outbox
    worker: Backlog
    letters: list[Letters]
    undecided: list[Undecided]
    streams: list[Stream]


def read(connection: Connection[Any], consumer: str, now: datetime) -> Queues:
    """consumer: the name under which the worker remembers what it has dealt with."""
    sql = blocks("admin")
    messages = {s: Waiting(count, since) for s, count, since in connection.execute(sql["stuck_messages"])}
    [(waiting, oldest, published, relay)] = connection.execute(sql["stuck_outbox"]).fetchall()
    parameters = {"consumer": consumer, "reach": REACH}
    [(undone, since, looked_at, newest)] = connection.execute(sql["unprocessed"], parameters).fetchall()
    letters = [Letters(c, Waiting(n, s), lines) for c, n, lines, s in connection.execute(sql["dead_letter_counts"])]
    return Queues(
        messages,
        _rows(connection, Refused, "refused_lately", {"since": id_at(now - timedelta(days=1))}),
        Outbox(Waiting(waiting, oldest), published, relay),
        Backlog(Waiting(undone, since), looked_at, newest),
        letters,
        _rows(connection, Undecided, "waiting_referrals", {}),
        _rows(connection, Stream, "streams", {}),
    )


def streams(connection: Connection[Any]) -> list[Stream]:
    """Each organisation's own stream, by code."""
    return _rows(connection, Stream, "streams", {})


def followers(streams: Sequence[Stream], told: Readers) -> list[Follower]:
    """Each organisation with its own groups. What the broker says of the end is not less than what was given to it."""
    of: dict[str, list[Reader]] = {}
    for reader in told.readers:
        of.setdefault(reader.topic, []).append(reader)
    return [
        Follower(stream, [
            Reader(r.topic, r.group, r.committed, max(r.end, stream.last_sequence))
            for r in of.get(organization_topic(stream.code), ())
        ])
        for stream in streams
    ]  # fmt: skip


def messages_by_day(connection: Connection[Any], now: datetime) -> dict[str, tuple[int, int]]:
    """Messages of the last day and of the last seven, by the sender's CODE."""
    parameters = {"day": id_at(now - timedelta(days=1)), "week": id_at(now - timedelta(days=7))}
    rows = connection.execute(blocks("admin")["messages_by_day"], parameters)
    return {code: (day, week) for code, day, week in rows}


def _rows(connection: Connection[Any], kind: type[Any], block: str, parameters: Mapping[str, Any]) -> list[Any]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(blocks("admin")[block], parameters).fetchall()
