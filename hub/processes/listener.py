"""One MLLP listener: frames in, acknowledgements out; as a process of its own, one of several on a port."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from typing import Any

import structlog
import uvloop

from adapters.hl7v2.acknowledgement import Mode
from adapters.hl7v2.connection import Connection
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.mllp import listen
from hub.domain.errors import Cause, Refusal, Unavailable
from hub.domain.messages import Envelope, Outcome, Receipt, Sender
from hub.intake.accept import Intake
from hub.intake.backlog import Backlog
from hub.processes import logging
from hub.processes.settings import Network, Settings
from hub.processes.submissions import Hl7Message, resubmit
from hub.store.connections import pool
from hub.store.directory import Directory

log = structlog.get_logger()

UNKNOWN = Outcome("", unavailable=True)
CONDITIONS: dict[str, Callable[[bool], bool]] = {
    "AL": lambda positive: True,
    "NE": lambda positive: False,
    "ER": lambda positive: not positive,
    "SU": lambda positive: positive,
}
"""HL7 table 0155: whether an acknowledgement is wanted when the outcome is positive or not."""

COLLECT_AFTER = 50_000
"""Allocations between collections: a message in work is some thousand objects, none of them in a cycle."""

TURN_SECONDS = 0.0003
"""How long one thread may hold the interpreter while others wait: the committing thread waits for PostgreSQL several
times a batch, and each time the normalising thread would keep it from going on for Python's 5 ms."""

EARLY = 4096
"""Application acknowledgements kept for messages whose CA has not left yet."""


def main() -> None:
    """One of the processes of `hub.processes.mllp`, with its settings; prints `{"mllp": ADDRESS}` when it listens."""
    settings = Settings.from_environment(os.environ)
    logging.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def ready(addresses: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()

    run(settings, stop=stop, ready=ready, shared=True)


def run(settings: Settings, *, stop: threading.Event, ready: Callable[[dict[str, Any]], None],
        shared: bool = False) -> None:  # fmt: skip
    """Listen until `stop`, then answer what came and return. shared: with other processes, on the same port.

    Raises OSError when the address is not free.
    """
    sys.setswitchinterval(TURN_SECONDS)
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)
    uvloop.run(_serve(settings, stop, ready, shared))


async def _serve(settings: Settings, stop: threading.Event, ready: Callable[[dict[str, Any]], None],
                 shared: bool) -> None:  # fmt: skip
    connections = pool(settings.database, 2, name="mllp")
    directory = Directory(connections)
    directory.follow(stop)
    intake = Intake(settings.database, directory)
    reception = Reception(asyncio.get_running_loop(), intake, directory, settings.mllp_allow)
    backlog = Backlog(
        settings.database, directory, resubmit=resubmit(directory), answered=reception.application_answered,
        awaited=reception.awaited, busy=lambda: intake.waiting > 0, remember=timedelta(days=settings.remember_days),
    )  # fmt: skip
    reception.stored = backlog.wake
    try:
        listener = await listen(
            settings.mllp.host, settings.mllp.port, reception.receive, limit=settings.max_message_bytes,
            incomplete=reception.keep, oversize=reception.refuse_oversize, shared=shared,
        )  # fmt: skip
        host, port = listener.address
        ready({"mllp": f"[{host}]:{port}" if ":" in host else f"{host}:{port}"})
        await asyncio.to_thread(stop.wait)
        await listener.close()
    finally:
        stop.set()
        await asyncio.to_thread(intake.close)
        await asyncio.to_thread(backlog.close)
        connections.close()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application acknowledgement still to be sent on a connection, not before the answer of its slot."""

    connection: Connection
    slot: int
    wanted: Callable[[bool], bool]


class Reception:
    """Frames to submissions, receipts to answers. `receive` and all that leaves runs on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, intake: Intake, directory: Directory,
                 allowed: tuple[Network, ...]) -> None:  # fmt: skip
        self.stored: Callable[[], None] = lambda: None
        self._loop, self._intake, self._directory, self._allowed = loop, intake, directory, allowed
        self._trusted: dict[str, bool] = {}
        self._done: deque[Callable[[], None]] = deque()
        self._scheduled = threading.Lock()
        self._waiting: dict[str, Waiting] = {}
        self._early: OrderedDict[str, bytes] = OrderedDict()

    def receive(self, payload: bytes, connection: Connection) -> None:
        """One frame: submit it; the answer follows on its slot."""
        envelope, refusals = read_envelope(payload)
        self._submit(payload, connection, envelope, refusals)

    def refuse_oversize(self, received: bytes, connection: Connection) -> None:
        """What came of a frame over the limit: kept, refused."""
        envelope, _ = read_envelope(received)
        self._submit(received, connection, envelope, (Refusal(Cause.TOO_LARGE, "MSH[1]", "the message is too large"),))

    def keep(self, part: bytes, peer: str) -> None:
        """Bytes of a frame that never ended."""
        envelope, _ = read_envelope(part)
        try:
            sender = self._sender(envelope, peer)
        except Unavailable:
            sender = None
        self._intake.keep(Hl7Message(part, datetime.now(UTC), envelope, sender).submission("original"))

    def _submit(self, payload: bytes, connection: Connection, envelope: Envelope,
                refusals: tuple[Refusal, ...]) -> None:  # fmt: skip
        mode = _mode(envelope)
        try:
            sender = self._sender(envelope, connection.peer)
        except Unavailable:
            message = Hl7Message(payload, datetime.now(UTC), envelope, None)
            connection.answer(connection.slot, message.answer(UNKNOWN, mode))
            return
        message = Hl7Message(payload, datetime.now(UTC), envelope, sender, refusals)
        future = self._intake.submit(message.submission(mode))
        future.add_done_callback(partial(self._finished, message, mode, connection, connection.slot))

    def _sender(self, envelope: Envelope, peer: str) -> Sender | None:
        """The organisation of MSH-4, for peers that it is believed of. Raises Unavailable."""
        host = peer.rpartition(":")[0]
        trusted = self._trusted.get(host)
        if trusted is None:
            trusted = self._trusted[host] = _trusted(host, self._allowed)
        return self._directory.by_facility(envelope.facility) if trusted and envelope.facility else None

    def _finished(self, message: Hl7Message, mode: Mode, connection: Connection, slot: int,
                  future: Future[Receipt]) -> None:  # fmt: skip
        """In the committing thread: the receipts of a batch reach the loop in one call."""
        self._done.append(partial(self._answer, message, mode, connection, slot, future))
        self._schedule()

    def _schedule(self) -> None:
        if self._scheduled.acquire(blocking=False):
            try:
                self._loop.call_soon_threadsafe(self._drain)
            except RuntimeError:
                log.warning("answers are dropped: the listener is closed", answers=len(self._done))

    def _drain(self) -> None:
        self._scheduled.release()
        while self._done:
            self._done.popleft()()

    def _answer(self, message: Hl7Message, mode: Mode, connection: Connection, slot: int,
                future: Future[Receipt]) -> None:  # fmt: skip
        error = future.exception()
        if error is not None:
            if not isinstance(error, Unavailable):
                log.error("message was not taken in", error=type(error).__name__)
            connection.answer(slot, message.answer(UNKNOWN, mode))
            return
        receipt = future.result()
        connection.answer(slot, receipt.acknowledgement if _wants(message.envelope, mode, receipt) else b"")
        if mode == "accept" and receipt.outcome.accepted:
            self._expect(message.envelope, receipt, connection, slot)
            self.stored()

    def _expect(self, envelope: Envelope, receipt: Receipt, connection: Connection, slot: int) -> None:
        """Send the application's answer on this connection once it is there, where MSH-16 asks for it."""
        condition = envelope.application_acknowledgement
        if condition not in CONDITIONS or condition == "NE":
            return
        waiting = Waiting(connection, slot, CONDITIONS[condition])
        early = self._early.pop(receipt.outcome.message_id, None)
        if early is not None:
            _send(waiting, early)
        else:
            self._waiting[receipt.outcome.message_id] = waiting

    def awaited(self) -> Collection[str]:
        """Messages whose application acknowledgement is still to be sent; of closed connections none is."""
        for message_id, waiting in tuple(self._waiting.items()):
            if waiting.connection.closed:
                self._waiting.pop(message_id, None)
        return tuple(self._waiting)

    def application_answered(self, message_id: str, acknowledgement: bytes) -> None:
        """From the backlog's thread."""
        self._done.append(partial(self._follow_up, message_id, acknowledgement))
        self._schedule()

    def _follow_up(self, message_id: str, acknowledgement: bytes) -> None:
        waiting = self._waiting.pop(message_id, None)
        if waiting is not None:
            _send(waiting, acknowledgement)
            return
        self._early[message_id] = acknowledgement
        if len(self._early) > EARLY:
            self._early.popitem(last=False)


def _trusted(host: str, allowed: tuple[Network, ...]) -> bool:
    """Whether a peer of this address is believed to be whom MSH-4 names."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in allowed)


def _mode(envelope: Envelope) -> Mode:
    """Stored first in enhanced mode, but not when the sender wants the application's answer alone (MSH-15 NE)."""
    if not envelope.enhanced:
        return "original"
    return "application" if envelope.accept_acknowledgement == "NE" else "accept"


def _wants(envelope: Envelope, mode: Mode, receipt: Receipt) -> bool:
    asked = {"accept": envelope.accept_acknowledgement, "application": envelope.application_acknowledgement or "NE"}
    return CONDITIONS.get(asked.get(mode, "AL"), CONDITIONS["AL"])(receipt.outcome.accepted)


def _send(waiting: Waiting, acknowledgement: bytes) -> None:
    if not waiting.connection.closed and waiting.wanted(b"MSA" in acknowledgement and _positive(acknowledgement)):
        waiting.connection.send(acknowledgement, after=waiting.slot)


def _positive(acknowledgement: bytes) -> bool:
    at = acknowledgement.find(b"\rMSA")
    return acknowledgement[at + 5 : at + 7] in (b"AA", b"CA")


if __name__ == "__main__":
    main()
