"""Each statement opens its sources: what is shown, marked and escaped, to whom."""

from __future__ import annotations

import html
import re

import psycopg
import pytest

from hub.domain.referrals import State
from hub.security import audit
from tests.integration.record_site import HL7, PAYLOAD, RecordSite

HTMX = {"HX-Request": "true"}


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def marked(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r"<mark>(.*?)</mark>", page, re.DOTALL)]


def test_a_statement_opens_the_segment_that_says_it_with_the_characters_marked(one: RecordSite) -> None:
    answer = one.site.browser("specialist").get(one.sources())
    assert answer.status_code == 200
    said = "高血压" + PAYLOAD.replace("&", "")
    assert marked(answer.text) == [said, said]
    shown = text_of(answer.text)
    assert "Name of clinic" in shown
    assert "M-77" in shown
    assert "REF^I12" in shown
    assert "DG1[1]-3[1].2" in shown
    assert "DG1|1||I10^高血压" in shown


def test_an_escape_sequence_is_marked_where_it_was_received(one: RecordSite) -> None:
    page = one.site.browser("specialist").get(one.sources("passage=0")).text
    assert marked(page) == ["咳嗽&发热三天", "咳嗽\\T\\发热三天"]
    assert '<span class="value">，无胸痛</span>' in page


def test_of_a_bundle_only_the_cited_resource_is_shown(one: RecordSite) -> None:
    page = one.site.browser("specialist").get(one.sources("item=i2")).text
    assert marked(page) == [f"糖尿病 {PAYLOAD}"] * 2
    assert "Condition" in page
    assert "SECRET OF ANOTHER ENTRY" not in page


@pytest.mark.parametrize("query", ["item=i1", "item=i2", "item=i3", "passage=0", "unplaced=0", "conflict=conflict-1",
                                   "question=1", "patient=1"])  # fmt: skip
def test_whatever_the_record_says_opens_and_nothing_received_is_markup(one: RecordSite, query: str) -> None:
    answer = one.site.browser("specialist").get(one.sources(query))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert marked(answer.text)
    assert "未找到此处" not in answer.text


@pytest.mark.parametrize("query", ["item=i9", "passage=7", "passage=-1", "passage=９", "unplaced=x", "conflict=c",
                                   "", "other=1"])  # fmt: skip
def test_what_the_record_does_not_say_is_not_found(one: RecordSite, query: str) -> None:
    assert one.site.browser("specialist").get(one.sources(query)).status_code == 404


def test_htmx_gets_the_panel_alone(one: RecordSite) -> None:
    page = one.site.browser("specialist").get(one.sources(), headers=HTMX).text
    assert "<html" not in page
    assert page.lstrip().startswith("<article")


@pytest.mark.parametrize(("login", "status"), [("specialist", 200), ("doctor", 404), ("stranger", 404),
                                               ("engineer", 403), (None, 303)])  # fmt: skip
@pytest.mark.parametrize("path", ["record/sources?record={record}&item=i1", "record/messages/{message}",
                                  "record/messages/{message}/raw"])  # fmt: skip
def test_only_the_receivers_clinicians_read_sources(one: RecordSite, login: str | None, status: int, path: str) -> None:
    path = path.format(record=one.record, message=one.messages["clinic"])
    answer = one.site.browser(login).get(one.url(path))
    assert answer.status_code == status
    assert ("高血压" in answer.text) == (status == 200)


def test_the_whole_message_opens_through_a_record_that_cites_it_only(one: RecordSite) -> None:
    browser = one.site.browser("specialist")
    page = browser.get(one.url(f"record/messages/{one.messages['clinic']}")).text
    assert "MSH|^~\\&|HIS|CLINIC" in text_of(page)
    assert len(marked(page)) >= 4
    whole = browser.get(one.url(f"record/messages/{one.messages['other']}")).text
    assert "SECRET OF ANOTHER ENTRY" in whole
    assert "<script>alert" not in page + whole
    for name in (one.uncited, "x", "00000000-0000-7000-8000-000000000000"):
        assert browser.get(one.url(f"record/messages/{name}")).status_code == 404
        assert browser.get(one.url(f"record/messages/{name}/raw")).status_code == 404


def test_the_bytes_are_downloaded_as_received_and_are_no_page(one: RecordSite) -> None:
    answer = one.site.browser("specialist").get(one.url(f"record/messages/{one.messages['clinic']}/raw"))
    assert answer.content == HL7.encode()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    [entry] = audit.of_object(one.site.connection, "message", one.messages["clinic"])
    assert (entry.actor, entry.action) == ("specialist", "export")


def test_a_very_long_message_shows_what_is_cited(one: RecordSite) -> None:
    rest = "".join(f"NTE|{n}||line {n}\r" for n in range(4000))
    one.site.connection.execute(
        "UPDATE messages SET raw = %s WHERE id = %s", ((HL7 + rest).encode(), one.messages["clinic"])
    )
    page = one.site.browser("specialist").get(one.url(f"record/messages/{one.messages['clinic']}")).text
    assert "此消息很长" in page
    assert "line 3000" not in page
    assert len(marked(page)) >= 4


def test_a_message_that_also_brought_another_patient_shows_what_is_cited_alone(one: RecordSite) -> None:
    stranger = one.site.seeds.patient("别人")
    one.site.seeds.fragment(one.site.other, stranger, message=one.messages["other"])
    page = one.site.browser("specialist").get(one.url(f"record/messages/{one.messages['other']}")).text
    assert "SECRET OF ANOTHER ENTRY" not in page
    assert marked(page)
    raw = one.site.browser("specialist").get(one.url(f"record/messages/{one.messages['other']}/raw"))
    assert raw.status_code == 404


def test_before_acceptance_the_whole_record_opens_nothing(one: RecordSite) -> None:
    one.site.connection.execute("UPDATE referrals SET state = %s", (State.RECEIVED.value,))
    browser = one.site.browser("specialist")
    assert browser.get(one.sources()).status_code == 404
    assert browser.get(one.url(f"record/messages/{one.messages['clinic']}")).status_code == 404
    part = one.store(one.document(), whole=False)
    assert browser.get(one.url(f"record/sources?record={part}&item=i1")).status_code == 200
    assert browser.get(one.url(f"record/messages/{one.messages['clinic']}")).status_code == 200


def test_another_referrals_record_opens_nothing_here(one: RecordSite) -> None:
    elsewhere = one.site.seeds.referral(one.site.clinic, one.site.other, one.patient, State.ACCEPTED)
    foreign = one.store(one.document(), referral=elsewhere)
    answer = one.site.browser("specialist").get(one.url(f"record/sources?record={foreign}&item=i1"))
    assert answer.status_code == 404


def test_looks_at_sources_are_audited_with_who_and_whether(one: RecordSite) -> None:
    one.site.browser("specialist").get(one.sources())
    one.site.browser("stranger").get(one.sources())
    one.site.browser("specialist").get(one.url(f"record/messages/{one.messages['clinic']}"))
    trail = audit.of_object(one.site.connection, "record", one.referral)
    assert [(e.actor, e.action, e.allowed) for e in trail][:2] == [
        ("specialist", "read-sources", True), ("stranger", "read-sources", False)
    ]  # fmt: skip
    [message] = audit.of_object(one.site.connection, "message", one.messages["clinic"])
    assert (message.actor, message.action, message.allowed) == ("specialist", "read", True)


def test_a_place_that_is_not_in_the_original_is_told_not_hidden(one: RecordSite) -> None:
    one.site.connection.execute("UPDATE messages SET raw = %s WHERE id = %s", (b"\xff\xfe\xff", one.messages["clinic"]))
    page = one.site.browser("specialist").get(one.sources()).text
    assert "在原文中未找到此处" in page


def test_the_number_of_queries_does_not_grow_with_the_sources(one: RecordSite, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    execute = psycopg.Cursor.execute

    def counting(self: psycopg.Cursor[object], *given: object, **named: object) -> object:
        nonlocal count
        count += 1
        return execute(self, *given, **named)  # type: ignore[arg-type]

    browser = one.site.browser("specialist")
    monkeypatch.setattr(psycopg.Cursor, "execute", counting)
    browser.get(one.sources("item=i1"))
    single, count = count, 0
    browser.get(one.sources("conflict=conflict-1"))
    assert count == single <= 8
