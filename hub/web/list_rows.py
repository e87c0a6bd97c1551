"""A row of a list: what a reader takes in at a glance, as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from hub.domain.referrals import Role, State
from hub.domain.waiting import late, waiting_since
from hub.views.worklist import Entry, Side
from hub.web.page import Page
from hub.web.words import N_, event_word, gender_word, priority_word, state_word

PRIORITIES = ("stat", "asap", "urgent", "routine")

_UNITS = (
    (timedelta(days=1), N_("%(num)s day"), "%(num)s days"),
    (timedelta(hours=1), N_("%(num)s hour"), "%(num)s hours"),
    (timedelta(minutes=1), N_("%(num)s minute"), "%(num)s minutes"),
)
_ASKED = frozenset({State.INFORMATION_REQUESTED, State.REJECTED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Row:
    """age, waiting, appointment: in words, "" where unknown; since: when the wait began, to the minute, in the
    viewer's zone; ours: the viewer's side has it; told: what the other side asked, or why it ended; news: what
    happened since the person looked, `New` where they never did."""

    entry: Entry
    age: str
    waiting: str
    since: str
    late: bool
    ours: bool
    ended: bool
    appointment: str
    missed: bool
    told: str
    news: tuple[str, ...]


def rows(page: Page, side: Side, entries: Sequence[Entry]) -> list[Row]:
    zone = page.zone
    today = page.now.astimezone(zone).date()
    role = Role.RECEIVER if side == "received" else Role.SENDER
    return [_row(page, zone, today, role, entry) for entry in entries]


def words(page: Page, side: Side) -> dict[str, Any]:
    """Texts that every row may need, translated once for all of them."""
    return {
        "priorities": {code: page._(priority_word(code)) for code in PRIORITIES},
        "states": {state.value: page._(state_word(state)) for state in State},
        "genders": {code: page._(gender_word(code)) for code in ("male", "female")},
        "nameless": page._("Name not known"),
        "no_question": page._("No question is given."),
        "asked": page._("Asked:"),
        "reason": page._("Why:"),
        "passed": page._("passed"),
        "cancellation": page._("Cancellation asked for"),
        "planned": page._("with follow-up plan"),
        "late": page._("overdue"),
        "ours": page._("with us"),
        "theirs": page._("with the sender") if side == "received" else page._("with the receiver"),
    }


def _row(page: Page, zone: ZoneInfo, today: date, role: Role, entry: Entry) -> Row:
    since = waiting_since(entry.state, entry.requested_at, entry.state_since)
    appointment = entry.appointment.astimezone(zone) if entry.appointment else None
    passed = late(entry.state, entry.priority, since, entry.appointment, page.now)
    booked = appointment is not None and entry.state is State.SCHEDULED
    return Row(
        entry=entry,
        age=age(page, entry.birth_date, today),
        waiting=duration(page, page.now - since),
        since=f"{since.astimezone(zone):%Y-%m-%d %H:%M}",
        late=passed and not booked,
        ours=entry.owner is role,
        ended=entry.owner is None,
        appointment=_appointment(page, appointment, today) if appointment and booked else "",
        missed=passed and booked,
        told=(entry.reason or "") if entry.state in _ASKED else "",
        news=_news(page, entry, role),
    )


def age(page: Page, birth_date: str | None, today: date) -> str:
    """Of a FHIR date, also one of a year or a month alone; months until the third year, days until the third month."""
    parts = _parts(birth_date or "")
    if not parts:
        return ""
    year, month, day = (*parts, *(1,) * (3 - len(parts)))
    born = (year, month, day)
    years = today.year - year - ((today.month, today.day) < (month, day) if len(parts) == 3 else 0)
    if years < 0 or (today.year, today.month, today.day) < born:
        return ""
    if years >= 3 or len(parts) < 3:
        return page.ngettext("%(num)s y", "%(num)s y", years)
    months = (today.year - year) * 12 + today.month - month - (today.day < day)
    if months >= 3:
        return page.ngettext("%(num)s mo", "%(num)s mo", months)
    return page.ngettext("%(num)s d", "%(num)s d", (today - date(*born)).days)


def duration(page: Page, passed: timedelta) -> str:
    """In its largest unit; what has just begun is no time."""
    for unit, singular, plural in _UNITS:
        if passed >= unit:
            return page.ngettext(singular, plural, passed // unit)
    return page._("just now")


@lru_cache(maxsize=4096)
def _parts(birth_date: str) -> tuple[int, ...]:
    try:
        parts = tuple(map(int, birth_date[:10].split("-")))
        date(*(*parts, *(1,) * (3 - len(parts))))
    except (ValueError, TypeError):
        return ()
    return parts


def _appointment(page: Page, at: datetime, today: date) -> str:
    day = at.date()
    if day == today:
        return page._("today %(time)s", time=f"{at:%H:%M}")
    if day == today + timedelta(days=1):
        return page._("tomorrow %(time)s", time=f"{at:%H:%M}")
    return f"{at:%m-%d %H:%M}" if day.year == today.year else f"{at:%Y-%m-%d %H:%M}"


def _news(page: Page, entry: Entry, role: Role) -> tuple[str, ...]:
    if not entry.changed:
        return ()
    if entry.looked_at is None and role is Role.RECEIVER:
        return (page._("New"),)
    told = [kind for kind in dict.fromkeys(entry.events) if kind != "referral.requested"]
    content = [kind for kind in told if kind != "referral.received"]
    return tuple(page._(event_word(kind)) for kind in (content or told)[:2])
