"""Moves and cancellations: who may do what to a referral in which state, and what it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource
from hub.domain.messages import Cancel, Move, Sender
from hub.domain.referrals import AFTER_ARRIVAL, Role, State, plan
from hub.intake.referrals import Referral, Referrals, canonical


@dataclass(frozen=True, slots=True)
class Change:
    """What a move makes of a referral. steps: (event without `.v1`, next state), a version each.

    told: what the event of its last step carries besides; cancellation_asked: None leaves it as it is.
    """

    steps: tuple[tuple[str, State], ...]
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    task: Resource = field(default_factory=dict)
    cancellation_asked: bool | None = None

    @property
    def told(self) -> dict[str, Any]:
        told = {name: self.details[name] for name in ("appointment",) if name in self.details}
        return told | ({"reason": self.reason} if self.reason else {})

    def apply(self, referral: Referral) -> None:
        """Everything but state and version, which go step by step."""
        referral.reason = self.reason or referral.reason
        referral.details = {**referral.details, **self.details}
        referral.task = {**referral.task, **self.task}
        if self.cancellation_asked is not None:
            referral.cancellation_asked = self.cancellation_asked


def cancel(referral: Referral, intent: Cancel) -> Change:
    """REF^I14. Raises Refused with FORBIDDEN_STATE at the referral's number."""
    if referral.state in AFTER_ARRIVAL:
        return _ask(referral, intent.reason, intent.identifier_path)
    try:
        steps = plan(referral.state, State.CANCELLED, Role.SENDER, reason=intent.reason)
    except Refused as error:
        text = f"a referral that is {referral.state.value} cannot be cancelled"
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, intent.identifier_path, text)) from error
    return Change(tuple((step.event, step.target) for step in steps), reason=intent.reason)


def referral_of(referrals: Referrals, mover: Sender, intent: Move) -> Referral:
    """The referral to move. Raises Refused: UNKNOWN_KEY also to those who take no part in it."""
    referral = referrals.by_id.get(canonical(intent.referral_id) or "")
    if referral is None or mover.id not in (referral.sender_id, referral.receiver_id):
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "Task.id", "there is no such referral"))
    return referral


def move(referral: Referral, mover: Sender, intent: Move) -> Change:
    """A Task update. Raises Refused: STALE_VERSION, FORBIDDEN_STATE, NOT_PERMITTED, REQUIRED_MISSING."""
    if intent.version is not None and intent.version != referral.version:
        text = f"the referral's version is {referral.version}"
        raise Refused(Refusal(Cause.STALE_VERSION, "Task.meta.versionId", text))
    roles = [role for role, party in ((Role.RECEIVER, referral.receiver_id), (Role.SENDER, referral.sender_id))
             if party == mover.id]  # fmt: skip
    if intent.cancellation == "refuse":
        return _refuse(referral, roles, intent)
    asks = intent.target is State.CANCELLED and Role.RECEIVER not in roles and referral.state in AFTER_ARRIVAL
    if intent.cancellation == "ask" or asks:
        if Role.SENDER not in roles:
            raise Refused(Refusal(Cause.NOT_PERMITTED, "Task.status", "the sender asks for cancellation"))
        return _ask(referral, intent.reason, "Task.status")
    steps = _plan(referral, roles, intent)
    return Change(
        tuple((step.event, step.target) for step in steps), intent.reason, intent.details, intent.task,
        False if intent.target is State.CANCELLED else None,
    )  # fmt: skip


def _plan(referral: Referral, roles: list[Role], intent: Move) -> tuple[Any, ...]:
    """The steps by the first of the mover's roles that may make them; the first role's refusal otherwise."""
    refused: Refused | None = None
    for role in roles:
        try:
            return plan(referral.state, intent.target, role, reason=intent.reason,
                        cancellation_asked=referral.cancellation_asked)  # fmt: skip
        except Refused as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _ask(referral: Referral, reason: str | None, path: str) -> Change:
    if referral.state not in AFTER_ARRIVAL or referral.cancellation_asked:
        told = "was already asked for" if referral.cancellation_asked else "need not be asked for in this state"
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, path, f"cancellation {told}"))
    return Change((("referral.cancellation-requested", referral.state),), reason=reason, cancellation_asked=True)


def _refuse(referral: Referral, roles: list[Role], intent: Move) -> Change:
    if Role.RECEIVER not in roles:
        raise Refused(Refusal(Cause.NOT_PERMITTED, "Task.status", "the receiver answers a request for cancellation"))
    if not referral.cancellation_asked:
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, "Task.status", "cancellation was not asked for"))
    return Change(
        (("referral.cancellation-refused", referral.state),), intent.reason, intent.details, intent.task, False
    )
