"""What a batch writes, gathered as columns so that each table takes one statement whatever the number of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from hub.store.arrays import Documents, column
from hub.store.sql import blocks

_COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "insert_patients": ("identity", ("id", "name", "gender", "birth_date", "resource")),
    "complete_patients": ("identity", ("id", "name", "gender", "birth_date", "resource")),
    "insert_patient_identifiers": ("identity", ("patient", "organization", "system", "value", "type")),
    "declare_patient_identifiers": ("identity", ("patient", "organization", "system", "value")),
    "insert_patient_keys": ("identity", ("patient", "key")),
    "insert_messages": ("intake", ("id", "received_at", "organization_id", "channel", "format", "type", "version",
                                   "charset", "application", "facility", "control_id", "status", "raw", "sha256",
                                   "code", "acknowledgement", "error", "bundle", "ledger", "patient_id",
                                   "referral_id")),
    "settle_messages": ("intake", ("id", "status", "acknowledgement", "error", "bundle", "ledger", "patient_id",
                                   "referral_id", "organization_id", "charset")),
    "insert_referrals": ("intake", ("id", "version", "state", "direction", "priority", "sender_id", "receiver_id",
                                    "department", "patient_id", "question", "reason", "based_on",
                                    "cancellation_asked", "details", "service_request", "task", "requested_at",
                                    "updated_at")),
    "update_referrals": ("intake", ("id", "version", "state", "priority", "department", "question", "reason",
                                    "cancellation_asked", "details", "service_request", "task", "updated_at")),
    "insert_referral_identifiers": ("intake", ("referral_id", "organization_id", "system", "value")),
    "insert_fragments": ("intake", ("id", "message_id", "patient_id", "organization_id", "referral_id", "position",
                                    "kind", "resource_type", "resource", "base", "citations", "received_at",
                                    "recorded_at")),
    "release_keys": ("intake", ("key", "message_id")),
    "hand_over_keys": ("intake", ("key", "sha256", "message_id")),
    "insert_outbox": ("intake", ("event_id", "type", "subject", "organizations", "occurred_at", "data")),
}  # fmt: skip
"""Statement -> its file and the order of a row's values; in the order of execution, the outbox last.

Text that is not there is "" (the statements make NULL of it), an organisation that is not known is 0."""

_JSON = frozenset({"bundle", "citations", "data", "details", "error", "ledger", "resource", "service_request", "task"})
"""Columns whose values are JSON as bytes."""


@dataclass(slots=True)
class Rows:
    """Rows by statement; `add` takes them one by one, `write` sends each statement once."""

    by_statement: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def add(self, statement: str, *row: Any) -> None:
        self.by_statement.setdefault(statement, []).append(row)

    def write(self, connection: Connection[Any]) -> None:
        """Execute in the order of `_COLUMNS`; wakes the relay when events were written."""
        for statement, (file, columns) in _COLUMNS.items():
            rows = self.by_statement.get(statement)
            if rows:
                connection.execute(blocks(file)[statement], as_columns(columns, rows))
        if "insert_outbox" in self.by_statement:
            connection.execute(blocks("intake")["wake_relay"])


def as_columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Rows as one list per column, the form that `unnest` takes."""
    if not rows:
        return {name: [] for name in names}
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return {name: Documents(values) if name in _JSON else column(values) for name, values in columns}
