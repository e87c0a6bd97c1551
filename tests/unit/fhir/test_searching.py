"""Search parameters read into criteria."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.fhir import searching
from adapters.fhir.requests import Problem
from hub.domain.referrals import State

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KNOWN = frozenset({"status", "business-status", "_lastUpdated", "owner", "owner:identifier", "_sort", "identifier"})


def asked(*pairs: tuple[str, str], kind: str = "Task") -> searching.Asked:
    return searching.asked(kind, pairs, KNOWN)


@pytest.mark.parametrize(
    ("value", "since", "until"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-12", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-02-28", "2026-02-28T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("ge2026-02-28", "2026-02-28T00:00:00+00:00", None),
        ("gt2026-02-28", "2026-03-01T00:00:00+00:00", None),
        ("lt2026-02-28", None, "2026-02-28T00:00:00+00:00"),
        ("le2026-02-28", None, "2026-03-01T00:00:00+00:00"),
        ("gt2026-02-28T10:00:00+08:00", "2026-02-28T02:00:01+00:00", None),
    ],
)
def test_dates_stand_for_their_whole_period(value: str, since: str | None, until: str | None) -> None:
    expected = tuple(datetime.fromisoformat(v) if v else None for v in (since, until))
    assert searching.updated(asked(("_lastUpdated", value))) == expected


def test_repeated_dates_must_both_agree() -> None:
    both = asked(("_lastUpdated", "ge2026-01"), ("_lastUpdated", "lt2026-03"))
    assert [v.isoformat()[:10] for v in searching.updated(both) if v] == ["2026-01-01", "2026-03-01"]


@pytest.mark.parametrize("value", ["2026-13", "tomorrow", "ge2026-02-30", "2026-01-01Tnoon", "9999-12-31"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(Problem):
        searching.updated(asked(("_lastUpdated", value)))


def test_states_follow_status_and_business_status() -> None:
    assert searching.states(asked(("status", "accepted,requested"))) == {
        State.REQUESTED, State.ACCEPTED, State.SCHEDULED, State.NO_SHOW,
    }  # fmt: skip
    assert searching.states(asked(("business-status", "urn:referral-hub:business-status|arrived"))) == {State.ARRIVED}
    assert searching.states(asked(("status", "accepted"), ("business-status", "arrived"))) == frozenset()
    assert State.CLOSED in (searching.states(asked(("status", "completed"), kind="ServiceRequest")) or ())
    assert searching.states(asked()) is None


def test_tokens_and_organisations() -> None:
    assert searching.tokens(["a|1", "|2", "3"]) == [("a", "1"), ("", "2"), (None, "3")]
    code = ("owner:identifier", "urn:referral-hub:organization|CITY")
    assert searching.organization_codes(asked(code), "owner") == {"city"}
    assert searching.organization_codes(asked(("owner", "Organization/CITY")), "owner") == {"city"}
    assert searching.organization_codes(asked(("owner", "urn:x|CITY")), "owner") == frozenset()


def test_what_is_not_understood_is_refused_and_not_ignored() -> None:
    with pytest.raises(Problem):
        asked(("nonsense", "1"))
    with pytest.raises(Problem):
        _ = asked(("_count", "x")).count
    with pytest.raises(Problem):
        searching.newest_first(asked(("_sort", "status")))
    for text in ("?", "QUJD", searching.mark(NOW, "no-id"), "\ud800"):
        with pytest.raises(Problem):
            searching.marked(asked(("_after", text)))


def test_a_mark_comes_back() -> None:
    mark = searching.mark(NOW, "00000000-0000-7000-8000-000000000001")
    assert searching.marked(asked(("_after", mark))) == (NOW, "00000000-0000-7000-8000-000000000001")
