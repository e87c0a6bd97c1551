"""accept(): what is queued is normalised by one thread and committed by another, all that waits in one transaction.

While one batch is being committed the next gathers, so there is no delay when idle and few commits under load. What
is stored first needs no normalising and passes by the first thread, unless something is there before it: the order of
submission is kept. Postgres away: every submission gets Unavailable, and the next one tries again.
"""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from hub.domain.errors import Unavailable
from hub.domain.messages import Receipt, Submission
from hub.identity import names
from hub.intake.committing import commit, open_connection
from hub.intake.entries import Entry, incomplete, prepare
from hub.store.directory import Directory

log = structlog.get_logger()

BATCH_MESSAGES, BATCH_BYTES = 400, 2 * 2**20
RECONNECT_SECONDS = 0.2

Item = tuple[Submission, "Future[Receipt]"]
Ready = tuple[Entry, "Future[Receipt]"]


class Intake:
    """Takes messages in. limit: how many may wait before further ones get Unavailable at once."""

    def __init__(self, database_url: str, directory: Directory, *, batch_messages: int = BATCH_MESSAGES,
                 batch_bytes: int = BATCH_BYTES, limit: int = 20_000) -> None:  # fmt: skip
        self._url = database_url
        self._directory = directory
        self._batch_messages, self._batch_bytes, self._limit = batch_messages, batch_bytes, limit
        self._submitted: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._prepared: queue.SimpleQueue[Ready | None] = queue.SimpleQueue()
        self._given = self._passed = 0
        self._connection: Connection[Any] | None = None
        self._failed_at = float("-inf")
        self._held: Ready | None = None
        self._closed = threading.Event()
        self._closing = threading.Lock()
        names.warm()
        self._threads = [
            threading.Thread(target=target, name=f"intake-{target.__name__.strip('_')}", daemon=True)
            for target in (self._prepare, self._commit)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def directory(self) -> Directory:
        """The organisations that it knows."""
        return self._directory

    @property
    def waiting(self) -> int:
        """Submissions that are not yet in a batch."""
        return self._submitted.qsize() + self._prepared.qsize()

    def submit(self, submission: Submission) -> Future[Receipt]:
        """The receipt of a submission, once it is committed; the future may raise Unavailable."""
        future = _future()
        if self.waiting >= self._limit:
            future.set_exception(Unavailable("too much is waiting"))
            return future
        with self._closing:
            if self._closed.is_set():
                future.set_exception(Unavailable("the hub is shutting down"))
            elif submission.store_first and self._given == self._passed:
                self._prepared.put((prepare(submission), future))
            else:
                self._given += 1
                self._submitted.put((submission, future))
        return future

    def keep(self, submission: Submission) -> Future[Receipt]:
        """Keep bytes that never became a message (status `incomplete`); they get no answer."""
        future = _future()
        self._prepared.put((incomplete(submission), future))
        return future

    def accept(self, submission: Submission) -> Receipt:
        """Submit and wait. Raises Unavailable."""
        return self.submit(submission).result()

    def close(self) -> None:
        """Commit what was submitted, then stop; later submissions get Unavailable."""
        with self._closing:
            if not self._closed.is_set():
                self._closed.set()
                self._submitted.put(None)
        for thread in self._threads:
            thread.join()

    def _prepare(self) -> None:
        while (item := self._submitted.get()) is not None:
            submission, future = item
            self._prepared.put((prepare(submission), future))
            self._passed += 1
        self._prepared.put(None)

    def _commit(self) -> None:
        while batch := self._take():
            entries = [entry for entry, _ in batch]
            try:
                receipts = commit(self._connected(), self._directory, entries)
            except Exception as error:  # noqa: BLE001  whatever happens to a batch, its senders are told and the next comes
                self._disconnect()
                log.warning("nothing was stored", messages=len(batch), error=type(error).__name__)
                told = error if isinstance(error, Unavailable) else Unavailable(type(error).__name__)
                for _, future in batch:
                    future.set_exception(told)
                continue
            for (_, future), receipt in zip(batch, receipts, strict=True):
                if isinstance(receipt, Unavailable):
                    future.set_exception(receipt)
                else:
                    future.set_result(receipt)
        self._disconnect()

    def _take(self) -> list[Ready]:
        """What waits, up to the limits of a batch; waits for the first. Empty: closed and drained."""
        item, self._held = self._held or self._prepared.get(), None
        batch: list[Ready] = []
        size = 0
        while item is not None:
            size += item[0].size
            if batch and size > self._batch_bytes:
                self._held = item
                return batch
            batch.append(item)
            if len(batch) >= self._batch_messages:
                return batch
            try:
                item = self._prepared.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._prepared.put(None)
        return batch

    def _connected(self) -> Connection[Any]:
        if self._connection is not None and not self._connection.closed and not self._connection.broken:
            return self._connection
        if time.monotonic() - self._failed_at < RECONNECT_SECONDS:
            raise Unavailable("the database is not there")
        try:
            self._connection = open_connection(self._url)
        except psycopg.OperationalError as error:
            self._failed_at = time.monotonic()
            raise Unavailable("the database is not there") from error
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _future() -> Future[Receipt]:
    """A future that nobody can cancel: what was submitted will be committed."""
    future: Future[Receipt] = Future()
    future.set_running_or_notify_cancel()
    return future
