"""Referrals as their sender and their receiver see them; to anybody else they do not exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from psycopg import Connection
from psycopg.rows import dict_row

from hub.domain.fragments import Resource
from hub.domain.patients import Identifier
from hub.domain.referrals import WHOLE_RECORD, State
from hub.store.sql import blocks
from hub.views import ids

REFERRAL_SYSTEM = "urn:referral-hub:referral"
"""Identifier system of the hub's own referral ids."""

Token = tuple[str | None, str]
"""An identifier to look for: (system, value); system None: any system."""


@dataclass(frozen=True, slots=True)
class Party:
    id: int
    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral as it stands. service_request: as received; task: what writers added to the Task."""

    id: str
    version: int
    state: State
    direction: str
    priority: str
    sender: Party
    receiver: Party
    department: str | None
    patient_id: str
    question: str | None
    reason: str | None
    based_on: str | None
    cancellation_asked: bool
    details: dict[str, Any]
    service_request: Resource
    task: Resource
    identifiers: tuple[Identifier, ...]
    requested_at: datetime
    updated_at: datetime

    @property
    def whole_record(self) -> bool:
        """Whether the receiver reads the whole continuous record, not only what came with the referral: nobody opens
        other institutions' history to itself by referring to itself."""
        return self.state in WHOLE_RECORD and self.sender.id != self.receiver.id

    @property
    def position(self) -> tuple[datetime, str]:
        """Where a page that ends with this referral ends: `after` of the next."""
        return self.updated_at, self.id


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to search by; all that is given must agree, of several values of one criterion any.

    identifiers: of the referral, the hub's own id among them under `REFERRAL_SYSTEM`; patient_identifiers: only
    numbers valid everywhere or belonging to a party of the referral match; updated_since is inclusive, updated_until
    exclusive, both aware. None: not asked (an empty sequence finds nothing).
    """

    role: Literal["sent", "received", "any"] = "any"
    ids: Sequence[str] | None = None
    identifiers: Sequence[Token] | None = None
    states: frozenset[State] | None = None
    patient_ids: Sequence[str] | None = None
    patient_identifiers: Sequence[Token] | None = None
    based_on: Sequence[str] | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None


def read(connection: Connection[Any], viewer: int, referral_id: str) -> Referral | None:
    """The referral; None unless the viewer (an organisation's id) is its sender or receiver."""
    sql = blocks("views")
    query = " ".join((sql["referrals"], sql["role_any"], "AND", sql["id"]))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, {"viewer": viewer, "id": ids.parse(referral_id)}).fetchone()
    return _referral(row) if row else None


def search(connection: Connection[Any], viewer: int, criteria: Criteria, *, limit: int,
           after: tuple[datetime, str] | None = None, newest_first: bool = True) -> list[Referral]:  # fmt: skip
    """The viewer's referrals that agree with the criteria, by time of their last change.

    limit: at most so many; after: `position` of the last referral of the page before.
    """
    sql, parameters = _query(viewer, criteria, limit, after, newest_first)
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_referral(row) for row in cursor.execute(sql, parameters)]


def _query(viewer: int, criteria: Criteria, limit: int, after: tuple[datetime, str] | None,
           newest_first: bool) -> tuple[LiteralString, dict[str, object]]:  # fmt: skip
    order: LiteralString = "newest" if newest_first else "oldest"
    parameters: dict[str, object] = {"viewer": viewer, "limit": limit}
    conditions = ["role_" + criteria.role]
    for name, values in _given(criteria).items():
        conditions.append(name)
        parameters |= values
    if after is not None:
        conditions.append("after_" + order)
        parameters |= {"after_time": after[0], "after_id": ids.parse(after[1])}
    sql = blocks("views")
    where: LiteralString = " AND ".join(sql[name] for name in conditions)
    return sql["referrals"] + " " + where + " " + sql["order_" + order], parameters


def _given(criteria: Criteria) -> dict[str, dict[str, object]]:
    """The criteria that are given: name of the SQL block -> its parameters."""
    c = criteria
    given: dict[str, dict[str, object]] = {}
    for name, values in (("ids", c.ids), ("patient_ids", c.patient_ids), ("based_on", c.based_on)):
        if values is not None:
            given[name] = {name: ids.known(values)}
    if c.states is not None:
        given["states"] = {"states": [state.value for state in c.states]}
    if c.identifiers is not None:
        given["identifiers"] = {**_pairs("identifier", c.identifiers), "own_ids": _own(c.identifiers)}
    if c.patient_identifiers is not None:
        given["patient_identifiers"] = _pairs("patient", c.patient_identifiers)
    for name, time in (("updated_since", c.updated_since), ("updated_until", c.updated_until)):
        if time is not None:
            given[name] = {name: time}
    return given


def _pairs(prefix: str, tokens: Sequence[Token]) -> dict[str, object]:
    return {f"{prefix}_systems": [s for s, _ in tokens], f"{prefix}_values": [v for _, v in tokens]}


def _own(tokens: Sequence[Token]) -> list[object]:
    return list(ids.known(value for system, value in tokens if system in (None, REFERRAL_SYSTEM)))


def _referral(row: dict[str, Any]) -> Referral:
    parties: dict[str, Any] = {
        side: Party(*(row.pop(f"{side}_{field}") for field in ("id", "code", "name", "kind")))
        for side in ("sender", "receiver")
    }
    identifiers = tuple(Identifier(system, value) for system, value in row.pop("identifiers"))
    return Referral(**parties, **row | {"state": State(row["state"]), "identifiers": identifiers})
