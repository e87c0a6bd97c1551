"""`referral-hub worker`: makes and keeps the continuous record of each referral as events come."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from hub.domain.events import FRAGMENTS, REFERRALS
from hub.domain.positions import WORKER
from hub.processes import memory, models, readiness
from hub.processes.records import Records
from hub.processes.settings import Settings
from hub.store.connections import pool
from hub.stream.broker import Broker
from hub.stream.consumer import Consumer
from hub.stream.lines import Lines

NAME = WORKER
NICENESS = 10
"""On two cores a sender's acknowledgement and a hospital's event go before a record."""


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Until `stop`; ready when model and tables are loaded and Kafka answers."""
    os.nice(NICENESS)
    records = handler(settings)
    records.load()
    memory.settle()
    with pool(settings.database, 2, name="worker") as connections, readiness.once(ready, {}) as say:
        lines = Lines(connections, NAME, records)
        broker = Broker(settings.kafka, settings.kafka_security)
        consumer = Consumer(
            broker, (REFERRALS, FRAGMENTS), lines.process, name=NAME, group=settings.worker_group, wait=stop.wait
        )
        consumer.run(stop, say)


def handler(settings: Settings) -> Records:
    """What makes the records, with the site's model and terminologies."""
    embedder = models.embedder(settings)
    return Records(embedder, models.shelf(settings, embedder))
