"""Where a referral stands is asked (REF^I15) of a receiver whose system has it and that has left it longer than its
priority allows: once for each step that it stays at, behind nothing that waits for that system. Many systems do not
know the question: one that was refused holds nothing up, and is the last until somebody has decided about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from hub.delivery.messages import OVERDUE, rules
from hub.domain.referrals import Role, State, owner
from hub.domain.waiting import LIMITS, late, waiting_since
from hub.store.sql import blocks

BATCH = 100
"""Most questions that are planned at once."""

_SQL = blocks("delivery")
_WITH_RECEIVER = [state.value for state in State if owner(state) is Role.RECEIVER]


def plan(connection: Connection[Any], led: Collection[int]) -> int:
    """Make deliveries of the questions that are due; how many."""
    kinds = {rule.dialect: rule.kind for rule in rules() if rule.event == OVERDUE}
    parameters = {
        "led": list(led),
        "dialects": list(kinds),
        "kinds": list(kinds.values()),
        "states": _WITH_RECEIVER,
        "shortest": min(LIMITS.values()),
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        due = list(islice(_late(cursor.execute(_SQL["left"], parameters).fetchall()), BATCH))
    if not due:
        return 0
    columns = {name: [row[name] for row in due] for name in ("destination_id", "outbox_id", "kind")}
    return connection.execute(_SQL["inquire"], columns).rowcount


def _late(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        state = State(row["state"])
        since = waiting_since(state, row["requested_at"], row["state_since"])
        if late(state, row["priority"], since, row["appointment"], row["now"]):
            yield row
