"""What the messages of a batch see and change, and how a referral goes one step on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import uuid_utils

from hub.domain.errors import Refusal
from hub.domain.messages import Normalised, Sender
from hub.domain.referrals import State
from hub.intake.entries import Encoded
from hub.intake.merges import Change, Standing
from hub.intake.patients import Patients
from hub.intake.referrals import Referral, Referrals
from hub.intake.rows import Rows
from hub.store.connections import encode
from hub.store.directory import Directory


@dataclass(slots=True)
class World:
    """Loaded before the first message of a batch, written after the last.

    events: rows of the outbox, in order; late: those of the message in work that come after its referral's; standing:
    merges that the batch may undo; changes: of who is who, in order; warnings: of the message in work.
    """

    directory: Directory
    rows: Rows
    patients: Patients
    referrals: Referrals
    events: list[tuple[Any, ...]] = field(default_factory=list)
    late: list[tuple[Any, ...]] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    warnings: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """One message while it takes effect."""

    message_id: str
    sender: Sender
    content: Encoded
    received_at: datetime
    now: datetime

    @property
    def normalised(self) -> Normalised:
        return self.content.normalised


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of a message. patient_id: of its subject, None where it changes nothing (an inquiry); warnings: what
    only the hub's own data showed."""

    referral: Referral | None
    patient_id: str | None
    warnings: tuple[Refusal, ...] = ()


def advance(world: World, told: Told, referral: Referral, event: str, target: State, **extra: Any) -> None:
    """One step: the next version, the new state, the event."""
    previous = referral.state if referral.version else None
    referral.version += 1
    referral.state = target
    world.referrals.changed[referral.id] = told.now
    parties = [world.directory.by_id(i) for i in (referral.sender_id, referral.receiver_id)]
    sender, receiver = (party.code if party else None for party in parties)
    data = {
        "referral_id": referral.id,
        "version": referral.version,
        "state": target.value,
        "previous_state": previous.value if previous else None,
        "direction": referral.direction,
        "priority": referral.priority,
        "sender": sender,
        "receiver": receiver,
        "department": referral.department,
        "identifiers": [{"system": i.system, "value": i.value} for i in referral.identifiers],
        "message_id": told.message_id,
        "control_id": told.normalised.envelope.control_id,
        "patient_id": referral.patient_id,
        "bundle_sha256": told.content.bundle_sha256,
        **({"based_on": referral.based_on} if referral.based_on else {}),
        **extra,
    }
    organizations = (referral.sender_id, referral.receiver_id)
    world.events.append(event_row(told, f"{event}.v1", referral.id, organizations, data))


def event_row(told: Told, event: str, subject: str, organizations: tuple[int, ...],
              data: dict[str, Any]) -> tuple[Any, ...]:  # fmt: skip
    """A row of the outbox. organizations: in whose own streams the event stands."""
    told_to = "{" + ",".join(map(str, dict.fromkeys(organizations))) + "}"
    return (str(uuid_utils.uuid7()), event, subject, told_to, told.now, encode(data))
