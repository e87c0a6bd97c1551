"""How long to wait before trying again what failed for a passing reason."""

from __future__ import annotations

import psycopg
import psycopg_pool

from hub.domain.errors import Unavailable
from hub.stream import broker

TRANSIENT: tuple[type[BaseException], ...] = (
    *broker.TRANSIENT,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
    Unavailable,
)
"""PostgreSQL or Kafka away, restarting or busy: the same step will do later; nothing is parked for these."""


class Backoff:
    """Seconds that double from `first` to `longest` until something worked."""

    def __init__(self, first: float = 0.1, longest: float = 2.0) -> None:
        self._first, self._longest, self._next = first, longest, first

    def next(self) -> float:
        seconds, self._next = self._next, min(self._next * 2, self._longest)
        return seconds

    def reset(self) -> None:
        self._next = self._first
