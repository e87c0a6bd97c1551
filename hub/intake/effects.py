"""What a message asks of a referral, done: opened, amended, cancelled, moved; or history alone."""

from __future__ import annotations

from dataclasses import replace

import uuid_utils

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Amend, Cancel, Inquire, Move, Open
from hub.domain.referrals import AMENDABLE, State
from hub.intake import moves
from hub.intake.history import add_history
from hub.intake.referrals import Referral
from hub.intake.world import Effect, Told, World, advance


def take_effect(world: World, told: Told) -> Effect:
    """Apply one message. Raises Refused before it has changed anything."""
    match told.normalised.intent:
        case Open() as intent:
            effect = _open(world, told, intent)
        case Amend() as intent:
            effect = _amend(world, told, intent)
        case Cancel() as intent:
            referral = _named(world, told, intent)
            effect = _step(world, told, referral, moves.cancel(referral, intent))
        case Move() as intent:
            referral = moves.referral_of(world.referrals, told.sender, intent)
            effect = _step(world, told, referral, moves.move(referral, told.sender, intent))
        case Inquire() as intent:
            effect = Effect(_named(world, told, intent), None)
        case None:
            effect = Effect(None, add_history(world, told, None))
    world.events += world.late
    world.late.clear()
    if world.warnings:
        effect = replace(effect, warnings=tuple(world.warnings))
        world.warnings.clear()
    return effect


def _step(world: World, told: Told, referral: Referral, change: moves.Change) -> Effect:
    patient_id = add_history(world, told, referral, link_first=isinstance(told.normalised.intent, Move))
    change.apply(referral)
    *skipped, (event, target) = change.steps
    for step in skipped:
        advance(world, told, referral, *step)
    advance(world, told, referral, event, target, **change.told)
    return Effect(referral, patient_id)


def _named(world: World, told: Told, intent: Amend | Cancel | Inquire) -> Referral:
    referral = world.referrals.of_sender(told.sender.id, intent.identifiers)
    if referral is None:
        text = "this sender has no referral of this number"
        raise Refused(Refusal(Cause.UNKNOWN_KEY, intent.identifier_path, text))
    return referral


def _open(world: World, told: Told, intent: Open) -> Effect:
    content, sender = intent.content, told.sender
    receiver = world.directory.resolve(content.receiver)
    if receiver is None:
        cause = Cause.UNKNOWN_KEY if content.receiver else Cause.REQUIRED_MISSING
        raise Refused(Refusal(cause, content.receiver_path, "the receiver is no registered organisation"))
    if any((sender.id, i.system, i.value) in world.referrals.by_name for i in content.identifiers):
        text = "this sender has used the number for another referral"
        raise Refused(Refusal(Cause.DUPLICATE_KEY, content.identifier_path, text))
    origin = world.referrals.of_party(sender.id, content.based_on)
    down = sender.kind == "hospital" and receiver.kind == "clinic"
    referral = Referral(
        id=str(uuid_utils.uuid7()), version=0, state=State.DRAFT,
        direction=content.direction or ("down" if down else "up"), priority=content.priority,
        sender_id=sender.id, receiver_id=receiver.id, department=content.department, patient_id="",
        question=content.question, reason=None, based_on=origin.id if origin else None, cancellation_asked=False,
        details={}, service_request=content.service_request, task={}, requested_at=told.received_at,
        identifiers=tuple(dict.fromkeys(content.identifiers)),
    )  # fmt: skip
    patient_id = add_history(world, told, referral, linked=origin.patient_id if origin else None)
    referral.patient_id = patient_id
    world.referrals.by_id[referral.id] = referral
    for identifier in referral.identifiers:
        world.referrals.know(sender.id, identifier.system, identifier.value, referral.id)
    world.referrals.opened[referral.id] = told.now
    advance(world, told, referral, "referral.requested", State.REQUESTED)
    return Effect(referral, patient_id)


def _amend(world: World, told: Told, intent: Amend) -> Effect:
    referral, content = _named(world, told, intent), intent.content
    if referral.state not in AMENDABLE:
        text = f"a referral that is {referral.state.value} cannot be amended"
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, intent.identifier_path, text))
    receiver = world.directory.resolve(content.receiver)
    if receiver is not None and receiver.id != referral.receiver_id:
        text = "an amendment does not change the receiver: cancel the referral and open another"
        raise Refused(Refusal(Cause.UNKNOWN_KEY, content.receiver_path, text))
    patient_id = add_history(world, told, referral)
    referral.priority = content.priority or referral.priority
    referral.department = content.department or referral.department
    referral.question = content.question or referral.question
    referral.service_request = content.service_request or referral.service_request
    if referral.state is State.INFORMATION_REQUESTED:
        advance(world, told, referral, "referral.information-supplied", State.RECEIVED)
    else:
        advance(world, told, referral, "referral.amended", referral.state)
    return Effect(referral, patient_id)
