"""What the leading relay does: rounds of position, send, confirm, for as long as its session holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from kafka.errors import KafkaConfigurationError
from psycopg import Connection

from hub.store.sql import blocks
from hub.stream import broker as kafka
from hub.stream import topics
from hub.stream.backoff import Backoff
from hub.stream.broker import Broker
from hub.stream.outbox import Entry, Outbox
from hub.stream.producer import Publisher, Unconfirmed
from hub.stream.refill import refill

POLL_SECONDS = 1.0
"""The longest that an event waits where its writer's NOTIFY did not arrive."""

CHECK_SECONDS = 5.0
"""How often the broker is asked whether it still has the topics."""

_SQL = blocks("stream")
_log = structlog.get_logger()


class Leader:
    """connection: autocommit, holds the lock; give_up: whether to leave the rest; kafka: told if the broker answers."""

    def __init__(self, connection: Connection[Any], broker: Broker, publisher: Publisher, stop: threading.Event,
                 give_up: Callable[[], bool], kafka: Callable[[bool], None]) -> None:  # fmt: skip
        self._connection = connection
        self._broker = broker
        self._publisher = publisher
        self._stop = stop
        self._give_up = give_up
        self._kafka = kafka
        self._outbox = Outbox(connection)
        self._backoff = Backoff()
        self._known: frozenset[str] = frozenset()
        self._check_at = 0.0

    def lead(self) -> None:
        """Until stopped. Raises psycopg.OperationalError when the session, and so the lock, is lost."""
        self._connection.execute(_SQL["listen"])
        self._outbox.topics()
        current = self._outbox.unconfirmed()
        confirmed = 0
        while not self._give_up():
            try:
                self._prepare(current)
                self._publisher.publish([entry.records for entry in current[confirmed:]], self._give_up)
            except (Unconfirmed, *kafka.TRANSIENT) as error:
                confirmed += error.confirmed if isinstance(error, Unconfirmed) else 0
                if self._stop.is_set():
                    return
                self._recover(error)
                continue
            self._kafka(True)
            self._backoff.reset()
            current, confirmed = self._outbox.advance(current), 0
            if not current:
                if self._stop.is_set():
                    return
                self._wait()

    def _prepare(self, entries: list[Entry]) -> None:
        """Every topic is there and holds what was published to it."""
        needed = {record.topic for entry in entries for record in entry.records}
        if time.monotonic() < self._check_at and needed <= self._known:
            return
        known = frozenset((*topics.internal(), *self._outbox.topics()))
        created = topics.ensure(self._broker, known)
        if created or not self._known:
            self._refill(known)
            _log.info("topics are ready", topics=len(known), created=len(created))
        self._known, self._check_at = known, time.monotonic() + CHECK_SECONDS

    def _refill(self, known: frozenset[str]) -> None:
        try:
            refill(self._broker, self._outbox, self._publisher, known, self._give_up)
        except Unconfirmed as error:
            raise Unconfirmed(0) from error

    def _recover(self, error: Exception) -> None:
        """After Kafka failed: the topics are looked at anew, unless the session has gone meanwhile."""
        cause = error.__cause__ or error
        if isinstance(cause, KafkaConfigurationError):
            raise cause
        _log.warning("Kafka does not take events", error=type(cause).__name__)
        self._kafka(False)
        self._known = frozenset()
        self._connection.execute("SELECT 1")
        self._stop.wait(self._backoff.next())

    def _wait(self) -> None:
        woken = False
        for _ in self._connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            woken = True
        if not woken and not self._known.issuperset(self._outbox.topics()):
            self._check_at = 0.0
