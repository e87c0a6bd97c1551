"""What somebody decides about a delivery: once more, or not at all."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from hub.delivery import queue
from hub.delivery.policy import GIVEN_UP
from hub.store.sql import blocks

_SQL = blocks("delivery")


def replay(connection: Connection[Any], delivery_id: int) -> bool:
    """Send a dead letter again, at once, then what waits behind it; whether it is one.

    What the receiver refused is written anew, with what has been corrected since; what got no certain answer is sent
    as it was, so that a receiver that has it all the same knows it again.
    """
    row = connection.execute(_SQL["replay"], {"id": delivery_id, "given_up": GIVEN_UP}).fetchone()
    queue.wake(connection)
    return row is not None


def skip(connection: Connection[Any], delivery_id: int) -> bool:
    """Never send a delivery that waits or is a dead letter; whether it was one. What waits behind it goes on."""
    row = connection.execute(_SQL["skip"], {"id": delivery_id}).fetchone()
    queue.wake(connection)
    return row is not None
