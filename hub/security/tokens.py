"""Bearer tokens of organisations: shown once, stored as their SHA-256."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any

from psycopg import Connection

from hub.domain.messages import Sender
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


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
