"""What follows from an answer, and how long is waited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.policy import FIRST_PAUSE, LONGEST_ASKED, LONGEST_PAUSE, Tried, consequence, pause
from hub.domain.delivery import Answer, Route, Verdict

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ROUTE = Route("mllp", "his:2575", "ref", most_tries=3, most_hours=2)


def tried(tries: int = 0, failures: int = 0, hours: float = 0) -> Tried:
    return Tried(tries, failures, NOW - timedelta(hours=hours))


def test_delivered_ends_the_failures_of_a_destination() -> None:
    found = consequence(Answer("AA", Verdict.DELIVERED), tried(failures=7), ROUTE, NOW)
    assert (found.status, found.failures, found.pause, found.cause) == ("delivered", 0, 0, None)


def test_refused_is_a_dead_letter_at_once_and_no_failure_of_the_destination() -> None:
    found = consequence(Answer("AE", Verdict.REFUSED, "101", "PID^1^5"), tried(failures=7), ROUTE, NOW)
    assert (found.status, found.failures, found.cause) == ("dead", 0, "AE 101 PID^1^5")


@pytest.mark.parametrize(
    ("tries", "reached", "hours", "cause"),
    [
        (1, True, 0, None),
        (2, True, 0, "given up after 3 tries: timeout"),
        (2, False, 0, None),
        (50, False, 1.9, "given up after 3 tries: timeout"),
        (0, False, 2, "given up after 2 hours: timeout"),
    ],
)
def test_it_is_given_up_after_so_many_tries_that_arrived_or_so_many_hours(
    tries: int, reached: bool, hours: float, cause: str | None
) -> None:
    found = consequence(Answer("timeout", Verdict.AGAIN, reached=reached), tried(tries, 0, hours), ROUTE, NOW)
    assert (found.status, found.cause) == ("dead" if cause else "waiting", cause)
    assert found.failures == 1


def test_a_receiver_may_ask_for_a_longer_pause_within_limits() -> None:
    for asked, waited in ((0, FIRST_PAUSE), (30, 30), (10**9, LONGEST_ASKED)):
        found = consequence(Answer("503", Verdict.AGAIN, wait=asked), tried(), ROUTE, NOW, jitter=lambda: 1)
        assert found.pause == waited


@given(failures=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_pauses_grow_to_their_limit_and_differ(failures: int, jitter: float) -> None:
    waited = pause(failures, jitter)
    assert FIRST_PAUSE / 2 <= waited <= LONGEST_PAUSE
    assert pause(failures + 1, jitter) >= waited
    assert pause(failures, 0) == pause(failures, 1) / 2
