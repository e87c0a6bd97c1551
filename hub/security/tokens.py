"""Bearer tokens of organisations and of people: shown once, stored as their SHA-256."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any

from psycopg import Connection

from hub.domain.messages import Sender
from hub.security.people import Person
from hub.store.sql import blocks


def authenticate(connection: Connection[Any], token: str) -> Sender | None:
    """The organisation whose valid token this is.

    The look-up compares hashes by equality in an index: how long it takes says nothing of a stored token.
    """
    row = connection.execute(blocks("security")["authenticate"], {"sha256": _digest(token)}).fetchone()
    return Sender(*row) if row else None


def issue(connection: Connection[Any], organization_id: int) -> str:
    """A new token of the organisation; it cannot be read again."""
    token = secrets.token_urlsafe(32)
    connection.execute(blocks("security")["issue"], {"sha256": _digest(token), "organization_id": organization_id})
    return token


def rotate(connection: Connection[Any], organization_id: int) -> str:
    """A new token; those before are revoked in the same transaction."""
    connection.execute(blocks("security")["revoke"], {"organization_id": organization_id})
    return issue(connection, organization_id)


def person_of(connection: Connection[Any], token: str) -> Person | None:
    """The person whose own valid token this is."""
    row = connection.execute(blocks("people")["person_of_token"], {"sha256": _digest(token)}).fetchone()
    return Person.from_row(row) if row else None


def issue_own(connection: Connection[Any], person: Person) -> str:
    """A new token of the person; those before are revoked in the same transaction."""
    token = secrets.token_urlsafe(32)
    row = {"sha256": _digest(token), "organization_id": person.organization.id, "user_id": person.id}
    connection.execute(blocks("people")["revoke_tokens"], row)
    connection.execute(blocks("people")["issue_token"], row)
    return token


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
