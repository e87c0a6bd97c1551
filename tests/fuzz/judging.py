"""One mutated input through the ways that real ones take, and what is wrong with what came out.

HL7 v2: the listener's way (envelope, `Hl7Message`, the intake's `prepare`, the acknowledgement) and that of `convert`.
FHIR: the HTTP routes up to the intake's `prepare` and its answer, and that of `convert`. There is no database: nothing
is written, and what the hub would look up is away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from adapters.fhir.routes import Commands, router
from adapters.fhir.validation import check
from adapters.hl7v2.envelope import read_envelope
from hub.domain.errors import Unavailable
from hub.domain.messages import Outcome, Receipt, Sender, Submission
from hub.intake.entries import Entry, prepare
from hub.processes.convert import Converted, convert, encoded, line
from hub.processes.submissions import Hl7Message
from tests.accounting import er7_leaves, fhir_leaves, unbalanced

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TOWN = Sender(1, "TOWN", "镇卫生院", "clinic")
ZONE = "Asia/Shanghai"


@dataclass
class Judgement:
    """What became of an input. seconds: of the slower way, cpu: those of the processor; faults: what must not be."""

    results: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    faults: list[str] = field(default_factory=list)


def hl7v2(raw: bytes) -> Judgement:
    """An HL7 v2 message as a frame and as a file."""
    found = Judgement()
    with _timed(found):
        envelope, refusals = read_envelope(raw)
        message = Hl7Message(raw, NOW, envelope, TOWN, refusals)
        entry = prepare(message.submission("original"))
        answer = message.answer(Outcome("m", refusals=entry.refusals), "original")
    found.results.append("refused" if entry.refusals else "taken")
    found.faults += _fault(entry)
    if not entry.fault and not read_envelope(answer)[0].header:
        found.faults.append("the acknowledgement has no header")
    if entry.content:
        found.faults += unbalanced(er7_leaves(raw), entry.content.normalised)
        found.faults += [f"no FHIR at {fault.path}" for fault in check(entry.content.normalised.bundle)]
    entry = None
    _converted(raw, found)
    return found


def fhir(raw: bytes) -> Judgement:
    """A FHIR document over HTTP and as a file."""
    found = Judgement()
    client, entries = _client()
    entries.clear()
    with _timed(found):
        answer = client.post("/fhir", content=raw, headers={"Content-Type": "application/fhir+json"})
    found.results.append(str(answer.status_code))
    found.faults += [fault for entry in entries for fault in _fault(entry)]
    entries.clear()
    if answer.status_code >= 500 and answer.status_code != 503:
        found.faults.append(f"answered {answer.status_code}")
    found.faults += [f"the answer is no FHIR at {fault.path}" for fault in check(answer.json())]
    _converted(raw, found)
    return found


def _converted(raw: bytes, found: Judgement) -> None:
    """Each message of a file is timed by itself."""
    messages: list[Converted] = []
    rest = convert(raw, None, ZONE, NOW)
    while True:
        with _timed(found):
            message = next(rest, None)
            if message is None:
                break
            encoded(line("x", len(messages), message))
        messages.append(message)
    if not messages:
        found.faults.append("no line")
    for message in messages:
        found.results.append("converted" if message.normalised else "rejected")
        if message.normalised and message.format == "fhir":
            found.faults += unbalanced(fhir_leaves(raw), message.normalised)
        elif message.refusal and not (message.refusal.text and message.refusal.cause):
            found.faults.append("rejected without a reason")


def _fault(entry: Entry) -> list[str]:
    return [f"parked: {entry.fault}"] if entry.fault else []


@contextmanager
def _timed(found: Judgement) -> Iterator[None]:
    start, worked = time.perf_counter(), time.process_time()
    yield
    found.seconds = max(found.seconds, time.perf_counter() - start)
    found.cpu = max(found.cpu, time.process_time() - worked)


@cache
def _client() -> tuple[TestClient, list[Entry]]:
    """The FHIR routes, and what they gave to the intake since the list was cleared."""
    entries: list[Entry] = []

    def accept(submission: Submission) -> Receipt:
        entry = prepare(submission)
        entries.append(entry)
        outcome = Outcome("00000000-0000-7000-8000-000000000001", refusals=entry.refusals)
        return Receipt(outcome, submission.acknowledge(outcome))

    @contextmanager
    def away() -> Iterator[Any]:
        raise Unavailable("there is no database")
        yield

    def audit(*_: object, **__: object) -> None:
        raise AssertionError("nothing is read")

    app = FastAPI()
    app.include_router(router(Commands(lambda _: TOWN, accept, away, audit, now=lambda: NOW)))
    return TestClient(app, headers={"Authorization": "Bearer t"}), entries
