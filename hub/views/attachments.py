"""Files that came with a referral: what a fragment carries in base64."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks
from hub.views import fragments, ids


@dataclass(frozen=True, slots=True)
class Attached:
    """A file, without its content: at `/attachments/{fragment_id}/{n}`. size: bytes; title: its name, or ""."""

    fragment_id: str
    n: int
    title: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class File:
    """A file with its content. title: its name, or ""; content_type: as its sender told it."""

    title: str
    content_type: str
    content: bytes


def of_referral(connection: Connection[Any], viewer: int, referral_id: str) -> list[Attached]:
    """Files of a referral that the viewer (an organisation's id) may see, as they came.

    A note without a name is no file, nor is the text extracted from one.
    """
    sql = blocks("attachments")
    query = sql["of_referral"] + " " + blocks("views")["fragment_visible"] + " " + sql["of_referral_order"]
    parameters = {"viewer": viewer, "referral_id": ids.parse(referral_id), "whole": fragments.WHOLE}
    with connection.cursor(row_factory=class_row(Attached)) as cursor:
        return cursor.execute(query, parameters).fetchall()


def read(connection: Connection[Any], viewer: int, fragment_id: str, n: int) -> File | None:
    """The file; None where there is none, or where the viewer may not see its fragment."""
    fragment = fragments.read(connection, viewer, fragment_id)
    resource = fragment.resource if fragment else {}
    held = resource.get("content") if resource.get("resourceType") == "DocumentReference" else None
    held = resource.get("presentedForm", []) if held is None else [c.get("attachment", {}) for c in held]
    attachment = held[n] if 0 <= n < len(held) else {}
    try:
        content = base64.b64decode(str(attachment.get("data", "")))
    except binascii.Error:
        return None
    if not content:
        return None
    return File(str(attachment.get("title", "")), str(attachment.get("contentType", "")), content)
