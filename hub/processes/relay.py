"""`referral-hub relay`: sends what happened to Kafka; one of several leads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from hub.processes.settings import Settings
from hub.stream.broker import Broker
from hub.stream.relay import Relay, Standing

KAFKA_SECONDS = 10.0
"""How long to wait for Kafka before saying that the relay is ready all the same: it sends when Kafka comes."""


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Until `stop`; ready once it leads and the topics are there, or stands by for the relay that leads."""
    told = threading.Event()

    def tell() -> None:
        if not told.is_set():
            told.set()
            ready({"kafka": settings.kafka})

    def watch(standing: Standing) -> None:
        if standing.database and (standing.kafka or not standing.leader):
            timer.cancel()
            tell()

    timer = threading.Timer(KAFKA_SECONDS, tell)
    timer.daemon = True
    timer.start()
    try:
        Relay(settings.database, Broker(settings.kafka, settings.kafka_security), watch=watch).run(stop)
    finally:
        timer.cancel()
