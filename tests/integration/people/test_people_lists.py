"""The lists: what is there for whom, in which order, how it is found and narrowed, what is told as new."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Json

from hub.domain.referrals import State
from hub.views import looks, searches
from hub.views.worklist import PAGE
from hub.web.languages import catalogue
from hub.web.words import event_word
from tests.browser.payloads import PAYLOAD
from tests.integration.list_cases import found, happen, refer, shown
from tests.integration.people_site import PeopleSite
from tests.integration.seeds import START


def test_each_side_sees_its_own_and_others_see_nothing(site: PeopleSite) -> None:
    one = refer(site)
    refer(site, sender=site.other, receiver=site.clinic)
    assert shown(site.browser("specialist").get("/worklist")) == [one]
    assert shown(site.browser("doctor").get("/referrals")) == [one]
    assert shown(site.browser("specialist").get("/referrals")) == []
    stranger = site.browser("stranger")
    assert one not in stranger.get("/worklist?tab=all").text + stranger.get("/referrals?tab=all").text
    assert found(site, stranger, "王芳") == []
    assert found(site, stranger, one) == []


@pytest.mark.parametrize("path", ["/worklist", "/referrals", "/worklist/news?since=1"])
def test_administrators_have_no_lists_and_nobody_logs_in(site: PeopleSite, path: str) -> None:
    assert site.browser("engineer").get(path).status_code == 403
    assert site.browser().get(path).status_code == 303
    assert site.post(site.browser("engineer"), "/worklist/search", {"text": "王"}).status_code == 403


def test_the_worklist_begins_with_the_most_urgent_who_waits_longest(site: PeopleSite) -> None:
    late, routine = refer(site, requested_at=START), refer(site)
    urgent, stat = refer(site, priority="urgent"), refer(site, priority="stat")
    refer(site, state=State.CLOSED)
    browser = site.browser("specialist")
    assert shown(browser.get("/worklist")) == [stat, urgent, late, routine]
    assert shown(browser.get("/worklist?sort=newest")) == [stat, urgent, routine, late]


def test_what_the_sender_must_answer_or_read_comes_first(site: PeopleSite) -> None:
    asked = refer(site, state=State.INFORMATION_REQUESTED, reason="请补充心电图")
    done, waiting = refer(site, state=State.OUTCOME_SENT), refer(site)
    answer = site.browser("doctor").get("/referrals")
    assert shown(answer) == [asked, done, waiting]
    assert "请补充心电图" in answer.text


@pytest.mark.parametrize(("side", "login", "expected"), [
    ("/worklist", "specialist", {"open": "abcd", "ours": "ad", "theirs": "bc", "closed": "e", "all": "abcde"}),
    ("/referrals", "doctor", {"open": "abcd", "ours": "bc", "theirs": "ad", "closed": "e", "all": "abcde"}),
])  # fmt: skip
def test_a_tab_holds_what_waits_for_one_side(site: PeopleSite, side: str, login: str, expected: dict[str, str]) -> None:
    states = (State.REQUESTED, State.INFORMATION_REQUESTED, State.OUTCOME_SENT, State.SCHEDULED, State.REJECTED)
    letters = {refer(site, state=state): letter for state, letter in zip(states, "abcde", strict=True)}
    browser = site.browser(login)
    for tab, members in expected.items():
        answer = browser.get(f"{side}?tab={tab}")
        assert sorted(letters[referral] for referral in shown(answer)) == [*members]
        counts = re.findall(r"<b>(\d+\+?)</b></a></li>", answer.text)
        assert counts == [str(len(expected[name])) for name in ("open", "ours", "theirs", "closed", "all")]


def test_filters_narrow_and_stay_in_the_address(site: PeopleSite) -> None:
    site.connection.execute("INSERT INTO departments VALUES (%s, 'NFM', '内分泌科')", (site.hospital.id,))
    one = refer(site, priority="urgent", department="NFM")
    two = refer(site, department="骨科", sender=site.other)
    browser = site.browser("specialist")
    for query, expected in (("priority=urgent", [one]), ("department=内分泌科", [one]), ("department=骨科", [two]),
                            ("party=OTHER", [two]), ("party=other&priority=urgent", []), ("party=nobody", []),
                            ("priority=x&tab=x&sort=x&after=x.y.z&search=", [one, two])):  # fmt: skip
        answer = browser.get(f"/worklist?{query}")
        assert shown(answer) == expected, query
    page = html.unescape(browser.get("/worklist?priority=urgent&party=clinic").text)
    assert "/worklist?tab=closed&priority=urgent&party=clinic" in page
    assert '<option value="内分泌科">' in page


def test_a_search_finds_by_name_pinyin_initials_and_number(site: PeopleSite) -> None:
    one = refer(site, "陈桂英", number="REF-7", national="11010519491231002X", state=State.CLOSED)
    refer(site, "李强", number="REF-8", national="110105194912310021")
    specialist, doctor = site.browser("specialist"), site.browser("doctor")
    for text in ("陈桂英", "桂英", "陈", "chenguiying", "CHEN Gui-Ying", "cgy", "gui ying", "REF-7",
                 "11010519491231002x", one, " 陈 桂英 "):  # fmt: skip
        assert found(site, specialist, text) == [one], text
        assert found(site, doctor, text, "sent") == [one], text


def test_a_search_for_what_is_not_there_finds_nothing(site: PeopleSite) -> None:
    refer(site, "王芳")
    browser = site.browser("specialist")
    for text in ("%", "_", "\\", "' OR 1=1 --", "x" * 5000, "李 芳", "()&|!", "芳王", "0", "\ue000"):
        assert found(site, browser, text) == [], text
    assert len(found(site, browser, "王%")) == 1


def test_a_number_of_another_organisation_finds_nobody(site: PeopleSite) -> None:
    one = refer(site)
    row = site.connection.execute("SELECT patient_id FROM referrals WHERE id = %s", (one,)).fetchone()
    assert row is not None
    site.seeds.patient_identifier(str(row[0]), "urn:y", "OTHERS-1", site.other)
    site.seeds.patient_identifier(str(row[0]), "urn:y", "CLINICS-1", site.clinic)
    browser = site.browser("specialist")
    assert found(site, browser, "OTHERS-1") == []
    assert found(site, browser, "CLINICS-1") == [one]


def test_the_address_of_a_search_names_nobody_and_is_its_owners_alone(site: PeopleSite) -> None:
    refer(site, "陈桂英")
    other = refer(site, "李强")
    browser = site.browser("specialist")
    url = site.post(browser, "/worklist/search", {"text": "陈桂英"}).headers["location"]
    assert re.fullmatch(r"/worklist\?tab=all&search=[0-9a-f-]{36}", url)
    assert len(shown(browser.get(url))) == 1
    page = site.browser("doctor").get(url.replace("/worklist", "/referrals"))
    assert "陈桂英" in page.text
    assert other in shown(page), "another's search is none: the list is whole"
    assert "此次查找已失效" in page.text
    site.connection.execute("UPDATE searches SET created_at = now() - interval '13 hours'")
    site.connection.commit()
    assert "此次查找已失效" in browser.get(url).text
    site.post(browser, "/worklist/search", {"text": "别人"})
    assert site.connection.execute("SELECT text FROM searches").fetchall() == [("别人",)]


def test_a_search_keeps_no_more_than_it_needs(site: PeopleSite) -> None:
    assert searches.Search("陈 ，桂英").words == ("陈", "桂英")
    assert len(searches.Search("a b c d e f g h i").words) == 6
    assert site.post(site.browser("specialist"), "/worklist/search", {"text": "  "}).headers["location"] == "/worklist"


def test_pages_follow_each_other_without_gap_or_double(site: PeopleSite) -> None:
    states = (State.REQUESTED, State.SCHEDULED, State.OUTCOME_SENT, State.INFORMATION_REQUESTED)
    made = {
        refer(site, requested_at=START, updated_at=START, version=2, state=states[n % 4],
              priority=("stat", "routine")[n % 2],
              details=Json({"appointment": {"start": "2026-06-01T09:00:00+08:00"}} if n % 3 else {}))
        for n in range(2 * PAGE + 5)
    }  # fmt: skip
    for path, browser in (("/worklist", site.browser("specialist")), ("/referrals", site.browser("doctor"))):
        for query in ("", "sort=newest", "sort=appointment", "tab=all", "changed=1"):
            seen, url = list[str](), f"{path}?{query}"
            for _ in range(3):
                answer = browser.get(url)
                seen += shown(answer)
                following = re.search(r'rel="next" href="([^"]+)"', answer.text)
                url = html.unescape(following[1]) if following else ""
            assert not url, query
            assert len(seen) == len(made), query
            assert set(seen) == made, query


def test_what_changed_since_the_persons_own_look_is_told(site: PeopleSite) -> None:
    one, two = refer(site), refer(site)
    happen(site, one, "referral.requested", START)
    browser = site.browser("specialist")
    assert len(shown(browser.get("/worklist?changed=1"))) == 2
    person = site.connection.execute("SELECT id FROM users WHERE login = 'specialist'").fetchone()
    assert person is not None
    for referral in (one, two):
        looks.look(site.connection, person[0], referral, START + timedelta(hours=1))
    site.connection.commit()
    assert shown(browser.get("/worklist?changed=1")) == []
    happen(site, one, "referral.amended", START + timedelta(hours=2))
    site.connection.commit()
    answer = browser.get("/worklist?changed=1")
    assert shown(answer) == [one]
    told = re.findall(r'<span class="tag new">([^<]+)</span>', answer.text)
    assert told == [catalogue("zh").gettext(event_word("referral.amended"))]
    colleague = site.browser("doctor")
    assert len(shown(colleague.get("/referrals?tab=all"))) == 2


def test_the_page_learns_of_news_and_only_then(site: PeopleSite) -> None:
    one = refer(site, requested_at=START, updated_at=START + timedelta(hours=2), version=2)
    refer(site, requested_at=START + timedelta(hours=3), updated_at=START + timedelta(hours=3))
    refer(site, sender=site.other, receiver=site.clinic, updated_at=START + timedelta(hours=3))
    browser = site.browser("specialist")
    told = browser.get(f"/worklist/news?since={int((START + timedelta(hours=1)).timestamp())}000000")
    assert told.status_code == 200
    assert "新增 1 份" in told.text
    assert "1 份有变化" in told.text
    assert one not in told.text
    assert browser.get(f"/worklist/news?since={int((START + timedelta(hours=4)).timestamp())}000000").status_code == 204
    for nonsense in ("", "x", "-1", "9" * 40):
        assert browser.get(f"/worklist/news?since={nonsense}").status_code in (200, 204)


def test_a_page_that_watches_keeps_no_session_open(site: PeopleSite) -> None:
    browser, htmx = site.browser("specialist"), {"HX-Request": "true"}
    age = "UPDATE sessions SET seen_at = now() - interval '%s minutes'"
    site.connection.execute(age.replace("%s", "119"))
    site.connection.commit()
    assert browser.get("/worklist/news?since=1", headers=htmx).status_code in (200, 204)
    site.connection.execute(age.replace("%s", "121"))
    site.connection.commit()
    answer = browser.get("/worklist/news?since=1", headers=htmx)
    assert (answer.status_code, answer.headers.get("hx-refresh")) == (204, "true")


def test_scripts_in_what_others_wrote_are_text(site: PeopleSite) -> None:
    refer(site, PAYLOAD, department=PAYLOAD, question=PAYLOAD, reason=PAYLOAD, state=State.INFORMATION_REQUESTED)
    refer(site, PAYLOAD, department=PAYLOAD, question=PAYLOAD, priority="stat")
    site.connection.execute("UPDATE organizations SET name = %s", (PAYLOAD,))
    for login, path in (("specialist", "/worklist"), ("doctor", "/referrals")):
        browser = site.browser(login)
        url = site.post(browser, "/worklist/search", {"text": PAYLOAD, "side": path.strip("/")}).headers["location"]
        for page in (browser.get(path), browser.get(f"{path}?department={PAYLOAD}&party={PAYLOAD}"), browser.get(url)):
            assert page.status_code == 200
            assert "<script>window" not in page.text
            assert "<img" not in page.text
            assert "alert" not in page.text or "&lt;" in page.text


def test_the_age_is_what_the_birth_date_says(site: PeopleSite) -> None:
    refer(site)
    year = datetime.now(UTC).year
    browser = site.browser("specialist")
    for birth_date, age in ((str(year - 2), "2 岁"), (f"{year - 68}-01-01", "68 岁"), (None, ""), ("x", ""),
                            ("2999", ""), ("2026-13-45", ""), (f"{year - 1}-01-01", "个月")):  # fmt: skip
        site.connection.execute("UPDATE patients SET birth_date = %s", (birth_date,))
        site.connection.commit()
        cell = re.search(r'class="patient">.*?<span>(.*?)</span>', browser.get("/worklist").text)
        assert cell is not None
        told = cell[1].removeprefix("女").removeprefix(" · ")
        assert told.endswith(age) if age else not told, birth_date


def test_an_appointment_that_is_no_time_harms_nobody(site: PeopleSite) -> None:
    one = refer(site, state=State.SCHEDULED, details=Json({"appointment": {"start": "soon"}}))
    two = refer(site, state=State.SCHEDULED, details=Json({"appointment": {"start": "2026-06-01T09:00:00+08:00"}}))
    assert shown(site.browser("specialist").get("/worklist?sort=appointment")) == [two, one]


def test_a_page_asks_the_database_as_often_for_many_rows_as_for_few(
    site: PeopleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        if query:  # the pool asks nothing to see whether a connection lives
            statements.append(str(query))
        return execute(self, query, *rest, **options)

    browser = site.browser("specialist")
    url = site.post(browser, "/worklist/search", {"text": "wang"}).headers["location"]
    taken = []
    for rows in (10, 190):
        for _ in range(rows):
            refer(site)
        site.connection.commit()
        browser.get(url)
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        for path in ("/worklist", url):
            statements.clear()
            assert len(shown(browser.get(path))) == min(rows, PAGE)
            taken.append(len(statements))
        monkeypatch.undo()
    assert taken[:2] == taken[2:]
    assert max(taken) <= 5, taken
