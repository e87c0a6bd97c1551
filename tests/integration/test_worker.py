"""Events in their lines: effect once, poison parked alone, replay in order; on real PostgreSQL and a real broker."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from hub.domain.errors import Unavailable
from hub.domain.events import DEAD_LETTERS, REFERRALS, Event
from hub.store.connections import connect, pool
from hub.stream import dead_letters, topics
from hub.stream.broker import Broker
from hub.stream.consumer import Consumer
from hub.stream.lines import Lines
from tests.integration.streams import events, eventually, parties, published, relaying, write

NAME = "test"


class Noting:
    """A handler that notes what it gets, in a table of its own, and fails as told."""

    def __init__(self) -> None:
        self.poison: set[tuple[str, int]] = set()
        self.away = 0
        self.calls = 0
        self.second_line: dict[str, str] = {}

    def lines(self, connection: psycopg.Connection[Any], event: Event) -> Sequence[str]:
        return [event.subject, *([self.second_line[event.subject]] if event.subject in self.second_line else [])]

    def handle(self, connection: psycopg.Connection[Any], line: str, events: Sequence[Event]) -> None:
        self.calls += 1
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        for event in events:
            connection.execute("INSERT INTO noted VALUES (%s, %s)", (line, event.data["version"]))
            if (line, event.data["version"]) in self.poison:
                raise KeyError("330102195501011234")


@pytest.fixture
def connections(database: str) -> Iterator[ConnectionPool[psycopg.Connection[Any]]]:
    with connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE noted (line uuid, version integer, id bigserial)")
    with pool(database, 3, name="test") as opened:
        yield opened


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database, autocommit=True) as opened:
        yield opened


def _event(subject: str, version: int) -> Event:
    return Event(str(uuid.uuid4()), "referral.amended.v1", subject, datetime.now(UTC), {"version": version})


def _noted(connection: psycopg.Connection[Any], line: str) -> list[int]:
    rows = connection.execute("SELECT version FROM noted WHERE line = %s ORDER BY id", (line,)).fetchall()
    return [row[0] for row in rows]


def _subject() -> str:
    return str(uuid.uuid4())


Pool = ConnectionPool[psycopg.Connection[Any]]


def test_an_event_delivered_again_has_no_second_effect(connections: Pool, connection: psycopg.Connection[Any]) -> None:
    handler, subject = Noting(), _subject()
    first, second = _event(subject, 1), _event(subject, 2)
    Lines(connections, NAME, handler).process([first, first, second])
    Lines(connections, NAME, handler).process([first, second])
    assert _noted(connection, subject) == [1, 2]


def test_a_poison_event_parks_its_referral_only_and_later_events_queue_behind(
    connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    handler, ill, well = Noting(), _subject(), _subject()
    handler.poison = {(ill, 2)}
    lines = Lines(connections, NAME, handler)
    lines.process([_event(subject, version) for version in (1, 2, 3) for subject in (ill, well)])
    lines.process([_event(ill, 4), _event(well, 4)])
    assert _noted(connection, ill) == [1]
    assert _noted(connection, well) == [1, 2, 3, 4]
    parked = dead_letters.waiting(connection)
    assert [letter.subject for letter in parked] == [ill, ill, ill]
    assert [bool(letter.cause) for letter in parked] == [True, False, False]
    assert parked[0].cause is not None
    assert parked[0].cause.startswith("KeyError at test_worker.py:")
    told = connection.execute("SELECT data FROM outbox WHERE type = 'dead-letter.parked.v1' ORDER BY id").fetchall()
    assert [row[0]["event_id"] for row in told] == [letter.event_id for letter in parked]


def test_a_replay_keeps_the_order_and_stops_at_what_fails_again(
    connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    handler, ill = Noting(), _subject()
    handler.poison = {(ill, 1), (ill, 3)}
    lines = Lines(connections, NAME, handler)
    lines.process([_event(ill, version) for version in (1, 2, 3, 4)])
    handler.poison = {(ill, 3)}
    assert [bool(done.cause) for done in lines.replay()] == [False, False, True]
    lines.process([_event(ill, 5)])
    handler.poison = set()
    assert [done.cause for done in lines.replay(ill)] == [None, None, None]
    lines.process([_event(ill, 6)])
    assert _noted(connection, ill) == [1, 2, 3, 4, 5, 6]
    assert dead_letters.waiting(connection) == []


def test_what_is_away_is_waited_for_and_nothing_is_parked(
    connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    handler, subject = Noting(), _subject()
    handler.away = 1
    lines, both = Lines(connections, NAME, handler), [_event(subject, 1), _event(subject, 2)]
    with pytest.raises(Unavailable):
        lines.process(both)
    lines.process(both)
    assert _noted(connection, subject) == [1, 2]
    assert dead_letters.waiting(connection) == []


def test_an_event_of_two_lines_is_parked_in_one_and_processed_in_the_other(
    connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    handler, patient, other = Noting(), _subject(), _subject()
    handler.second_line = {patient: other}
    handler.poison = {(patient, 1)}
    lines, event = Lines(connections, NAME, handler), _event(patient, 1)
    lines.process([event])
    lines.process([event])
    assert _noted(connection, other) == [1]
    assert [(letter.subject, letter.event_id) for letter in dead_letters.waiting(connection)] == [(patient, event.id)]


@contextlib.contextmanager
def _consuming(broker: Broker, lines: Lines, group: str | None, name: str) -> Iterator[None]:
    stop, ready = threading.Event(), threading.Event()
    consumer = Consumer(broker, (REFERRALS,), lines.process, name=name, group=group, wait=stop.wait)
    thread = threading.Thread(target=consumer.run, args=(stop, ready.set))
    thread.start()
    try:
        assert ready.wait(60)
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize("group", [False, True], ids=["assigned", "group"])
def test_a_consumer_takes_each_event_once_also_after_a_restart(
    group: bool, database: str, kafka: str, connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    broker, both, subjects = Broker(kafka), parties(database), [_subject() for _ in range(3)]
    name = f"consumer-{uuid.uuid4()}"
    lines = Lines(connections, NAME, Noting())

    def arrived(count: int) -> bool:
        return all(_noted(connection, subject) == list(range(1, count + 1)) for subject in subjects)

    with relaying(database, broker):
        for count in (4, 8):
            with _consuming(broker, lines, name if group else None, name):
                for number in range(12):
                    write(connection, subjects[number % 3], count - 3 + number // 3, both.ids)
                eventually(lambda count=count: arrived(count))
    assert arrived(8)


def test_what_was_parked_is_told_in_its_topic_without_the_error_text(
    database: str, kafka: str, connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    handler, ill = Noting(), _subject()
    handler.poison = {(ill, 1)}
    parties(database)
    with relaying(database, Broker(kafka)):
        Lines(connections, NAME, handler).process([_event(ill, 1)])
        eventually(lambda: published(database))
    (told,) = [event for event in events(Broker(kafka), DEAD_LETTERS) if event["subject"] == ill]
    assert told["type"] == "dead-letter.parked.v1"
    assert "330102195501011234" not in str(told)


def test_a_topic_that_the_broker_does_not_tell_yet_is_waited_for(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several brokers one may not know yet what another has made; without it the topic would never be read."""
    broker, name, waits = Broker(kafka), f"late-{uuid.uuid4().hex[:8]}.v1", []
    consumer = Consumer(broker, [name], lambda _: None, name=name, wait=waits.append)
    with monkeypatch.context() as patched:
        patched.setattr(topics, "ensure", lambda *_: ())
        consumer.step()
        assert len(waits) == 1
    topics.ensure(broker, [name])
    eventually(lambda: consumer.step() == 0 and consumer._consumer and consumer._consumer.assignment())
    consumer.close()


def test_a_consumer_survives_a_restart_of_postgresql(
    database: str, kafka: str, connections: Pool, connection: psycopg.Connection[Any]
) -> None:
    broker, both, subject = Broker(kafka), parties(database), _subject()
    lines, name = Lines(connections, NAME, Noting()), f"consumer-{uuid.uuid4()}"
    with relaying(database, broker), _consuming(broker, lines, None, name):
        for version in range(1, 41):
            write(connection, subject, version, both.ids)
            if version % 10 == 0:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        eventually(lambda: _noted(connection, subject) == list(range(1, 41)))
    assert dead_letters.waiting(connection) == []
