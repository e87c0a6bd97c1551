"""What follows from an answer: delivered, given up, or tried again and when."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hub.domain.delivery import Answer, Route, Verdict

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
LONGEST_ASKED = 3_600.0
"""Seconds: a receiver that asks for more (Retry-After) is tried again after these all the same."""

GIVEN_UP = "given up after"
"""How the cause of a dead letter begins that got no certain answer."""

Status = Literal["waiting", "delivered", "dead"]


@dataclass(frozen=True, slots=True)
class Tried:
    """How often it has been tried. tries: that may have reached the receiver, before this one; failures: of the
    destination, in a row."""

    tries: int
    failures: int
    first_tried_at: datetime


@dataclass(frozen=True, slots=True)
class Consequence:
    """status: of the delivery from now on; pause: seconds without any sending to the destination; failures: of it, in a
    row; cause: of a dead letter."""

    status: Status
    failures: int = 0
    pause: float = 0.0
    cause: str | None = None


def consequence(answer: Answer, tried: Tried, route: Route, now: datetime,
                jitter: Callable[[], float] = random.random) -> Consequence:  # fmt: skip
    """jitter: from 0 to 1, how much of the second half of a pause is waited."""
    if answer.verdict is Verdict.DELIVERED:
        return Consequence("delivered")
    told = " ".join(filter(None, (answer.outcome, answer.code, answer.path)))
    if answer.verdict is Verdict.REFUSED:
        return Consequence("dead", cause=told)
    failures = tried.failures + 1
    waited = max(pause(failures, jitter()), min(answer.wait, LONGEST_ASKED))
    end = _end(answer, tried, route, now)
    return Consequence("dead" if end else "waiting", failures, waited, f"{end}: {told}" if end else None)


def pause(failures: int, jitter: float) -> float:
    """Seconds after so many failures in a row: doubled each time up to a limit, its second half by chance."""
    whole = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE)
    return whole * (1 + jitter) / 2


def _end(answer: Answer, tried: Tried, route: Route, now: datetime) -> str | None:
    if tried.tries + answer.reached >= route.most_tries:
        return f"{GIVEN_UP} {route.most_tries} tries"
    if now - tried.first_tried_at >= timedelta(hours=route.most_hours):
        return f"{GIVEN_UP} {route.most_hours} hours"
    return None
