"""The referral life cycle of DESIGN.md: states, who may move them, the events they make, their FHIR Task form."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from hub.domain.errors import Cause, Refusal, Refused


class State(StrEnum):
    DRAFT = "draft"
    REQUESTED = "requested"
    RECEIVED = "received"
    INFORMATION_REQUESTED = "information-requested"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    NO_SHOW = "no-show"
    ARRIVED = "arrived"
    IN_PROGRESS = "in-progress"
    OUTCOME_SENT = "outcome-sent"
    REJECTED = "rejected"
    REFERRED_ONWARD = "referred-onward"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CLOSED = "closed"


class Role(StrEnum):
    SENDER = "sender"
    RECEIVER = "receiver"
    HUB = "hub"


S, RECEIVER, SENDER, HUB = State, Role.RECEIVER, Role.SENDER, Role.HUB


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: who may make it and the event (without `.v1`) that it makes.

    reason: the step needs one. skippable: filled in when a receiver goes past it.
    """

    source: State
    target: State
    by: frozenset[Role]
    event: str
    reason: bool = False
    skippable: bool = False


def _t(source: State, target: State, by: Role | tuple[Role, ...], event: str, *, reason: bool = False,
       skippable: bool = False) -> Transition:  # fmt: skip
    roles = by if isinstance(by, tuple) else (by,)
    return Transition(source, target, frozenset(roles), f"referral.{event}", reason, skippable)


TRANSITIONS: tuple[Transition, ...] = (
    _t(S.DRAFT, S.REQUESTED, SENDER, "requested"),
    _t(S.REQUESTED, S.RECEIVED, RECEIVER, "received", skippable=True),
    _t(S.RECEIVED, S.ACCEPTED, RECEIVER, "accepted", skippable=True),
    _t(S.RECEIVED, S.REJECTED, RECEIVER, "rejected", reason=True),
    _t(S.RECEIVED, S.INFORMATION_REQUESTED, RECEIVER, "information-requested", reason=True),
    _t(S.RECEIVED, S.REFERRED_ONWARD, RECEIVER, "referred-onward"),
    _t(S.INFORMATION_REQUESTED, S.RECEIVED, SENDER, "information-supplied"),
    _t(S.ACCEPTED, S.SCHEDULED, RECEIVER, "scheduled"),
    _t(S.ACCEPTED, S.ARRIVED, RECEIVER, "arrived", skippable=True),
    _t(S.SCHEDULED, S.SCHEDULED, RECEIVER, "scheduled"),
    _t(S.SCHEDULED, S.ARRIVED, RECEIVER, "arrived", skippable=True),
    _t(S.SCHEDULED, S.NO_SHOW, RECEIVER, "no-show"),
    _t(S.NO_SHOW, S.SCHEDULED, RECEIVER, "scheduled"),
    _t(S.NO_SHOW, S.CLOSED, RECEIVER, "closed"),
    _t(S.ARRIVED, S.IN_PROGRESS, RECEIVER, "started", skippable=True),
    _t(S.IN_PROGRESS, S.OUTCOME_SENT, RECEIVER, "outcome-sent"),
    _t(S.OUTCOME_SENT, S.OUTCOME_SENT, RECEIVER, "outcome-sent"),
    _t(S.OUTCOME_SENT, S.CLOSED, SENDER, "closed"),
    *(_t(s, S.CANCELLED, SENDER, "cancelled") for s in (S.REQUESTED, S.RECEIVED, S.INFORMATION_REQUESTED)),
    *(_t(s, S.CANCELLED, (SENDER, RECEIVER), "cancelled") for s in (S.ACCEPTED, S.SCHEDULED)),
    *(_t(s, S.CANCELLED, RECEIVER, "cancelled") for s in (S.ARRIVED, S.IN_PROGRESS)),
    *(_t(s, S.EXPIRED, HUB, "expired") for s in (S.REQUESTED, S.RECEIVED, S.INFORMATION_REQUESTED, S.ACCEPTED)),
)
"""`arrived` and `in-progress` become `cancelled` only when the sender asked; see `plan`."""

FINAL = frozenset({S.REJECTED, S.REFERRED_ONWARD, S.CANCELLED, S.EXPIRED, S.CLOSED})
AMENDABLE = frozenset(State) - FINAL - {S.OUTCOME_SENT}
AFTER_ARRIVAL = frozenset({S.ARRIVED, S.IN_PROGRESS})
"""States in which the sender may only ask for cancellation."""
WHOLE_RECORD = frozenset({S.ACCEPTED, S.SCHEDULED, S.NO_SHOW, S.ARRIVED, S.IN_PROGRESS, S.OUTCOME_SENT, S.CLOSED})
"""States in which the receiver reads the whole continuous record instead of what came with the referral."""

SENDERS_TURN = frozenset({S.DRAFT, S.INFORMATION_REQUESTED, S.OUTCOME_SENT})
"""States in which the sender has the referral: must answer, or must read; in all others that go on, the receiver."""

TASK: dict[State, tuple[str, str | None]] = {
    S.DRAFT: ("draft", None),
    S.REQUESTED: ("requested", None),
    S.RECEIVED: ("received", None),
    S.INFORMATION_REQUESTED: ("received", "awaiting-information"),
    S.ACCEPTED: ("accepted", None),
    S.SCHEDULED: ("accepted", "scheduled"),
    S.NO_SHOW: ("accepted", "no-show"),
    S.ARRIVED: ("in-progress", "arrived"),
    S.IN_PROGRESS: ("in-progress", None),
    S.OUTCOME_SENT: ("completed", "outcome-sent"),
    S.REJECTED: ("rejected", None),
    S.REFERRED_ONWARD: ("completed", "referred-onward"),
    S.CANCELLED: ("cancelled", None),
    S.EXPIRED: ("failed", "expired"),
    S.CLOSED: ("completed", "closed"),
}
"""FHIR Task.status and Task.businessStatus code of each state."""

BUSINESS_STATUS = "urn:referral-hub:business-status"
"""Code system of Task.businessStatus."""

ASK_CANCELLATION, REFUSE_CANCELLATION = "cancellation-requested", "cancellation-refused"
"""Business statuses that ask, and keep the state."""

_STATE = {pair: state for state, pair in TASK.items()}


def owner(state: State) -> Role | None:
    """Who has a referral in this state, that is whose step is awaited; None: it is at its end."""
    if state in FINAL:
        return None
    return Role.SENDER if state in SENDERS_TURN else Role.RECEIVER


def state_of_task(status: str, business_status: str | None) -> State | None:
    """The state that a Task asks for; a status without business status is its plain state (completed: outcome)."""
    if status == "completed" and business_status is None:
        return S.OUTCOME_SENT
    return _STATE.get((status, business_status))


def plan(state: State, target: State, role: Role, *, reason: str | None = None,
         cancellation_asked: bool = False) -> tuple[Transition, ...]:  # fmt: skip
    """The steps from `state` to `target` that `role` makes, those that a receiver skips filled in.

    Raises Refused: FORBIDDEN_STATE when the life cycle has no such way for anybody, NOT_PERMITTED when another party
    must go it, REQUIRED_MISSING when a step needs a reason.
    """
    steps = _way(state, target, role)
    move = f"{state.value} to {target.value}"
    if steps is None:
        if _way(state, target, None) is None:
            raise Refused(Refusal(Cause.FORBIDDEN_STATE, "Task.status", f"no referral goes from {move}"))
        raise Refused(Refusal(Cause.NOT_PERMITTED, "Task.status", f"{role.value} may not move a referral from {move}"))
    if target is S.CANCELLED and state in AFTER_ARRIVAL and not cancellation_asked:
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, "Task.status", "after arrival only on the sender's request"))
    if any(step.reason for step in steps) and not reason:
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "Task.statusReason", f"{target.value} needs a reason"))
    return steps


def _way(state: State, target: State, role: Role | None) -> tuple[Transition, ...] | None:
    queue: deque[tuple[State, tuple[Transition, ...]]] = deque([(state, ())])
    seen = {state}
    while queue:
        at, steps = queue.popleft()
        for step in TRANSITIONS:
            if step.source is not at or (role is not None and role not in step.by):
                continue
            if step.target is target and not (steps and target is S.CANCELLED):  # nobody accepts in order to cancel
                return (*steps, step)
            if step.skippable and step.target not in seen:
                seen.add(step.target)
                queue.append((step.target, (*steps, step)))
    return None
