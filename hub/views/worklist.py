"""The lists that people work from: what their organisation received, and what it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, LiteralString, NamedTuple, get_args

from psycopg import Connection
from psycopg.rows import dict_row

from hub.domain.messages import Sender
from hub.domain.referrals import Role, State, owner
from hub.store.sql import blocks
from hub.views import ids
from hub.views.searches import Search

Side = Literal["received", "sent"]
Tab = Literal["open", "ours", "theirs", "closed", "all"]
Sort = Literal["", "newest", "appointment"]

TABS: tuple[Tab, ...] = get_args(Tab)
SORTS: tuple[Sort, ...] = get_args(Sort)
PAGE = 50
MOST = 999
"""More than so many are not counted."""

_NEWEST = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_ATTENTION = {State.INFORMATION_REQUESTED: 2, State.OUTCOME_SENT: 1}
_TURN: dict[Side, dict[Tab, str]] = {
    "received": {"ours": "receiver_turn", "theirs": "sender_turn"},
    "sent": {"ours": "sender_turn", "theirs": "receiver_turn"},
}


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked of a list; what is empty is not asked.

    ours, theirs: whose step is awaited; party: CODE of the other side; changed: since the person looked; sort "": the
    side's own order, what is urgent or waits for an answer first (at their end: the newest change).
    """

    side: Side
    tab: Tab = "open"
    priority: str = ""
    department: str = ""
    party: str = ""
    changed: bool = False
    sort: Sort = ""
    search: Search | None = None

    @property
    def order(self) -> str:
        if self.sort:
            return self.sort
        if self.tab in ("closed", "all"):
            return "newest"
        return "urgency" if self.side == "received" else "attention"


@dataclass(frozen=True, slots=True)
class Entry:
    """A referral in a list. party: the other side; reason: what was last asked, or why not; looked_at: by the person;
    events: the newest four types (without `.v1`) since then, newest first; planned: a follow-up plan came with it."""

    id: str
    version: int
    state: State
    direction: str
    priority: str
    urgency: int
    cancellation_asked: bool
    patient_name: str | None
    gender: str | None
    birth_date: str | None
    question: str | None
    reason: str | None
    party_code: str
    party_name: str
    department: str | None
    requested_at: datetime
    updated_at: datetime
    state_since: datetime
    looked_at: datetime | None
    appointment: datetime | None
    events: list[str]
    planned: bool

    @property
    def owner(self) -> Role | None:
        return owner(self.state)

    @property
    def changed(self) -> bool:
        """Whether something happened that the person has not seen."""
        return self.looked_at is None or self.updated_at > self.looked_at


class Position(NamedTuple):
    """Where a page ends. rank: urgency or attention; time: what is ordered by after it."""

    rank: int
    time: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.rank}.{(self.time - _EPOCH) // timedelta(microseconds=1)}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """As written by `str`; None for any other text."""
        try:
            rank, time, identifier = text.split(".")
            if ids.parse(identifier) is None or not 0 <= int(rank) <= 9:
                return None
            return cls(int(rank), _EPOCH + timedelta(microseconds=int(time)), identifier)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page. after: where it ends, None when it is the last; counts: by tab and of `changed`, at most MOST each;
    departments: as written -> name; parties: CODE -> name."""

    entries: list[Entry]
    after: Position | None
    counts: Mapping[str, int]
    departments: Mapping[str, str]
    parties: Mapping[str, str]


def read(connection: Connection[Any], person_id: int, viewer: Sender, criteria: Criteria,
         after: Position | None = None) -> Listing:  # fmt: skip
    """A page of the viewer's list in two statements, whatever its length."""
    parameters = _parameters(person_id, viewer, criteria)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_page(criteria, after), parameters | _after(after)).fetchall()
    entries = [Entry(**row | {"state": State(row["state"])}) for row in rows]
    more = len(entries) > PAGE
    names = (*TABS, "changed")
    found = connection.execute(_overview(criteria), parameters).fetchone()
    assert found is not None
    *counts, departments, parties = found
    return Listing(
        entries[:PAGE],
        _position(criteria, entries[PAGE - 1]) if more else None,
        dict(zip(names, counts, strict=True)),
        dict(departments),
        dict(parties),
    )


def news(connection: Connection[Any], person_id: int, viewer: Sender, side: Side, since: datetime) -> tuple[int, int]:
    """How many referrals came after `since` and how many changed, those among them; at most MOST."""
    sql = blocks("worklist")
    query = " ".join((sql["news"], sql[side], sql["news_end"]))
    parameters = _parameters(person_id, viewer, Criteria(side)) | {"since": since}
    found = connection.execute(query, parameters).fetchone()
    assert found is not None
    return found[0], found[1]


def _parameters(person_id: int, viewer: Sender, criteria: Criteria) -> dict[str, object]:
    search = criteria.search or Search("")
    return {
        "person": person_id, "viewer": viewer.id, "received": criteria.side == "received",
        "priority": criteria.priority, "department": criteria.department, "party": criteria.party,
        "words": list(search.words), "numbers": list(search.numbers), "ids": ids.known(search.numbers),
        "limit": PAGE + 1, "most": MOST, "newest": _NEWEST,
    }  # fmt: skip


def _after(after: Position | None) -> dict[str, object]:
    return {} if after is None else {"after_rank": after.rank, "after_time": after.time, "after_id": after.id}


def _conditions(criteria: Criteria, tab: Tab, *, changed: bool) -> LiteralString:
    sql = blocks("worklist")
    asked = {"priority": criteria.priority, "department": criteria.department, "party": criteria.party,
             "found": criteria.search, "changed": changed}  # fmt: skip
    names = [criteria.side, _TURN[criteria.side].get(tab, tab), *(name for name, value in asked.items() if value)]
    return " AND ".join(sql[name] for name in names)


def _found(criteria: Criteria) -> LiteralString:
    """What a search finds, once for all that asks for it: it begins the statement."""
    sql = blocks("worklist")
    if criteria.search is None:
        return ""
    side = sql[criteria.side]
    parts = (sql["matches"], side, sql["matches_name"], side, sql["matches_number"], side, sql["matches_id"], side)
    return " ".join(parts) + ")"


def _page(criteria: Criteria, after: Position | None) -> LiteralString:
    sql, order = blocks("worklist"), criteria.order
    where = _conditions(criteria, criteria.tab, changed=criteria.changed)
    if after is not None:
        where += " AND " + sql[f"after_{order}"]
    ordered = sql[f"by_{order}"]
    found = _found(criteria)
    begin: LiteralString = f"WITH {found}, " if found else "WITH "
    return " ".join((begin, sql["page"], where, ordered, sql["limit"], sql["rows"], ordered))


def _overview(criteria: Criteria) -> LiteralString:
    """Counts of the tabs under the other criteria, of what changed in this tab, and what can be chosen."""
    sql = blocks("worklist")
    asked = [(tab, criteria.changed) for tab in TABS] + [(criteria.tab, True)]
    counts = [
        sql["count_from"] + " " + _conditions(criteria, tab, changed=changed) + " " + sql["count_to"]
        for tab, changed in asked
    ]
    choices = [" ".join((sql[name], sql[criteria.side], sql[f"{name}_end"])) for name in ("departments", "parties")]
    found = _found(criteria)
    begin: LiteralString = f"WITH {found} " if found else ""
    return begin + "SELECT " + ", ".join([*counts, *choices])


def _position(criteria: Criteria, last: Entry) -> Position:
    match criteria.order:
        case "urgency":
            return Position(last.urgency, last.requested_at, last.id)
        case "attention":
            return Position(_ATTENTION.get(last.state, 0), last.updated_at, last.id)
        case "appointment":
            return Position(0, last.appointment or _NEVER, last.id)
        case _:
            return Position(0, last.updated_at, last.id)
