"""Enhanced mode's second half: what was stored and answered with CA is normalised and takes effect here.

When nothing of that waits, ledgers are counted, and once in an hour what is old is forgotten.

One process leads (session advisory lock); what a crash leaves `stored` is found again at the next start.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from hub.domain.messages import Receipt
from hub.intake import totals
from hub.intake.committing import commit, open_connection
from hub.intake.entries import error_json, prepare
from hub.intake.kept import Kept, Resubmit
from hub.store.directory import Directory
from hub.store.sql import blocks

log = structlog.get_logger()

LOCK_SPACE = 0x5245_4653
IDLE_SECONDS, BUSY_SECONDS = 0.5, 0.2
BATCH, BUSY_BATCH = 200, 10
COUNT_SECONDS, COUNTED = 2.0, 50
"""How long ledgers gather before they are counted, and how many at a time: counting holds up the other threads."""
PURGE_SECONDS = 3600.0

Answered = Callable[[str, bytes], None]


class Backlog:
    """Works off stored messages in the order in which they came, in a thread of its own.

    answered(message id, application acknowledgement) is called in that thread after commit; awaited() names the
    messages whose acknowledgements this process still waits for, also such as another process finished; busy() says
    that intake has work of its own, which goes first; remember: age at which accepted control ids are forgotten.
    """

    def __init__(self, database_url: str, directory: Directory, *, resubmit: Resubmit, answered: Answered,
                 awaited: Callable[[], Collection[str]], busy: Callable[[], bool],
                 remember: timedelta = timedelta(days=30)) -> None:  # fmt: skip
        self._url, self._directory, self._resubmit = database_url, directory, resubmit
        self._answered, self._awaited, self._busy, self._remember = answered, awaited, busy, remember
        self._connection: Connection[Any] | None = None
        self._leads = False
        self._purged_at = self._asked_at = self._counted_at = float("-inf")
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlog", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was stored."""
        self._wake.set()

    def close(self) -> None:
        """Finish the batch in work and stop; the rest is found at the next start."""
        self._stopped.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                worked = self._turn()
            except Exception as error:  # noqa: BLE001  what is stored waits; the next turn tries again
                log.warning("stored messages wait", error=type(error).__name__)
                self._disconnect()
                worked = False
            if not worked:
                self._wake.wait(IDLE_SECONDS)
                self._wake.clear()
            elif self._busy():
                self._stopped.wait(BUSY_SECONDS)
        self._disconnect()

    def _turn(self) -> bool:
        """One batch; whether there was any."""
        if self._connection is None or self._connection.closed:
            self._connection = open_connection(self._url)
        connection = self._connection
        if not self._leads:
            row = connection.execute(blocks("intake")["lead"], {"space": LOCK_SPACE}).fetchone()
            self._leads = bool(row and row[0])
        worked = self._leads and self._work(connection)
        if not worked or time.monotonic() - self._asked_at > IDLE_SECONDS:
            self._ask(connection)
        if self._leads and time.monotonic() - self._purged_at > PURGE_SECONDS:
            self._purged_at = time.monotonic()
            purge(connection, self._remember)
            totals.purge(connection)
        return worked or (self._leads and self._count(connection))

    def _work(self, connection: Connection[Any]) -> bool:
        limit = BUSY_BATCH if self._busy() else BATCH
        rows = connection.execute(blocks("intake")["waiting_messages"], {"limit": limit}).fetchall()
        if not rows:
            return False
        entries = [prepare(self._resubmit(kept), message_id=kept.id) for kept in (Kept(*row) for row in rows)]
        for entry, receipt in zip(entries, commit(connection, self._directory, entries), strict=True):
            if isinstance(receipt, Receipt):
                self._answered(entry.message_id, receipt.acknowledgement)
            else:
                parked = {"id": entry.message_id, "error": (error_json((), "unanswerable") or b"{}").decode()}
                connection.execute(blocks("intake")["park_message"], parked)
        return True

    def _count(self, connection: Connection[Any]) -> bool:
        """Whether ledgers were counted and more of them may wait."""
        if self._busy() or time.monotonic() - self._counted_at < COUNT_SECONDS:
            return False
        if totals.count(connection, COUNTED) == COUNTED:
            return True
        self._counted_at = time.monotonic()
        return False

    def _ask(self, connection: Connection[Any]) -> None:
        self._asked_at = time.monotonic()
        ids = list(self._awaited())
        if ids:
            for message_id, content in connection.execute(
                blocks("intake")["application_acknowledgements"], {"ids": ids}
            ).fetchall():
                self._answered(message_id, bytes(content))

    def _disconnect(self) -> None:
        self._leads = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def purge(connection: Connection[Any], remember: timedelta) -> int:
    """Forget control ids accepted longer ago than `remember`; how many."""
    before = datetime.now(UTC) - remember
    return connection.execute(blocks("intake")["purge_keys"], {"before": before}).rowcount
