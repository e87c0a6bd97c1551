"""Steps by form: who may take which, in which state, and what becomes of what was entered."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import Any

import pytest

from hub.domain.forms import Action
from hub.domain.referrals import AFTER_ARRIVAL, Role, State
from hub.domain.steps import ACTIONS, EVENTS, FAULTS, possible
from hub.security import audit
from hub.web.languages import catalogue
from tests.integration.people_site import csrf_token, people_site
from tests.integration.referral_site import Referrals

FIELDS: dict[str, dict[str, Any]] = {
    "book": {"date": "2999-11-25", "start": "09:00", "end": "09:30", "location": "门诊 3", "text": "空腹"},
    "outcome": {"text": "结论", "plan": "计划"},
    **{a: {"text": "原因"} for a in ("reject", "ask", "supply", "cancel", "ask-cancellation", "refuse-cancellation")},
}
LOGINS = {Role.RECEIVER: "specialist", Role.SENDER: "doctor"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def all(database: str) -> Iterator[Referrals]:
    with people_site(database) as site:
        yield Referrals(site)


def put(all: Referrals, referral: str, state: State, *, asked: bool = False) -> None:
    all.rows("UPDATE referrals SET state = %s, cancellation_asked = %s WHERE id = %s RETURNING id",
             state.value, asked, referral)  # fmt: skip


@pytest.mark.parametrize("role", LOGINS)
def test_in_each_state_just_what_the_life_cycle_allows_is_offered_and_takes_effect(all: Referrals, role: Role) -> None:
    """Every state, every action: the hub takes what is possible and refuses the rest."""
    referral = all.send()
    browser = all.site.browser(LOGINS[role])
    token = csrf_token(browser.get("/account").text)
    for state in State:
        asked = state in AFTER_ARRIVAL
        allowed = possible(state, [role], cancellation_asked=asked)
        for action in ACTIONS:
            put(all, referral, state, asked=asked)
            before, events = all.state(referral), all.events(referral)
            answer = all.post(browser, referral, action, csrf_token=token, version=str(before[1]),
                              **FIELDS.get(action, {}))  # fmt: skip
            assert answer.status_code == (303 if action in allowed else 409), (state, action)
            if action in allowed:
                assert all.events(referral)[-1] == EVENTS[action].removeprefix("referral.")
            else:
                assert (all.state(referral), all.events(referral)) == (before, events)


def test_a_referral_goes_its_whole_way_by_forms(all: Referrals) -> None:
    referral = all.send()
    all.read("specialist", referral)
    way: list[tuple[str, Action]] = [
        ("specialist", "ask"), ("doctor", "supply"), ("specialist", "accept"), ("specialist", "book"),
        ("specialist", "book"), ("specialist", "no-show"), ("specialist", "book"), ("specialist", "arrive"),
        ("specialist", "start"), ("specialist", "outcome"), ("specialist", "outcome"), ("doctor", "close"),
    ]  # fmt: skip
    for login, action in way:
        answer = all.take(login, referral, action, **FIELDS.get(action, {}))
        assert (answer.status_code, answer.headers["location"]) == (303, f"/referrals/{referral}"), answer.text
    assert all.state(referral) == ("closed", 14)
    made = all.rows("SELECT DISTINCT channel, format, status FROM messages WHERE type = 'Task'")
    assert made == [("form", "fhir", "accepted")]
    trail = [(e.actor, e.action, e.allowed) for e in audit.of_object(all.site.connection, "referral", referral)]
    assert ("doctor", "supply", True) in trail
    assert ("specialist", "outcome", True) in trail


def test_what_was_written_is_kept_word_for_word_with_its_author_and_files(all: Referrals) -> None:
    referral = all.send()
    text = "诊断：2型糖尿病\n\n<b>不</b>是标签 & 是文字"
    files = [("attachments", ("报告.txt", "肌酐 146".encode(), "text/plain"))]
    answer = all.take(
        "specialist", referral, "outcome", text=text.replace("\n", "\r\n"), plan="每2周测血压", files=files
    )
    assert answer.status_code == 303
    [(task,)] = all.rows("SELECT task FROM referrals WHERE id = %s", referral)
    outcome, plan, file = task["contained"]
    assert b64decode(outcome["content"][0]["attachment"]["data"]).decode() == text
    assert (plan["title"], plan["description"]) == ("随访计划", "每2周测血压")
    assert file["content"][0]["attachment"]["title"] == "报告.txt"
    assert outcome["author"][0]["display"] == "Specialist"
    assert all.rows("SELECT count(*) FROM fragments WHERE referral_id = %s AND kind = 'fhir' AND resource_type IN "
                    "('CarePlan', 'DocumentReference')", referral) == [(3,)]  # fmt: skip


def test_a_large_file_is_stored_once_and_named_by_the_task(all: Referrals) -> None:
    referral = all.send()
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 800
    all.take(
        "specialist", referral, "outcome", text="结论", files=[("attachments", ("超声.png", picture, "image/png"))]
    )
    all.take("specialist", referral, "outcome", text="更正")
    [(task,)] = all.rows("SELECT task FROM referrals WHERE id = %s", referral)
    held = task["contained"][1]["content"][0]["attachment"]
    assert held == {"contentType": "image/png", "size": len(picture), "title": "超声.png"}
    sizes = [len(raw) for (raw,) in all.rows("SELECT raw FROM messages WHERE type = 'Task' ORDER BY id")]
    assert sizes[-1] < 10_000 < len(picture) < sizes[-2]
    kinds = "SELECT count(*) FROM fragments WHERE referral_id = %s AND resource_type = 'DocumentReference'"
    assert all.rows(kinds, referral) == [(3,)]
    page = all.read("doctor", referral)
    address = page.split('href="/attachments/')[1].split('"')[0]
    assert all.site.browser("doctor").get(f"/attachments/{address}").content == picture
    assert all.site.browser("stranger").get(f"/attachments/{address}").status_code == 404


def test_chosen_phrases_come_before_the_text(all: Referrals) -> None:
    referral = all.send()
    answer = all.take("specialist", referral, "reject", phrase=["请先在当地完成以下检查：", "第二"], text="X线")
    assert answer.status_code == 303
    assert all.rows("SELECT reason FROM referrals WHERE id = %s", referral) == [
        ("请先在当地完成以下检查：\n第二\nX线",)
    ]


@pytest.mark.parametrize("action", ["reject", "ask", "cancel", "outcome"])
def test_a_missing_text_is_asked_for_and_the_rest_stays(all: Referrals, action: Action) -> None:
    referral = all.send()
    put(all, referral, State.ACCEPTED if action in ("cancel", "outcome") else State.RECEIVED)
    answer = all.take("specialist", referral, action, text=" \n", plan="每月复查")
    assert answer.status_code == 422
    assert "请写明要告知对方的内容。" in answer.text
    assert action != "outcome" or "每月复查</textarea>" in answer.text
    assert len(all.events(referral)) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"date": "", "start": "09:00"}, "请填写日期和时间。"),
        ({"date": "2999-01-01", "start": ""}, "请填写日期和时间。"),
        ({"date": "2999-02-30", "start": "09:00"}, "日期请按"),
        ({"date": "tomorrow", "start": "09:00"}, "日期请按"),
        ({"date": "2999-01-01", "start": "25:00"}, "时间请按"),
        ({"date": "2020-01-01", "start": "09:00"}, "预约时间已经过去。"),
        ({"date": "2999-01-01", "start": "09:00", "end": "08:00"}, "结束时间早于开始时间。"),
    ],
)
def test_an_impossible_appointment_is_told_at_its_field(all: Referrals, fields: dict[str, str], told: str) -> None:
    referral = all.send()
    put(all, referral, State.ACCEPTED)
    answer = all.take("specialist", referral, "book", location=EVIL, **fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert EVIL not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert all.state(referral) == ("accepted", 1)


def test_an_appointment_is_in_the_time_zone_of_who_books_it(all: Referrals) -> None:
    referral = all.send()
    put(all, referral, State.ACCEPTED)
    all.take("specialist", referral, "book", **FIELDS["book"])
    [(details,)] = all.rows("SELECT details FROM referrals WHERE id = %s", referral)
    assert details["appointment"] == {"start": "2999-11-25T09:00:00+08:00", "end": "2999-11-25T09:30:00+08:00",
                                      "location": "门诊 3"}  # fmt: skip
    again = all.site.browser("specialist").get(f"/referrals/{referral}/steps/book").text
    for value in ("2999-11-25", "09:00", "09:30", "门诊 3"):
        assert f'value="{value}"' in again


def test_who_reads_an_old_page_is_told_what_it_is_now_and_keeps_the_text(all: Referrals) -> None:
    referral = all.send()
    browser = all.site.browser("specialist")
    fields = all.form(browser, referral, "reject")
    all.take("specialist", referral, "accept")
    answer = all.post(browser, referral, "reject", **fields, text="我的原因")
    assert answer.status_code == 409
    assert "已接诊" in answer.text
    assert "我的原因" in answer.text
    still = all.post(browser, referral, "outcome", **fields, text="结论")
    assert still.status_code == 409
    assert f'value="{all.state(referral)[1]}"' in still.text
    assert "结论</textarea>" in still.text
    assert all.state(referral)[0] == "accepted"


def test_a_form_sent_twice_takes_effect_once(all: Referrals) -> None:
    referral = all.send()
    browser = all.site.browser("specialist")
    fields = all.form(browser, referral, "outcome") | {"text": "结论"}
    first = all.post(browser, referral, "outcome", **fields)
    again = all.post(browser, referral, "outcome", **fields)
    assert (first.status_code, again.status_code) == (303, 303)
    assert all.events(referral).count("outcome-sent") == 1
    changed = all.post(browser, referral, "outcome", **fields | {"text": "另一个结论"})
    assert changed.status_code == 409
    assert "另一个结论" in changed.text


def test_two_presses_at_once_take_effect_once(all: Referrals) -> None:
    referral = all.send()
    browser = all.site.browser("specialist")
    fields = all.form(browser, referral, "accept")
    browsers = [all.site.browser("specialist") for _ in range(4)]
    for each in browsers:
        each.cookies.set("session", browser.cookies["session"])
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda b: all.post(b, referral, "accept", **fields).status_code, browsers))
    assert answers == [303] * 4
    assert all.events(referral) == ["requested", "received", "accepted"]


@pytest.mark.parametrize(("login", "status"), [("stranger", 404), ("engineer", 403), (None, 303)])
def test_others_neither_see_nor_take_a_step(all: Referrals, login: str | None, status: int) -> None:
    referral = all.send()
    browser = all.site.browser(login)
    assert browser.get(f"/referrals/{referral}/steps/accept").status_code == status
    token = csrf_token(browser.get("/account").text) if login else "x"
    answer = all.post(browser, referral, "accept", csrf_token=token, version="1")
    assert answer.status_code == status
    assert "王秀英" not in answer.text
    assert all.state(referral) == ("requested", 1)


def test_a_form_of_another_site_is_refused(all: Referrals) -> None:
    referral = all.send()
    browser = all.site.browser("specialist")
    assert all.post(browser, referral, "accept", version="1").status_code == 403
    assert all.post(browser, referral, "accept", version="1", csrf_token="guess").status_code == 403
    assert all.state(referral) == ("requested", 1)


@pytest.mark.parametrize("path", ["steps/unknown", "steps/book/more", "steps/"])
def test_there_are_no_other_steps(all: Referrals, path: str) -> None:
    assert all.site.browser("specialist").get(f"/referrals/{all.send()}/{path}").status_code == 404


def test_a_file_of_a_wrong_kind_is_told_and_the_text_stays(all: Referrals) -> None:
    referral = all.send()
    files = [("attachments", ("virus.pdf", b"MZ\x90\x00\x03", "application/pdf"))]
    answer = all.take("specialist", referral, "outcome", text="结论", files=files)
    assert answer.status_code == 422
    assert "结论</textarea>" in answer.text
    assert "请重新选择文件。" in answer.text
    assert all.events(referral) == ["requested"]


@pytest.mark.parametrize("action", ["reject", "ask", "outcome"])
def test_markup_that_was_written_is_text_for_its_reader(all: Referrals, action: Action) -> None:
    referral = all.send()
    all.take("specialist", referral, action, text=EVIL, plan=EVIL)
    for login in ("doctor", "specialist"):
        page = all.read(login, referral)
        assert EVIL not in page
        assert escape(EVIL, quote=False)[:20] in page
        assert "<script>alert" not in page
        assert "<img" not in page


def test_control_characters_and_numbers_that_are_none_do_no_harm(all: Referrals) -> None:
    referral = all.send()
    answer = all.take("specialist", referral, "ask", text="什么\x07药\x1b？", key="no uuid")
    assert answer.status_code == 303
    assert all.rows("SELECT reason FROM referrals WHERE id = %s", referral) == [("什么药？",)]
    for version in ("", "x", "9" * 40, "-1"):
        assert all.force("doctor", referral, "supply", text="x", version=version or " ").status_code == 409
    assert all.take("doctor", referral, "supply", text="字" * 20_001).status_code == 422


def test_every_fault_is_told_in_chinese() -> None:
    assert set(FAULTS) <= set(catalogue("zh").texts)
