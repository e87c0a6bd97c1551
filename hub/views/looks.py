"""When a person looked at a referral: what came after the look before is new to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from hub.store.sql import blocks

VISIT = timedelta(minutes=30)
"""Looks that follow each other within this time are one visit: a reload does not make everything old."""


def look(connection: Connection[Any], person_id: int, referral_id: str, now: datetime) -> datetime | None:
    """Note that the person opened the referral; returns what "new since my last look" is measured from.

    That is the end of the visit before this one; None: this is the first. The caller has checked that the person may
    see the referral; the note is part of the caller's transaction.
    """
    parameters = {"person": person_id, "referral": referral_id, "now": now, "visit": VISIT}
    [(since,)] = connection.execute(blocks("looks")["look"], parameters).fetchall()
    seen: datetime | None = since
    return seen
