"""The profiles of senders: stored as written, each change audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Sender
from hub.security import audit, organizations
from hub.store.sql import blocks


@dataclass(frozen=True, slots=True)
class Changed:
    """Whose profile was changed last when, by whom: a login, or `command`."""

    organization: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Profile:
    """source: YAML as written."""

    source: str
    changed_at: datetime
    changed_by: str


def put(connection: Connection[Any], code: str, source: str, *, actor: str = "command") -> Sender:
    """The profile of an organisation instead of what it had. source: checked by who calls. Raises Refused(UNKNOWN_KEY
    at `code`)."""
    with connection.transaction():
        sender = _known(connection, code)
        parameters = {"organization_id": sender.id, "source": source, "actor": actor}
        connection.execute(blocks("security")["set_profile"], parameters)
        _audit(connection, sender, "profile-set", actor)
    return sender


def remove(connection: Connection[Any], code: str, *, actor: str = "command") -> Sender:
    """Read the organisation by the standard again. Raises Refused(UNKNOWN_KEY at `code`), also where it has none."""
    with connection.transaction():
        sender = _known(connection, code)
        found = connection.execute(blocks("security")["remove_profile"], {"organization_id": sender.id}).fetchone()
        if found is None:
            raise Refused(Refusal(Cause.UNKNOWN_KEY, "code", f"{sender.code!r} has no profile"))
        _audit(connection, sender, "profile-remove", actor)
    return sender


def find(connection: Connection[Any], code: str) -> Profile | None:
    """The profile of an organisation. Raises Refused(UNKNOWN_KEY at `code`) where it is not registered."""
    with connection.cursor(row_factory=class_row(Profile)) as cursor:
        query = blocks("security")["profile"]
        return cursor.execute(query, {"organization_id": _known(connection, code).id}).fetchone()


def listing(connection: Connection[Any]) -> list[Changed]:
    """All, by organisation."""
    with connection.cursor(row_factory=class_row(Changed)) as cursor:
        return cursor.execute(blocks("security")["profiles"]).fetchall()


def _known(connection: Connection[Any], code: str) -> Sender:
    sender = organizations.find(connection, code)
    if sender is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "code", f"no organization {code!r} is registered"))
    return sender


def _audit(connection: Connection[Any], sender: Sender, action: str, actor: str) -> None:
    audit.write(connection, organization_id=sender.id, actor=actor, action=action, object_type="organization",
                object_id=sender.code)  # fmt: skip
