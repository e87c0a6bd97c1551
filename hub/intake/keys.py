"""Control ids that were accepted: claimed before anything else, so that a repeat waits for the first of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg.errors import SerializationFailure

from hub.domain.messages import Outcome, Receipt, ReferralStanding
from hub.domain.patients import Identifier
from hub.domain.referrals import State
from hub.intake.entries import Entry
from hub.intake.rows import Rows, as_columns
from hub.store.sql import blocks


@dataclass(frozen=True, slots=True)
class Holder:
    """The message that holds a key. receipt: what it was answered."""

    message_id: str
    sha256: bytes
    receipt: Receipt


@dataclass(slots=True)
class Keys:
    """Keys of a batch. inserted: key -> message for which this transaction inserted it; held: who has it now."""

    inserted: dict[bytes, str] = field(default_factory=dict)
    held: dict[bytes, Holder] = field(default_factory=dict)

    def hold(self, entry: Entry, receipt: Receipt) -> None:
        if entry.key is not None:
            self.held[entry.key] = Holder(entry.message_id, entry.sha256, receipt)

    def release(self, entry: Entry, rows: Rows) -> None:
        """The entry is refused: the key that it holds from before (store-first) becomes free."""
        holder = self.held.get(entry.key) if entry.key is not None else None
        if entry.key is not None and holder is not None and holder.message_id == entry.message_id:
            del self.held[entry.key]
            rows.add("release_keys", entry.key, entry.message_id)

    def settle(self, rows: Rows) -> None:
        """Keys inserted for messages that were refused go to who holds them now, or are given back."""
        for key, message_id in self.inserted.items():
            holder = self.held.get(key)
            if holder is None:
                rows.add("release_keys", key, message_id)
            elif holder.message_id != message_id:
                rows.add("hand_over_keys", key, holder.sha256, holder.message_id)


def claim(connection: Connection[Any], entries: Sequence[Entry]) -> Keys:
    """Claim the keys of what may be accepted and look up who holds the others.

    Waits for other transactions that claim the same. Raises SerializationFailure where a holder vanished meanwhile.
    """
    keys = Keys()
    sought = {entry.key for entry in entries if entry.key is not None}
    first: dict[bytes, Entry] = {}
    for entry in entries:
        if entry.key is not None and not entry.refusals and not entry.fault:
            first.setdefault(entry.key, entry)
    if first:
        claims = [(key, entry.sha256, entry.message_id) for key, entry in sorted(first.items())]
        columns = as_columns(("key", "sha256", "message_id"), claims)
        for (key,) in connection.execute(blocks("intake")["claim_keys"], columns):
            keys.inserted[bytes(key)] = first[bytes(key)].message_id
    taken = sorted(sought - keys.inserted.keys())
    if taken:
        for row in connection.execute(blocks("intake")["known_keys"], {"key": taken}):
            keys.held[bytes(row[0])] = _holder(row)
        if any(key in first and key not in keys.held for key in taken):
            raise SerializationFailure("the holder of a control id was removed meanwhile")
    return keys


def _holder(row: tuple[Any, ...]) -> Holder:
    _, sha256, message_id, status, acknowledgement, application, referral_id, version, state, identifiers = row
    referral = None
    if referral_id is not None:
        known = tuple(Identifier(system, value) for system, value in identifiers or ())
        referral = ReferralStanding(referral_id, version, State(state), known)
    first_answer = bytes(acknowledgement or application or b"")
    outcome = Outcome(message_id, referral=referral, stored=status == "stored")
    return Holder(message_id, bytes(sha256), Receipt(outcome, first_answer, repeated=True))
