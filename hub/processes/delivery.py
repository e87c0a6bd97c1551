"""`referral-hub delivery`: sends messages to the organisations' own systems; of several each destination has one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from adapters.hl7v2.outbound.writer import write
from hub.processes import delivering, readiness
from hub.processes.settings import Settings


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Until `stop`, then what is on its way is finished; ready once it leads, or stands by for who does."""
    with readiness.once(ready, {}) as say:
        keep = timedelta(days=settings.delivered_days)
        delivering.deliver(settings.database, write, keep, stop, say)
