"""How long a referral may wait, by priority and state, before a list points at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.referrals import FINAL, Role, State, owner
from hub.domain.waiting import LIMITS, late, waiting_since

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("priority", LIMITS)
@pytest.mark.parametrize("state", [State.REQUESTED, State.RECEIVED, State.INFORMATION_REQUESTED, State.ACCEPTED])
def test_what_waits_longer_than_its_priority_allows_is_late(state: State, priority: str) -> None:
    limit = LIMITS[priority]
    assert not late(state, priority, NOW - limit, None, NOW)
    assert late(state, priority, NOW - limit - timedelta(seconds=1), None, NOW)


def test_a_priority_that_nobody_knows_waits_like_routine() -> None:
    assert not late(State.REQUESTED, "?", NOW - timedelta(days=6), None, NOW)
    assert late(State.REQUESTED, "?", NOW - timedelta(days=8), None, NOW)


@pytest.mark.parametrize("state", [*sorted(FINAL), State.ARRIVED, State.IN_PROGRESS, State.OUTCOME_SENT])
def test_who_is_being_treated_or_done_is_never_late(state: State) -> None:
    assert not late(state, "stat", NOW - timedelta(days=400), NOW - timedelta(days=9), NOW)


@pytest.mark.parametrize(("appointment", "expected"), [
    (None, False), (NOW + timedelta(days=3), False), (NOW - timedelta(hours=23), False),
    (NOW - timedelta(hours=25), True),
])  # fmt: skip
def test_an_appointment_is_late_a_day_after_it(appointment: datetime | None, expected: bool) -> None:
    assert late(State.SCHEDULED, "stat", NOW - timedelta(days=400), appointment, NOW) is expected


def test_until_it_is_decided_on_a_referral_waits_from_its_request() -> None:
    asked, changed = NOW - timedelta(days=9), NOW - timedelta(days=1)
    assert waiting_since(State.RECEIVED, asked, changed) == asked
    assert waiting_since(State.ACCEPTED, asked, changed) == changed


def test_somebody_has_each_referral_that_goes_on() -> None:
    assert {state for state in State if owner(state) is None} == FINAL
    assert owner(State.INFORMATION_REQUESTED) is owner(State.OUTCOME_SENT) is Role.SENDER
    assert owner(State.REQUESTED) is owner(State.NO_SHOW) is Role.RECEIVER
