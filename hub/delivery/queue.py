"""The deliveries in the database: planned from the organisations' streams, taken one by one, settled.

Each call is one statement, so that several destinations share the one connection that holds their locks: where its
session has ended, nothing more is taken or settled, and another process goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from hub.delivery.messages import rules
from hub.delivery.policy import Consequence, Tried
from hub.domain.delivery import UNANSWERED, Answer, Route
from hub.store.sql import blocks

BATCH = 500
"""Most events of one destination that are planned at once."""

_SQL = blocks("delivery")
_READY = " ".join((_SQL["ready"], _SQL["first"], _SQL["ready_end"]))
_TAKE = " ".join((_SQL["take"], _SQL["first"], _SQL["take_end"]))
_ROUTE = tuple(Route.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is being sent. organization, organization_id, timezone: of whom the destination is; event:
    `referral.accepted.v1`; data: of the event; payload: None where it is not written yet; attempt: its number."""

    id: int
    destination_id: int
    organization_id: int
    organization: str
    timezone: str
    referral_id: str
    kind: str
    control_id: str
    attempt: int
    taken_at: datetime
    event: str
    occurred_at: datetime
    data: dict[str, Any]
    payload: bytes | None
    tried: Tried
    route: Route


def lead(connection: Connection[Any], led: Collection[int]) -> list[int]:
    """Destinations that nobody led; this session does now."""
    return [row[0] for row in connection.execute(_SQL["lead"], {"led": list(led)})]


def plan(connection: Connection[Any], led: Collection[int]) -> int:
    """Make deliveries of the next events; how many events were read, 0: there are no more."""
    table = rules()
    parameters = {
        "led": list(led),
        "limit": BATCH,
        "dialects": [rule.dialect for rule in table],
        "events": [rule.event for rule in table],
        "parts": [rule.to for rule in table],
        "kinds": [rule.kind for rule in table],
        "needs": [",".join(rule.needs) for rule in table],
    }
    [(events,)] = connection.execute(_SQL["plan"], parameters).fetchall()
    return int(events)


def forget(connection: Connection[Any], keep: timedelta) -> int:
    """Delete what was delivered or skipped longer ago than `keep`, with what was sent and answered; how many."""
    count = 0
    while deleted := connection.execute(_SQL["forget"], {"keep": keep}).rowcount:
        count += deleted
    return count


def ready(connection: Connection[Any], led: Collection[int]) -> list[int]:
    """Destinations for which something is due."""
    return [row[0] for row in connection.execute(_READY, {"led": list(led), "besides": None})]


def take(connection: Connection[Any], destination_id: int, besides: int | None = None) -> Delivery | None:
    """Begin an attempt at what is next; None where nothing is due. besides: the delivery that is not settled yet."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_TAKE, {"destination": destination_id, "besides": besides}).fetchone()
    if row is None:
        return None
    route = Route(**{name: row.pop(name) for name in _ROUTE})
    tried = Tried(row.pop("tries"), row.pop("failures"), row.pop("first_tried_at"))
    return Delivery(attempt=row.pop("attempts"), tried=tried, route=route, **row)


def keep(connection: Connection[Any], delivery: Delivery, payload: bytes) -> None:
    """These bytes are sent, now and in every further try."""
    connection.execute(_SQL["keep"], {"id": delivery.id, "payload": payload})


def settle(connection: Connection[Any], delivery: Delivery, answer: Answer, follows: Consequence) -> None:
    """The end of an attempt."""
    parameters = {
        "id": delivery.id,
        "destination": delivery.destination_id,
        "attempt": delivery.attempt,
        "outcome": answer.outcome,
        "code": answer.code,
        "path": answer.path,
        "raw": answer.raw,
        "reached": answer.reached,
        "answered": answer.outcome not in UNANSWERED,
        "status": follows.status,
        "pause": follows.pause,
        "failures": follows.failures,
        "cause": follows.cause,
    }
    connection.execute(_SQL["settle"], parameters)


def listen(connection: Connection[Any]) -> None:
    connection.execute(_SQL["listen"])


def wake(connection: Connection[Any]) -> None:
    """Tell the processes that deliver, when the transaction commits."""
    connection.execute(_SQL["wake"])
