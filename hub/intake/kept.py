"""Messages whose row is there: normalised and applied after they were stored, or once more on an operator's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from hub.domain.errors import Cause, Refusal, Refused, Unavailable
from hub.domain.messages import Channel, Format, Receipt, Submission
from hub.intake.committing import commit
from hub.intake.entries import prepare
from hub.intake.referrals import canonical
from hub.store.directory import Directory
from hub.store.sql import blocks

REPLAYABLE = frozenset({"rejected", "parked", "stored"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as its row has it. organization_id: None when its sender was unknown; application: see `Envelope`."""

    id: str
    received_at: datetime
    organization_id: int | None
    channel: Channel
    format: Format
    type: str
    control_id: str
    application: str
    raw: bytes
    status: str


Resubmit = Callable[[Kept], Submission]
"""Makes the submission of a kept message, with the application's acknowledgement; given by the process.

Raises Refused (FORBIDDEN_STATE) for what cannot go through again as it was sent."""


def replay(connection: Connection[Any], directory: Directory, message_id: str, resubmit: Resubmit) -> Receipt:
    """Put a rejected, parked or stored message through again; it takes effect as the newest of its referral.

    connection: of `hub.intake.committing.open_connection`. The row's status becomes accepted, rejected or parked, its
    `application_acknowledgement` the new answer. A receipt that is `repeated` says that the same message has meanwhile
    been accepted in another row. Raises Refused (UNKNOWN_KEY: no such message; FORBIDDEN_STATE: it is accepted or
    incomplete, or its kind cannot be put through again) and Unavailable.
    """
    with connection.transaction():
        known = canonical(message_id)
        row = known and connection.execute(blocks("intake")["kept_message"], {"id": known}).fetchone()
        if not row:
            raise Refused(Refusal(Cause.UNKNOWN_KEY, "id", "there is no such message"))
        kept = Kept(*row)
        if kept.status not in REPLAYABLE:
            raise Refused(Refusal(Cause.FORBIDDEN_STATE, "status", f"the message is {kept.status}"))
        receipt = commit(connection, directory, [prepare(resubmit(kept), message_id=kept.id)])[0]
    if isinstance(receipt, Unavailable):
        raise receipt
    return receipt
