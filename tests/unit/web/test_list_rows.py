"""What a row of a list tells: ages, waits, appointments and news in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.domain.referrals import State
from hub.views.worklist import Entry, Position, Side
from hub.web.list_rows import Row, age, duration, rows
from hub.web.page import Page

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
PAGE = Page("zh", None, "/worklist", NOW, "")
ENGLISH = replace(PAGE, language="en")
ENTRY = Entry(
    id="0190a0a0-0000-7000-8000-000000000000", version=2, state=State.RECEIVED, direction="up", priority="urgent",
    urgency=2, cancellation_asked=False, patient_name="王芳", gender="female", birth_date="1958-03-12",
    question="why?", reason="否", party_code="A", party_name="甲", department=None,
    requested_at=NOW - timedelta(hours=25), updated_at=NOW - timedelta(hours=2), state_since=NOW - timedelta(hours=2),
    looked_at=None, appointment=None, events=["referral.received", "referral.requested"], planned=False,
)  # fmt: skip


def row(side: Side = "received", page: Page = PAGE, **changed: object) -> Row:
    [made] = rows(page, side, [replace(ENTRY, **changed)])  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(("birth_date", "zh", "en"), [
    ("1958-03-12", "68 岁", "68 y"), ("1958-05-21", "67 岁", "67 y"), ("1958-05-20", "68 岁", "68 y"),
    ("1958", "68 岁", "68 y"), ("1958-03", "68 岁", "68 y"), ("2024-01-20", "28 个月", "28 mo"),
    ("2026-05-01", "19 天", "19 d"), ("2026-05-20", "0 天", "0 d"), ("2023-05-20", "3 岁", "3 y"),
    ("2026-05-21", "", ""), ("", "", ""), (None, "", ""), ("1958-13", "", ""), ("1958-02-30", "", ""), ("abc", "", ""),
    ("1958-03-12T10:00:00Z", "68 岁", "68 y"), ("²", "", ""), ("1-2-3-4", "", ""),
])  # fmt: skip
def test_an_age_is_as_exact_as_the_birth_date(birth_date: str | None, zh: str, en: str) -> None:
    assert age(PAGE, birth_date, date(2026, 5, 20)) == zh
    assert age(ENGLISH, birth_date, date(2026, 5, 20)) == en


@pytest.mark.parametrize(("passed", "zh", "en"), [
    (timedelta(days=3, hours=23), "3 天", "3 days"), (timedelta(days=1), "1 天", "1 day"),
    (timedelta(hours=23, minutes=59), "23 小时", "23 hours"), (timedelta(minutes=1), "1 分钟", "1 minute"),
    (timedelta(seconds=59), "刚刚", "just now"), (timedelta(seconds=-5), "刚刚", "just now"),
])  # fmt: skip
def test_a_wait_is_told_in_its_largest_unit(passed: timedelta, zh: str, en: str) -> None:
    assert duration(PAGE, passed) == zh
    assert duration(ENGLISH, passed) == en


def test_what_waits_too_long_for_its_priority_is_marked() -> None:
    assert row().late
    assert not row(priority="routine").late
    assert row().since == "2026-05-19 09:00"


@pytest.mark.parametrize(("after", "told"), [
    (timedelta(hours=3), "今天 13:00"), (timedelta(hours=14), "明天 00:00"), (timedelta(days=9), "05-29 10:00"),
    (timedelta(days=300), "2027-03-16 10:00"),
])  # fmt: skip
def test_an_appointment_is_told_in_the_viewers_zone(after: timedelta, told: str) -> None:
    made = row(state=State.SCHEDULED, appointment=NOW + after)
    assert (made.appointment, made.missed, made.late) == (told, False, False)


def test_an_appointment_that_passed_is_marked_as_long_as_nobody_says_whether_the_patient_came() -> None:
    assert row(state=State.SCHEDULED, appointment=NOW - timedelta(days=2)).missed
    came = row(state=State.ARRIVED, appointment=NOW - timedelta(days=2))
    assert (came.missed, came.appointment) == (False, "")


def test_who_never_looked_is_told_that_it_is_new_who_did_what_happened_since() -> None:
    assert row().news == ("新",)
    assert row("sent", page=ENGLISH).news == ("Referral received",)
    assert row("sent", version=1, events=["referral.requested"]).news == ()
    seen = NOW - timedelta(hours=3)
    told = row(looked_at=seen, events=["referral.information-supplied", "referral.information-requested"], page=ENGLISH)
    assert told.news == ("Information supplied", "Information asked for")
    assert row(looked_at=NOW).news == ()


def test_each_side_knows_whether_it_has_the_referral() -> None:
    assert (row().ours, row("sent").ours) == (True, False)
    asked = {"state": State.INFORMATION_REQUESTED}
    assert (row(**asked).ours, row("sent", **asked).ours) == (False, True)
    assert row(**asked).told == "否"
    assert row().told == ""
    assert row(state=State.CLOSED).ended


def test_a_position_is_read_as_it_was_written_and_nothing_else_is() -> None:
    position = Position(2, ENTRY.requested_at.replace(microsecond=123456), ENTRY.id)
    assert Position.parse(str(position)) == position
    for rank, time in (("10", "1"), ("-1", "1"), ("1", "9" * 30), ("1", "²"), ("", "")):
        assert Position.parse(f"{rank}.{time}.{ENTRY.id}") is None, (rank, time)
    for text in ("", "1", "a.b.c", "1.1.x", f"1.1.{ENTRY.id}.1"):
        assert Position.parse(text) is None, text
