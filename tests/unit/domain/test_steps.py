"""What a person may do is what the life cycle lets the role do; what is entered is checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.errors import Cause
from hub.domain.forms import Action, Attachment, StepForm
from hub.domain.referrals import FINAL, Role, State
from hub.domain.steps import ACTIONS, EVENTS, faults, possible

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def direct(state: State, role: Role, **asked: bool) -> set[str]:
    return {action for action, way in possible(state, [role], **asked).items() if len(way) <= 1}


@pytest.mark.parametrize(
    ("state", "role", "actions"),
    [
        (State.REQUESTED, Role.RECEIVER, {"receive"}),
        (State.RECEIVED, Role.RECEIVER, {"accept", "reject", "ask", "refer-onward"}),
        (State.INFORMATION_REQUESTED, Role.SENDER, {"supply", "cancel"}),
        (State.INFORMATION_REQUESTED, Role.RECEIVER, set()),
        (State.ACCEPTED, Role.RECEIVER, {"book", "arrive", "cancel"}),
        (State.SCHEDULED, Role.RECEIVER, {"book", "arrive", "no-show", "cancel"}),
        (State.SCHEDULED, Role.SENDER, {"cancel"}),
        (State.NO_SHOW, Role.RECEIVER, {"book", "close"}),
        (State.ARRIVED, Role.RECEIVER, {"start"}),
        (State.ARRIVED, Role.SENDER, {"ask-cancellation"}),
        (State.IN_PROGRESS, Role.RECEIVER, {"outcome"}),
        (State.OUTCOME_SENT, Role.RECEIVER, {"outcome"}),
        (State.OUTCOME_SENT, Role.SENDER, {"close"}),
    ],
)
def test_each_side_has_the_next_steps_of_the_life_cycle(state: State, role: Role, actions: set[str]) -> None:
    assert direct(state, role) == actions


def test_a_receiver_may_go_past_steps_that_are_then_filled_in() -> None:
    ways = possible(State.ACCEPTED, [Role.RECEIVER])
    assert [step.event for step in ways["outcome"]] == ["referral.arrived", "referral.started", "referral.outcome-sent"]


def test_after_arrival_cancellation_is_asked_for_once_and_then_answered() -> None:
    assert "ask-cancellation" not in possible(State.ARRIVED, [Role.SENDER], cancellation_asked=True)
    answers = possible(State.IN_PROGRESS, [Role.RECEIVER], cancellation_asked=True)
    assert {"grant-cancellation", "refuse-cancellation"} <= set(answers)
    assert "cancel" not in answers
    assert "grant-cancellation" not in possible(State.IN_PROGRESS, [Role.RECEIVER])


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_follows_the_end(state: State) -> None:
    assert possible(state, list(Role), cancellation_asked=True) == {}


def test_every_action_is_possible_somewhere() -> None:
    somewhere = {action for state in State for asked in (True, False)
                 for action in possible(state, [Role.SENDER, Role.RECEIVER], cancellation_asked=asked)}  # fmt: skip
    assert somewhere == set(ACTIONS) == set(EVENTS)


@pytest.mark.parametrize("action", ["reject", "ask", "supply", "outcome", "cancel", "ask-cancellation"])
def test_words_are_needed_where_the_other_side_reads_them(action: Action) -> None:
    [refusal] = faults(StepForm("k", "r", 1, action, text="  "), NOW)
    assert (refusal.cause, refusal.path) == (Cause.REQUIRED_MISSING, "text")
    assert list(faults(StepForm("k", "r", 1, action, text="原因"), NOW)) == []


def test_a_file_alone_answers_a_question() -> None:
    step = StepForm("k", "r", 1, "supply", attachments=(Attachment("a.png", "image/png", b"x"),))
    assert list(faults(step, NOW)) == []


@pytest.mark.parametrize(
    ("start", "end", "path"),
    [
        (None, None, "start"),
        (NOW - timedelta(minutes=1), None, "start"),
        (NOW + timedelta(hours=2), NOW + timedelta(hours=1), "end"),
        (NOW + timedelta(hours=2), NOW + timedelta(hours=2), "end"),
    ],
)
def test_an_appointment_lies_ahead_and_ends_after_it_starts(
    start: datetime | None, end: datetime | None, path: str
) -> None:
    assert [r.path for r in faults(StepForm("k", "r", 1, "book", start=start, end=end), NOW)] == [path]
