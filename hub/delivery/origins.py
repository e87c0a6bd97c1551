"""What a delivery is made of beside the referral as it stands: the messages that came, the booking as it was."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection

from hub.delivery.queue import Delivery
from hub.domain.fragments import Resource
from hub.store.sql import blocks

NOTHING: Resource = {"resourceType": "Bundle", "type": "collection"}
"""Of an event that no message made."""


class Origins(NamedTuple):
    """order: the Bundle that the referral's ServiceRequest came in; brought: the Bundle of the message that made the
    event, the same object where it is that one; appointment: as the newest booking up to the event told it."""

    order: Resource
    brought: Resource
    appointment: dict[str, Any]


def of(connection: Connection[Any], delivery: Delivery) -> Origins:
    """Read now; messages stay as they were received."""
    sql = blocks("delivery")
    row = connection.execute(sql["order"], {"id": delivery.id}).fetchone()
    order = row[0] if row else NOTHING
    message_id = delivery.data.get("message_id")
    found = connection.execute(sql["brought"], {"message_id": message_id}).fetchone() if message_id else None
    brought = found[0] if found and found[0] else NOTHING
    booked = connection.execute(sql["booked"], {"id": delivery.id}).fetchone()
    return Origins(order, order if brought == order else brought, (booked and booked[0]) or {})
