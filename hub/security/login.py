"""Log-in: the same answer and the same work whether a login is unknown, locked, disabled or its password wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import psycopg

from hub.security import audit, passwords, sessions
from hub.security.people import Person
from hub.store.sql import blocks

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

ATTEMPTS = 5
"""Refused log-ins in a row after which a login is locked."""
SHORTEST_LOCK, LONGEST_LOCK = timedelta(minutes=15), timedelta(hours=24)
"""The lock doubles with each further refusal."""


def log_in(connect: Connect, login: str, password: str) -> str | None:
    """The cookie value of a new session, None where log-in is refused. Raises Unavailable: too many at once."""
    person = _checked(connect, login, password, "log-in")
    if person is None:
        return None
    with connect() as connection:
        return sessions.open(connection, person.id)


def confirm(connect: Connect, person: Person, password: str) -> bool:
    """Whether it is the password of who is logged in; counts as a log-in does. Raises Unavailable: too many at once."""
    return _checked(connect, person.login, password, "confirm-password") is not None


def _checked(connect: Connect, login: str, password: str, action: str) -> Person | None:
    """Whose login and password they are.

    An attempt is counted as refused before its password is checked, so that many at once get no more guesses; no
    connection is held while it is checked.
    """
    with connect() as connection:
        connection.execute(blocks("people")["at_once"])
        row = connection.execute(blocks("people")["attempt"], _parameters(login)).fetchone()
    stored = row[11] if row and row[12] else None
    correct = passwords.verify(stored, password)
    person = Person.from_row(row) if row else None
    if person and correct:
        new = passwords.hash_of(password) if stored and passwords.outdated(stored) else None
        parameters = {"user_id": person.id, "password": new, "stored": stored}
        with connect() as connection:
            connection.execute(blocks("people")["succeed"], parameters)
            _write(connection, person, action, allowed=True)
        return person
    with connect() as connection:
        _write(connection, person, action, allowed=False)
        if row and row[13]:
            _write(connection, person, "lock", allowed=True)
    return None


def log_out(connection: psycopg.Connection[Any], person: Person, value: str) -> None:
    """End this session."""
    sessions.close(connection, value)
    _write(connection, person, "log-out", allowed=True)


def log_out_everywhere(connection: psycopg.Connection[Any], person: Person) -> None:
    """End all sessions of the person."""
    sessions.close_all(connection, person.id)
    _write(connection, person, "log-out-everywhere", allowed=True)


def _parameters(login: str) -> dict[str, Any]:
    return {
        "login": login.strip().replace("\0", ""),
        "attempts": ATTEMPTS,
        "lock": SHORTEST_LOCK,
        "longest": LONGEST_LOCK,
    }


def _write(connection: psycopg.Connection[Any], person: Person | None, action: str, *, allowed: bool) -> None:
    """An unknown login is not written: it may be a password typed into the wrong field."""
    audit.write(
        connection,
        organization_id=person.organization.id if person else None,
        actor=person.login if person else "nobody",
        action=action,
        object_type="user",
        object_id=person.login if person else "unknown",
        allowed=allowed,
    )
