"""One destination's courier: a message at a time, each until it is answered, refused or put off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, Protocol

import psycopg
import psycopg_pool
import structlog
from psycopg import Connection

from hub.delivery import queue
from hub.delivery.policy import consequence
from hub.delivery.queue import Delivery
from hub.domain.delivery import Answer, Route, Verdict
from hub.domain.errors import Refused, Unavailable

IDLE_SECONDS = 30.0
"""How long a connection to a receiver is kept open without use."""

TRANSIENT = (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed,
             Unavailable)  # fmt: skip
"""PostgreSQL away or restarting: what was not settled is sent again."""

TELL_SECONDS = (0.2, 1.0, 5.0)
"""How long is waited between attempts to tell that a message has arrived."""

_log = structlog.get_logger()


class Carrier(Protocol):
    """A way to one destination, opened when it is used first."""

    def deliver(self, payload: bytes, control_id: str) -> Answer:
        """Send and wait for the answer to this very message. Raises nothing that a receiver could cause."""
        ...

    def close(self) -> None: ...


Write = Callable[[Delivery], bytes]
"""The bytes of a message. Raises Refused where something of it cannot be expressed."""

Taken = Callable[[Delivery], None]
"""Told what the receiver's application says that it has, before that is noted; of a repeat again."""


class Unconfigured(Exception):
    """A file that a route names cannot be used: `token` or `certificate`."""


class Courier:
    """write: makes a message's bytes; open_: a carrier of a route, may raise Unconfigured; taken: see there."""

    def __init__(self, destination_id: int, write: Write, open_: Callable[[Route], Carrier], taken: Taken,
                 stop: threading.Event) -> None:  # fmt: skip
        self._destination_id = destination_id
        self._write = write
        self._open = open_
        self._taken = taken
        self._stop = stop
        self._thread: threading.Thread | None = None
        self._carrier: tuple[Route, Carrier] | None = None
        self._used_at = 0.0

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def begin(self, connection: Connection[Any]) -> None:
        """Send what is due, in a thread of its own. connection: autocommit, holds the destination's lock."""
        name = f"delivery-{self._destination_id}"
        self._thread = threading.Thread(target=self._run, args=(connection,), name=name, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(max(0.0, seconds))

    def rest(self) -> None:
        """Close a connection that is not used; not while busy."""
        if self._carrier is not None and time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            carrier[1].close()

    def _run(self, connection: Connection[Any]) -> None:
        try:
            with ThreadPoolExecutor(1, f"delivery-{self._destination_id}-taken") as aside:
                message = self._next(connection)
                while message is not None:
                    delivery, written = message
                    answer = written if isinstance(written, Answer) else self._carry(delivery, written)
                    following = None
                    if answer.taken:
                        telling = aside.submit(self._tell_taken, delivery)
                        with suppress(*TRANSIENT):  # then again, once this one is settled
                            following = self._next(connection, besides=delivery.id)
                        telling.result()
                    follows = consequence(answer, delivery.tried, delivery.route, delivery.taken_at)
                    queue.settle(connection, delivery, answer, follows)
                    _tell(delivery, answer, follows.status)
                    message = following or self._next(connection)
        except TRANSIENT as error:
            _log.warning("a courier stops", destination=self._destination_id, error=type(error).__name__)

    def _next(self, connection: Connection[Any], besides: int | None = None) -> tuple[Delivery, bytes | Answer] | None:
        """What is due with its bytes, or with what kept them from being written; None too when it is time to stop."""
        if self._stop.is_set():
            return None
        delivery = queue.take(connection, self._destination_id, besides)
        return None if delivery is None else (delivery, self._written(connection, delivery))

    def _written(self, connection: Connection[Any], delivery: Delivery) -> bytes | Answer:
        if delivery.payload is not None:
            return delivery.payload
        try:
            payload = self._write(delivery)
            queue.keep(connection, delivery, payload)
            return payload
        except TRANSIENT:
            raise
        except Refused as error:
            first = error.refusals[0]
            return Answer("inexpressible", Verdict.REFUSED, first.cause.value, first.path, reached=False)
        except Exception as error:  # noqa: BLE001 - a dead letter
            return _fault(delivery, error)

    def _carry(self, delivery: Delivery, payload: bytes) -> Answer:
        try:
            answer = self._carrier_of(delivery.route).deliver(payload, delivery.control_id)
        except Unconfigured as error:
            answer = Answer("unconfigured", Verdict.AGAIN, str(error), reached=False)
        except Exception as error:  # noqa: BLE001 - a dead letter
            answer = _fault(delivery, error)
        if answer.verdict is Verdict.AGAIN:  # the next try reads tokens and certificates anew
            self.close()
        self._used_at = time.monotonic()
        return answer

    def _tell_taken(self, delivery: Delivery) -> None:
        """Where nobody can be told for a while, what has arrived is not sent again for that."""
        for seconds in (*TELL_SECONDS, 0.0):
            try:
                self._taken(delivery)
            except Exception as error:
                fault = type(error).__name__
                if not isinstance(error, TRANSIENT):
                    break
                if self._stop.wait(seconds):
                    raise
            else:
                return
        _log.error("nobody was told that a message has arrived", delivery=delivery.id, error=fault)

    def _carrier_of(self, route: Route) -> Carrier:
        """The open one, unless the destination has been changed."""
        if self._carrier is None or self._carrier[0] != route:
            self.close()
            self._carrier = route, self._open(route)
        return self._carrier[1]


def _tell(delivery: Delivery, answer: Answer, status: str) -> None:
    told = _log.debug if status == "delivered" else _log.warning
    told("delivery", id=delivery.id, organization=delivery.organization, kind=delivery.kind, outcome=answer.outcome,
         attempt=delivery.attempt, status=status)  # fmt: skip


def _fault(delivery: Delivery, error: Exception) -> Answer:
    """Of the hub's own: a dead letter."""
    _log.error("a message cannot be sent", delivery=delivery.id, error=type(error).__name__)
    return Answer("hub-fault", Verdict.REFUSED, type(error).__name__, _place(error), reached=False)


def _place(error: BaseException) -> str:
    """Where it was raised; never its text, which may hold patient data."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{PurePath(frame.filename).name}:{frame.lineno}"
