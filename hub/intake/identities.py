"""What a message says of who is who: patients merged, renumbered, separated again; charts and visits moved.

A sender speaks for its own numbers alone: a national or insurance number, which anybody may know, names nobody to be
merged, and another organisation's number is never found under its own. What others told of the prior patient goes
along only where the two could be one by the rule that holds for two messages with a common number (`mergeable`):
otherwise what the sender itself told moves, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.domain.errors import Cause, Refusal
from hub.domain.messages import Merge, Separate
from hub.domain.patients import Identifier, Identity
from hub.identity.matching import Candidate, Name, identity_of, mergeable, names
from hub.intake.merges import Going, Number, Return, Standing, plain
from hub.intake.world import Told, World, event_row


def own(identity: Identity, sender_id: int) -> tuple[Name, ...]:
    """The numbers that are the sender's."""
    return tuple(name for name in names(identity, sender_id) if name[0] == sender_id)


def prior_parts(told: Told) -> frozenset[int]:
    """The Patients of the message that say who somebody was."""
    return frozenset(m.part for m in _merges(told) if m.part is not None)


def continued(world: World, told: Told, index: int) -> str | None:
    """Who the Patient at this place was under its prior number."""
    prior = (own(m.prior, told.sender.id) for m in _merges(told) if m.scope == "identifier" and m.surviving == index)
    found = world.patients.holder([name for told_of in prior for name in told_of], told.sender.id)
    return found.id if found else None


def separate(world: World, told: Told) -> None:
    """Undo what the message takes back, before its Patients are looked for."""
    for change in told.normalised.identities:
        if isinstance(change, Separate):
            merge = _undone(world, told, change)
            if merge is None:
                _warn(world, change.path, "this sender has not merged the two, or something was merged since")
                continue
            world.standing.remove(merge)
            world.patients.give(merge.surviving_id, merge.prior_id, plain(merge.names))
            _take_referrals(world, merge.surviving_id, merge.prior_id, merge.referrals)
            world.changes.append(Return(told.sender.id, merge))
            _tell(world, told, "patient.separated", merge.surviving_id, merge.prior_id, merge.scope)


def _undone(world: World, told: Told, change: Separate) -> Standing | None:
    parts = told.normalised.parts
    said = {name for index in (change.one, change.other)
            for name in own(identity_of(parts[index].resource), told.sender.id)}  # fmt: skip
    holder = world.patients.holder(sorted(said), told.sender.id)
    for merge in reversed(world.standing):
        if holder and merge.surviving_id == holder.id and said & set(plain(merge.names)):
            return merge
    return None


def merge(world: World, told: Told, patients: dict[int | None, str]) -> None:
    """Carry out the merges of a message in their order. patients: by part; those of `prior_parts` are added."""
    for change in _merges(told):
        surviving = world.patients.by_id[patients[change.surviving]]
        stated = own(change.prior, told.sender.id)
        prior = world.patients.holder(stated, told.sender.id)
        if change.scope in ("patient", "identifier"):
            _merge(world, told, change, stated, prior, surviving)
            if change.part is not None:
                patients[change.part] = surviving.id
            continue
        if change.part is not None:
            resource = told.normalised.parts[change.part].resource
            identity = identity_of(resource)
            patients[change.part] = prior.id if prior else world.patients.resolve(identity, told.sender.id, resource)
        if prior is None and change.prior.identifiers:
            _warn(world, change.path, "the prior patient is not known under a number of this sender: nothing moves")
        elif prior is not None and prior.id != surviving.id:
            _move(world, told, change, stated, prior, surviving)


def _merge(world: World, told: Told, change: Merge, stated: tuple[Name, ...], prior: Candidate | None,
           surviving: Candidate) -> None:  # fmt: skip
    if not stated:
        _warn(world, change.path, "a patient is merged by numbers of the sender's own, and there is none")
        return
    if prior is None:
        _warn(world, change.path, "the prior number was not known; it is the surviving patient's from now on")
        if change.part is not None:
            resource = told.normalised.parts[change.part].resource
            opened = world.patients.open(Identity(), stated, resource)
            prior = world.patients.by_id[opened]
    if prior is not None and prior.id != surviving.id:
        whole = mergeable(prior, surviving)
        if not whole:
            text = "too much contradicts for the two to be one: only what this sender told was merged"
            _warn(world, change.path, text)
        moved = [name for name in prior.names if whole or name[0] == told.sender.id]
        _go(world, told, change, prior, surviving, moved, whole=whole)
    world.patients.declare(surviving.id, stated)


def _move(world: World, told: Told, change: Merge, stated: tuple[Name, ...], prior: Candidate,
          surviving: Candidate) -> None:  # fmt: skip
    numbers = change.numbers
    if change.scope == "chart":
        numbers = change.prior.identifiers
    carried = set(own(Identity(identifiers=numbers), told.sender.id)) & prior.names
    _go(world, told, change, prior, surviving, carried, numbers=frozenset(numbers))
    if change.scope == "chart":
        world.patients.declare(surviving.id, stated)


def _go(world: World, told: Told, change: Merge, prior: Candidate, surviving: Candidate, moved: Iterable[Name], *,
        whole: bool = False, numbers: frozenset[Identifier] = frozenset()) -> None:  # fmt: skip
    kept: tuple[Number, ...] = tuple((*name, name in prior.declared) for name in sorted(moved))
    going = Going(change.scope, told.sender.id, told.message_id, prior.id, surviving.id, kept, whole, numbers)
    world.patients.give(prior.id, surviving.id, plain(kept))
    if change.scope in ("patient", "identifier"):
        sent = [r.id for r in world.referrals.by_id.values() if whole or r.sender_id == told.sender.id]
        _take_referrals(world, prior.id, surviving.id, sent)
    world.changes.append(going)
    _tell(world, told, "patient.merged", surviving.id, prior.id, change.scope)


def _take_referrals(world: World, source: str, target: str, ids: Iterable[str]) -> None:
    for referral in filter(None, map(world.referrals.by_id.get, ids)):
        if referral.patient_id == source:
            referral.patient_id = target


def _tell(world: World, told: Told, event: str, patient_id: str, prior_id: str, scope: str) -> None:
    """The event; in the streams of the sender and of who takes part in a referral of either patient."""
    referrals = [r for r in world.referrals.by_id.values() if r.patient_id in (patient_id, prior_id)]
    parties = sorted({told.sender.id, *(i for r in referrals for i in (r.sender_id, r.receiver_id))})
    data = {
        "patient_id": patient_id,
        "prior_patient_id": prior_id,
        "scope": scope,
        "organization": told.sender.code,
        "message_id": told.message_id,
        "control_id": told.normalised.envelope.control_id,
    }
    world.late.append(event_row(told, f"{event}.v1", patient_id, tuple(parties), data))


def _merges(told: Told) -> list[Merge]:
    return [change for change in told.normalised.identities if isinstance(change, Merge)]


def _warn(world: World, path: str, text: str) -> None:
    world.warnings.append(Refusal(Cause.UNKNOWN_KEY, path, text))
