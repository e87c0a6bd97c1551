"""How long a referral may wait for its next step, by priority, before a list points at it and the receiver's system is
asked (REF^I15). Pure.

The limits are the hub's own and are hints: nothing expires by them.

| priority | to be decided on, or answered, or booked |
|---|---|
| stat     | 1 hour  |
| asap     | 4 hours |
| urgent   | 24 hours |
| routine  | 7 days  |

Until it is decided on, a referral waits from the request on, whatever was asked in between; afterwards from the last
change of its state. With an appointment it waits for that day, and is late a day after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.domain.referrals import State

LIMITS = {
    "stat": timedelta(hours=1),
    "asap": timedelta(hours=4),
    "urgent": timedelta(hours=24),
    "routine": timedelta(days=7),
}
AFTER_APPOINTMENT = timedelta(days=1)

_UNDECIDED = frozenset({State.REQUESTED, State.RECEIVED})
_WAITING = _UNDECIDED | {State.INFORMATION_REQUESTED, State.ACCEPTED, State.NO_SHOW}


def waiting_since(state: State, requested_at: datetime, state_since: datetime) -> datetime:
    """The moment from which the referral waits for its next step."""
    return requested_at if state in _UNDECIDED else state_since


def late(state: State, priority: str, since: datetime, appointment: datetime | None, now: datetime) -> bool:
    """Whether a referral that waits since then for its next step has waited longer than its priority allows."""
    if state is State.SCHEDULED:
        return appointment is not None and now - appointment > AFTER_APPOINTMENT
    return state in _WAITING and now - since > LIMITS.get(priority, LIMITS["routine"])
