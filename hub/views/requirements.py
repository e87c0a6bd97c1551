"""What each receiver wants to know in a referral, as it has published it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from hub.domain.requirements import Requirement
from hub.store.sql import blocks


def read(connection: Connection[Any], organization_id: int) -> tuple[Requirement, ...]:
    """All that the organisation has published, in its order."""
    return _found(connection, "requirements", {"organization_id": organization_id})


def of_receiver(connection: Connection[Any], receiver: str, department: str) -> tuple[Requirement, ...]:
    """What the organisation (its CODE) wants to know in a referral to the department ("" none, else code or name)."""
    return _found(connection, "requirements_of", {"receiver": receiver, "department": department})


def replace(connection: Connection[Any], organization_id: int, requirements: Iterable[Requirement]) -> None:
    """Publish these instead of what was published before, in the caller's transaction."""
    sql = blocks("requirements")
    connection.execute(sql["withdraw_requirements"], {"organization_id": organization_id})
    for r in requirements:
        given = {"department": r.department, "text": r.text, "words": list(r.words), "mandatory": r.mandatory}
        connection.execute(sql["publish_requirement"], {"organization_id": organization_id, **given})


def _found(connection: Connection[Any], block: str, parameters: dict[str, object]) -> tuple[Requirement, ...]:
    rows = connection.execute(blocks("requirements")[block], parameters)
    return tuple(Requirement(text, tuple(words), department, mandatory) for text, words, department, mandatory in rows)
