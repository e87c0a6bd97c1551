"""A Task read as a move of its referral."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.fhir.tasks import move
from hub.domain.errors import Refused
from hub.domain.referrals import TASK, State

SYSTEM = "urn:referral-hub:business-status"


def task(status: str, business: str | None = None, **elements: Any) -> dict[str, Any]:
    told = {"businessStatus": {"coding": [{"system": SYSTEM, "code": business}]}} if business else {}
    return {"resourceType": "Task", "status": status, "intent": "order", **told, **elements}


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_asked_for_as_it_is_told(state: State) -> None:
    assert move(task(*TASK[state]), "Task", "id", 1).target is state


def test_a_business_status_left_from_the_state_before_is_not_read() -> None:
    before = task("in-progress", "arrived")
    assert move(task("completed", "arrived"), "Task", "id", 1, before).target is State.OUTCOME_SENT
    with pytest.raises(Refused):
        move(task("completed", "arrived"), "Task", "id", 1)


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (task("on-hold"), "Task.status"),
        (task("requested", "scheduled"), "Task.businessStatus"),
        (task("accepted", "nonsense"), "Task.businessStatus"),
    ],
)
def test_a_status_that_no_referral_has_is_refused(sent: dict[str, Any], place: str) -> None:
    with pytest.raises(Refused) as error:
        move(sent, "Task", "id", 1)
    assert [refusal.path for refusal in error.value.refusals] == [place]


def test_what_the_hub_computes_is_not_taken_from_a_writer() -> None:
    sent = task("rejected", owner={"display": "x"}, output=[{"a": 1}], statusReason={"coding": [{"display": "满员"}]})
    moved = move(sent, "Task", "id", 2)
    assert (moved.reason, moved.task, moved.version) == ("满员", {"output": [{"a": 1}]}, 2)


def test_an_appointment_comes_from_the_period_else_from_a_contained_one() -> None:
    period = {"start": "2026-12-01T09:00:00+08:00"}
    booked = {"resourceType": "Appointment", "start": "2026-12-02T09:00:00+08:00", "status": "booked"}
    assert move(task("accepted", "scheduled", executionPeriod=period), "Task", "id", 1).details == {
        "appointment": period
    }
    assert move(task("accepted", "scheduled", contained=[booked]), "Task", "id", 1).details == {
        "appointment": {"start": booked["start"]}
    }
    assert move(task("accepted", executionPeriod=period), "Task", "id", 1).details == {}


@pytest.mark.parametrize(
    ("business", "cancellation", "target"),
    [
        ("cancellation-requested", "ask", State.CANCELLED),
        ("cancellation-refused", "refuse", State.IN_PROGRESS),
    ],
)
def test_cancellation_is_asked_for_and_refused(business: str, cancellation: str, target: State) -> None:
    moved = move(task("in-progress", business), "Task", "id", 1)
    assert (moved.cancellation, moved.target) == (cancellation, target)


def test_a_large_file_is_named_and_not_kept_with_the_referral() -> None:
    def document(data: str) -> dict[str, Any]:
        return {"resourceType": "DocumentReference", "content": [{"attachment": {"title": "a", "data": data}}]}

    plan = {"resourceType": "CarePlan", "description": "d" * 70_000}
    sent = [document("QUJD"), document("Q" * 70_000), plan]
    kept = move(task("completed", contained=sent), "Task", "id", 1).task["contained"]
    assert kept == [document("QUJD"), {**sent[1], "content": [{"attachment": {"title": "a"}}]}, plan]
    assert len(sent[1]["content"][0]["attachment"]["data"]) == 70_000
