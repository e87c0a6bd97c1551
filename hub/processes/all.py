"""`referral-hub all`: every process in one command, each a child of its own that is started again when it dies."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import structlog

from hub.domain.errors import HubError
from hub.processes import embedded_kafka, embedded_postgres
from hub.processes.settings import EMBEDDED, Settings
from hub.processes.supervision import Child, keep

PROCESSES = ("serve", "mllp", "relay", "worker", "delivery")
FOLLOWS_BROKER = frozenset({"relay", "worker"})
DRAIN_SECONDS = 40.0

log = structlog.get_logger()


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Run all until `stop`; one ready line when all are ready. Then the children drain, all at once.

    Raises Unavailable when a process cannot be brought up at all.
    """
    owned = embedded_kafka.own(settings.home) if settings.kafka == EMBEDDED else None
    with owned or nullcontext():
        family = [Child(name, [sys.executable, "-P", "-m", "hub.processes.commands", name]) for name in PROCESSES]
        keep(
            family, stop=stop, ready=lambda: ready(_addresses(family)), seconds=DRAIN_SECONDS,
            tend=lambda: _tend_services(settings, family, owned),
        )  # fmt: skip


def _addresses(family: list[Child]) -> dict[str, Any]:
    found = {name: value for child in family for name, value in child.addresses.items()}
    return {name: found[name] for name in ("http", "mllp", "kafka")}


def _tend_services(settings: Settings, family: list[Child], owned: embedded_kafka.Owned | None) -> None:
    """Embedded services that died under us: start them again. A new broker is empty, so its users begin anew."""
    try:
        if embedded_postgres.serves(settings.home, settings.database):
            embedded_postgres.ensure_running(settings.home)
        if owned and owned.restarted():
            log.error("the embedded broker had ended and was started again")
            for child in family:
                if child.name in FOLLOWS_BROKER and child.process is not None:
                    child.process.terminate()
    except HubError as error:
        log.error("an embedded service cannot be started", error=str(error))
