"""What a person may do with a referral as it stands, and what is wrong with a step as entered. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import get_args

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.forms import Action, StepForm
from hub.domain.referrals import AFTER_ARRIVAL, TRANSITIONS, Role, State, Transition, plan

ACTIONS: tuple[Action, ...] = get_args(Action)

EVENTS: Mapping[Action, str] = {
    "receive": "referral.received",
    "accept": "referral.accepted",
    "reject": "referral.rejected",
    "ask": "referral.information-requested",
    "supply": "referral.information-supplied",
    "book": "referral.scheduled",
    "arrive": "referral.arrived",
    "no-show": "referral.no-show",
    "start": "referral.started",
    "outcome": "referral.outcome-sent",
    "refer-onward": "referral.referred-onward",
    "cancel": "referral.cancelled",
    "ask-cancellation": "referral.cancellation-requested",
    "grant-cancellation": "referral.cancelled",
    "refuse-cancellation": "referral.cancellation-refused",
    "close": "referral.closed",
}
"""The event (without `.v1`) that each action ends with; who may and from where is the life cycle's matter."""

TARGETS: Mapping[str, State] = {transition.event: transition.target for transition in TRANSITIONS}
"""The state after each event of the life cycle."""

WORDED: frozenset[Action] = frozenset(
    {"reject", "ask", "supply", "outcome", "cancel", "ask-cancellation", "refuse-cancellation"}
)
"""Actions that tell the other side something in words."""

Way = tuple[Transition, ...]

LONGEST = 20_000
"""Characters of a text."""

NO_TEXT = "Write what the other side will read."
NO_START = "Give the date and the time."
PAST = "The appointment lies in the past."
BEFORE_START = "The end lies before the start."
TOO_LONG = "Write at most 20000 characters."
FAULTS = (NO_TEXT, NO_START, PAST, BEFORE_START, TOO_LONG)
"""Texts of what can be wrong with a step."""


def possible(state: State, roles: Collection[Role], *, cancellation_asked: bool = False) -> dict[Action, Way]:
    """Each action that one of the roles may take now, with the steps of the life cycle that it makes.

    More than one step: those between are filled in. None: the action asks or answers and keeps the state.
    """
    found = {action: _way(action, state, roles, cancellation_asked) for action in ACTIONS}
    return {action: way for action, way in found.items() if way is not None}


def faults(step: StepForm, now: datetime) -> Iterator[Refusal]:
    """What is wrong with a step as entered, at the names of its fields."""
    told = step.text.strip() or (step.action == "supply" and step.attachments)
    if step.action in WORDED and not told:
        yield Refusal(Cause.REQUIRED_MISSING, "text", NO_TEXT)
    for name in ("text", "plan", "location"):
        if len(getattr(step, name)) > LONGEST:
            yield Refusal(Cause.TOO_LARGE, name, TOO_LONG)
    if step.action == "book":
        if step.start is None:
            yield Refusal(Cause.REQUIRED_MISSING, "start", NO_START)
        elif step.start < now:
            yield Refusal(Cause.CODE_INVALID, "start", PAST)
        if step.start and step.end and step.end <= step.start:
            yield Refusal(Cause.CODE_INVALID, "end", BEFORE_START)


def _way(action: Action, state: State, roles: Collection[Role], cancellation_asked: bool) -> Way | None:
    late = state in AFTER_ARRIVAL
    if action == "ask-cancellation":
        return () if late and Role.SENDER in roles and not cancellation_asked else None
    if action == "refuse-cancellation":
        return () if late and Role.RECEIVER in roles and cancellation_asked else None
    if action in ("cancel", "grant-cancellation") and late != (action == "grant-cancellation"):
        return None
    event = EVENTS[action]
    for role in roles:
        try:
            way = plan(state, TARGETS[event], role, reason="given", cancellation_asked=cancellation_asked)
        except Refused:
            continue
        if way[-1].event == event:
            return way
    return None
