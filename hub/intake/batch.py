"""A batch of messages in one transaction: keys claimed, rows locked in one order, everything written set-wise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import SerializationFailure

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Amend, Cancel, Inquire, Merge, Move, Normalised, Open, Outcome, Receipt
from hub.domain.patients import Identifier
from hub.identity.matching import Name, identity_of, names
from hub.intake import identities, merges
from hub.intake.effects import take_effect
from hub.intake.entries import KEY_PATHS, LONGEST_CONTROL_ID, NOT_PROCESSED, Encoded, Entry, error_json
from hub.intake.keys import Keys, claim
from hub.intake.patients import Patients, load_patients, lock_names
from hub.intake.referrals import OWN_SYSTEM, Referrals, canonical, find_referrals, load_referrals
from hub.intake.rows import Rows
from hub.intake.world import Effect, Told, World
from hub.store.directory import Directory

_CODE = re.compile(rb"[\r\n]MSA.([AC][AER])|\A\[(\d{3}),")
NOTHING = Effect(None, None)


def write(connection: Connection[Any], directory: Directory, entries: Sequence[Entry]) -> list[Receipt]:
    """Write the entries within the caller's transaction; a receipt each, in their order.

    Raises psycopg.Error and whatever a fault of ours raises: then nothing of the batch may be committed.
    """
    rows = Rows()
    keys = claim(connection, entries)
    world = World(directory, rows, Patients(rows), Referrals())
    contents = [(entry.content, entry.submission.sender.id) for entry in entries
                if entry.content is not None and entry.submission.sender is not None]  # fmt: skip
    if contents:
        _load(connection, world, contents)
    receipts = [_receive(world, keys, entry) for entry in entries]
    keys.settle(rows)
    world.referrals.write(rows)
    if world.events:
        rows.by_statement["insert_outbox"] = world.events
    rows.write(connection)
    merges.carry_out(connection, world.changes)
    return receipts


@dataclass(slots=True)
class _Wanted:
    """What a batch must see of the database: names to lock, identifiers and ids to find."""

    patients: set[Name]
    own: set[tuple[object, ...]]
    identifiers: set[Identifier]
    referral_ids: set[str]

    def add(self, normalised: Normalised, sender_id: int) -> None:
        self.patients.update(names(normalised.patient, sender_id))
        for change in normalised.identities:
            if isinstance(change, Merge):
                self.patients.update(identities.own(change.prior, sender_id))
        for part in normalised.parts:
            if part.resource.get("resourceType") == "Patient" and part.resource is not normalised.patient_resource:
                self.patients.update(names(identity_of(part.resource), sender_id))
        for identifier in _referral_identifiers(normalised):
            self.own.add(("referral", sender_id, identifier.system, identifier.value))
            self.identifiers.add(identifier)
            self._by_id(identifier.value if identifier.system == OWN_SYSTEM else "")
        if isinstance(normalised.intent, Move):
            self._by_id(normalised.intent.referral_id)

    def _by_id(self, value: str) -> None:
        referral_id = canonical(value)
        if referral_id:
            self.referral_ids.add(referral_id)


def _referral_identifiers(normalised: Normalised) -> tuple[Identifier, ...]:
    match normalised.intent:
        case Open(content):
            return (*content.identifiers, *content.based_on)
        case Amend() | Cancel() | Inquire() as intent:
            return intent.identifiers
        case _:
            return ()


def _load(connection: Connection[Any], world: World, contents: Sequence[tuple[Encoded, int]]) -> None:
    """Locks: names, then patients, then referrals, each in one order for all writers.

    Raises SerializationFailure where a merge elsewhere went between the looking and the locking.
    """
    wanted = _Wanted(set(), set(), set(), set())
    for content, sender_id in contents:
        wanted.add(content.normalised, sender_id)
    changing = {sender_id for content, sender_id in contents if content.normalised.identities}
    if changing:
        wanted.patients |= merges.names_of(connection, wanted.patients)
    lock_names(connection, (*wanted.patients, *wanted.own))
    world.standing = [m for sender_id in changing for m in merges.standing(connection, sender_id, wanted.patients)]
    found = []
    if wanted.identifiers or wanted.referral_ids:
        found = find_referrals(connection, wanted.identifiers, wanted.referral_ids)
    if wanted.patients or found:
        ids = [*(row[4] for row in found), *(merge.prior_id for merge in world.standing)]
        for candidate in load_patients(connection, wanted.patients, ids):
            world.patients.know(candidate)
    referrals = [row[3] for row in found]
    if changing:
        referrals += merges.referrals_of(connection, world.patients.by_id)
    if referrals:
        for referral in load_referrals(connection, referrals):
            world.referrals.by_id[referral.id] = referral
    for organization_id, system, value, referral_id, _ in found:
        if organization_id:
            world.referrals.know(organization_id, system, value, referral_id)
    if any(r.patient_id not in world.patients.by_id for r in world.referrals.by_id.values()) or (
        changing
        and any(c.names & wanted.patients and not c.names <= wanted.patients for c in world.patients.by_id.values())
    ):
        raise SerializationFailure("a patient was merged meanwhile")


def _receive(world: World, keys: Keys, entry: Entry) -> Receipt:
    """One message: repeated, stored, accepted, refused or parked."""
    holder = keys.held.get(entry.key) if entry.key is not None else None
    if holder is not None and holder.message_id != entry.message_id:
        if holder.sha256 == entry.sha256:
            return replace(holder.receipt, repeated=True)
        if not entry.refusals:
            path = KEY_PATHS.get(entry.submission.envelope.format, "")
            text = "another message was accepted under this control id"
            return _refuse(world, keys, entry, (Refusal(Cause.DUPLICATE_KEY, path, text),))
    if entry.incomplete:
        receipt = Receipt(Outcome(entry.message_id), b"")
        _keep(world.rows, entry, "incomplete", receipt, NOTHING)
        return receipt
    if entry.refusals:
        return _refuse(world, keys, entry, entry.refusals)
    if entry.fault is not None:
        path = "MSH[1]" if entry.submission.envelope.format == "hl7v2" else "Bundle"
        return _refuse(world, keys, entry, (Refusal(Cause.WRONG_DATATYPE, path, NOT_PROCESSED),))
    if entry.content is None:
        return _accept(world, keys, entry, Outcome(entry.message_id, stored=True), NOTHING)
    sender = entry.submission.sender
    assert sender is not None
    told = Told(entry.message_id, sender, entry.content, entry.submission.received_at, datetime.now(UTC))
    try:
        effect = take_effect(world, told)
    except Refused as error:
        return _refuse(world, keys, entry, error.refusals)
    referral = effect.referral.standing() if effect.referral else None
    return _accept(world, keys, entry, Outcome(entry.message_id, referral=referral), effect)


def _accept(world: World, keys: Keys, entry: Entry, outcome: Outcome, effect: Effect) -> Receipt:
    receipt = Receipt(outcome, entry.submission.acknowledge(outcome))
    keys.hold(entry, receipt)
    _keep(world.rows, entry, "stored" if outcome.stored else "accepted", receipt, effect)
    return receipt


def _refuse(world: World, keys: Keys, entry: Entry, refusals: tuple[Refusal, ...]) -> Receipt:
    outcome = Outcome(entry.message_id, refusals=refusals)
    receipt = Receipt(outcome, entry.submission.acknowledge(outcome))
    keys.release(entry, world.rows)
    _keep(world.rows, entry, "parked" if entry.fault else "rejected", receipt, NOTHING)
    return receipt


def _keep(rows: Rows, entry: Entry, status: str, receipt: Receipt, effect: Effect) -> None:
    """The message's row: new, or (store-first, replay) what became of one that is there."""
    submission, envelope = entry.submission, entry.submission.envelope
    content = entry.content
    error = error_json(receipt.outcome.refusals, entry.fault)
    charset = _short(content.normalised.envelope.charset if content else envelope.charset)
    became = (
        error, content.bundle if content else b"", content.warned(effect.warnings) if content else b"",
        effect.patient_id or "",
        effect.referral.id if effect.referral else "",
    )  # fmt: skip
    if entry.again:
        sender_id = submission.sender.id if submission.sender else 0
        rows.add("settle_messages", entry.message_id, status, receipt.acknowledgement, *became, sender_id, charset)
        return
    said = (envelope.format, envelope.type, envelope.version, charset, envelope.application,
            envelope.facility, envelope.control_id)  # fmt: skip
    rows.add(
        "insert_messages", entry.message_id, submission.received_at, submission.sender.id if submission.sender else 0,
        submission.channel, *map(_short, said), status, submission.raw, entry.sha256,
        _code(receipt.acknowledgement), receipt.acknowledgement, *became,
    )  # fmt: skip


def _short(text: str) -> str:
    """What a refused message says of itself may hold anything; its raw bytes are kept as they are."""
    return text.replace("\x00", "\ufffd")[:LONGEST_CONTROL_ID]


def _code(acknowledgement: bytes) -> str:
    """MSA-1 of an HL7 v2 answer, the status of an HTTP answer; "" where there is neither."""
    found = _CODE.search(acknowledgement)
    return (found[1] or found[2]).decode() if found else ""
