"""The audit trail: who did, or tried to do, what. It names objects by id and holds no patient data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail. organization: CODE, None for nobody known; allowed: False for a refused attempt."""

    at: datetime
    organization: str | None
    actor: str
    action: str
    object_type: str
    object_id: str
    allowed: bool


def write(connection: Connection[Any], *, organization_id: int | None, actor: str, action: str, object_type: str,
          object_id: str, allowed: bool = True, soon: bool = False) -> None:  # fmt: skip
    """Add a line in the caller's transaction.

    actor: `token` for a machine, a login for a person; action: a verb (`read`, `rotate-token`); object_type: `record`,
    `organization`; soon: of what is looked at all the time: no reader waits for the disk, and such lines of the last
    half second before PostgreSQL crashes may be missing.
    """
    parameters = {"organization_id": organization_id, "actor": actor, "action": action, "object_type": object_type,
                  "object_id": object_id.replace("\0", "\ufffd"), "allowed": allowed}  # fmt: skip
    connection.execute(blocks("security")["write_audit_soon" if soon else "write_audit"], parameters)


def of_object(connection: Connection[Any], object_type: str, object_id: str) -> list[Entry]:
    """What was done with the object, oldest first."""
    parameters = {"object_type": object_type, "object_id": object_id}
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(blocks("security")["audit_of_object"], parameters).fetchall()
