"""From the outbox to Kafka: one leader, in order, nothing lost; the only publisher.

The leader holds a session lock of PostgreSQL on the connection that it does all its SQL with: when that session ends,
it can neither give positions nor confirm, and another relay takes over. What was positioned but not confirmed is sent
first, with the same positions. So an event may arrive twice, and first deliveries are in order.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg import Connection

from hub.store.connections import connect
from hub.store.sql import blocks
from hub.stream.backoff import TRANSIENT, Backoff
from hub.stream.broker import Broker
from hub.stream.leader import Leader
from hub.stream.producer import Publisher

ELECTION_SECONDS = 0.25
DRAIN_SECONDS = 5.0

_SQL = blocks("stream")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a relay stands. kafka: whether the broker answered last (None: not asked, another relay leads)."""

    database: bool = False
    leader: bool = False
    kafka: bool | None = None


class Relay:
    """One relay. watch: told each change of its standing, in its thread."""

    def __init__(self, database: str, broker: Broker, *, watch: Callable[[Standing], None] = lambda _: None) -> None:
        self._database = database
        self._broker = broker
        self._watch = watch
        self.standing = Standing()

    def run(self, stop: threading.Event) -> None:
        """Until `stop`: survives restarts of PostgreSQL and Kafka; what is committed by then is sent, if it can be."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                with connect(self._database, autocommit=True, application_name="referral-hub relay") as connection:
                    backoff.reset()
                    self._serve(connection, stop)
            except TRANSIENT as error:
                _log.warning("the relay has lost its session", error=type(error).__name__)
                self._stand(Standing())
                stop.wait(backoff.next())

    def _serve(self, connection: Connection[Any], stop: threading.Event) -> None:
        while not _elected(connection):
            self._stand(Standing(database=True))
            if stop.wait(ELECTION_SECONDS):
                return
        self._stand(Standing(database=True, leader=True))
        publisher = Publisher(self._broker)
        try:
            Leader(connection, self._broker, publisher, stop, _patience(stop), self._kafka).lead()
        finally:
            publisher.close()

    def _kafka(self, answers: bool) -> None:
        self._stand(dataclasses.replace(self.standing, kafka=answers))

    def _stand(self, standing: Standing) -> None:
        if standing != self.standing:
            self.standing = standing
            self._watch(standing)


def _elected(connection: Connection[Any]) -> bool:
    row = connection.execute(_SQL["lead"]).fetchone()
    return row is not None and bool(row[0])


def _patience(stop: threading.Event) -> Callable[[], bool]:
    """Whether to leave the rest to the next leader: some seconds after `stop`."""
    end: float | None = None

    def ended() -> bool:
        nonlocal end
        if stop.is_set() and end is None:
            end = time.monotonic() + DRAIN_SECONDS
        return end is not None and time.monotonic() > end

    return ended
