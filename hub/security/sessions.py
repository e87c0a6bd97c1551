"""Sessions: a random cookie value, stored as its SHA-256; they end by idleness, by age and on request."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from psycopg import Connection

from hub.security.people import Person
from hub.store.sql import blocks

IDLE, LONGEST = timedelta(hours=2), timedelta(hours=12)
_LIMITS = {"idle": IDLE, "longest": LONGEST}


def open(connection: Connection[Any], person_id: int) -> str:
    """A new session; returns the cookie's value, which cannot be read again."""
    connection.execute(blocks("people")["close_ended"], _LIMITS)
    value = secrets.token_urlsafe(32)
    connection.execute(blocks("people")["open_session"], {"sha256": _digest(value), "user_id": person_id})
    return value


def person_of(connection: Connection[Any], value: str, *, used: bool = True) -> Person | None:
    """Whose open session it is; None when it ended or its person is disabled.

    used: by the person; what a page asks for by itself keeps no session open.
    """
    digest = _digest(value)
    row = connection.execute(blocks("people")["person_of_session"], {"sha256": digest, **_LIMITS}).fetchone()
    if row is None:
        return None
    if used and row[11]:
        connection.execute(blocks("people")["seen"], {"sha256": digest})
    return Person.from_row(row)


def count(connection: Connection[Any], person_id: int) -> int:
    """How many open sessions the person has."""
    row = connection.execute(blocks("people")["count_sessions"], {"user_id": person_id, **_LIMITS}).fetchone()
    return int(row[0]) if row else 0


def close(connection: Connection[Any], value: str) -> None:
    """End the session, if it is one."""
    connection.execute(blocks("people")["close_session"], {"sha256": _digest(value)})


def close_all(connection: Connection[Any], person_id: int) -> int:
    """End all sessions of the person; how many they were."""
    return connection.execute(blocks("people")["close_sessions"], {"user_id": person_id}).rowcount


def _digest(value: str) -> bytes:
    return sha256(value.encode("utf-8", "surrogatepass")).digest()
