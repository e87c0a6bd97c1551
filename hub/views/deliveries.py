"""What goes out to the organisations' own systems, for whoever runs the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks
from hub.views import ids

STATUSES = ("waiting", "delivered", "dead", "skipped")

_SQL = blocks("deliveries")


@dataclass(frozen=True, slots=True)
class Standing:
    """A destination and how it stands.

    authorities, certificate, token: whether it has them; failures: tries in a row without a certain answer; resume_at:
    nothing is sent before; failed: tries that did not deliver; answer: the last that it gave; fault: the last outcome
    that was no delivery; waiting, dead: deliveries; oldest: since when the first of those that wait does.
    """

    organization: str
    organization_name: str
    name: str
    protocol: str
    address: str
    dialect: str
    version: str
    charset: str
    application: str
    facility: str
    timeout: float
    tls: bool
    authorities: bool
    certificate: bool
    token: bool
    most_tries: int
    most_hours: int
    created_at: datetime
    paused_at: datetime | None
    failures: int
    resume_at: datetime | None
    delivered: int
    failed: int
    answer: str | None
    answered_at: datetime | None
    fault: str | None
    fault_at: datetime | None
    waiting: int
    dead: int
    oldest: datetime | None

    @property
    def encrypted(self) -> bool:
        return self.tls or self.address.lower().startswith("https:")


@dataclass(frozen=True, slots=True)
class Listed:
    """One delivery. outcome: of its last attempt; behind: the delivery of the same referral that it waits for."""

    id: int
    organization: str
    destination: str
    kind: str
    control_id: str
    status: str
    event: str
    referral_id: str
    attempts: int
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None
    cause: str | None
    outcome: str | None
    behind: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """ended_at, outcome: None while it is under way, or since its process has died."""

    number: int
    at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: str | None
    path: str | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What is sent, None while it is not written; the last answer; MSH-18 of the destination. Carries patient data."""

    payload: bytes | None
    answer: bytes | None
    charset: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to list: all that is given must agree. organization: CODE; after, before: id of the last one of the page
    before, oldest or newest first."""

    organization: str | None = None
    destination: str | None = None
    status: str | None = None
    referral_id: str | None = None
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """Dead letters of one organisation; referrals: that they hold up."""

    organization: str
    letters: int
    referrals: int
    since: datetime


def standings(connection: Connection[Any], organization: str | None = None) -> list[Standing]:
    """Destinations by organisation and name; of one organisation (CODE)."""
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(_SQL["standings"], {"organization": organization}).fetchall()


def listing(connection: Connection[Any], criteria: Criteria, *, limit: int, newest_first: bool = False) -> list[Listed]:
    """At most `limit` deliveries."""
    given = {f.name: getattr(criteria, f.name) for f in fields(criteria) if getattr(criteria, f.name) is not None}
    if criteria.referral_id is not None:
        given["referral_id"] = ids.parse(criteria.referral_id)
    where: LiteralString = " AND ".join(_SQL[name] for name in ("all", *given))
    query = " ".join((_SQL["deliveries"], where, _SQL["newest_first" if newest_first else "oldest_first"]))
    with connection.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(query, {**given, "limit": limit}).fetchall()


def read(connection: Connection[Any], delivery_id: int) -> Listed | None:
    with connection.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(f"{_SQL['deliveries']} {_SQL['id']}", {"id": delivery_id}).fetchone()


def attempts(connection: Connection[Any], delivery_id: int) -> list[Attempt]:
    with connection.cursor(row_factory=class_row(Attempt)) as cursor:
        return cursor.execute(_SQL["attempts"], {"id": delivery_id}).fetchall()


def contents(connection: Connection[Any], delivery_id: int) -> Contents | None:
    with connection.cursor(row_factory=class_row(Contents)) as cursor:
        return cursor.execute(_SQL["contents"], {"id": delivery_id}).fetchone()


def stuck(connection: Connection[Any]) -> Sequence[Stuck]:
    with connection.cursor(row_factory=class_row(Stuck)) as cursor:
        return cursor.execute(_SQL["stuck"]).fetchall()


def delivering(connection: Connection[Any]) -> bool:
    """Whether a process leads any destination."""
    [(led,)] = connection.execute(_SQL["delivering"]).fetchall()
    return bool(led)
