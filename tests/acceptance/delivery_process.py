"""`referral-hub delivery` with the tests' small writer of messages: what tests kill, and start twice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from os import environ
from typing import Any

from hub.processes import delivering, logging, process
from hub.processes.settings import Settings
from tests.integration.delivery_site import write


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    told = threading.Event()

    def say() -> None:
        if not told.is_set():
            told.set()
            ready({})

    delivering.deliver(settings.database, write, timedelta(days=settings.delivered_days), stop, say)


if __name__ == "__main__":
    logging.configure("info")
    sys.exit(process.run("delivery", run, Settings.from_environment(environ), broker=None))
