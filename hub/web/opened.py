"""A record opened by a person: who may read it, which one, and the line of the trail that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from hub.domain.statements import PARTS, Document, Part, Statement, find
from hub.security import audit
from hub.security.people import Person
from hub.store.connections import decode
from hub.views import ids, records, referrals
from hub.views.records import Record
from hub.views.referrals import Referral


@dataclass(frozen=True, slots=True)
class Opened:
    """What the person may read. document: the record as CONTRACTS.md has it."""

    referral: Referral
    record: Record
    document: Document


def opened(connection: Connection[Any], person: Person, referral_id: str, record_id: str | None,
           action: str) -> Opened | None:  # fmt: skip
    """The referral's record of that id, else its newest; None, and a refused line in the trail, where the person's
    organisation is not its receiver, or the state of the referral does not allow this record."""
    referral = referrals.read(connection, person.organization.id, referral_id)
    readable = referral is not None and records.readable(referral, person.organization.id)
    record = None
    if referral is not None and readable:
        given = record_id is not None
        record = records.read(connection, referral, record_id or "") if given else records.newest(connection, referral)
    named = referral_id if ids.parse(referral_id) else "no id"
    note(connection, person, action, "record", named, allowed=record is not None)
    if referral is None or record is None:
        return None
    return Opened(referral, record, decode(record.document))


def note(connection: Connection[Any], person: Person, action: str, object_type: str, object_id: str, *,
         allowed: bool = True) -> None:  # fmt: skip
    """A line of the trail: what the person did, or tried."""
    audit.write(connection, organization_id=person.organization.id, actor=person.login, action=action,
                object_type=object_type, object_id=object_id, allowed=allowed)  # fmt: skip


def asked(document: Document, parameters: Mapping[str, str]) -> Statement | None:
    """The statement that a page's address names (`item=i7`, `passage=0`), None where there is none."""
    part = next((part for part in PARTS if parameters.get(part)), None)
    return find(document, part, parameters[part]) if part else None


def part_of(text: str) -> Part | None:
    return next((part for part in PARTS if part == text), None)
