"""What goes from one patient to another, written; and what is noted of it, so that it can go back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import uuid_utils
from psycopg import Connection

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource, leaves
from hub.domain.patients import Identifier
from hub.identity.matching import Name, identity_of, names
from hub.identity.names import keys
from hub.intake.patients import load_patients, lock_names
from hub.intake.referrals import load_referrals
from hub.intake.rows import as_columns
from hub.store.connections import encode
from hub.store.sql import blocks

_SQL = blocks("merges")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_UNDONE = Refusal(Cause.UNKNOWN_KEY, "id", "there is no such merge, or it was undone before")

Number = tuple[int, str, str, bool]
"""A patient's number as `merges` keeps it: its name, and whether it is declared."""


class Standing(NamedTuple):
    """A merge that may be undone."""

    id: str
    scope: str
    prior_id: str
    surviving_id: str
    names: list[Number]
    fragments: list[str]
    referrals: list[str]
    filled: list[str]


@dataclass(frozen=True, slots=True)
class Going:
    """What goes from `source` to `target` on the word of a message.

    scope: see `hub.domain.messages.Merge`; whole: also what others told; names: that go along; numbers: of the
    charts, accounts or visits."""

    scope: str
    sender_id: int
    message_id: str
    source: str
    target: str
    names: tuple[Number, ...]
    whole: bool = False
    numbers: frozenset[Identifier] = frozenset()


@dataclass(frozen=True, slots=True)
class Return:
    """A merge undone."""

    sender_id: int
    merge: Standing


Change = Going | Return


class _Told(NamedTuple):
    """A fragment. url: its fullUrl in its message, where it has one."""

    id: str
    message_id: str
    kind: str
    resource: Resource
    url: str | None


def names_of(connection: Connection[Any], wanted: Iterable[Name]) -> set[Name]:
    """All numbers of the patients that carry one of these; what a merge must hold while it moves them."""
    rows = connection.execute(_SQL["names_of"], as_columns(("organization", "system", "value"), sorted(set(wanted))))
    return {(int(owner), str(system), str(value)) for owner, system, value in rows}


def standing(connection: Connection[Any], sender_id: int, wanted: Iterable[Name]) -> list[Standing]:
    """What the organisation merged into the patients that carry one of these numbers, oldest first."""
    columns = as_columns(("organization", "system", "value"), sorted(set(wanted)))
    rows = connection.execute(_SQL["standing"], {**columns, "sender": sender_id}).fetchall()
    return list(map(_standing, rows))


def referrals_of(connection: Connection[Any], patients: Iterable[str]) -> list[str]:
    """Ids of the patients' referrals."""
    return [row[0] for row in connection.execute(_SQL["referrals_of"], {"patients": sorted(patients)})]


def carry_out(connection: Connection[Any], changes: Iterable[Change]) -> None:
    """Write the changes in their order, each with its line in the audit trail; the rows of the batch are written."""
    for change in changes:
        if isinstance(change, Going):
            _go(connection, change)
            action, patient_id = "merge", change.target
        else:
            _return(connection, change)
            action, patient_id = "separate", change.merge.surviving_id
        line = {"organization_id": change.sender_id, "actor": "message", "action": action, "object_type": "patient",
                "object_id": patient_id, "allowed": True}  # fmt: skip
        connection.execute(blocks("security")["write_audit"], line)


@dataclass(frozen=True, slots=True)
class Undone:
    """A merge that was taken back by an operator, as its event tells of it. parties: of the referrals of both."""

    merge: Standing
    organization_id: int
    organization: str
    message_id: str
    parties: list[int]


def undo(connection: Connection[Any], merge_id: str) -> Undone:
    """Take a merge back, in the caller's transaction. Raises Refused: UNKNOWN_KEY, FORBIDDEN_STATE (the surviving
    patient went on into another one: that merge goes first)."""
    merge, *_ = _one(connection, merge_id)
    lock_names(connection, names_of(connection, plain(merge.names)))
    merge, organization_id, organization, message_id, onward = _one(connection, merge_id)
    if onward:
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, "id", "the patient was merged into another one since: undo that"))
    patients = [merge.prior_id, merge.surviving_id]
    load_patients(connection, (), patients)
    load_referrals(connection, referrals_of(connection, patients))
    _return(connection, Return(organization_id, merge))
    parties = [party for (party,) in connection.execute(_SQL["parties"], {"patients": patients})]
    return Undone(merge, organization_id, organization, message_id, parties)


def _one(connection: Connection[Any], merge_id: str) -> tuple[Standing, int, str, str, bool]:
    row = connection.execute(_SQL["one"], {"id": merge_id}).fetchone()
    if row is None:
        raise Refused(_UNDONE)
    *columns, organization_id, organization, message_id, onward = row
    return _standing(columns), organization_id, organization, message_id, onward


def _standing(row: Sequence[Any]) -> Standing:
    merge_id, scope, prior_id, surviving_id, numbers, *moved = row
    return Standing(merge_id, scope, prior_id, surviving_id, list(map(_number, numbers)), *moved)


def plain(numbers: Iterable[Number]) -> list[Name]:
    """Numbers as names, without whether they are declared."""
    return [(owner, system, value) for owner, system, value, _ in numbers]


def _go(connection: Connection[Any], going: Going) -> None:
    if going.scope in ("patient", "identifier"):
        given = {"patient": going.source, "organization": going.sender_id, "whole": going.whole}
        fragments = [row[0] for row in connection.execute(_SQL["fragments_of"], given)]
        referrals = [row[0] for row in connection.execute(_SQL["referrals_to_move"], given)]
    else:
        fragments, referrals = _selected(connection, going)
    moved = {"source": going.source, "target": going.target, "fragments": fragments, "referrals": referrals,
             "names": encode(going.names).decode()}  # fmt: skip
    connection.execute(_SQL["move"], moved)
    filled: list[str] = []
    if going.whole:
        connection.execute(_SQL["found_by"], moved)
        filled = [element for (elements,) in connection.execute(_SQL["fill"], moved) for element in elements]
    noted = {"id": str(uuid_utils.uuid7()), "scope": going.scope, "organization": going.sender_id,
             "message_id": going.message_id, "filled": filled}  # fmt: skip
    connection.execute(_SQL["note"], moved | noted)


def _selected(connection: Connection[Any], going: Going) -> tuple[list[str], list[str]]:
    """Fragments and referrals of a chart, account or visit: encounters that carry its number and what refers to them;
    of a chart all of the messages under its number."""
    told = _told(connection, going.source, going.sender_id, _EVER)
    carrier = "Encounter" if going.scope == "visit" else "Patient"
    carrying = [t for t in told if t.kind == carrier and going.numbers & set(_identifiers(t.resource))]
    messages = {t.message_id for t in carrying}
    encounters = carrying if carrier == "Encounter" else [
        t for t in told if t.kind == "Encounter" and t.message_id in messages
    ]  # fmt: skip
    called = {(t.message_id, name) for t in encounters for name in (t.url, f"Encounter/{t.resource.get('id')}") if name}
    ids = {t.id for t in encounters}
    fragments, referrals = [], set()
    of_messages = {"messages": sorted(messages), "patient": going.source}
    for fragment_id, message_id, referral_id, kind, resource in connection.execute(_SQL["of_messages"], of_messages):
        if going.scope == "chart" or fragment_id in ids or _refers(message_id, resource, called):
            fragments.append(fragment_id)
            referrals |= {referral_id} if kind == "ServiceRequest" and referral_id else set()
    return fragments, sorted(referrals)


def _refers(message_id: str, resource: Resource, called: set[tuple[str, str]]) -> bool:
    return any((message_id, value) in called for pointer, value in leaves(resource) if pointer.endswith("/reference"))


def _return(connection: Connection[Any], change: Return) -> None:
    """Back goes what went and is still there, and what came since under the numbers that go back alone."""
    merge = change.merge
    row = connection.execute(_SQL["undone"], {"id": merge.id}).fetchone()
    if row is None:
        raise Refused(_UNDONE)
    fragments, referrals = _came_since(connection, change, row[0])
    moved = {"source": merge.surviving_id, "target": merge.prior_id, "fragments": [*merge.fragments, *fragments],
             "referrals": [*merge.referrals, *referrals], "names": encode(merge.names).decode()}  # fmt: skip
    connection.execute(_SQL["move"], moved)
    connection.execute(_SQL["empty"], {"patient": merge.surviving_id, "filled": merge.filled})
    found_by = [connection.execute(_SQL["keys_of"], {"patient": one}).fetchone()
                for one in (merge.prior_id, merge.surviving_id)]  # fmt: skip
    (_, prior), (name, _) = (found or (None, []) for found in found_by)
    lost = sorted(set(prior) - set(keys(name or "")))
    connection.execute(_SQL["not_found_by"], {"patient": merge.surviving_id, "keys": lost})


def _came_since(connection: Connection[Any], change: Return, since: datetime) -> tuple[list[str], list[str]]:
    """Fragments of messages whose only Patient is told under numbers that go back, and the referrals they opened."""
    back = {name for name in plain(change.merge.names) if name[0]}
    patients = [t for t in _told(connection, change.merge.surviving_id, change.sender_id, since) if t.kind == "Patient"]
    own = {t.id: {n for n in names(identity_of(t.resource), change.sender_id) if n[0]} for t in patients}
    going = [t for t in patients if own[t.id] and own[t.id] <= back]
    staying = {t.message_id for t in patients if not (own[t.id] and own[t.id] <= back)}
    fragments = [t.id for t in going]
    messages = {"messages": sorted({t.message_id for t in going} - staying), "patient": change.merge.surviving_id}
    rows = connection.execute(_SQL["of_messages"], messages).fetchall()
    opened = {referral_id for _, _, referral_id, kind, _ in rows if referral_id and kind == "ServiceRequest"}
    return fragments + [row[0] for row in rows], sorted(opened)


def _told(connection: Connection[Any], patient_id: str, sender_id: int, since: datetime) -> Sequence[_Told]:
    given = {"patient": patient_id, "organization": sender_id, "since": since}
    return [_Told(*row) for row in connection.execute(_SQL["told"], given)]


def _identifiers(resource: Resource) -> Iterable[Identifier]:
    return (Identifier(str(i.get("system", "")), str(i.get("value", ""))) for i in resource.get("identifier", ()))


def _number(row: Sequence[Any]) -> Number:
    return int(row[0]), str(row[1]), str(row[2]), bool(row[3])
