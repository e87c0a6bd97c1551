"""The totals of the loss ledger: which fields of which senders are in no Bundle, and why. No patient data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks

_INSIDE = ("since", "type", "segment")
WAITING = 10_000
"""So many messages that wait to be counted are told exactly."""

MOST = 500
"""Fields of senders in the metrics, each of which is a series."""

Outcome = Literal["mapped", "unmapped"]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to show: all that is given must agree. organization: CODE; since: of the sender's days from then on."""

    organization: str | None = None
    type: str | None = None
    segment: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one sender. field: `PID-3.4`; reason: why no Bundle carries it, "" where one does; messages: in how
    many it was so; mapped: in how many the field was mapped; newest: id of the newest message that shows it."""

    organization: str
    organization_name: str
    field: str
    reason: str
    messages: int
    mapped: int
    types: Sequence[str]
    last_at: datetime
    newest: str

    @property
    def outcome(self) -> Outcome:
        return "unmapped" if self.reason else "mapped"

    def told(self) -> dict[str, Any]:
        """As it leaves the hub."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = ("organization", "field", "outcome", "reason", "messages", "mapped", "types", "last_at", "newest")


@dataclass(frozen=True, slots=True)
class Total:
    """Messages of a sender and type since the beginning, and their leaves. organization: CODE, None: unknown."""

    organization: str | None
    type: str
    converted: int
    refused: int
    mapped: int
    unmapped: int


def lines(connection: Connection[Any], criteria: Criteria, *, limit: int | None = None, offset: int = 0) -> list[Line]:
    """The most frequent first; limit: None for all."""
    given = {f.name: value for f in fields(criteria) if (value := getattr(criteria, f.name)) is not None}
    sql = blocks("ledger")
    inside: list[LiteralString] = [sql[f"within_{name}"] for name in given if name in _INSIDE]
    outside: list[LiteralString] = [sql["of_organization"]] if criteria.organization is not None else []
    if criteria.outcome is not None:
        outside.append(sql[f"of_{criteria.outcome}"])
    query = " ".join((sql["lines"], *inside, sql["lines_end"], *outside, sql["lines_order"]))
    connection.execute(blocks("admin")["by_index"])
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(query, {**given, "limit": limit, "offset": offset}).fetchall()


def lost(connection: Connection[Any], now: datetime) -> list[Line]:
    """The fields that most messages of yesterday and today had in no Bundle, at most MOST of them."""
    return lines(connection, Criteria(outcome="unmapped", since=now - timedelta(days=1)), limit=MOST)


def totals(connection: Connection[Any]) -> list[Total]:
    """By sender and type."""
    with connection.cursor(row_factory=class_row(Total)) as cursor:
        return cursor.execute(blocks("ledger")["totals"]).fetchall()


def waiting(connection: Connection[Any]) -> int:
    """Messages that are not counted yet; `WAITING` where there are more."""
    [(count,)] = connection.execute(blocks("ledger")["waiting"], {"most": WAITING}).fetchall()
    return int(count)
