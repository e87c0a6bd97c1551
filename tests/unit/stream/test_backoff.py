"""Waiting between attempts."""

from hub.stream.backoff import Backoff


def test_waits_grow_to_the_longest_and_begin_anew_after_success() -> None:
    backoff = Backoff(first=1, longest=5)
    assert [backoff.next() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.next() == 1
