"""The outbox: events on their way to Kafka, and their places in the organisations' own streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple, cast

import msgspec
from psycopg import Connection

from hub.domain.events import TOPICS, Event, organization_topic
from hub.store.connections import decode, encode
from hub.store.sql import blocks
from hub.stream.producer import RECORD_BYTES, Record

ROUND = 1_800
"""Most events of one round: one transaction, then one sending."""

_SQL = blocks("stream")
_SHORT_BYTES = 4_096
_SEQUENCE = b'"sequence":"'


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the outbox and its records: one in its own topic, one in each of its organisations'."""

    id: int
    records: tuple[Record, ...]


class Outbox:
    """Reads, positions and confirms events over the leader's own connection (autocommit, which holds its lock)."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._codes: dict[int, str] = {}

    def topics(self) -> tuple[str, ...]:
        """Topics of all organisations, as they are registered now."""
        self._codes = dict(self._connection.execute(_SQL["organizations"]).fetchall())
        return tuple(organization_topic(code) for code in self._codes.values())

    def unconfirmed(self) -> list[Entry]:
        """What an earlier leader gave positions and did not confirm: the first to send, with the same positions."""
        rows = self._rows(_SQL["unconfirmed"], ())
        placed = self._connection.execute(_SQL["positions"], ([row[0] for row in rows],)).fetchall()
        return self._entries(rows, placed)

    def advance(self, confirmed: Sequence[Entry]) -> list[Entry]:
        """Confirm the last round and open the next, in one transaction: the positions given are kept for good."""
        with self._connection.transaction():
            if confirmed:
                self._connection.execute(_SQL["confirm"], ([entry.id for entry in confirmed],))
            rows = self._rows(_SQL["unpublished"], (ROUND,))
            wanted = [row[0] for row in rows if row[6]]
            placed: list[tuple[int, int, int]] = []
            if wanted:
                placed = self._connection.execute(_SQL["position"], (wanted,)).fetchall()
                self._connection.execute(_SQL["streams_grew"])
        return self._entries(rows, placed)

    def published(self) -> dict[str, int]:
        """How many records each topic must at least have got; of organisations registered since `topics()`, nothing."""
        counts = {TOPICS[family]: n for family, n in self._connection.execute(_SQL["published"]).fetchall()}
        for identifier, count in self._connection.execute(_SQL["delivered"]).fetchall():
            if identifier in self._codes:
                counts[organization_topic(self._codes[identifier])] = count
        return counts

    def again(self, topic: str) -> Iterator[list[Record]]:
        """All published records of one topic in their order, in portions."""
        owner = next((i for i, code in self._codes.items() if organization_topic(code) == topic), None)
        family = next((f for f, name in TOPICS.items() if name == topic), "")
        after = 0
        while True:
            sql, parameters = (
                (_SQL["again"], (after, family, ROUND)) if owner is None else (_SQL["again_for"], (owner, after, ROUND))
            )
            rows = self._rows(sql, parameters)
            if not rows:
                return
            partition = None if owner is None else 0
            yield [_Draft.of(_event(row)).record(row[0], topic, partition) for row in rows]
            after = rows[-1][0]

    def _rows(self, sql: LiteralString, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def _entries(self, rows: Iterable[tuple[Any, ...]], placed: Iterable[tuple[int, int, int]]) -> list[Entry]:
        places: dict[int, list[tuple[int, int]]] = {}
        for outbox_id, organization_id, sequence in placed:
            places.setdefault(outbox_id, []).append((organization_id, sequence))
        if any(o not in self._codes for found in places.values() for o, _ in found):
            self.topics()
        return [self._entry(row, places.get(row[0], ())) for row in rows]

    def _entry(self, row: tuple[Any, ...], places: Iterable[tuple[int, int]]) -> Entry:
        event = _event(row)
        draft = _Draft.of(event)
        own = [
            draft.record(sequence, organization_topic(self._codes[organization]), 0)
            for organization, sequence in places
        ]
        return Entry(row[0], (draft.record(row[0], event.topic), *own))


class _Draft(NamedTuple):
    """An event as JSON around the place of its sequence: encoded once for all of its topics."""

    key: bytes
    head: bytes
    tail: bytes

    @classmethod
    def of(cls, event: Event) -> _Draft:
        value = encode(event.cloudevent(0))
        if len(value) > RECORD_BYTES:
            value = encode(_shortened(event.cloudevent(0)))
        at = value.index(_SEQUENCE) + len(_SEQUENCE)
        return cls(event.subject.encode(), value[:at], value[at + 19 :])

    def record(self, sequence: int, topic: str, partition: int | None = None) -> Record:
        return Record(topic, self.key, b"%b%019d%b" % (self.head, sequence, self.tail), partition)


def _event(row: tuple[Any, ...]) -> Event:
    _, event_id, type_, subject, occurred_at, data, _ = row
    return Event(event_id, type_, subject, occurred_at, cast(dict[str, Any], msgspec.Raw(data)))


def _shortened(cloudevent: dict[str, Any]) -> dict[str, Any]:
    """Without the long values of its data, whose names it tells instead: no event is too large for Kafka."""
    data = decode(cloudevent["data"])
    long = sorted(name for name, value in data.items() if len(encode(value)) > _SHORT_BYTES)
    kept = {name: value for name, value in data.items() if name not in long}
    return cloudevent | {"data": kept | {"omitted": long}}
