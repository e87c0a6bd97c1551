"""Readers' verdicts on statements of a record: checked, or wrong and why. Every one is kept; the newest stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, LiteralString

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Json
from uuid_utils import uuid7

from hub.domain.statements import Statement
from hub.security.people import Person
from hub.store.sql import blocks
from hub.views import ids

Verdict = Literal["checked", "wrong", "withdrawn"]
VERDICTS: tuple[Verdict, ...] = ("checked", "wrong", "withdrawn")
_SQL = blocks("marks")
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """One verdict. key: of its statement, see `hub.domain.statements`; statement: `{part, name, kind, text, sources}`
    as it was when marked; organization: CODE of who marked; user: the login."""

    id: str
    at: datetime
    referral_id: str
    item_id: str
    key: str
    verdict: Verdict
    reason: str | None
    statement: dict[str, Any]
    sources_of: list[int]
    organization_id: int
    organization: str
    organization_name: str
    user: str
    user_name: str

    def line(self) -> dict[str, Any]:
        """As exported."""
        said = {name: value for name, value in self.statement.items() if name != "sources"}
        sources = [{n: v for n, v in s.items() if n != "organization_id"} for s in self.statement["sources"]]
        return {"id": self.id, "at": self.at.isoformat(), "referral_id": self.referral_id,
                "organization": self.organization, "user": self.user, "verdict": self.verdict, "reason": self.reason,
                "statement": said, "sources": sources}  # fmt: skip


def put(connection: Connection[Any], person: Person, *, referral_id: str, record_id: str, statement: Statement,
        verdict: Verdict, reason: str | None) -> None:  # fmt: skip
    """Add a verdict to a statement of a record that the person may read."""
    messages = ids.known({str(s["message_id"]) for s in statement.sources})
    senders = dict(connection.execute(_SQL["cited_organizations"], {"ids": messages}).fetchall())
    sources = [{**s, "organization_id": senders.get(s["message_id"])} for s in statement.sources]
    said = {"part": statement.part, "name": statement.name, "kind": statement.kind, "text": statement.text,
            "sources": sources}  # fmt: skip
    connection.execute(_SQL["mark"], {
        "id": str(uuid7()), "referral_id": referral_id, "record_id": record_id,
        "item_id": f"{statement.part}:{statement.name}", "key": statement.key, "statement": Json(said),
        "sources_of": sorted(set(senders.values())), "verdict": verdict, "reason": reason,
        "organization_id": person.organization.id, "user_id": person.id,
    })  # fmt: skip


def standing(connection: Connection[Any], referral_id: str) -> Mapping[str, Mark]:
    """The verdicts that stand on statements of a referral's records, by key; for its receiver, who made them."""
    return {mark.key: mark for mark in _read(connection, ("standing",), {"referral_id": ids.parse(referral_id)})}


def of_referral(connection: Connection[Any], viewer: int, referral_id: str) -> list[Mark]:
    """The verdicts that stand and that the viewer (an organisation's id) may see, as it may see them, oldest first."""
    given = {"referral_id": ids.parse(referral_id), "viewer": viewer}
    return [seen_by(mark, viewer) for mark in _read(connection, ("standing", "visible"), given)]


def exported(connection: Connection[Any], *, viewer: int | None = None, organization: str | None = None,
             since: datetime | None = None) -> Iterator[Mark]:  # fmt: skip
    """Every verdict, also such as were taken back, oldest first, read as it is consumed.

    viewer: only what this organisation may see, as it may see it; organization: CODE of who marked.
    """
    given = {"visible": viewer, "by": organization, "since": since}
    names = {"visible": "viewer", "by": "organization", "since": "since"}
    conditions = [block for block, value in given.items() if value is not None]
    parameters = {names[block]: given[block] for block in conditions}
    with connection.cursor("marks", row_factory=class_row(Mark)) as cursor:
        cursor.itersize = _BATCH
        for mark in cursor.execute(_query(("all", *conditions)), parameters):
            yield mark if viewer is None else seen_by(mark, viewer)


def seen_by(mark: Mark, viewer: int) -> Mark:
    """The mark as an organisation may see it: of others' sources nothing, nor what the statement says by them."""
    sources = mark.statement["sources"]
    own = [source for source in sources if source["organization_id"] == viewer]
    if mark.organization_id == viewer or len(own) == len(sources):
        return mark
    text = "；".join(dict.fromkeys(source["text"] for source in own))
    return replace(mark, sources_of=[viewer], statement={**mark.statement, "text": text, "sources": own})


def _read(connection: Connection[Any], conditions: tuple[str, ...], parameters: Mapping[str, object]) -> list[Mark]:
    with connection.cursor(row_factory=class_row(Mark)) as cursor:
        return cursor.execute(_query(conditions), parameters).fetchall()


def _query(conditions: tuple[str, ...]) -> LiteralString:
    where: LiteralString = " AND ".join(_SQL[name] for name in conditions)
    return _SQL["marks"] + " " + where + " " + _SQL["order"]
