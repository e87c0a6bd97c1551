"""`referral-hub relay`: sends what happened to Kafka; one of several leads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from hub.processes import readiness
from hub.processes.settings import Settings
from hub.stream.broker import Broker
from hub.stream.relay import Relay, Standing


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Until `stop`; ready once it leads and the topics are there, or stands by for the relay that leads."""
    with readiness.once(ready, {"kafka": settings.kafka}) as say:

        def watch(standing: Standing) -> None:
            if standing.database and (standing.kafka or not standing.leader):
                say()

        Relay(settings.database, Broker(settings.kafka, settings.kafka_security), watch=watch).run(stop)
