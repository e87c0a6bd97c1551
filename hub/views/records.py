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
