"""How far readers of a topic are behind its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WORKER = "referral-hub-worker"
"""Under which the worker remembers what it has dealt with, and Kafka what it has taken."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A consumer group on one topic, over all partitions. committed: events that it has taken; end: that there are."""

    topic: str
    group: str
    committed: int
    end: int

    @property
    def lag(self) -> int:
        return max(0, self.end - self.committed)


@dataclass(frozen=True, slots=True)
class Readers:
    """What Kafka said at a time. reachable: False when it did not answer then, and readers are what it said before;
    None when it has not been asked yet."""

    at: datetime
    reachable: bool | None
    readers: tuple[Reader, ...] = ()
