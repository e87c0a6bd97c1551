"""Figures of the hub's work, from the database: numbers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from hub.store.sql import blocks
from hub.views import deliveries, ledgers, queues


@dataclass(frozen=True, slots=True)
class Figures:
    """messages: by status; referrals: by state; outbox_oldest: seconds that the oldest unpublished event has waited;
    dead_letters: waiting for replay, by consumer; streams: of the organisations; destinations: how they stand;
    delivering: whether a process delivers; totals: of HL7 v2 messages and their leaves; lost: fields that no Bundle
    carries; uncounted: messages that are in neither yet."""

    messages: Mapping[str, int]
    referrals: Mapping[str, int]
    outbox_waiting: int
    outbox_oldest: float
    dead_letters: Mapping[str, int]
    records: int
    streams: Sequence[queues.Stream]
    destinations: Sequence[deliveries.Standing]
    delivering: bool
    totals: Sequence[ledgers.Total]
    lost: Sequence[ledgers.Line]
    uncounted: int


def read(connection: Connection[Any]) -> Figures:
    sql = blocks("views")
    messages, referrals, dead_letters = (
        dict(connection.execute(sql["figures_" + name]).fetchall())
        for name in ("messages", "referrals", "dead_letters")
    )
    [(waiting, oldest)] = connection.execute(sql["figures_outbox"]).fetchall()
    [(records,)] = connection.execute(sql["figures_records"]).fetchall()
    return Figures(
        messages, referrals, waiting, oldest, dead_letters, records, queues.streams(connection),
        deliveries.standings(connection), deliveries.delivering(connection),
        ledgers.totals(connection), ledgers.lost(connection, datetime.now(UTC)), ledgers.waiting(connection),
    )  # fmt: skip
