"""What a move or a cancellation makes of a referral, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.domain.errors import Refused
from hub.domain.messages import Cancel, Move, Sender
from hub.domain.referrals import State
from hub.intake.moves import cancel, move
from hub.intake.referrals import Referral

TOWN = Sender(1, "TOWN", "Township", "clinic")
CITY = Sender(2, "CITY", "City Hospital", "hospital")


def referral(state: State, **changes: Any) -> Referral:
    values: dict[str, Any] = {
        "id": "r", "version": 5, "state": state, "direction": "up", "priority": "routine", "sender_id": 1,
        "receiver_id": 2, "department": None, "patient_id": "p", "question": None, "reason": None, "based_on": None,
        "cancellation_asked": False, "details": {}, "service_request": {}, "task": {},
        "requested_at": datetime.now(UTC),
    }  # fmt: skip
    return Referral(**values | changes)


def cause(error: pytest.ExceptionInfo[Refused]) -> tuple[str, str]:
    (refusal,) = error.value.refusals
    return refusal.cause.value, refusal.path


@pytest.mark.parametrize("state", [State.REQUESTED, State.RECEIVED, State.ACCEPTED, State.SCHEDULED])
def test_before_arrival_the_sender_cancels_directly(state: State) -> None:
    change = cancel(referral(state), Cancel((), "RF1[1]-6[1]", "recovered"))
    assert [event for event, _ in change.steps] == ["referral.cancelled"]
    assert change.told == {"reason": "recovered"}


@pytest.mark.parametrize("state", [State.ARRIVED, State.IN_PROGRESS])
def test_after_arrival_a_cancellation_is_a_request_made_once(state: State) -> None:
    change = cancel(referral(state), Cancel((), "RF1[1]-6[1]", None))
    assert change.steps == (("referral.cancellation-requested", state),) and change.cancellation_asked
    with pytest.raises(Refused) as error:
        cancel(referral(state, cancellation_asked=True), Cancel((), "RF1[1]-6[1]", None))
    assert cause(error) == ("forbidden-state", "RF1[1]-6[1]")


@pytest.mark.parametrize("state", [State.OUTCOME_SENT, State.CLOSED, State.REJECTED, State.CANCELLED])
def test_what_is_over_cannot_be_cancelled(state: State) -> None:
    with pytest.raises(Refused) as error:
        cancel(referral(state), Cancel((), "RF1[1]-6[1]", None))
    assert cause(error) == ("forbidden-state", "RF1[1]-6[1]")


def test_a_sender_that_moves_to_cancelled_after_arrival_asks() -> None:
    change = move(referral(State.ARRIVED), TOWN, Move("r", State.CANCELLED, 5, None))
    assert change.steps == (("referral.cancellation-requested", State.ARRIVED),)


def test_granting_ends_the_request() -> None:
    asked = referral(State.ARRIVED, cancellation_asked=True)
    change = move(asked, CITY, Move("r", State.CANCELLED, 5, None))
    change.apply(asked)
    assert change.steps == (("referral.cancelled", State.CANCELLED),) and not asked.cancellation_asked


def test_the_sender_does_not_answer_its_own_request() -> None:
    with pytest.raises(Refused) as error:
        move(referral(State.ARRIVED, cancellation_asked=True), TOWN,
             Move("r", State.ARRIVED, 5, None, cancellation="refuse"))  # fmt: skip
    assert cause(error)[0] == "not-permitted"


def test_an_organisation_that_refers_to_itself_has_both_roles() -> None:
    own = referral(State.INFORMATION_REQUESTED, receiver_id=1)
    assert move(own, TOWN, Move("r", State.RECEIVED, None, None)).steps[0][0] == "referral.information-supplied"
    assert (
        move(referral(State.REQUESTED, receiver_id=1), TOWN, Move("r", State.ACCEPTED, 5, None)).steps[-1][1]
        is State.ACCEPTED
    )
