"""The delivering process: leads destinations, plans their deliveries, sends couriers.

Leading is a session lock of PostgreSQL for each destination, all held by the one connection over which everything is
taken and settled. When that session ends, another process takes the destinations over; what was being sent then is
sent again with the same control id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from psycopg import Connection

from hub.delivery import inquiries, queue
from hub.delivery.courier import TRANSIENT, Carrier, Courier, Taken, Write
from hub.domain.delivery import Route
from hub.store.connections import connect

POLL_SECONDS = 1.0
"""The longest that something due waits where no notification told of it."""

BUSY_SECONDS = 0.2
"""The same at a destination whose courier may just have found nothing more to do."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Between attempts to reach PostgreSQL."""

INQUIRE_SECONDS, FORGET_SECONDS = 60.0, 3600.0
"""How often is looked for what is to be asked, and for what is to be forgotten."""

DRAIN_SECONDS = 35.0
"""How long the messages that are on their way when the process is told to stop are waited for."""

_log = structlog.get_logger()


class Deliverer:
    """write, open_, taken: see Courier; keep: how long what has been delivered or skipped is kept."""

    def __init__(self, database: str, write: Write, open_: Callable[[Route], Carrier], taken: Taken,
                 keep: timedelta) -> None:  # fmt: skip
        self._database = database
        self._write = write
        self._open = open_
        self._taken = taken
        self._keep = keep
        self._inquired_at = self._forgot_at = float("-inf")
        self._couriers: dict[int, Courier] = {}

    def run(self, stop: threading.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Until `stop`, then the messages in hand are finished. Survives restarts of PostgreSQL."""
        pause = FIRST_PAUSE
        try:
            while not stop.is_set():
                try:
                    self._serve(stop, ready)
                    pause = FIRST_PAUSE
                except TRANSIENT as error:
                    _log.warning("delivery has lost its session", error=type(error).__name__)
                    stop.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._finish()

    def _serve(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        name = "referral-hub delivery"
        with (
            connect(self._database, autocommit=True, application_name=name) as session,
            connect(self._database, autocommit=True, application_name=f"{name} waits") as ears,
        ):
            queue.listen(ears)
            led: set[int] = set()
            while not stop.is_set():
                led.update(queue.lead(session, led))
                while queue.plan(session, led) and not stop.is_set():
                    pass
                self._look_round(session, led)
                held_up = self._send(session, led, stop)
                ready()
                for _ in ears.notifies(timeout=BUSY_SECONDS if held_up else POLL_SECONDS, stop_after=1):
                    pass
            self._join()  # before the session and its locks go

    def _look_round(self, session: Connection[Any], led: set[int]) -> None:
        now = time.monotonic()
        if now - self._inquired_at > INQUIRE_SECONDS:
            self._inquired_at = now
            inquiries.plan(session, led)
        if led and now - self._forgot_at > FORGET_SECONDS:
            self._forgot_at = now
            queue.forget(session, self._keep)

    def _send(self, session: Connection[Any], led: set[int], stop: threading.Event) -> bool:
        """Whether something is due at a destination whose courier is still at work."""
        due = set(queue.ready(session, led))
        for identifier in due:
            if identifier not in self._couriers:
                self._couriers[identifier] = Courier(identifier, self._write, self._open, self._taken, stop)
        for identifier, courier in self._couriers.items():
            if courier.busy:
                continue
            if identifier in due:
                courier.begin(session)
            else:
                courier.rest()
        return any(self._couriers[identifier].busy for identifier in due)

    def _join(self) -> None:
        end = time.monotonic() + DRAIN_SECONDS
        for courier in self._couriers.values():
            courier.join(end - time.monotonic())

    def _finish(self) -> None:
        for courier in self._couriers.values():
            if not courier.busy:
                courier.close()
