"""Fragments as an organisation sees them.

Its own always; of its referrals what came with them (as receiver) and what the receiver added, the outcome (as
sender); as receiver of another's referral, in the states of `hub.domain.referrals.WHOLE_RECORD`, the patient's whole
history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from hub.domain.fragments import Kind, Resource
from hub.domain.patients import Identifier
from hub.domain.referrals import WHOLE_RECORD
from hub.store.sql import blocks
from hub.views import ids

WHOLE = [state.value for state in WHOLE_RECORD]
"""Parameter `whole` of the SQL that tells what is visible."""


@dataclass(frozen=True, slots=True)
class StoredFragment:
    """A fragment as stored. organization: CODE of who sent it; base, citations: as in table `fragments`."""

    id: str
    message_id: str
    patient_id: str
    organization: str
    referral_id: str | None
    position: int
    kind: Kind
    resource_type: str
    resource: Resource
    base: str
    citations: list[list[str]] | None
    received_at: datetime
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to search by: all that is given must agree. None: not asked (an empty sequence finds nothing).

    identifier: the resource's own; asked beside patients or a message, whose fragments are then looked at one by one.
    """

    ids: Sequence[str] | None = None
    types: Sequence[str] | None = None
    patient_ids: Sequence[str] | None = None
    referral_ids: Sequence[str] | None = None
    message_ids: Sequence[str] | None = None
    identifier: Identifier | None = None


def read(connection: Connection[Any], viewer: int, fragment_id: str) -> StoredFragment | None:
    """The fragment; None where the viewer (an organisation's id) may not see it."""
    found = search(connection, viewer, Criteria(ids=(fragment_id,)), limit=1)
    return found[0] if found else None


def search(connection: Connection[Any], viewer: int, criteria: Criteria, *, limit: int,
           after: str | None = None) -> list[StoredFragment]:  # fmt: skip
    """What the viewer may see of what agrees, newest stored first; after: id of the last one of the page before."""
    conditions, given = _given(criteria, after)
    parameters = {"viewer": viewer, "whole": WHOLE, "limit": limit, **given}
    sql = blocks("views")
    where: LiteralString = " AND ".join(sql[name] for name in conditions)
    query = sql["fragments"] + " " + where + " " + sql["fragment_order"]
    with connection.cursor(row_factory=class_row(StoredFragment)) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _given(criteria: Criteria, after: str | None) -> tuple[list[str], dict[str, object]]:
    """Names of the SQL blocks of what is given, and their parameters."""
    conditions, parameters = ["fragment_visible"], dict[str, object]()
    for name in ("ids", "patient_ids", "referral_ids", "message_ids"):
        values = getattr(criteria, name)
        if name == "patient_ids" and values is not None and len(values) == 1:
            conditions.append("fragment_patient_id")
            parameters["patient_id"] = ids.parse(values[0])
        elif values is not None:
            conditions.append("fragment_" + name)
            parameters[name] = ids.known(values)
    if criteria.types is not None:
        conditions.append("fragment_types")
        parameters["types"] = list(criteria.types)
    if criteria.identifier is not None:
        conditions.append("fragment_identifier")
        parameters |= {"system": criteria.identifier.system, "value": criteria.identifier.value}
    if after is not None:
        conditions.append("fragment_after")
        parameters["after"] = ids.parse(after)
    return conditions, parameters
