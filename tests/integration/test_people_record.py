"""The record page: who gets it in which form, what it shows of a hostile record."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from hub.domain.referrals import State
from hub.security import audit
from tests.integration.record_documents import hostile
from tests.integration.record_site import RecordSite
from tests.unit.web.records import item, record, source

JSON = {"Accept": "application/json"}


def trail(one: RecordSite) -> list[tuple[str, str, bool]]:
    one.site.connection.commit()
    entries = audit.of_object(one.site.connection, "record", one.referral)
    return [(e.actor, e.action, e.allowed) for e in entries]


def page(one: RecordSite, query: str = "", *, language: str = "zh") -> str:
    answer = one.site.browser("specialist", language=language).get(one.url(f"record{query}"))
    assert answer.status_code == 200
    return answer.text


def test_a_browser_gets_the_page_and_the_look_is_audited(one: RecordSite) -> None:
    text = page(one)
    assert "陈桂英" in text and "要不要住院？" in text
    assert "诊断不一致" in text
    assert trail(one) == [("specialist", "read", True)]


def test_machines_get_json_as_before(one: RecordSite) -> None:
    token = {"Authorization": f"Bearer {one.site.seeds.tokens['hospital']}"}
    client = one.site.browser()
    assert client.get(one.url("record"), headers={**token, **JSON}).json()["schema"] == "continuous-record/1"
    assert (
        client.get(one.url("record"), headers={**token, "Accept": "*/*"}).headers["content-type"] == "application/json"
    )
    assert client.get(one.url("record"), headers={**token, "Accept": "text/html"}).status_code == 406
    assert client.get(one.url("record"), headers=JSON).status_code == 401


def test_a_session_that_asks_for_json_gets_json(one: RecordSite) -> None:
    answer = one.site.browser("specialist").get(one.url("record"), headers=JSON)
    assert answer.json()["referral_id"] == one.referral
    assert one.site.browser("stranger").get(one.url("record"), headers=JSON).status_code == 404
    assert one.site.browser("engineer").get(one.url("record"), headers=JSON).status_code == 403
    assert sorted(trail(one)) == [
        ("engineer", "read", False),
        ("specialist", "read", True),
        ("stranger", "read", False),
    ]


@pytest.mark.parametrize(("login", "status"), [("doctor", 404), ("stranger", 404), ("engineer", 403), (None, 303)])
@pytest.mark.parametrize("query", ["", "?section=problems", "?new=1"])
def test_others_get_no_page(one: RecordSite, login: str | None, status: int, query: str) -> None:
    answer = one.site.browser(login).get(one.url(f"record{query}"))
    assert answer.status_code == status
    assert "高血压" not in answer.text and "要不要住院" not in answer.text
    assert not [line for line in trail(one) if line[2]]


def test_nobody_is_sent_back_to_the_record_after_the_log_in(one: RecordSite) -> None:
    assert one.site.browser().get(one.url("record")).headers["location"] == f"/login?next={one.url('record')}"


@pytest.mark.parametrize("name", ["00000000-0000-7000-8000-000000000000", "no-id", "%00"])
def test_an_unknown_referral_is_missing(one: RecordSite, name: str) -> None:
    assert one.site.browser("specialist").get(f"/referrals/{name}/record").status_code == 404


def test_before_acceptance_only_what_came_with_the_referral_is_shown(one: RecordSite) -> None:
    one.store(record(item("problems-1", "随转诊单来的")), whole=False)
    move(one, State.RECEIVED)
    text = page(one)
    assert "随转诊单来的" in text and "仅随转诊单提交的资料" in text
    assert "高血压" not in text
    move(one, State.ACCEPTED)
    assert "全部病史" in page(one)


def test_a_record_that_is_being_made_says_so_and_comes_by_itself(one: RecordSite) -> None:
    one.site.connection.execute("DELETE FROM records")
    browser = one.site.browser("specialist")
    text = browser.get(one.url("record")).text
    assert "正在生成病历" in text
    assert 'http-equiv="refresh"' in re.findall(r"<noscript>.*?</noscript>", text)[0]
    assert browser.get(one.url("record"), headers={"HX-Request": "true"}).status_code == 204
    assert trail(one) == []
    one.store(one.document())
    assert browser.get(one.url("record"), headers={"HX-Request": "true"}).headers["hx-refresh"] == "true"


def test_a_referral_that_ended_has_no_record(one: RecordSite) -> None:
    move(one, State.CANCELLED)
    answer = one.site.browser("specialist").get(one.url("record"))
    assert answer.status_code == 404
    assert "转诊已结束" in answer.text


def test_what_came_since_the_last_look_is_marked_and_can_be_shown_alone(one: RecordSite) -> None:
    assert "新内容" not in page(one)
    one.site.connection.execute("UPDATE looks SET at = at - interval '1 day'")
    late = source("县医院", at="2099-01-01T08:00:00+08:00")
    one.store(record(item("problems-1", "早就知道"), item("problems-2", "刚收到", sources=[late])))
    text = page(one)
    assert "1 条新内容" in text
    assert text.count('class="t t-new"') == 1
    alone = page(one, "?new=1")
    assert "刚收到" in alone and "早就知道" not in alone


def test_a_mark_stands_beside_its_statement(one: RecordSite) -> None:
    data = {"record": one.record, "part": "item", "name": "i3", "verdict": "wrong", "reason": "不是这样"}
    one.site.post(one.site.browser("specialist"), one.url("marks"), data)
    text = page(one)
    assert re.search(
        r'<span class="mark mark-wrong" id="mark-item-i3"><span aria-hidden="true">✗</span> 标为有误', text
    )
    assert text.count("mark-wrong") == 1


def test_what_is_kept_for_all_readers_has_nothing_of_one(one: RecordSite) -> None:
    plain = page(one)
    for part, name in (("item", "i3"), ("conflict", "conflict-1"), ("unplaced", "0")):
        data = {"record": one.record, "part": part, "name": name, "verdict": "checked"}
        one.site.post(one.site.browser("specialist"), one.url("marks"), data)
        assert f'mark-checked" id="mark-{part}-{name}"' in page(one)
        one.site.post(one.site.browser("specialist"), one.url("marks"), {**data, "verdict": "withdrawn"})
        assert "mark-checked" not in page(one)
    assert "The timeline as a list" in page(one, language="en")
    one.site.connection.execute("UPDATE looks SET at = '2020-01-01'")
    assert "t-new" in page(one)
    one.site.connection.execute("DELETE FROM looks")
    without = re.compile(r'<input type="hidden".*?>|\s')
    assert without.sub("", page(one)) == without.sub("", plain)


def test_every_statement_opens_its_sources(one: RecordSite) -> None:
    browser = one.site.browser("specialist")
    links = set(re.findall(r'href="(record/sources\?[^"]+)"', browser.get(one.url("record")).text))
    assert len(links) >= 6
    for link in links:
        assert browser.get(f"/referrals/{one.referral}/{link.replace('&amp;', '&')}").status_code == 200, link


def test_in_english_the_words_are_english_and_what_was_said_is_as_it_was(one: RecordSite) -> None:
    missing = [{"section": "results", "text": "没有凝血功能结果"}]
    other = [
        {"text": "肌酐", "reason": "superseded by message M-1 of 2026-11-04T16:30:00+08:00", "sources": [source()]}
    ]
    one.store(record(item("problems-1", "否认：糖尿病", assertion="absent"), missing=missing, unplaced=other))
    text = page(one, language="en")
    for expected in ("No coagulation result", "corrected by message M-1 of 2026-11-04", "denied / none", "糖尿病"):
        assert expected in text
    assert "没有凝血功能结果" in page(one)


@pytest.mark.parametrize("section", ["problems", "results", "passages", "timeline", "unplaced", "conflicts", "plans"])
def test_each_part_has_a_page_of_its_own(one: RecordSite, section: str) -> None:
    assert "陈桂英" in page(one, f"?section={section}")


def test_a_huge_part_is_paged(one: RecordSite) -> None:
    one.store(record(*[item(f"problems-{n}", f"病{n}。", start=f"{1700 + n}") for n in range(250)]))
    first, last = page(one, "?section=problems"), page(one, "?section=problems&page=3")
    assert "病249。" in first and "病149。" not in first
    assert "病0。" in last and 'rel="prev"' in last and 'rel="next"' not in last
    for number in ("0", "-1", "99999", "x", "１", ""):
        assert "病" in page(one, f"?section=problems&page={number}")
    assert one.site.browser("specialist").get(one.url("record?section=nothing")).status_code == 404


class Outline(HTMLParser):
    """Tags and attributes that a page must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img" or (tag == "script" and not given.get("src")) or tag == "style":
            self.wrong.append(tag)
        self.wrong += [name for name in given if name.startswith("on") or name == "style"]
        if any((given.get(name) or "").strip().lower().startswith("javascript:") for name in ("href", "src")):
            self.wrong.append("javascript:")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_that_a_record_says_becomes_markup(one: RecordSite, language: str) -> None:
    one.store(hostile())
    for query in (
        "",
        *(f"?section={s}" for s in ("problems", "results", "passages", "timeline", "unplaced", "conflicts")),
    ):
        text = page(one, query, language=language)
        outline = Outline()
        outline.feed(text)
        assert outline.wrong == [], query
        assert "&lt;script&gt;alert(1)" in text
        assert "49" not in re.findall(r"onerror=alert\(2\)&gt;&#34;&#39;(.{7})", text)[0]


def move(one: RecordSite, state: State) -> None:
    one.site.connection.execute("UPDATE referrals SET state = %s WHERE id = %s", (state.value, one.referral))
    one.site.connection.commit()


def test_a_disputed_statement_leads_to_its_conflict_wherever_that_stands(one: RecordSite) -> None:
    """Of many conflicts the record's page shows the first; the pages of its parts show none."""
    document = one.document()
    sources = document["sections"]["problems"][0]["sources"]
    items = [{**document["sections"]["problems"][0], "id": f"i{n}", "text": f"诊断{n}", "sources": sources}
             for n in range(1, 41)]  # fmt: skip
    conflicts = [{"id": f"c{n}", "kind": "date", "item_ids": [f"i{2 * n - 1}", f"i{2 * n}"], "text": "日期不一致"}
                 for n in range(1, 21)]  # fmt: skip
    document |= {"sections": {"problems": items}, "brief": [f"i{n}" for n in (1, 39)], "conflicts": conflicts}
    one.store(document)
    browser = one.site.browser("specialist")
    page = browser.get(one.url("record")).text
    assert set(re.findall(r'href="#conflict-([^"]+)"', page)) <= set(re.findall(r'id="conflict-([^"]+)"', page))
    assert 'href="?section=conflicts#conflict-c20"' in page
    part = browser.get(one.url("record?section=problems")).text
    assert 'href="#conflict' not in part
    assert 'href="?section=conflicts#conflict-c1"' in part
    assert 'href="?#conflicts-title"' in part
    assert 'id="conflict-c20"' in browser.get(one.url("record?section=conflicts")).text


def test_every_number_of_the_patient_can_be_read(one: RecordSite) -> None:
    document = one.document()
    document["patient"]["identifiers"] += [{"system": f"urn:org:H{n}:mrn", "value": f"N-{n}"} for n in range(4)]
    one.store(document)
    page = one.site.browser("specialist").get(one.url("record")).text
    shown = re.sub(r"<[^>]+>", " ", page)
    for n in range(4):
        assert f"N-{n}" in shown
