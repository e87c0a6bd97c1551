"""The life cycle of DESIGN.md: every move that the table names, and no other."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import Cause, Refused
from hub.domain.referrals import FINAL, TASK, TRANSITIONS, Role, State, plan, state_of_task

TABLE = {
    "draft": "requested",
    "requested": "received cancelled expired",
    "received": "accepted rejected information-requested referred-onward cancelled expired",
    "information-requested": "received cancelled expired",
    "accepted": "scheduled arrived cancelled expired",
    "scheduled": "scheduled arrived no-show cancelled",
    "no-show": "scheduled closed",
    "arrived": "in-progress cancelled",
    "in-progress": "outcome-sent cancelled",
    "outcome-sent": "outcome-sent closed",
}


def test_the_transitions_are_those_of_the_design() -> None:
    found: dict[str, set[str]] = {}
    for step in TRANSITIONS:
        found.setdefault(step.source.value, set()).add(step.target.value)
    assert found == {state: set(targets.split()) for state, targets in TABLE.items()}


@given(st.sampled_from(sorted(FINAL)), st.sampled_from(State), st.sampled_from(Role))
def test_nothing_leaves_a_final_state(state: State, target: State, role: Role) -> None:
    with pytest.raises(Refused):
        plan(state, target, role, reason="r", cancellation_asked=True)


@given(st.sampled_from(State), st.sampled_from(State), st.sampled_from(Role))
def test_a_plan_is_a_chain_of_allowed_steps_that_ends_at_its_target(state: State, target: State, role: Role) -> None:
    try:
        steps = plan(state, target, role, reason="r", cancellation_asked=True)
    except Refused as refused:
        assert refused.refusals[0].cause in (Cause.FORBIDDEN_STATE, Cause.NOT_PERMITTED)
        return
    assert steps[0].source is state
    assert steps[-1].target is target
    assert all(a.target is b.source for a, b in itertools.pairwise(steps))
    assert all(role in step.by for step in steps)


def test_steps_that_a_receiver_skips_are_filled_in() -> None:
    steps = plan(State.REQUESTED, State.OUTCOME_SENT, Role.RECEIVER)
    assert [step.event for step in steps] == [
        "referral.received", "referral.accepted", "referral.arrived", "referral.started", "referral.outcome-sent",
    ]  # fmt: skip


def test_a_rejection_needs_a_reason() -> None:
    with pytest.raises(Refused) as refused:
        plan(State.REQUESTED, State.REJECTED, Role.RECEIVER)
    assert refused.value.refusals[0].cause is Cause.REQUIRED_MISSING
    assert [s.event for s in plan(State.REQUESTED, State.REJECTED, Role.RECEIVER, reason="no bed")] == [
        "referral.received", "referral.rejected",
    ]  # fmt: skip


@pytest.mark.parametrize("state", [State.REQUESTED, State.RECEIVED, State.ACCEPTED, State.SCHEDULED])
def test_the_sender_cancels_directly_before_arrival(state: State) -> None:
    assert [s.event for s in plan(state, State.CANCELLED, Role.SENDER)] == ["referral.cancelled"]


def test_after_arrival_only_the_receiver_cancels_and_only_when_asked() -> None:
    with pytest.raises(Refused) as by_sender:
        plan(State.ARRIVED, State.CANCELLED, Role.SENDER)
    assert by_sender.value.refusals[0].cause is Cause.NOT_PERMITTED
    with pytest.raises(Refused) as unasked:
        plan(State.IN_PROGRESS, State.CANCELLED, Role.RECEIVER)
    assert unasked.value.refusals[0].cause is Cause.FORBIDDEN_STATE
    assert plan(State.IN_PROGRESS, State.CANCELLED, Role.RECEIVER, cancellation_asked=True)


def test_the_sender_does_not_accept_its_own_referral() -> None:
    with pytest.raises(Refused) as refused:
        plan(State.RECEIVED, State.ACCEPTED, Role.SENDER)
    assert refused.value.refusals[0].cause is Cause.NOT_PERMITTED


def test_each_state_has_one_task_form_and_back() -> None:
    assert set(TASK) == set(State)
    assert all(state_of_task(*pair) is state for state, pair in TASK.items())
    assert state_of_task("completed", None) is State.OUTCOME_SENT
    assert state_of_task("on-hold", None) is None


@pytest.mark.parametrize("state", [State.REQUESTED, State.RECEIVED, State.INFORMATION_REQUESTED])
def test_a_receiver_does_not_accept_in_order_to_cancel(state: State) -> None:
    with pytest.raises(Refused) as refused:
        plan(state, State.CANCELLED, Role.RECEIVER, reason="r")
    assert refused.value.refusals[0].cause is Cause.NOT_PERMITTED
