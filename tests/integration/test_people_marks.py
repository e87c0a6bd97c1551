"""Marks: kept, found again in a newer record, told to whom they cite, and to nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from hub.domain.referrals import State
from hub.domain.statements import find, key_of_item
from hub.processes.commands import main
from hub.security import audit
from hub.views import marks
from tests.integration.people_site import csrf_token
from tests.integration.record_site import RecordSite

HTMX = {"HX-Request": "true"}


def mark(one: RecordSite, name: str = "i1", verdict: str = "checked", *, browser: TestClient | None = None,
         **fields: Any) -> Response:  # fmt: skip
    browser = browser or one.site.browser("specialist")
    data = {"record": one.record, "part": "item", "name": name, "verdict": verdict, **fields}
    headers = data.pop("headers", {})
    answer = one.site.post(browser, one.url("marks"), data, headers=headers)
    one.site.connection.commit()
    return answer


def lines(answer: Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_mark_is_kept_and_shown_beside_the_sources(one: RecordSite) -> None:
    answer = mark(one, verdict="wrong", reason="  诊断已<b>更正</b> ")
    assert answer.status_code == 303
    assert answer.headers["location"] == one.sources()
    page = one.site.browser("specialist").get(one.sources()).text
    assert "标为有误" in page
    assert "诊断已&lt;b&gt;更正&lt;/b&gt;" in page
    [entry] = [e for e in audit.of_object(one.site.connection, "record", one.referral) if e.action == "mark"]
    assert (entry.actor, entry.allowed) == ("specialist", True)


def test_a_wrong_statement_needs_a_reason(one: RecordSite) -> None:
    answer = mark(one, verdict="wrong", reason=" ", headers=HTMX)
    assert answer.status_code == 200
    assert "请写明哪里有误" in answer.text
    assert mark(one, verdict="wrong").status_code == 303
    assert marks.standing(one.site.connection, one.referral) == {}


def test_htmx_gets_the_forms_anew_and_the_statements_state(one: RecordSite) -> None:
    page = mark(one, headers=HTMX).text
    assert "<html" not in page
    assert 'id="mark-item-i1" hx-swap-oob="true"' in page
    assert "已核对" in page


def test_the_newest_verdict_stands_until_it_is_taken_back_and_all_are_kept(one: RecordSite) -> None:
    key = key_of_item(one.document()["sections"]["problems"][0])
    for verdict, stands in (("checked", "checked"), ("wrong", "wrong"), ("withdrawn", None), ("checked", "checked")):
        mark(one, verdict=verdict, reason="为什么")
        found = marks.standing(one.site.connection, one.referral).get(key)
        assert (found.verdict if found else None) == stands
    assert [m.verdict for m in marks.exported(one.site.connection)] == ["checked", "wrong", "withdrawn", "checked"]


def test_a_mark_is_found_again_in_a_newer_record_under_another_id(one: RecordSite) -> None:
    mark(one, "i2")
    document = one.document()
    document["sections"]["problems"][1]["id"] = "i99"
    newer = one.store(document)
    page = one.site.browser("specialist").get(one.url(f"record/sources?record={newer}&item=i99")).text
    assert "已核对" in page
    other = one.site.browser("specialist").get(one.url(f"record/sources?record={newer}&item=i1")).text
    assert 'class="standing' not in other


@pytest.mark.parametrize("part", [("passage", "0"), ("unplaced", "0"), ("conflict", "conflict-1")])
def test_passages_conflicts_and_what_is_unplaced_are_marked_too(one: RecordSite, part: tuple[str, str]) -> None:
    mark(one, part[1], part=part[0])
    statement = find(one.document(), part[0], part[1])  # type: ignore[arg-type]
    assert statement is not None
    assert statement.key in marks.standing(one.site.connection, one.referral)


@pytest.mark.parametrize(("login", "status"), [("doctor", 404), ("stranger", 404), ("engineer", 403)])
def test_only_who_reads_the_record_marks_it(one: RecordSite, login: str, status: int) -> None:
    assert mark(one, browser=one.site.browser(login)).status_code == status
    assert list(marks.exported(one.site.connection)) == []


def test_nobody_and_a_forged_form_mark_nothing(one: RecordSite) -> None:
    data = {"record": one.record, "part": "item", "name": "i1", "verdict": "checked"}
    assert one.site.browser().post(one.url("marks"), data=data).status_code == 303
    assert one.site.browser("specialist").post(one.url("marks"), data=data).status_code == 403
    foreign = csrf_token(one.site.browser("stranger").get("/account").text)
    forged = one.site.browser("specialist").post(one.url("marks"), data={**data, "csrf_token": foreign})
    assert forged.status_code == 403
    assert list(marks.exported(one.site.connection)) == []


@pytest.mark.parametrize("bad", [{"verdict": "fine"}, {"part": "section"}, {"name": "i9"}, {"record": "x"},
                                 {"record": "00000000-0000-7000-8000-000000000000"}])  # fmt: skip
def test_what_is_no_statement_or_verdict_is_not_found(one: RecordSite, bad: dict[str, str]) -> None:
    assert mark(one, **{"name": "i1", "verdict": "checked", **bad}).status_code == 404


def test_a_record_that_may_no_longer_be_read_is_not_marked(one: RecordSite) -> None:
    one.site.connection.execute("UPDATE referrals SET state = %s", (State.CANCELLED.value,))
    assert mark(one).status_code == 404


def test_a_mark_is_visible_to_whom_its_statement_cites_and_to_nobody_else(one: RecordSite) -> None:
    mark(one, "i1", "wrong", reason="查无此病")
    mark(one, "i2", "wrong", reason="别院的事")
    connection, clinic, other = one.site.connection, one.site.clinic.id, one.site.other.id
    assert [m.reason for m in marks.of_referral(connection, clinic, one.referral)] == ["查无此病"]
    assert [m.reason for m in marks.of_referral(connection, other, one.referral)] == ["别院的事"]
    assert len(marks.of_referral(connection, one.site.hospital.id, one.referral)) == 2


def test_of_a_statement_of_several_each_organization_sees_its_own_words(one: RecordSite) -> None:
    mark(one, "i3", "wrong", reason="不对")
    [seen] = marks.of_referral(one.site.connection, one.site.clinic.id, one.referral)
    shown = json.dumps(seen.line(), ensure_ascii=False)
    assert "高血压" in shown
    assert "糖尿病" not in shown
    assert "Name of other" not in shown
    assert one.messages["other"] not in shown


def test_the_export_is_json_lines_of_what_an_organization_may_see(one: RecordSite) -> None:
    mark(one, "i1", "wrong", reason="查无此病")
    mark(one, "i2")
    answer = one.site.browser("specialist").get("/marks.jsonl")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    own = lines(answer)
    assert [(line["verdict"], line["user"], line["organization"]) for line in own] == [
        ("wrong", "specialist", "hospital"), ("checked", "specialist", "hospital")
    ]  # fmt: skip
    assert set(own[0]) == {"id", "at", "referral_id", "organization", "user", "verdict", "reason", "statement",
                           "sources"}  # fmt: skip
    assert own[0]["statement"]["kind"] == "problem"
    assert own[0]["sources"][0]["message_id"] == one.messages["clinic"]
    assert [line["reason"] for line in lines(one.site.browser("doctor").get("/marks.jsonl"))] == ["查无此病"]
    assert [line["verdict"] for line in lines(one.site.browser("stranger").get("/marks.jsonl"))] == ["checked"]
    assert one.site.browser("engineer").get("/marks.jsonl").status_code == 403
    assert [e.actor for e in audit.of_object(one.site.connection, "marks", "hospital")] == ["specialist"]


def test_the_command_exports_all_or_those_of_an_organization_since_a_time(
    one: RecordSite, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark(one)
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", one.site.database)
    counts = []
    for words in ([], ["--organization", "HOSPITAL"], ["--organization", "clinic"],
                  ["--since", "2000-01-01T00:00:00+08:00"], ["--since", "2100-01-01T00:00:00+08:00"]):  # fmt: skip
        assert main(["marks", "export", *words]) == 0
        counts.append(len(capsys.readouterr().out.splitlines()))
    assert counts == [1, 1, 0, 1, 0]
