"""Files that came with a referral: what a fragment carries in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from hub.domain.fragments import Resource
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

    A note without a name is no file, nor is the text extracted from one. Read whole and taken apart here: that is ten
    times as fast as by PostgreSQL's functions for JSON, which parse the files at each of them.
    """
    sql = blocks("attachments")
    query = sql["of_referral"] + " " + blocks("views")["fragment_visible"] + " " + sql["of_referral_order"]
    parameters = {"viewer": viewer, "referral_id": ids.parse(referral_id), "whole": fragments.WHOLE}
    rows = connection.execute(query, parameters).fetchall()
    return [file for name, resource in rows for file in _files(name, resource)]


def read(connection: Connection[Any], viewer: int, fragment_id: str, n: int) -> File | None:
    """The file; None where there is none, or where the viewer may not see its fragment."""
    fragment = fragments.read(connection, viewer, fragment_id)
    resource = fragment.resource if fragment else {}
    held = _held(resource)
    attachment = held[n] if 0 <= n < len(held) else {}
    try:
        content = base64.b64decode(str(attachment.get("data", "")))
    except binascii.Error:
        return None
    if not content:
        return None
    return File(str(attachment.get("title", "")), str(attachment.get("contentType", "")), content)


def _held(resource: Resource) -> list[Resource]:
    """The attachments of a document or a report, in their order."""
    if resource.get("resourceType") == "DocumentReference":
        return [content.get("attachment", {}) for content in resource.get("content", ())]
    return list(resource.get("presentedForm", ()))


def _files(fragment_id: str, resource: Resource) -> Iterator[Attached]:
    for n, attachment in enumerate(_held(resource)):
        title, kind = (str(attachment.get(name, "")) for name in ("title", "contentType"))
        size = len(str(attachment.get("data", ""))) * 3 // 4
        if size and (title or (n == 0 and not kind.startswith("text/"))):
            yield Attached(fragment_id, n, title, kind, size)
