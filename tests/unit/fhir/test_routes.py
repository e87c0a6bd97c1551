"""What the routes answer when what they call is away or knows nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from adapters.fhir.routes import Commands, router
from adapters.fhir.validation import check_received
from hub.domain.errors import Cause, Unavailable
from hub.domain.messages import Outcome, Receipt, Sender, Submission
from tests.unit.fhir.documents import WANG, bundle, finding

TOWN = Sender(1, "TOWN", "镇卫生院", "clinic")


@contextmanager
def away() -> Iterator[Any]:
    raise Unavailable("PostgreSQL does not answer")
    yield


def nobody_writes(*_: object, **__: object) -> None:
    raise AssertionError("nothing is audited here")


def client(accept: Any) -> TestClient:
    app = FastAPI()
    app.include_router(router(Commands(lambda token: TOWN if token == "t" else None, accept, away, nobody_writes)))
    return TestClient(app, headers={"Authorization": "Bearer t"})


def unavailable(_: Submission) -> Receipt:
    raise Unavailable("too much is waiting")


def not_stored(submission: Submission) -> Receipt:
    outcome = Outcome("m", unavailable=True)
    return Receipt(outcome, submission.acknowledge(outcome))


@pytest.mark.parametrize("accept", [unavailable, not_stored])
def test_what_cannot_be_stored_may_be_sent_again(accept: Any) -> None:
    answer = client(accept).post("/fhir", json=bundle("collection", WANG, finding()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["issue"][0]["code"] == "transient"


@pytest.mark.parametrize("path", ["/fhir/Task", "/fhir/Task/1", "/fhir/Patient/1"])
def test_without_postgres_reads_are_answered_503(path: str) -> None:
    answer = client(unavailable).get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_metadata_needs_no_token_and_all_else_does() -> None:
    there = client(unavailable)
    assert there.get("/fhir/metadata", headers={"Authorization": ""}).status_code == 200
    for path in ("/fhir/Task", "/fhir/CodeSystem", "/fhir/anything/else"):
        answer = there.get(path, headers={"Authorization": "Bearer other"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert check_received(answer.json()) == ()


def test_what_is_refused_before_normalising_still_goes_to_the_intake() -> None:
    kept: list[Submission] = []

    def accept(submission: Submission) -> Receipt:
        kept.append(submission)
        outcome = Outcome("m", refusals=submission.refusals)
        return Receipt(outcome, submission.acknowledge(outcome))

    answer = client(accept).post("/fhir/$process-message", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert [refusal.cause for refusal in kept[0].refusals] == [Cause.WRONG_STRUCTURE]
    assert kept[0].raw == b"{"


def test_request_ids_are_keys_with_the_body_and_conditions_are_kept_as_digests() -> None:
    kept: list[Submission] = []

    def accept(submission: Submission) -> Receipt:
        kept.append(submission)
        return unavailable(submission)

    there = client(accept)
    for body, headers in (
        (finding(None), {"X-Request-ID": "q-1"}),
        (finding(None), {"X-Request-ID": "q-1"}),
        (finding(None, id="x"), {"X-Request-ID": "q-1"}),
        (finding(None), {"If-None-Exist": "identifier=urn:a|110105195603040024"}),
    ):
        there.post("/fhir/Observation", json=body, headers=headers)
    keys = [(s.envelope.application, s.envelope.control_id) for s in kept]
    assert keys[0] == keys[1] != keys[2]
    assert keys[2][1] == "q-1"
    assert "110105195603040024" not in str(keys[3])
    assert keys[3][1]
