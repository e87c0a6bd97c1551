"""What a delivery is made of beside the referral as it stands: the messages that came, the booking as it was."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection

from hub.delivery.queue import Delivery
from hub.domain.fragments import Resource
from hub.store.sql import blocks

_SQL = blocks("delivery")

NOTHING: Resource = {"resourceType": "Bundle", "type": "collection"}
"""Of an event that no message made."""


class Origins(NamedTuple):
    """order: the Bundle that the referral's ServiceRequest came in; brought: the Bundle of the message that made the
    event, the same object where it is that one; appointment: as the newest booking up to the event told it."""

    order: Resource
    brought: Resource
    appointment: dict[str, Any]


def of(connection: Connection[Any], delivery: Delivery) -> Origins:
    """Read now; messages and events stay as they came."""
    [(order, same, brought, appointment)] = connection.execute(_SQL["origins"], {"id": delivery.id}).fetchall()
    order = order or NOTHING
    return Origins(order, order if same else brought or NOTHING, appointment or {})
