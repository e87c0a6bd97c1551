"""One transaction for a batch; when something in it cannot be written, each message by itself in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from hub.domain.errors import Unavailable
from hub.domain.messages import Receipt
from hub.intake.batch import write
from hub.intake.entries import Entry
from hub.store.arrays import register
from hub.store.connections import connect
from hub.store.directory import Directory

log = structlog.get_logger()

ATTEMPTS = 3
LOCK_SECONDS = 20
"""How long a batch waits for what somebody else has locked, a table that is being changed for one: then its senders are
told to send again, before they give up by themselves."""
_AGAIN = ("40",)
_NOT_NOW = ("08", "25", "53", "55", "57", "58")
"""SQLSTATE classes: transaction lost to another (again at once); the server's own trouble (the sender, later)."""

_SESSION = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"
"""Every query of a batch is a set of index look-ups, also while the statistics still say that tables are empty."""


def open_connection(url: str) -> Connection[Any]:
    """A connection as `commit` needs it. Raises psycopg.OperationalError."""
    connection = connect(url, autocommit=True)
    connection.execute(_SESSION)
    connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    register(connection)
    return connection


def commit(connection: Connection[Any], directory: Directory, entries: Sequence[Entry]) -> list[Receipt | Unavailable]:
    """A receipt, or why nothing was stored, for each entry. Raises Unavailable when that is so of all.

    What says who is who stands in a transaction of its own, after what came before it and before what comes after.
    """
    if not any(map(_alone, entries)):
        return _together(connection, directory, entries)
    receipts: list[Receipt | Unavailable] = []
    for alone, run in groupby(entries, key=_alone):
        for part in ([entry] for entry in run) if alone else (list(run),):
            try:
                receipts += _together(connection, directory, part)
            except Unavailable as error:
                receipts += [error] * len(part)
    return receipts


def _alone(entry: Entry) -> bool:
    return entry.content is not None and bool(entry.content.normalised.identities)


def _together(connection: Connection[Any], directory: Directory,
              entries: Sequence[Entry]) -> list[Receipt | Unavailable]:  # fmt: skip
    for _ in range(ATTEMPTS):
        try:
            with connection.pipeline(), connection.transaction():
                return list(write(connection, directory, entries))
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  what spoils a batch is found message by message, and parked
            if _transient(connection, error):
                continue
            log.warning("batch is written again message by message", messages=len(entries), error=_name(error))
            return _one_by_one(connection, directory, entries)
    raise Unavailable("other transactions were in the way")


def _one_by_one(connection: Connection[Any], directory: Directory,
                entries: Sequence[Entry]) -> list[Receipt | Unavailable]:  # fmt: skip
    """In their order, each in a transaction of its own: keys and rows are locked in one order within a batch only, so
    that nothing of one message may stay locked while the next one waits."""
    receipts: list[Receipt | Unavailable] = []
    for entry in entries:
        try:
            receipts.append(_one(connection, directory, entry))
        except Unavailable as error:
            receipts.append(error)
    return receipts


def _one(connection: Connection[Any], directory: Directory, entry: Entry) -> Receipt | Unavailable:
    """The entry alone; parked when it cannot be written, Unavailable when even that fails."""
    try:
        with connection.transaction():
            return write(connection, directory, [entry])[0]
    except Unavailable:
        raise
    except Exception as error:
        if _transient(connection, error):
            raise Unavailable("other transactions were in the way") from error
        log.error("message is parked", message_id=entry.message_id, error=_name(error))
        parked = replace(entry, content=None, refusals=(), fault=_name(error))
    try:
        with connection.transaction():
            return write(connection, directory, [parked])[0]
    except Exception as error:  # noqa: BLE001  nothing of it is stored, and its sender is told so
        _transient(connection, error)
        log.error("message cannot even be kept", message_id=entry.message_id, error=_name(error))
        return Unavailable(f"the message cannot be kept: {_name(error)}")


def _transient(connection: Connection[Any], error: Exception) -> bool:
    """Whether to try again at once. Raises Unavailable for trouble of the server's own."""
    if connection.closed or connection.broken:
        raise Unavailable("the connection to the database was lost") from error
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate or ""
    if state[:2] in _NOT_NOW or (not state and isinstance(error, psycopg.OperationalError)):
        raise Unavailable(f"the database cannot store now: {_name(error)}") from error
    return state[:2] in _AGAIN


def _name(error: Exception) -> str:
    """The error's class: its text may quote what was to be written."""
    return type(error).__name__
