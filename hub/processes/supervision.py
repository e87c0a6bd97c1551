"""Children under supervision: what dies is started again, what is to end drains, all at once."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import structlog

from hub.domain.errors import Unavailable
from hub.processes import children

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0
STEADY_SECONDS = 30.0
START_DEATHS = 5

log = structlog.get_logger()
Lines = queue.SimpleQueue[tuple["Child", dict[str, Any]]]


@dataclass(slots=True, eq=False)
class Child:
    """One process under supervision. addresses: its ready line; pause: before it is started again, doubled each time
    that it dies young."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    resume_at: float = 0.0
    deaths: int = 0
    addresses: dict[str, Any] = field(default_factory=dict)


def keep(family: Sequence[Child], *, stop: threading.Event, ready: Callable[[], None], seconds: float,
         tend: Callable[[], None] = lambda: None) -> None:  # fmt: skip
    """Keep the children running until `stop`, then let them drain for `seconds` at most.

    ready() is called once, when all are ready, tend() in every turn after that. Raises Unavailable when a child
    cannot be brought up at all.
    """
    lines: Lines = queue.SimpleQueue()
    told = False
    try:
        while not stop.is_set():
            for child in family:
                _tend(child, lines)
            while not lines.empty():
                child, line = lines.get()
                child.addresses = line
            if not told and all(child.addresses for child in family):
                told = True
                ready()
            if told:
                tend()
            else:
                _give_up(family)
            stop.wait(0.5 if told else 0.05)
    finally:
        _drain(family, seconds)


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
        child.process = children.start(child.command, env=child.environment, stdout=subprocess.PIPE)
        child.started_at = now
        threading.Thread(target=_read, args=(child, child.process.stdout, lines), daemon=True).start()


def _read(child: Child, output: IO[bytes], lines: Lines) -> None:
    with output:
        for line in output:
            lines.put((child, json.loads(line)))


def _give_up(family: Sequence[Child]) -> None:
    for child in family:
        if child.deaths >= START_DEATHS:
            raise Unavailable(f"{child.name} does not start; its log, above, says why")


def _drain(family: Sequence[Child], seconds: float) -> None:
    running = [child.process for child in family if child.process is not None]
    for process in running:
        process.terminate()
    end = time.monotonic() + seconds
    for process in running:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("a process did not drain in time and is killed", pid=process.pid)
            process.kill()
            process.wait()
