"""The register of users: who may log in, for which organisation, in which role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from hub.domain.errors import Cause, Refusal, Refused
from hub.security import audit, organizations, passwords, sessions, tokens
from hub.security.people import Person, Role
from hub.store.sql import blocks


@dataclass(frozen=True, slots=True)
class User:
    """A user as registered. organization: CODE; locked_until: while log-in is locked; seen_at: last use, if known."""

    login: str
    name: str
    organization: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    locked_until: datetime | None
    seen_at: datetime | None


def add(connection: Connection[Any], login: str, *, organization: str, role: str, name: str = "",
        password: str | None = None, actor: str = "command") -> tuple[Person, str | None]:  # fmt: skip
    """Register a user; returns it and the password where the hub made one, which is shown this once.

    organization: CODE; name: the login unless given; actor: a login, or `command`. Raises Refused, all faults at once,
    their `path` the argument's name: CODE_INVALID (login, role, name, password), UNKNOWN_KEY (organization),
    DUPLICATE_KEY (login).
    """
    name = name.strip() or login
    owner = organizations.find(connection, organization.replace("\0", ""))
    faults = [*_faults(login, role, name), *_password_faults(password)]
    if owner is None:
        faults.append(Refusal(Cause.UNKNOWN_KEY, "organization", f"no organization {organization!r} is registered"))
    if find(connection, login) is not None:
        faults.append(_taken(login))
    if faults or owner is None:
        raise Refused(*faults)
    made = passwords.generate() if password is None else None
    row = {"login": login, "name": name, "organization_id": owner.id, "role": role,
           "password": passwords.hash_of(made or password or "")}  # fmt: skip
    try:
        with connection.transaction():
            inserted = connection.execute(blocks("people")["add_user"], row).fetchone()
    except UniqueViolation as error:
        raise Refused(_taken(login)) from error
    assert inserted is not None
    person = Person.from_row((inserted[0], login, name, role, *_columns(owner)))
    _audit(connection, person, "add", actor)
    return person, made


def find(connection: Connection[Any], login: str) -> Person | None:
    """The user with this login, without regard to case; also one that is disabled."""
    row = connection.execute(blocks("people")["find_user"], {"login": login.replace("\0", "")}).fetchone()
    return Person.from_row(row) if row else None


def listing(connection: Connection[Any], organization: str | None = None) -> list[User]:
    """All users by organisation and login, or those of one organisation (CODE)."""
    with connection.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(blocks("people")["users"], {"organization": organization}).fetchall()


def disable(connection: Connection[Any], login: str, *, actor: str = "command") -> Person:
    """No log-in from now on; all sessions end. Raises Refused (UNKNOWN_KEY at `login`)."""
    with connection.transaction():
        person = _known(connection, login)
        connection.execute(blocks("people")["disable_user"], {"user_id": person.id})
        sessions.close_all(connection, person.id)
        _audit(connection, person, "disable", actor)
    return person


def enable(connection: Connection[Any], login: str, *, actor: str = "command") -> Person:
    """Log-in again; a lock is opened. Raises Refused (UNKNOWN_KEY at `login`)."""
    with connection.transaction():
        person = _known(connection, login)
        connection.execute(blocks("people")["enable_user"], {"user_id": person.id})
        _audit(connection, person, "enable", actor)
    return person


def set_password(connection: Connection[Any], login: str, password: str | None = None, *,
                 actor: str = "command") -> tuple[Person, str | None]:  # fmt: skip
    """A new password, made by the hub unless given; all sessions end and a lock is opened.

    Returns the user and the password where the hub made it. Raises Refused: UNKNOWN_KEY at `login`, CODE_INVALID at
    `password`.
    """
    person = _known(connection, login)
    if faults := [*_password_faults(password)]:
        raise Refused(*faults)
    made = passwords.generate() if password is None else None
    stored = passwords.hash_of(made or password or "")
    with connection.transaction():
        connection.execute(blocks("people")["set_password"], {"user_id": person.id, "password": stored})
        sessions.close_all(connection, person.id)
        _audit(connection, person, "set-password", actor)
    return person, made


def issue_token(connection: Connection[Any], login: str, *, actor: str = "command") -> tuple[Person, str]:
    """The person's own new token; those before are revoked. Raises Refused (UNKNOWN_KEY at `login`)."""
    with connection.transaction():
        person = _known(connection, login)
        token = tokens.issue_own(connection, person)
        _audit(connection, person, "issue-token", actor)
    return person, token


def _known(connection: Connection[Any], login: str) -> Person:
    person = find(connection, login)
    if person is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "login", f"no user {login!r} is registered"))
    return person


def _faults(login: str, role: str, name: str) -> Iterator[Refusal]:
    checks = (
        ("login", re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{1,63}", login),
         f"{login!r} is not of 2 to 64 letters A-Z, digits, dots, hyphens, underscores and @"),
        ("role", role in get_args(Role), f"{role!r} is not one of {', '.join(get_args(Role))}"),
        ("name", "\0" not in name and len(name) <= 100, "a name has at most 100 characters, none of them NUL"),
    )  # fmt: skip
    return (Refusal(Cause.CODE_INVALID, path, text) for path, valid, text in checks if not valid)


def _password_faults(password: str | None) -> Iterator[Refusal]:
    shortest, longest = passwords.SHORTEST, passwords.LONGEST
    if password is not None and not shortest <= len(password) <= longest:
        yield Refusal(Cause.CODE_INVALID, "password", f"a password has {shortest} to {longest} characters")


def _taken(login: str) -> Refusal:
    return Refusal(Cause.DUPLICATE_KEY, "login", f"{login!r} is registered already")


def _columns(owner: Any) -> tuple[Any, ...]:
    return (owner.id, owner.code, owner.name, owner.kind, owner.charset, owner.timezone, owner.referral_answer)


def _audit(connection: Connection[Any], person: Person, action: str, actor: str) -> None:
    audit.write(connection, organization_id=person.organization.id, actor=actor, action=action, object_type="user",
                object_id=person.login)  # fmt: skip
