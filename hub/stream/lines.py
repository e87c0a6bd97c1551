"""Each event in its lines: processed once, in order, or parked without holding up the others.

A line is what an event concerns (a referral). An event may stand in several lines (new history of a patient with two
referrals); in each it is processed or parked by itself. Where an event of a line is parked, later ones queue behind it
(`dead_letters` without cause) until a replay, which keeps the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, Protocol

import structlog
import uuid_utils
from psycopg import Connection
from psycopg.errors import UniqueViolation

from hub.domain.errors import Unavailable
from hub.domain.events import Event
from hub.store.connections import encode
from hub.store.sql import blocks
from hub.stream.backoff import TRANSIENT

_SQL = blocks("stream")
_log = structlog.get_logger()

UNREADABLE = "unreadable"
"""Type that stands for a record that holds no event; it can only be parked."""


class Handler(Protocol):
    """What a consumer does with events."""

    def lines(self, connection: Connection[Any], event: Event) -> Sequence[str]:
        """Ids of what the event concerns; none: nothing is to be done."""
        ...

    def handle(self, connection: Connection[Any], line: str, events: Sequence[Event]) -> None:
        """The effect of these events, in order, on one line, in the caller's transaction."""
        ...


class Connections(Protocol):
    """A pool of connections."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one dead letter. cause: None when it is processed."""

    id: int
    subject: str
    event_id: str
    cause: str | None


class Lines:
    """The events of one consumer. name: under which it remembers what it has dealt with."""

    def __init__(self, connections: Connections, name: str, handler: Handler) -> None:
        self._connections = connections
        self._name = name
        self._handler = handler

    def process(self, events: Sequence[Event]) -> None:
        """Deal with each event that is new: effect and mark in one transaction, a line after the other.

        Raises what `TRANSIENT` lists (call again with the same events); every other error parks the event.
        """
        with self._connections.connection() as connection:
            fresh = self._unseen(connection, events)
            standing = {event.id: self._lines(connection, event) for event in fresh}
            queues: dict[str, list[Event]] = {}
            for event in fresh:
                for line in standing[event.id]:
                    queues.setdefault(line, []).append(event)
            self._deal_with(connection, [event for event in fresh if not standing[event.id]])
            for line, queued in queues.items():
                self._process(connection, line, queued, standing)

    def replay(self, subject: str | None = None) -> Iterator[Replayed]:
        """Process what is parked, of one subject or of all, each in its order, up to the first that fails again."""
        with self._connections.connection() as connection:
            subjects = [subject] if subject else self._parked_subjects(connection)
            for line in subjects:
                while (done := self._replay_next(connection, line)) is not None:
                    yield done
                    if done.cause is not None:
                        break

    def _unseen(self, connection: Connection[Any], events: Sequence[Event]) -> list[Event]:
        distinct = {event.id: event for event in reversed(events)}
        with connection.transaction():
            rows = connection.execute(_SQL["seen"], (self._name, list(distinct))).fetchall()
        for row in rows:
            del distinct[row[0]]
        return list(reversed(distinct.values()))

    def _lines(self, connection: Connection[Any], event: Event) -> set[str]:
        if event.type == UNREADABLE:
            return {event.subject}
        with connection.transaction():
            return set(self._handler.lines(connection, event))

    def _process(self, connection: Connection[Any], line: str, events: list[Event],
                 standing: dict[str, set[str]]) -> None:  # fmt: skip
        last = [event for event in events if standing[event.id] == {line}]
        try:
            with connection.transaction():
                if self._waits(connection, line):
                    for event in events:
                        self._park(connection, line, event, None)
                else:
                    self._handle(connection, line, events)
                self._mark(connection, last)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - parked
            if len(events) > 1:
                for event in events:
                    self._process(connection, line, [event], standing)
                return
            with connection.transaction():
                self._waits(connection, line)
                self._park(connection, line, events[0], cause(error))
                self._mark(connection, last)
        for event in events:
            standing[event.id].discard(line)

    def _handle(self, connection: Connection[Any], line: str, events: Sequence[Event]) -> None:
        if any(event.type == UNREADABLE for event in events):
            raise ValueError("the record is no CloudEvent")
        self._handler.handle(connection, line, events)

    def _waits(self, connection: Connection[Any], line: str) -> bool:
        connection.execute(_SQL["hold_line"], (self._name, line))
        row = connection.execute(_SQL["line_waits"], (self._name, line)).fetchone()
        return row is not None and bool(row[0])

    def _deal_with(self, connection: Connection[Any], events: Sequence[Event]) -> None:
        with connection.transaction():
            self._mark(connection, events)

    def _mark(self, connection: Connection[Any], events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            connection.execute(_SQL["dealt_with"], (self._name, [event.id for event in events]))
        except UniqueViolation as error:
            raise Unavailable("another process is dealing with the same events") from error

    def _park(self, connection: Connection[Any], line: str, event: Event, why: str | None) -> None:
        letter = encode(event.cloudevent(0)).decode()
        connection.execute(_SQL["park"], (self._name, line, event.id, letter, why))
        told = {"consumer": self._name, "event_id": event.id, "event_type": event.type, "cause": why}
        append(connection, "dead-letter.parked.v1", line, told)
        _log.error("event parked", consumer=self._name, event_id=event.id, subject=line, cause=why)

    def _parked_subjects(self, connection: Connection[Any]) -> list[str]:
        with connection.transaction():
            return [row[0] for row in connection.execute(_SQL["parked_subjects"], (self._name,)).fetchall()]

    def _replay_next(self, connection: Connection[Any], line: str) -> Replayed | None:
        with connection.transaction():
            self._waits(connection, line)
            row = connection.execute(_SQL["first_parked"], (self._name, line)).fetchone()
            if row is None:
                return None
            event = read(row[1])
            try:
                with connection.transaction():
                    self._handle(connection, line, [event])
            except TRANSIENT:
                raise
            except Exception as error:  # noqa: BLE001 - stays parked
                connection.execute(_SQL["parked_again"], (cause(error), row[0]))
                return Replayed(row[0], line, event.id, cause(error))
            connection.execute(_SQL["replayed"], (row[0],))
            return Replayed(row[0], line, event.id, None)


def read(cloudevent: dict[str, Any]) -> Event:
    """The event of a CloudEvent as published. Raises KeyError, TypeError, ValueError on anything else."""
    return Event(
        id=str(uuid_utils.UUID(cloudevent["id"])),
        type=str(cloudevent["type"]),
        subject=str(uuid_utils.UUID(cloudevent["subject"])),
        time=datetime.fromisoformat(cloudevent["time"]),
        data=dict(cloudevent["data"]),
    )


def append(connection: Connection[Any], type_: str, subject: str, data: dict[str, Any],
           organizations: Sequence[int] = ()) -> str:  # fmt: skip
    """Write an event of the hub's own into the outbox and wake the relay; returns its id."""
    event_id = str(uuid_utils.uuid7())
    row = (event_id, type_, subject, list(organizations), datetime.now(UTC), encode(data).decode())
    connection.execute(_SQL["append"], row)
    connection.execute(_SQL["wake"])
    return event_id


def cause(error: BaseException) -> str:
    """The error's class and where it was raised; never its text, which may hold patient data."""
    frames = extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{place}"
