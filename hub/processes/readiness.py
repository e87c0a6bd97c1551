"""Saying once that a process is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

KAFKA_SECONDS = 10.0
"""How long a process waits for Kafka before it says that it is ready all the same: it begins when Kafka comes."""


@contextmanager
def once(ready: Callable[[dict[str, Any]], None], addresses: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """A callable that says so the first time it is called, or is called by itself when Kafka is long in coming."""
    lock = threading.Lock()
    said = False

    def say() -> None:
        nonlocal said
        with lock:
            if not said:
                said = True
                ready(addresses)

    timer = threading.Timer(KAFKA_SECONDS, say)
    timer.daemon = True
    timer.start()
    try:
        yield say
    finally:
        timer.cancel()
