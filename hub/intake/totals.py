"""What the ledgers of HL7 v2 messages say, counted by sender, day and field: for whoever writes a sender's profile.

Intake only leaves a message's id, in the statement that writes the message; it is counted later, and its id removed in
the transaction that counts: once, whatever crashes, and no lock stands between batches. What is counted are outcomes: a
message that was refused and is replayed has two, so that counters only grow; accepted it is once. Paths, reasons and
counts are kept here, never a value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
from psycopg import Connection

from hub.domain.errors import Cause
from hub.intake.rows import as_columns
from hub.store.sql import blocks

KEPT = timedelta(days=90)
"""For how long days of fields are kept."""
MOST_FIELDS = 2_000
"""Fields that are counted of one message: what a sender makes up grows the totals no more than its own messages do."""
OTHER = "other"
"""Stands for the type of a message that the hub does not take: a sender may have written anything there."""

_UNTYPED = {Cause.NO_HEADER.value, Cause.UNSUPPORTED_TYPE.value, Cause.UNSUPPORTED_EVENT.value}
_INDEX = re.compile(r"\[\d+\]")
_DAYS = ("organization_id", "day", "type", "field", "reason", "messages", "last_at", "newest")
_TOTALS = ("organization_id", "type", "converted", "refused", "mapped", "unmapped")


class _Mapped(msgspec.Struct, gc=False):
    path: str


class _Unmapped(msgspec.Struct, gc=False):
    path: str
    reason: str


class _Ledger(msgspec.Struct, gc=False):
    mapped: list[_Mapped]
    unmapped: list[_Unmapped]


_decode = msgspec.json.Decoder(_Ledger).decode

Field = tuple[str, str]
"""A field and the reason why it is in no Bundle, "" where it is in one."""


@dataclass(slots=True)
class _Day:
    """Of one sender's day and type: in how many messages, and in which last."""

    messages: Counter[Field] = field(default_factory=Counter)
    newest: dict[Field, tuple[datetime, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Counts:
    """What is counted of some messages, by the keys of its rows."""

    days: dict[tuple[int, date, str], _Day] = field(default_factory=dict)
    totals: dict[tuple[int, str], Counter[str]] = field(default_factory=dict)

    def refused(self, sender: int, type_: str) -> None:
        self.totals.setdefault((sender, type_), Counter())["refused"] += 1

    def converted(self, sender: int, day: date, type_: str, ledger: _Ledger, message: tuple[datetime, str]) -> None:
        sums = self.totals.setdefault((sender, type_), Counter())
        sums.update(converted=1, mapped=len({m.path for m in ledger.mapped}), unmapped=len(ledger.unmapped))
        found = list(islice(_fields(ledger), MOST_FIELDS))
        of_day = self.days.setdefault((sender, day, type_), _Day())
        of_day.messages.update(found)
        of_day.newest.update(dict.fromkeys(found, message))

    def write(self, connection: Connection[Any]) -> None:
        if self.days:
            rows = [(*key, *found, messages, *of.newest[found])
                    for key, of in self.days.items() for found, messages in of.messages.items()]  # fmt: skip
            connection.execute(blocks("ledger")["add_days"], as_columns(_DAYS, rows))
        if self.totals:
            sums = [(*key, *(of[name] for name in _TOTALS[2:])) for key, of in self.totals.items()]
            connection.execute(blocks("ledger")["add_totals"], as_columns(_TOTALS, sums))


def count(connection: Connection[Any], limit: int) -> int:
    """Count at most `limit` of the messages that wait; how many it took. `connection`: of `open_connection`."""
    counts, taken = _Counts(), 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")  # what a crash undoes waits again
        for row in cursor.stream(blocks("ledger")["take_waiting"], {"limit": limit}):  # a ledger may be large
            message_id, received_at, sender, type_, status, day, ledger, error = row
            taken += 1
            if status == "rejected":
                counts.refused(sender, _type(type_, error))
            elif ledger:
                counts.converted(sender, day, type_, _decode(ledger), (received_at, message_id))
        counts.write(connection)
    return taken


def purge(connection: Connection[Any]) -> int:
    """Forget the days that are older than `KEPT`; how many rows."""
    before = datetime.now(UTC).date() - KEPT
    return connection.execute(blocks("ledger")["purge_days"], {"before": before}).rowcount


def _fields(ledger: _Ledger) -> Iterable[Field]:
    """Each once, what is in no Bundle first."""
    unmapped = ((_field(leaf.path), leaf.reason) for leaf in ledger.unmapped)
    mapped = ((_field(leaf.path), "") for leaf in ledger.mapped)
    return dict.fromkeys((*unmapped, *mapped))


@lru_cache(maxsize=16_384)
def _field(path: str) -> str:
    """`PID-3.4` of `PID[1]-3[2].4`."""
    return _INDEX.sub("", path)


def _type(type_: str, error: Mapping[str, Any] | None) -> str:
    told = [error, *error.get("others", ())] if error else []
    return OTHER if _UNTYPED & {refusal.get("code") for refusal in told} else type_
