"""Referrals that a person is writing: kept as typed, with their files, for that person alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import uuid_utils
from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Json

from hub.domain.forms import Attachment, Filed
from hub.domain.referrals import State
from hub.store.sql import blocks
from hub.views import ids

AGE = timedelta(days=30)
"""How long a draft that nobody touches is kept."""

MOST = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """fields: as typed, by the names of the form's fields; files: how many, where drafts are listed."""

    id: str
    fields: dict[str, str]
    updated_at: datetime
    files: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file of a draft. size: bytes; characters: how many of it could be read as text."""

    id: str
    name: str
    content_type: str
    size: int
    characters: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent. sha256: of the document that it became; at: the time within that document."""

    filed: Filed
    sha256: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Receiver:
    """An organisation to refer to, with the names of its departments."""

    code: str
    name: str
    kind: str
    departments: list[str]


def new_key() -> str:
    return str(uuid_utils.uuid7())


def save(connection: Connection[Any], user_id: int, key: str, fields: Mapping[str, str]) -> bool:
    """Keep what is typed; False where the key is no id, another person's, or of what has been sent."""
    parameters = {"id": ids.parse(key), "key": key, "user_id": user_id, "fields": Json(dict(fields))}
    if parameters["id"] is None:
        return False
    connection.execute(blocks("drafts")["purge_drafts"], {"age": AGE})
    return connection.execute(blocks("drafts")["save_draft"], parameters).fetchone() is not None


def read(connection: Connection[Any], user_id: int, key: str) -> Draft | None:
    """The person's own draft."""
    with connection.cursor(row_factory=class_row(Draft)) as cursor:
        return cursor.execute(blocks("drafts")["draft"], {"id": ids.parse(key), "user_id": user_id}).fetchone()


def listing(connection: Connection[Any], user_id: int) -> list[Draft]:
    """The person's drafts, the one touched last first."""
    connection.execute(blocks("drafts")["purge_drafts"], {"age": AGE})
    with connection.cursor(row_factory=class_row(Draft)) as cursor:
        return cursor.execute(blocks("drafts")["drafts"], {"user_id": user_id, "limit": MOST}).fetchall()


def delete(connection: Connection[Any], user_id: int, key: str) -> bool:
    """Whether there was one."""
    parameters = {"id": ids.parse(key), "user_id": user_id}
    return connection.execute(blocks("drafts")["delete_draft"], parameters).fetchone() is not None


def lock(connection: Connection[Any], user_id: int, key: str) -> bool:
    """Hold the draft until the transaction's end; False where the person has none of this id."""
    parameters = {"id": ids.parse(key), "user_id": user_id}
    return connection.execute(blocks("drafts")["lock_draft"], parameters).fetchone() is not None


def add_file(connection: Connection[Any], key: str, attachment: Attachment) -> None:
    """To a draft that is locked; what is there already, sent again over a bad line, is not added twice."""
    given = {name: getattr(attachment, name) for name in Attachment.__slots__}
    connection.execute(blocks("drafts")["add_file"], {"id": new_key(), "draft_id": key, **given})


def remove_file(connection: Connection[Any], user_id: int, key: str, file_id: str) -> None:
    parameters = {"id": ids.parse(file_id), "draft_id": ids.parse(key), "user_id": user_id}
    connection.execute(blocks("drafts")["remove_file"], parameters)


def files(connection: Connection[Any], key: str) -> list[File]:
    """Files of a draft that the caller knows to be the person's."""
    with connection.cursor(row_factory=class_row(File)) as cursor:
        return cursor.execute(blocks("drafts")["files"], {"draft_id": ids.parse(key)}).fetchall()


def contents(connection: Connection[Any], key: str) -> tuple[Attachment, ...]:
    """The same, whole, as they are sent."""
    with connection.cursor(row_factory=class_row(Attachment)) as cursor:
        return tuple(cursor.execute(blocks("drafts")["contents"], {"draft_id": ids.parse(key)}))


def texts(connection: Connection[Any], key: str) -> str:
    """What the files say."""
    [(text,)] = connection.execute(blocks("drafts")["texts"], {"draft_id": ids.parse(key)}).fetchall()
    return str(text)


def sent(connection: Connection[Any], organization_id: int, keys: Iterable[str]) -> dict[str, Sent]:
    """Which of these forms the organisation has sent, by key."""
    parameters = {"keys": list(keys), "organization_id": organization_id}
    return {
        key: Sent(Filed(referral_id, version, State(state), repeated=True), bytes(sha256), datetime.fromisoformat(at))
        for key, referral_id, version, state, sha256, at in connection.execute(blocks("drafts")["sent"], parameters)
    }


def receivers(connection: Connection[Any], organization_id: int) -> list[Receiver]:
    """Whom the organisation may refer to: all others, hospitals first."""
    with connection.cursor(row_factory=class_row(Receiver)) as cursor:
        return cursor.execute(blocks("drafts")["receivers"], {"organization_id": organization_id}).fetchall()
