"""The totals of the loss ledger as an administrator reads them: filtered, paged, as CSV, in both languages."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.domain.messages import Sender
from tests.integration.people_site import PeopleSite

NO_RULE = "no rule for PID-33"
Key = tuple[str, str]


@pytest.fixture
def counted(site: PeopleSite) -> str:
    """Totals of two senders; the id of the newest message."""
    newest = site.seeds.message(site.clinic)
    add(site, site.clinic, "PID-33", NO_RULE, 7, newest)
    add(site, site.clinic, "PID-33", "", 400, newest)
    add(site, site.clinic, "PID-33", NO_RULE, 5, newest, type_="ADT^A08", day="2026-05-02")
    add(site, site.clinic, "ZXN-1", "no rule for Z-segments", 9, newest)
    add(site, site.hospital, "OBX-5", "", 3, newest, type_="ORU^R01", day="2026-04-01")
    return newest


def add(site: PeopleSite, sender: Sender, field: str, reason: str, messages: int, newest: str, *,
        type_: str = "REF^I12", day: str = "2026-05-01") -> None:  # fmt: skip
    site.execute("INSERT INTO ledger_days VALUES (%s, %s, %s, %s, %s, %s, %s::date + time '09:00', %s)",
                 sender.id, day, type_, field, reason, messages, day, newest)  # fmt: skip


def rows(browser: TestClient, **asked: Any) -> list[Key]:
    """Field and messages of each row of the page."""
    page = browser.get("/admin/ledger", params=asked).text
    return re.findall(r'<tr>\s*<th scope="row"[^>]*><code>([^<]+)</code>.*?class="number">(\d+)</td>', page, re.DOTALL)


def test_fields_are_shown_with_reason_counts_and_the_newest_message(engineer: TestClient, counted: str) -> None:
    page = engineer.get("/admin/ledger").text
    assert rows(engineer) == [("PID-33", "400"), ("PID-33", "12"), ("ZXN-1", "9"), ("OBX-5", "3")]
    assert f'href="/admin/messages/{counted}#ledger"' in page
    assert "PID-33 没有规则" in page
    assert "ADT^A08, REF^I12" in page
    assert "no rule" not in page


def test_the_page_is_in_english_by_a_switch(site: PeopleSite, counted: str) -> None:
    page = site.browser("engineer", language="en").get("/admin/ledger").text
    assert NO_RULE in page
    assert "What became of it" in page


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"outcome": "unmapped"}, [("PID-33", "12"), ("ZXN-1", "9")]),
        ({"outcome": "mapped"}, [("PID-33", "400"), ("OBX-5", "3")]),
        ({"organization": "HOSPITAL"}, [("OBX-5", "3")]),
        ({"organization": "nobody"}, []),
        ({"type": "ADT^A08"}, [("PID-33", "5")]),
        ({"segment": "zxn"}, [("ZXN-1", "9")]),
        ({"segment": "PID", "outcome": "unmapped", "type": "REF^I12"}, [("PID-33", "7")]),
        ({"since": "2026-05-02"}, [("PID-33", "5")]),
        ({"since": "2026-05-01", "outcome": "unmapped"}, [("PID-33", "12"), ("ZXN-1", "9")]),
    ],
)
def test_totals_are_narrowed(engineer: TestClient, counted: str, asked: dict[str, str], fields: list[Key]) -> None:
    assert rows(engineer, **asked) == fields
    table = engineer.get("/admin/ledger.csv", params=asked).text
    assert [(line["field"], line["messages"]) for line in csv.DictReader(table.splitlines())] == fields


def test_how_often_the_same_field_was_mapped_stands_beside(engineer: TestClient, counted: str) -> None:
    table = engineer.get("/admin/ledger.csv", params={"segment": "PID", "outcome": "unmapped"})
    [line] = csv.DictReader(table.text.removeprefix("\ufeff").splitlines())
    assert line == {
        "organization": "clinic", "field": "PID-33", "outcome": "unmapped", "reason": NO_RULE, "messages": "12",
        "mapped": "400", "types": "ADT^A08 REF^I12", "last_at": line["last_at"], "newest": counted,
    }  # fmt: skip
    assert table.headers["content-disposition"] == 'attachment; filename="ledger.csv"'


@pytest.mark.parametrize(
    ("name", "value"), [("since", "soon"), ("outcome", "lost"), ("segment", "P"), ("type", "x" * 201)]
)
def test_a_filter_that_cannot_be_meant_is_told(engineer: TestClient, name: str, value: str) -> None:
    answer = engineer.get("/admin/ledger", params={name: value})
    assert (answer.status_code, f'href="#{name}"' in answer.text) == (422, True)
    assert engineer.get("/admin/ledger.csv", params={name: value}).status_code == 303


def test_totals_are_paged(site: PeopleSite, engineer: TestClient, counted: str) -> None:
    for n in range(1, 131):
        add(site, site.other, f"ZZZ-{n}", "no rule for Z-segments", n, counted)
    seen: list[Key] = []
    path = "/admin/ledger?organization=other"
    pages = 0
    while path:
        page = engineer.get(path).text
        assert ('rel="prev"' in page) == (pages > 0)
        seen += re.findall(r"<code>(ZZZ-(\d+))</code>", page)
        later = re.search(r'rel="next" href="([^"]+)"', page)
        path, pages = later[1].replace("&amp;", "&") if later else "", pages + 1
    assert [int(n) for _, n in seen] == list(range(130, 0, -1))
    assert pages == 3
    for nowhere in ("-1", "x", "9" * 30):
        assert engineer.get("/admin/ledger", params={"after": nowhere}).status_code == 200


def test_what_is_not_counted_yet_is_told(site: PeopleSite, engineer: TestClient) -> None:
    site.execute("INSERT INTO ledgers_waiting SELECT uuidv7() FROM generate_series(1, 3)")
    page = engineer.get("/admin/ledger").text
    assert "还有 3 条消息尚未统计" in page
    assert "没有符合条件的字段" in page


def test_a_senders_page_names_what_no_bundle_carries(engineer: TestClient, counted: str) -> None:
    page = engineer.get("/admin/organizations/clinic").text
    assert "Z 段没有规则" in page
    assert "/admin/ledger?outcome=unmapped&amp;organization=clinic" in page
    assert "ZXN-1" not in engineer.get("/admin/organizations/hospital").text
