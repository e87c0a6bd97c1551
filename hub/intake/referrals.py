"""The referrals of a batch: found by what their parties call them, locked, changed in memory, written once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from hub.domain.fragments import Resource
from hub.domain.messages import ReferralStanding
from hub.domain.patients import Identifier
from hub.domain.referrals import State
from hub.intake.rows import Rows, as_columns
from hub.store.connections import encode
from hub.store.sql import blocks

OWN_SYSTEM = "urn:referral-hub:referral"
"""Identifier system of the hub's own referral ids."""


@dataclass(slots=True, eq=False)
class Referral:
    """A referral as the batch sees and changes it; the columns of the table."""

    id: str
    version: int
    state: State
    direction: str
    priority: str
    sender_id: int
    receiver_id: int
    department: str | None
    patient_id: str
    question: str | None
    reason: str | None
    based_on: str | None
    cancellation_asked: bool
    details: dict[str, Any]
    service_request: Resource
    task: Resource
    requested_at: datetime
    identifiers: tuple[Identifier, ...] = ()

    def standing(self) -> ReferralStanding:
        return ReferralStanding(self.id, self.version, self.state, self.identifiers)


@dataclass(slots=True)
class Referrals:
    """Referrals by id and by (sending organisation, system, value)."""

    by_id: dict[str, Referral] = field(default_factory=dict)
    by_name: dict[tuple[int, str, str], str] = field(default_factory=dict)
    by_value: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    opened: dict[str, datetime] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)

    def of_sender(self, organization_id: int, identifiers: Iterable[Identifier]) -> Referral | None:
        """The referral that this sender knows under one of the identifiers, or by the hub's id."""
        for identifier in identifiers:
            if identifier.system == OWN_SYSTEM:
                referral = self.by_id.get(canonical(identifier.value) or "")
                if referral is not None and referral.sender_id == organization_id:
                    return referral
            known = self.by_name.get((organization_id, identifier.system, identifier.value))
            if known is not None:
                return self.by_id[known]
        return None

    def of_party(self, organization_id: int, identifiers: Iterable[Identifier]) -> Referral | None:
        """The referral in which the organisation takes part and that carries one of the identifiers."""
        for identifier in identifiers:
            own = canonical(identifier.value) if identifier.system == OWN_SYSTEM else None
            for known in [own] if own else self.by_value.get((identifier.system, identifier.value), ()):
                referral = self.by_id.get(known)
                if referral is not None and organization_id in (referral.sender_id, referral.receiver_id):
                    return referral
        return None

    def know(self, organization_id: int, system: str, value: str, referral_id: str) -> None:
        self.by_name[organization_id, system, value] = referral_id
        self.by_value.setdefault((system, value), {})[referral_id] = None

    def write(self, rows: Rows) -> None:
        """Note one row for each referral that is new or changed."""
        for referral_id, now in self.opened.items():
            r = self.by_id[referral_id]
            rows.add(
                "insert_referrals", r.id, r.version, r.state.value, r.direction, r.priority, r.sender_id,
                r.receiver_id, r.department or "", r.patient_id, r.question or "", r.reason or "", r.based_on or "",
                r.cancellation_asked, encode(r.details), encode(r.service_request), encode(r.task), r.requested_at, now,
            )  # fmt: skip
            for identifier in r.identifiers:
                rows.add("insert_referral_identifiers", r.id, r.sender_id, identifier.system, identifier.value)
        for referral_id, now in self.changed.items():
            if referral_id in self.opened:
                continue
            r = self.by_id[referral_id]
            rows.add(
                "update_referrals", r.id, r.version, r.state.value, r.priority, r.department or "", r.question or "",
                r.reason or "", r.cancellation_asked, encode(r.details), encode(r.service_request), encode(r.task), now,
            )  # fmt: skip


def canonical(value: str) -> str | None:
    """The id as the database writes it; None when it is no UUID."""
    try:
        return str(UUID(value))
    except ValueError:
        return None


def find_referrals(connection: Connection[Any], wanted: Iterable[Identifier],
                   ids: Iterable[str]) -> list[tuple[int, str, str, str, str]]:  # fmt: skip
    """(sender, system, value, referral, patient) of what carries these identifiers, ("", 0 where named by id)."""
    columns = as_columns(("system", "value"), sorted({(i.system, i.value) for i in wanted}))
    return connection.execute(blocks("intake")["find_referrals"], {**columns, "id": sorted(set(ids))}).fetchall()


def load_referrals(connection: Connection[Any], ids: Iterable[str]) -> list[Referral]:
    """Referrals by id, locked in the order of their ids."""
    cursor = connection.execute(blocks("intake")["lock_referrals"], {"id": sorted(set(ids))})
    return [_referral(row) for row in cursor]


def _referral(row: tuple[Any, ...]) -> Referral:
    *columns, identifiers = row
    referral = Referral(*columns)
    referral.state = State(referral.state)
    referral.identifiers = tuple(Identifier(system, value) for system, value in identifiers or ())
    return referral
