"""Patients as an organisation sees them: those of its referrals, and those of whom it sent something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import dict_row

from hub.domain.fragments import Resource
from hub.domain.patients import Identifier
from hub.store.sql import blocks
from hub.views import fragments, ids
from hub.views.referrals import Token

_RESOURCES = 20
"""How many of the newest Patient resources are read for the numbers that the viewer knows."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient, as far as the viewer may know.

    resource: the newest Patient resource that the viewer may see (None where there is none), so that no institution's
    address book shows through another's. name, gender, birth_date: None for who takes part in no referral of the
    patient, and identifiers then only those that it sent: who knows a number learns nothing more by sending it.
    owners: names of the organizations whose numbers they are; of a number valid everywhere there is none.
    """

    id: str
    name: str | None
    gender: str | None
    birth_date: str | None
    identifiers: tuple[Identifier, ...]
    resource: Resource | None
    updated_at: datetime
    owners: Mapping[Identifier, str] = field(default_factory=dict)


def read(connection: Connection[Any], viewer: int, patient_id: str) -> Patient | None:
    """The patient; None unless the viewer takes part in a referral of them or sent something of them."""
    sql = blocks("views")
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql["patients"] + " " + sql["patients_id"],
                             {"viewer": viewer, "id": ids.parse(patient_id)}).fetchone()  # fmt: skip
    return _patient(connection, viewer, row) if row else None


@dataclass(frozen=True, slots=True)
class Replaced:
    """A patient that was merged into another. by: the id of who it is now."""

    id: str
    by: str
    merged_at: datetime


def replaced(connection: Connection[Any], viewer: int, patient_id: str) -> Replaced | None:
    """Who a patient is since a merge; None unless the viewer may see that one."""
    known = ids.parse(patient_id)
    for by, merged_at in connection.execute(blocks("views")["merged_into"], {"id": known}).fetchall():
        if read(connection, viewer, by):
            return Replaced(str(known), by, merged_at)
    return None


def search(connection: Connection[Any], viewer: int, *, limit: int, patient_ids: Sequence[str] | None = None,
           identifiers: Sequence[Token] | None = None, after: str | None = None) -> list[Patient]:  # fmt: skip
    """The viewer's patients, newest first; all that is given must agree, of several values any.

    identifiers: (system, value), system None: any; after: id of the last one of the page before.
    """
    conditions, parameters = ["patients_all"], dict[str, object](viewer=viewer, limit=limit)
    if patient_ids is not None:
        conditions.append("patients_ids")
        parameters["ids"] = ids.known(patient_ids)
    if identifiers is not None:
        conditions.append("patients_identifiers")
        parameters["identifier_systems"] = [system for system, _ in identifiers]
        parameters["identifier_values"] = [value for _, value in identifiers]
    if after is not None:
        conditions.append("patients_after")
        parameters["after"] = ids.parse(after)
    sql = blocks("views")
    where: LiteralString = " AND ".join(sql[name] for name in conditions)
    query = sql["patients"] + " " + where + " " + sql["patients_order"]
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, parameters).fetchall()
    return [_patient(connection, viewer, row) for row in rows]


def _patient(connection: Connection[Any], viewer: int, row: dict[str, Any]) -> Patient:
    asked = fragments.Criteria(patient_ids=(row["id"],), types=("Patient",))
    seen = [f.resource for f in fragments.search(connection, viewer, asked, limit=_RESOURCES)]
    told = {(i.get("system"), i.get("value")) for resource in seen for i in resource.get("identifier", ())}
    owners: dict[Identifier, str] = {}
    identifiers = dict[Identifier, None]()
    for system, value, granted, owner, kind in row.pop("identifiers"):
        identifier = Identifier(system, value, kind or None)
        if granted == "true" or (system, value) in told:
            identifiers[identifier] = None
        if granted == "true" and owner:
            owners[identifier] = owner
    if not row.pop("takes_part"):
        row |= dict.fromkeys(("name", "gender", "birth_date"))
    resource = next((_unlinked(one) for one in seen if not _replaced(one)), None)
    return Patient(**row, identifiers=tuple(identifiers), resource=resource, owners=owners)


def _replaced(resource: Resource) -> bool:
    """Whether it says who the patient was before a merge."""
    return any(link.get("type") == "replaced-by" for link in resource.get("link", ()))


def _unlinked(resource: Resource) -> Resource:
    """Links name Patients of the message that they came with; in the hub these are one."""
    return {name: value for name, value in resource.items() if name != "link"} if "link" in resource else resource
