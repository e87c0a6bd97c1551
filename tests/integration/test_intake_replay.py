"""FHIR messages that go through again: under the key that they came with, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.domain.errors import Cause, Refused
from hub.domain.messages import Envelope, Normalised, Submission
from hub.intake.committing import open_connection
from hub.intake.kept import replay
from hub.processes.submissions import resubmit
from tests.integration.intake_cases import Hub, hub

PATIENT = {"resourceType": "Patient", "name": [{"text": "王秀英"}], "gender": "female"}


def faulty() -> Normalised:
    raise KeyError


def parked(h: Hub, kind: str) -> Submission:
    """A submission that the hub kept, and could not process."""
    envelope = Envelope("fhir", kind, "K1", "4.0.1", "UTF-8", application="X-Request-ID")
    return Submission(
        "fhir", json.dumps(PATIENT).encode(), datetime.now(UTC), h.senders["TOWN"], envelope, faulty,
        lambda outcome: b"[200,{}]\n",
    )  # fmt: skip


def test_what_was_replayed_is_known_when_its_sender_sends_it_again(database: str) -> None:
    with hub(database) as h, open_connection(database) as connection:
        submission = parked(h, "Patient")
        first = h.intake.accept(submission)
        receipt = replay(connection, h.directory, first.outcome.message_id, resubmit(h.directory))
        assert receipt.outcome.accepted and not receipt.repeated
        again = h.intake.accept(submission)
        assert again.repeated and again.outcome.message_id == first.outcome.message_id
        assert h.rows("SELECT count(*), min(status) FROM messages") == [(1, "accepted")]
        assert h.one("SELECT count(*) FROM fragments") == 1


def test_a_task_update_is_not_put_through_again(database: str) -> None:
    with hub(database) as h, open_connection(database) as connection:
        first = h.intake.accept(parked(h, "Task"))
        with pytest.raises(Refused) as refused:
            replay(connection, h.directory, first.outcome.message_id, resubmit(h.directory))
        assert [r.cause for r in refused.value.refusals] == [Cause.FORBIDDEN_STATE]
        assert h.one("SELECT status FROM messages") == "parked"
