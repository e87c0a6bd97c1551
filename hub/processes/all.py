"""`referral-hub all`: every process in one command, each a child of its own that is started again when it dies."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import IO, Any

import structlog

from hub.domain.errors import HubError, Unavailable
from hub.processes import children, embedded_kafka, embedded_postgres
from hub.processes.settings import EMBEDDED, Settings

PROCESSES = ("serve", "mllp", "relay", "worker")
FOLLOWS_BROKER = frozenset({"relay", "worker"})
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0
STEADY_SECONDS = 30.0
START_DEATHS = 5
DRAIN_SECONDS = 40.0

log = structlog.get_logger()
Lines = queue.SimpleQueue[tuple["Child", dict[str, Any]]]


@dataclass(slots=True, eq=False)
class Child:
    """One process under supervision. pause: before it is started again, doubled each time that it dies young."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    resume_at: float = 0.0
    deaths: int = 0
    addresses: dict[str, Any] = field(default_factory=dict)


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None]) -> None:
    """Run all until `stop`; one ready line when all are ready. Then the children drain, all at once.

    Raises Unavailable when a process cannot be brought up at all.
    """
    owned = embedded_kafka.own(settings.home) if settings.kafka == EMBEDDED else None
    with owned or nullcontext():
        family = [Child(name) for name in PROCESSES]
        try:
            _supervise(settings, family, owned, stop, ready)
        finally:
            _drain(family)


def _supervise(
    settings: Settings,
    family: list[Child],
    owned: embedded_kafka.Owned | None,
    stop: threading.Event,
    ready: Callable[[dict[str, Any]], None],
) -> None:
    lines: Lines = queue.SimpleQueue()
    told = False
    while not stop.is_set():
        for child in family:
            _tend(child, lines)
        while not lines.empty():
            child, line = lines.get()
            child.addresses = line
        if not told and all(child.addresses for child in family):
            told = True
            ready(_addresses(family))
        _give_up_on_start(family, told)
        if told:
            _tend_services(settings, family, owned)
        stop.wait(0.5 if told else 0.05)


def _addresses(family: list[Child]) -> dict[str, Any]:
    found = {name: value for child in family for name, value in child.addresses.items()}
    return {name: found[name] for name in ("http", "mllp", "kafka")}


def _tend(child: Child, lines: Lines) -> None:
    """Start the child where it is not running and its pause is over; note its death."""
    now = time.monotonic()
    if child.process is not None:
        if child.process.poll() is None:
            return
        steady = now - child.started_at > STEADY_SECONDS
        child.pause = FIRST_PAUSE if steady else min(child.pause * 2, LONGEST_PAUSE)
        child.deaths = 0 if steady else child.deaths + 1
        log.error("process ended", process=child.name, status=child.process.returncode, again_in_seconds=child.pause)
        child.process, child.addresses, child.resume_at = None, {}, now + child.pause
    if now >= child.resume_at:
        command = [sys.executable, "-P", "-m", "hub.processes.commands", child.name]
        child.process = children.start(command, stdout=subprocess.PIPE)
        child.started_at = now
        threading.Thread(target=_read, args=(child, child.process.stdout, lines), daemon=True).start()


def _read(child: Child, output: IO[bytes], lines: Lines) -> None:
    with output:
        for line in output:
            lines.put((child, json.loads(line)))


def _give_up_on_start(family: list[Child], told: bool) -> None:
    for child in family:
        if not told and child.deaths >= START_DEATHS:
            raise Unavailable(f"{child.name} does not start; its log, above, says why")


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


def _drain(family: list[Child]) -> None:
    running = [child.process for child in family if child.process is not None]
    for process in running:
        process.terminate()
    end = time.monotonic() + DRAIN_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("a process did not drain in time and is killed", pid=process.pid)
            process.kill()
            process.wait()
