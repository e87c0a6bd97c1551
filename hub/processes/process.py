"""A long-running process: its services, its signals, its ready line."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from hub.processes import embedded
from hub.processes.settings import Settings

Run = Callable[..., None]


def run(name: str, body: Run, settings: Settings, *, broker: embedded.Broker) -> int:
    """Run `body(settings, stop=, ready=)` until SIGTERM or SIGINT; returns 0 when it has drained.

    `ready(addresses)` prints the one line that says so, `{"ready": name, **addresses}`, and HOME/<name>.ready holds
    it for as long as the process runs.
    """
    mark = settings.home / f"{name}.ready"
    mark.unlink(missing_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def ready(addresses: dict[str, Any]) -> None:
        line = json.dumps({"ready": name, **addresses}, ensure_ascii=False) + "\n"
        settings.home.mkdir(parents=True, exist_ok=True)
        mark.write_text(line, encoding="utf-8")
        sys.stdout.write(line)
        sys.stdout.flush()

    try:
        with embedded.started(settings, broker=broker) as resolved:
            body(resolved, stop=stop, ready=ready)
    finally:
        mark.unlink(missing_ok=True)
    return 0
