"""Enhanced mode: safe first, CA, then the application's answer; a crash in between loses and doubles nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from hub.domain.messages import Normalised, Submission
from hub.intake.backlog import Backlog, purge
from hub.intake.committing import open_connection
from hub.intake.kept import Kept
from tests.integration.intake_cases import Hub, Message, amendment, causes, hub, opening


@dataclass
class Answers:
    """What a backlog answered, by message id."""

    found: dict[str, bytes] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, message_id: str, acknowledgement: bytes) -> None:
        with self.changed:
            self.found[message_id] = acknowledgement
            self.changed.notify_all()

    def wait(self, count: int) -> dict[str, bytes]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.found) >= count, 60), self.found
        return self.found


@contextmanager
def backlog(h: Hub, messages: list[Message], answers: Answers, awaited: tuple[str, ...] = ()) -> Iterator[Backlog]:
    by_control_id = {m.control_id: m for m in messages}

    def resubmit(kept: Kept) -> Submission:
        message = replace(by_control_id[kept.control_id], store_first=False)
        return replace(h.submission(message), raw=kept.raw, received_at=kept.received_at)

    worker = Backlog(
        h.url, h.directory, resubmit=resubmit, answered=answers, awaited=lambda: awaited, busy=lambda: False
    )
    try:
        yield worker
    finally:
        worker.close()


def stored(*messages: Message) -> list[Message]:
    return [replace(m, store_first=True) for m in messages]


def test_stored_is_answered_at_once_and_normalised_later_in_order(database: str) -> None:
    with hub(database) as h:
        messages = stored(opening("1", "R1", notes=("cough",)), amendment("2", "R1"), amendment("3", "R9"))
        receipts = [h.send(m) for m in messages]
        assert all(r.outcome.stored and b"CA" in r.acknowledgement for r in receipts)
        assert not any(m.normalised for m in messages)
        assert h.rows("SELECT DISTINCT status, code FROM messages") == [("stored", "CA")]
        assert h.one("SELECT count(*) FROM outbox") == 0
        answers = Answers()
        with backlog(h, messages, answers):
            found = answers.wait(3)
        codes = [b"AA" in found[r.outcome.message_id] for r in receipts]
        assert codes == [True, True, False]
        assert h.rows("SELECT status FROM messages ORDER BY id") == [("accepted",), ("accepted",), ("rejected",)]
        assert h.rows("SELECT version, priority FROM referrals") == [(2, "urgent")]
        first = h.rows("SELECT acknowledgement, application_acknowledgement FROM messages ORDER BY id LIMIT 1")
        assert first == [(receipts[0].acknowledgement, found[receipts[0].outcome.message_id])]


def test_what_a_crash_left_is_picked_up_at_the_next_start_and_takes_effect_once(database: str) -> None:
    messages = stored(*(opening(str(n), f"R{n}") for n in range(250)))
    with hub(database) as h:
        assert all(f.result().outcome.stored for f in [h.intake.submit(h.submission(m)) for m in messages])
    with hub(database) as h:
        first, second = Answers(), Answers()
        with backlog(h, messages, first), backlog(h, messages, second):
            end = time.monotonic() + 60
            while len(first.found) + len(second.found) < 250 and time.monotonic() < end:
                time.sleep(0.05)
        assert len(first.found) + len(second.found) == 250
        assert not first.found.keys() & second.found.keys()
        assert h.one("SELECT count(*) FROM referrals") == 250
        assert h.one("SELECT count(*) FROM outbox") == 250


def test_a_repeat_of_a_stored_message_gets_the_first_answer_before_and_after(database: str) -> None:
    with hub(database) as h:
        (message,) = stored(opening("1", "R1"))
        first = h.send(message)
        assert h.send(message).acknowledgement == first.acknowledgement
        answers = Answers()
        with backlog(h, [message], answers):
            answers.wait(1)
        again = h.send(message)
        assert again.repeated and again.acknowledgement == first.acknowledgement
        assert h.one("SELECT count(*) FROM messages") == 1
        with_other = h.send(replace(message, body="other"))
        assert causes(with_other) == [("duplicate-key", "MSH[1]-10[1]")]


def test_a_stored_message_that_is_then_refused_frees_its_key(database: str) -> None:
    with hub(database) as h:
        (bad,) = stored(opening("1", "R1", receiver="NOBODY"))
        h.send(bad)
        answers = Answers()
        with backlog(h, [bad], answers):
            answers.wait(1)
        assert h.one("SELECT count(*) FROM accepted_keys") == 0
        assert h.send(opening("1", "R1")).outcome.accepted


def test_another_process_learns_of_answers_that_it_waits_for(database: str) -> None:
    with hub(database) as h:
        messages = stored(opening("1", "R1"))
        message_id = h.send(messages[0]).outcome.message_id
        leading, waiting = Answers(), Answers()
        with backlog(h, messages, leading), backlog(h, messages, waiting, (message_id,)):
            assert waiting.wait(1) == {message_id: h.one("SELECT application_acknowledgement FROM messages")}


def test_control_ids_are_forgotten_in_time(database: str) -> None:
    with hub(database) as h:
        h.send(Message("1"))
        with open_connection(database) as connection:
            assert purge(connection, timedelta(days=30)) == 0
            assert purge(connection, timedelta(0)) == 1
        assert not h.send(Message("1")).repeated


def test_what_is_stored_first_does_not_overtake_what_is_being_normalised(database: str) -> None:
    with hub(database) as h:
        held = threading.Event()
        slow = h.submission(Message("1"))

        def normalise() -> Normalised:
            held.wait(10)
            return slow.normalise()

        first = h.intake.submit(replace(slow, normalise=normalise))
        second = h.intake.submit(h.submission(Message("2"), store_first=True))
        with pytest.raises(TimeoutError):
            second.result(0.3)
        held.set()
        assert first.result(10).outcome.accepted and second.result(10).outcome.stored
        assert h.rows("SELECT control_id FROM messages ORDER BY id") == [("1",), ("2",)]
