"""The relay on real PostgreSQL, against Apache Kafka (where it is) and the embedded broker."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka.errors import KafkaError

from hub.domain.events import FRAGMENTS, REFERRALS
from hub.store.connections import connect
from hub.stream.broker import DELIVERY_SECONDS, Broker
from hub.stream.outbox import Outbox
from tests.conftest import APACHE_KAFKA, free_port
from tests.integration.streams import (
    OwnBroker,
    Parties,
    events,
    eventually,
    firsts,
    parties,
    published,
    records,
    relaying,
    write,
)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with OwnBroker(free_port(), tmp_path_factory.mktemp("tansu"), embedded=True) as own:
        yield own.broker


@pytest.fixture(params=["configured", "embedded"])
def broker(request: pytest.FixtureRequest) -> Broker:
    if request.param == "embedded":
        found: Broker = request.getfixturevalue("embedded")
        return found
    return Broker(request.getfixturevalue("kafka"))


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database, autocommit=True) as opened:
        yield opened


def _subject() -> str:
    return str(uuid.uuid4())


def _of(found: list[dict[str, Any]], subject: str) -> list[dict[str, Any]]:
    return [event for event in found if event["subject"] == subject]


def test_an_event_stands_in_its_topic_and_in_those_of_both_organisations(
    database: str, broker: Broker, connection: psycopg.Connection[Any]
) -> None:
    both, subject, patient = parties(database), _subject(), _subject()
    with relaying(database, broker):
        event_id = write(connection, subject, 1, both.ids)
        write(connection, patient, 0, (), "fragment.received.v1")
        eventually(lambda: published(database))
    (record,) = [r for r in records(broker, REFERRALS) if r.key == subject.encode()]
    assert record.headers == [("content-type", b"application/cloudevents+json")]
    assert len(_of(events(broker, FRAGMENTS), patient)) == 1
    for topic in both.topics:
        (event,) = events(broker, topic)
        assert (event["id"], event["sequence"], event["type"]) == (event_id, f"{1:019d}", "referral.amended.v1")


def test_a_referral_keeps_its_order_and_an_organisation_counts_without_gap(
    database: str, broker: Broker, connection: psycopg.Connection[Any]
) -> None:
    both, subjects = parties(database), [_subject() for _ in range(7)]
    with relaying(database, broker):
        for number in range(210):
            write(connection, subjects[number % 7], number // 7 + 1, both.ids)
        eventually(lambda: published(database))
    for subject in subjects:
        versions = [event["data"]["version"] for event in _of(events(broker, REFERRALS), subject)]
        assert versions == list(range(1, 31))
    for topic in both.topics:
        assert [int(event["sequence"]) for event in events(broker, topic)] == list(range(1, 211))


def test_a_new_organisation_gets_a_topic_of_one_partition(database: str, broker: Broker) -> None:
    with relaying(database, broker) as running:
        eventually(lambda: running.relay.standing.kafka)
        (topic,) = parties(database, 1).topics
        consumer = broker.consumer()
        eventually(lambda: consumer.partitions_for_topic(topic))
        assert consumer.partitions_for_topic(topic) == {0}
        consumer.close()


def test_an_event_is_sent_as_soon_as_its_writer_says_so(
    database: str, kafka: str, connection: psycopg.Connection[Any]
) -> None:
    both = parties(database)
    with relaying(database, Broker(kafka)) as running:
        eventually(lambda: running.relay.standing.kafka)
        write(connection, _subject(), 1, both.ids)
        eventually(lambda: published(database))
        start = time.monotonic()
        write(connection, _subject(), 1, both.ids)
        eventually(lambda: published(database))
        assert time.monotonic() - start < 0.6


def test_what_an_earlier_leader_positioned_is_sent_first_with_the_same_position(
    database: str, kafka: str, connection: psycopg.Connection[Any]
) -> None:
    both, subject = parties(database), _subject()
    late = connection.execute("SELECT nextval(pg_get_serial_sequence('outbox', 'id'))").fetchone()
    written = [write(connection, subject, version, both.ids) for version in (1, 2, 3)]
    assert len(Outbox(connection).advance([])) == 3
    connection.execute(
        "INSERT INTO outbox (id, event_id, type, subject, organizations, occurred_at, data) OVERRIDING SYSTEM VALUE"
        " VALUES (%s, %s, 'referral.amended.v1', %s, %s, now(), '{\"version\": 1}')",
        (late[0] if late else 0, str(uuid.uuid4()), _subject(), list(both.ids)),
    )
    with relaying(database, Broker(kafka)):
        eventually(lambda: published(database))
    delivered = events(Broker(kafka), both.topics[0])
    assert [event["id"] for event in delivered[:3]] == written
    assert [int(event["sequence"]) for event in delivered] == [1, 2, 3, 4]


def _leaders(connection: psycopg.Connection[Any]) -> list[int]:
    return [
        row[0]
        for row in connection.execute(
            "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'referral-hub relay'"
            " AND a.datname = current_database()"
        ).fetchall()
    ]


def test_another_relay_takes_over_when_the_leader_loses_its_session(
    database: str, kafka: str, connection: psycopg.Connection[Any]
) -> None:
    both, subjects = parties(database), [_subject() for _ in range(5)]
    broker, done = Broker(kafka), threading.Event()

    def keep_writing() -> None:
        with connect(database, autocommit=True) as own:
            for number in range(300):
                write(own, subjects[number % 5], number // 5 + 1, both.ids)
                time.sleep(0.005)
        done.set()

    writer = threading.Thread(target=keep_writing)
    with relaying(database, broker) as one, relaying(database, broker) as two:
        eventually(lambda: one.relay.standing.kafka or two.relay.standing.kafka)
        writer.start()
        killed = set()
        while not done.wait(0.35):
            assert len(_leaders(connection)) <= 1
            for pid in _leaders(connection):
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
                killed.add(pid)
        writer.join()
        eventually(lambda: published(database))
        assert one.relay.standing.leader != two.relay.standing.leader
    assert len(killed) >= 2
    _check_nothing_lost(broker, both, subjects, 60)


def _check_nothing_lost(broker: Broker, both: Parties, subjects: list[str], versions: int) -> None:
    """First deliveries: every version in order, every position in order, in each topic."""
    internal = firsts(events(broker, REFERRALS))
    for subject in subjects:
        assert [event["data"]["version"] for event in _of(internal, subject)] == list(range(1, versions + 1))
    for topic in both.topics:
        own = firsts(events(broker, topic))
        assert [int(event["sequence"]) for event in own] == list(range(1, versions * len(subjects) + 1))


@pytest.mark.skipif(not APACHE_KAFKA.exists(), reason="the embedded broker keeps nothing; the next test is its own")
def test_events_wait_for_kafka_and_follow_in_order(
    database: str, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    both, subjects = parties(database), [_subject() for _ in range(5)]
    with OwnBroker(free_port(2), tmp_path, embedded=False) as own, relaying(database, own.broker) as running:
        for number in range(50):
            write(connection, subjects[number % 5], number // 5 + 1, both.ids)
        eventually(lambda: published(database))
        for number in range(50, 100):
            if number == 60:
                own.kill()
            write(connection, subjects[number % 5], number // 5 + 1, both.ids)
        assert not published(database)
        own.start()
        eventually(lambda: published(database))
        eventually(lambda: running.relay.standing.kafka)
        _check_nothing_lost(own.broker, both, subjects, 20)


def test_a_wave_that_expires_while_kafka_hangs_is_sent_when_it_goes_on(
    database: str, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """kafka-python's producer waits for ever when the batch of one partition expires a little before another's."""
    both, subjects = parties(database), [_subject() for _ in range(200)]
    with OwnBroker(free_port(), tmp_path, embedded=True) as own, relaying(database, own.broker) as running:
        write(connection, subjects[0], 1, both.ids)
        eventually(lambda: published(database))
        own.signal(signal.SIGSTOP)
        with connection.transaction():
            for subject in subjects[1:]:
                write(connection, subject, 1, both.ids)
        eventually(lambda: running.relay.standing.kafka is False, DELIVERY_SECONDS + 5)
        own.signal(signal.SIGCONT)
        eventually(lambda: published(database))
        _check_nothing_lost(own.broker, both, subjects, 1)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("kafka-")]


def test_an_organisation_registered_while_topics_are_looked_at_is_no_fault(
    database: str, connection: psycopg.Connection[Any]
) -> None:
    outbox = Outbox(connection)
    known = {*outbox.topics(), FRAGMENTS, REFERRALS}
    parties(database)
    assert set(outbox.published()) <= known
    outbox.topics()
    assert len(outbox.published().keys() - known) == 2


def test_a_client_that_finds_no_broker_leaves_no_thread() -> None:
    away = Broker(f"127.0.0.1:{free_port()}")
    before = threading.active_count()
    for client in (away.admin, away.consumer, away.producer):
        with pytest.raises(KafkaError):
            client()
    assert threading.active_count() == before


def test_a_broker_that_forgets_gets_all_again_with_the_same_ids_and_positions(
    database: str, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    both, subjects = parties(database), [_subject() for _ in range(5)]
    with OwnBroker(free_port(), tmp_path, embedded=True) as own, relaying(database, own.broker):
        for number in range(50):
            write(connection, subjects[number % 5], number // 5 + 1, both.ids)
        eventually(lambda: published(database))
        before = [firsts(events(own.broker, topic)) for topic in (*both.topics, REFERRALS)]
        own.kill()
        own.start()
        write(connection, subjects[0], 11, both.ids)
        eventually(lambda: published(database), 40)
        after = [events(own.broker, topic) for topic in (*both.topics, REFERRALS)]
    assert [len(found) for found in after] == [51, 51, 51]
    assert after[0][:50] == before[0]
    assert after[1][:50] == before[1]
    assert {event["id"] for event in before[2]} < {event["id"] for event in after[2]}


@pytest.mark.skipif(not APACHE_KAFKA.exists(), reason="the embedded broker knows no log-in")
def test_the_hub_logs_in_where_the_broker_asks_for_it(
    database: str, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    both, port = parties(database), free_port(2)
    security = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "hub",
        "sasl_plain_password": "hub-secret",
    }
    secure = ["--config", str(APACHE_KAFKA.with_name("secure.properties"))]
    with OwnBroker(port, tmp_path, embedded=False, options=secure) as own:
        broker = Broker(own.broker.address, security)
        with relaying(database, broker):
            event_id = write(connection, _subject(), 1, both.ids)
            eventually(lambda: published(database))
        assert [event["id"] for event in events(broker, both.topics[0])] == [event_id]
