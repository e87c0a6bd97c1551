"""The received messages that a delivery is made of."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection

from hub.delivery.queue import Delivery
from hub.domain.fragments import Resource
from hub.store.sql import blocks

NOTHING: Resource = {"resourceType": "Bundle", "type": "collection"}
"""Of an event that no message made."""


class Origins(NamedTuple):
    """order: the Bundle that the referral's ServiceRequest came in, control_id: of its message (None: of none);
    brought: the Bundle of the message that made the event, the same object where it is that one."""

    control_id: str | None
    order: Resource
    brought: Resource


def of(connection: Connection[Any], delivery: Delivery) -> Origins:
    """Read now; messages stay as they were received."""
    sql = blocks("delivery")
    row = connection.execute(sql["order"], {"id": delivery.id}).fetchone()
    control_id, order = row or (None, NOTHING)
    message_id = delivery.data.get("message_id")
    found = connection.execute(sql["brought"], {"message_id": message_id}).fetchone() if message_id else None
    brought = found[0] if found and found[0] else NOTHING
    return Origins(control_id, order, order if brought == order else brought)
