"""The continuous record of a referral, as its receiver may read it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks
from hub.views import ids
from hub.views.referrals import Referral


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known of a record without its text. version: of the referral that it was made from."""

    id: str
    version: int
    whole: bool
    sha256: bytes
    generated_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """A record as stored. version: of the referral that it was made from; document: its JSON text, untouched."""

    id: str
    version: int
    whole: bool
    document: str
    sha256: bytes
    generated_at: datetime


def readable(referral: Referral, viewer: int) -> bool:
    """Whether the viewer (an organisation's id) may read records of the referral: only its receiver may."""
    return viewer == referral.receiver.id


def newest(connection: Connection[Any], referral: Referral) -> Record | None:
    """The newest record that fits the referral's state: before acceptance (and after a cancellation) of what came
    with it, from acceptance on of the whole history. None: the worker has not made it yet."""
    parameters = {"referral_id": referral.id, "whole": referral.whole_record}
    with connection.cursor(row_factory=class_row(Record)) as cursor:
        return cursor.execute(blocks("views")["record"], parameters).fetchone()


def read(connection: Connection[Any], referral: Referral, record_id: str) -> Record | None:
    """A record of the referral by its id; None where it is another's or says more than its state allows."""
    parameters = {"id": ids.parse(record_id), "referral_id": referral.id, "whole": referral.whole_record}
    with connection.cursor(row_factory=class_row(Record)) as cursor:
        return cursor.execute(blocks("views")["record_by_id"], parameters).fetchone()


def heading(connection: Connection[Any], referral: Referral) -> Heading | None:
    """Of the record that `newest` gives."""
    parameters = {"referral_id": referral.id, "whole": referral.whole_record}
    with connection.cursor(row_factory=class_row(Heading)) as cursor:
        return cursor.execute(blocks("views")["record_heading"], parameters).fetchone()


def document(connection: Connection[Any], record_id: str) -> str:
    """The JSON text of a record that the caller was given by its heading."""
    [(text,)] = connection.execute(blocks("views")["record_document"], {"id": record_id}).fetchall()
    return str(text)
