"""The registered organisations, kept in memory and refreshed from the database when older than a second."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from hub.domain.errors import Unavailable
from hub.domain.messages import Claim, Sender
from hub.store.sql import blocks

AGE, MISS_AGE = 1.0, 0.05
"""Seconds after which the register is read again: always, and when something is not found in it."""

PAUSE, TIMEOUT = 0.5, 2.0
"""Seconds between attempts to reach a database that was not there, and seconds for one."""


@dataclass(frozen=True, slots=True)
class _Register:
    by_id: Mapping[int, Sender]
    by_code: Mapping[str, Sender]
    by_name: Mapping[str, Sender]
    by_facility: Mapping[str, Sender]
    by_facility_folded: Mapping[str, Sender]
    departments: Mapping[int, Mapping[str, str]]


class Directory:
    """Organisations by code (without regard to case), facility (exact, else without regard to case) and exact name.

    A name or folded facility that several organisations bear names none of them. Every look-up raises Unavailable when
    the database is not there and what is known is older than a second, unless `follow` was called.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._register: _Register | None = None
        self._read_at = self._failed_at = float("-inf")
        self._following = False

    def follow(self, stop: threading.Event) -> None:
        """Read the register in a thread of its own until `stop`, so that a look-up does not wait for the database.

        While the database is away the newest known register answers; what it does not know is then unavailable.
        """
        self._following = True
        threading.Thread(target=self._follow, args=(stop,), name="directory", daemon=True).start()

    def by_facility(self, name: str) -> Sender | None:
        return self._find("facility", name)

    def by_code(self, code: str) -> Sender | None:
        return self._find("code", code)

    def by_name(self, name: str) -> Sender | None:
        return self._find("name", name)

    def by_id(self, organization_id: int) -> Sender | None:
        found = self._current(AGE).by_id.get(organization_id)
        return found or self._current(MISS_AGE).by_id.get(organization_id)

    def departments(self, organization_id: int) -> Mapping[str, str]:
        """Registered departments of an organisation: code -> name."""
        return self._current(AGE).departments.get(organization_id, {})

    def resolve(self, claims: Iterable[Claim]) -> Sender | None:
        """The organisation that the first registered claim names."""
        claims = tuple(claims)
        return self._resolve(self._current(AGE), claims) or self._resolve(self._current(MISS_AGE), claims)

    def _find(self, kind: str, value: str) -> Sender | None:
        return _look_up(self._current(AGE), kind, value) or _look_up(self._current(MISS_AGE), kind, value)

    @staticmethod
    def _resolve(register: _Register, claims: tuple[Claim, ...]) -> Sender | None:
        found = (_look_up(register, claim.kind, claim.value) for claim in claims)
        return next((sender for sender in found if sender), None)

    def _current(self, age: float) -> _Register:
        register = self._register
        now = time.monotonic()
        if register is not None and (now - self._read_at < age or (self._following and age == AGE)):
            return register
        if now - self._failed_at < PAUSE:
            raise Unavailable("the database is not there")
        return self._refresh(age)

    def _refresh(self, age: float) -> _Register:
        """Where the database hangs, it does so for one thread: the others wait for that one no longer than TIMEOUT."""
        if not self._lock.acquire(timeout=TIMEOUT):
            self._failed_at = time.monotonic()
            raise Unavailable("the database does not answer")
        try:
            if self._register is None or time.monotonic() - self._read_at >= age:
                try:
                    self._register = self._load()
                except Unavailable:
                    self._failed_at = time.monotonic()
                    raise
                self._read_at = time.monotonic()
            return self._register
        finally:
            self._lock.release()

    def _follow(self, stop: threading.Event) -> None:
        while not stop.wait(AGE / 2):
            with contextlib.suppress(Unavailable):
                self._refresh(AGE / 2)

    def _load(self) -> _Register:
        sql = blocks("directory")
        try:
            with self._pool.connection(timeout=TIMEOUT) as connection:
                organizations = connection.execute(sql["organizations"]).fetchall()
                facilities = connection.execute(sql["facilities"]).fetchall()
                departments = connection.execute(sql["departments"]).fetchall()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable("the database is not there") from error
        senders = [Sender(*row) for row in organizations]
        by_id = {sender.id: sender for sender in senders}
        of: dict[int, dict[str, str]] = {}
        for organization_id, code, name in departments:
            of.setdefault(organization_id, {})[code] = name
        return _Register(
            by_id=by_id,
            by_code={sender.code.lower(): sender for sender in senders},
            by_name=_unambiguous((sender.name, sender) for sender in senders),
            by_facility={facility: by_id[owner] for facility, owner in facilities},
            by_facility_folded=_unambiguous((facility.casefold(), by_id[owner]) for facility, owner in facilities),
            departments=of,
        )


def _look_up(register: _Register, kind: str, value: str) -> Sender | None:
    if kind == "code":
        return register.by_code.get(value.lower())
    if kind == "name":
        return register.by_name.get(value)
    return register.by_facility.get(value) or register.by_facility_folded.get(value.casefold())


def _unambiguous(pairs: Iterable[tuple[str, Sender]]) -> dict[str, Sender]:
    found: dict[str, set[Sender]] = {}
    for name, sender in pairs:
        found.setdefault(name, set()).add(sender)
    return {name: next(iter(senders)) for name, senders in found.items() if len(senders) == 1}
