"""`referral-hub subscribe` and the processes behind it, as real processes."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import TopicPartition

from hub.store.connections import connect
from hub.stream import broker as brokers
from hub.stream import subscription, topics
from hub.stream.broker import Broker
from hub.stream.producer import Publisher, Record
from tests.conftest import free_port
from tests.integration.streams import OwnBroker, Parties, eventually, parties, published, relaying, write


class Command:
    """A running `referral-hub` command whose lines are read as they come."""

    def __init__(self, broker: str, home: str, *words: str, database: str = "embedded") -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")} | {
            "REFERRAL_HUB_KAFKA": broker,
            "REFERRAL_HUB_HOME": home,
            "REFERRAL_HUB_DATABASE": database,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.processes.commands", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.told: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._hear, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def _hear(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line)

    def line(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.lines.get(timeout=60))
        return found

    def hears(self, words: str) -> bool:
        return any(words in line for line in self.told)


@contextmanager
def running(*words: str, broker: str, home: object, database: str = "embedded") -> Iterator[Command]:
    command = Command(broker, str(home), *words, database=database)
    try:
        yield command
    finally:
        command.process.kill()
        command.process.wait(10)


@pytest.fixture
def stream(database: str, kafka: str) -> Iterator[tuple[Parties, psycopg.Connection[Any]]]:
    both = parties(database)
    with relaying(database, Broker(kafka)) as relay, connect(database, autocommit=True) as connection:
        eventually(lambda: relay.relay.standing.kafka)
        yield both, connection


Stream = tuple[Parties, psycopg.Connection[Any]]


def test_a_subscriber_sees_what_happens_from_now_on_and_ends_cleanly(
    database: str, kafka: str, stream: Stream, tmp_path: object
) -> None:
    both, connection = stream
    write(connection, str(uuid.uuid4()), 1, both.ids)
    eventually(lambda: published(database))
    with running("subscribe", "--organization", both.codes[0], broker=kafka, home=tmp_path) as command:
        eventually(lambda: command.hears("following"))
        written = [write(connection, str(uuid.uuid4()), 1, both.ids) for _ in range(3)]
        assert [command.line()["id"] for _ in written] == written
        command.process.send_signal(signal.SIGTERM)
        assert command.process.wait(60) == 0


def test_from_the_beginning_it_sees_all_and_ends_at_its_count(
    database: str, kafka: str, stream: Stream, tmp_path: object
) -> None:
    both, connection = stream
    written = [write(connection, str(uuid.uuid4()), 1, both.ids) for _ in range(5)]
    eventually(lambda: published(database))
    words = ("subscribe", "--organization", both.codes[1].lower(), "--from-beginning", "--count", "4")
    with running(*words, broker=kafka, home=tmp_path) as command:
        assert command.process.wait(60) == 0
        lines = [command.line() for _ in range(4)]
    assert [line["id"] for line in lines] == written[:4]
    assert [line["sequence"] for line in lines] == [f"{n:019d}" for n in range(1, 5)]


def test_a_group_continues_where_it_left_off(database: str, kafka: str, stream: Stream, tmp_path: object) -> None:
    both, connection = stream
    written = [write(connection, str(uuid.uuid4()), 1, both.ids) for _ in range(6)]
    eventually(lambda: published(database))
    group = f"g-{uuid.uuid4()}"
    seen = []
    for _ in range(2):
        words = ("subscribe", "--organization", both.codes[0], "--group", group, "--from-beginning", "--count", "3")
        with running(*words, broker=kafka, home=tmp_path) as command:
            assert command.process.wait(60) == 0
            seen += [command.line()["id"] for _ in range(3)]
    assert seen == written


def test_a_subscriber_waits_for_a_topic_that_is_not_there_yet(kafka: str, database: str, tmp_path: object) -> None:
    code = f"T{uuid.uuid4().hex[:10]}"
    with running("subscribe", "--organization", code, broker=kafka, home=tmp_path) as command:
        eventually(lambda: command.hears("waiting for the topic"))
        with psycopg.connect(database) as connection:
            row = connection.execute(
                "INSERT INTO organizations (code, name, kind) VALUES (%s, %s, 'clinic') RETURNING id", (code, code)
            ).fetchone()
        assert row is not None
        with relaying(database, Broker(kafka)), connect(database, autocommit=True) as connection:
            event_id = write(connection, str(uuid.uuid4()), 1, (row[0],))
            assert command.line()["id"] == event_id


def test_a_subscriber_tells_that_kafka_is_not_there(tmp_path: object) -> None:
    with running("subscribe", "--organization", "A", broker="127.0.0.1:9", home=tmp_path) as command:
        assert command.process.wait(60) == 69
        time.sleep(0.1)
    assert command.hears("Kafka at 127.0.0.1:9")


def test_relays_are_ready_and_end_cleanly(database: str, kafka: str, tmp_path: object) -> None:
    parties(database)
    with running("relay", broker=kafka, home=tmp_path, database=database) as one:
        assert one.line() == {"ready": "relay", "kafka": kafka}
        with running("relay", broker=kafka, home=tmp_path, database=database) as other:
            assert other.line()["ready"] == "relay"
            for command in (other, one):
                command.process.send_signal(signal.SIGTERM)
                assert command.process.wait(60) == 0


def test_dead_letters_are_listed_as_lines(database: str, kafka: str, tmp_path: object) -> None:
    subject, event_id = str(uuid.uuid4()), str(uuid.uuid4())
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO dead_letters (consumer, subject, event_id, event, cause) VALUES ('c', %s, %s, %s, 'KeyError')",
            (subject, event_id, json.dumps({"type": "referral.accepted.v1"})),
        )
    with running("dead-letters", "list", broker=kafka, home=tmp_path, database=database) as command:
        assert command.process.wait(60) == 0
        line = command.line()
    assert (line["subject"], line["event_id"], line["cause"]) == (subject, event_id, "KeyError")


def test_a_group_waits_for_kafka_where_it_hangs_at_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(brokers._CLIENT, "request_timeout_ms", 1_000)
    topic, stop = "org.hangs.v1", threading.Event()
    with OwnBroker(free_port(), tmp_path, embedded=True) as own:
        topics.ensure(own.broker, [topic])
        publisher = Publisher(own.broker)
        publisher.publish([[Record(topic, b"key", value)] for value in (b"one", b"two")], lambda: False)
        publisher.close()
        consumer = own.broker.consumer(group="hospital")
        consumer.assign([TopicPartition(topic, 0)])
        values = subscription._values(consumer, stop, committing=True)
        assert next(values) == b"one"
        own.signal(signal.SIGSTOP)
        going_on = threading.Timer(3.0, own.signal, (signal.SIGCONT,))
        going_on.start()
        assert next(values) == b"two"
        assert consumer.committed(TopicPartition(topic, 0)) == 1
        going_on.join()
        consumer.close(autocommit=False)


def test_a_broker_that_hangs_is_given_up_in_time(kafka: str) -> None:
    clients = [Broker(kafka).consumer(), Broker(kafka).admin(), Broker(kafka).producer()]
    assert {client.config["request_timeout_ms"] for client in clients} == {10_000}
    for client in clients:
        client.close()
