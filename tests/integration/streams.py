"""Outbox rows, relays and readers for the tests of the stream."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from kafka import TopicPartition

from hub.stream.broker import Broker
from hub.stream.relay import Relay
from tests.conftest import broker_command, wait_for_port


@dataclass(frozen=True, slots=True)
class Parties:
    """Two organisations of a test's own: their ids, codes and topics."""

    ids: tuple[int, ...]
    codes: tuple[str, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(f"org.{code.lower()}.v1" for code in self.codes)


def parties(url: str, count: int = 2) -> Parties:
    codes = tuple(f"T{uuid.uuid4().hex[:10]}" for _ in range(count))
    with psycopg.connect(url) as connection:
        rows = [
            connection.execute(
                "INSERT INTO organizations (code, name, kind) VALUES (%s, %s, 'hospital') RETURNING id", (c, c)
            ).fetchone()
            for c in codes
        ]
    return Parties(tuple(row[0] for row in rows if row), codes)


def write(connection: psycopg.Connection[Any], subject: str, version: int, organizations: Sequence[int],
          type_: str = "referral.amended.v1") -> str:  # fmt: skip
    """One event, committed, the relay woken; returns its id."""
    event_id = str(uuid.uuid4())
    data = json.dumps({"referral_id": subject, "version": version})
    with connection.transaction():
        connection.execute(
            "INSERT INTO outbox (event_id, type, subject, organizations, occurred_at, data)"
            " VALUES (%s, %s, %s, %s, now(), %s)",
            (event_id, type_, subject, list(organizations), data),
        )
        connection.execute("NOTIFY referral_hub_outbox")
    return event_id


@dataclass(slots=True)
class Running:
    relay: Relay
    stop: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def relaying(url: str, broker: Broker) -> Iterator[Running]:
    running = Running(Relay(url, broker))
    thread = threading.Thread(target=running.relay.run, args=(running.stop,))
    thread.start()
    try:
        yield running
    finally:
        running.stop.set()
        thread.join(30)
        assert not thread.is_alive()


def eventually(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)


def published(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM outbox WHERE published_at IS NULL").fetchone()
    return row == (0,)


def records(broker: Broker, topic: str) -> list[Any]:
    """All records of a topic as it is now, partition by partition."""
    consumer = broker.consumer()
    try:
        partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        found: list[Any] = []
        while any(consumer.position(p) < ends[p] for p in partitions):
            for batch in consumer.poll(timeout_ms=200).values():
                found += batch
        return found
    finally:
        consumer.close()


def events(broker: Broker, topic: str) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in records(broker, topic)]


def firsts(delivered: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """First deliveries, in their order."""
    seen: dict[str, dict[str, Any]] = {}
    for event in delivered:
        seen.setdefault(event["id"], event)
    return list(seen.values())


class OwnBroker:
    """A broker of a test's own, that it may kill and start again on the same port."""

    def __init__(self, port: int, folder: Path, *, embedded: bool, options: Sequence[str] = ()) -> None:
        self._embedded = embedded
        self._command = [*broker_command(port, embedded=embedded), *options]
        if not embedded:
            self._command += ["--data", str(folder / "data")]
        self._log = folder / "log"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self.broker = Broker(f"127.0.0.1:{port}")

    def __enter__(self) -> OwnBroker:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        wait_for_port(self._port, self._process)

    def signal(self, number: signal.Signals) -> None:
        """Of the whole process group: SIGSTOP and it hangs, SIGCONT and it goes on."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """kill -9 of the whole process group."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
