"""A clinic writes a referral: in one screen, as a draft, with files, and several from a CSV file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from uuid_utils import uuid7

from hub.domain.requirements import Requirement
from hub.security import audit
from hub.views import drafts, requirements
from tests.integration.people_site import PeopleSite, csrf_token, people_site
from tests.unit.forms.pdfs import pdf

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(30)
CHEN = {
    "patient_name": "陈桂英", "national_identifier": "990101195803120027", "receiver": "hospital",
    "department": "心内科", "priority": "urgent", "reason": "活动后胸闷", "question": "需要造影吗？",
    "history": "高血压10年。\r\n服用氨氯地平",
}  # fmt: skip
XSS = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"


@pytest.fixture
def site(database: str) -> Iterator[PeopleSite]:
    with people_site(database) as opened:
        yield opened


def key() -> str:
    return str(uuid7())


def send(site: PeopleSite, browser: TestClient, do: str = "send", files: Any = None, **fields: str) -> Response:
    return site.post(browser, "/referrals/new", {**CHEN, "key": key(), "do": do, **fields}, page="/referrals/new",
                     files=files or {"nothing": b""})  # fmt: skip


def rows(site: PeopleSite, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    site.connection.commit()
    return site.connection.execute(sql, parameters).fetchall()


def sent_id(answer: Response) -> str:
    assert answer.status_code == 303, re.findall(r'class="error"[^>]*>([^<]*)', answer.text)
    found = re.fullmatch(r"/referrals/([0-9a-f-]{36})", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]


def test_a_referral_is_sent_through_the_intake_and_audited(site: PeopleSite) -> None:
    referral = sent_id(send(site, site.browser("doctor"), files={"files": ("心电图.png", PNG)}))
    [row] = rows(site, "SELECT state, priority, department, question FROM referrals WHERE id = %s", referral)
    assert row == ("requested", "urgent", "心内科", "活动后胸闷；需要造影吗？")
    assert rows(site, "SELECT channel, format, status FROM messages") == [("form", "fhir", "accepted")]
    types = rows(site, "SELECT resource_type FROM fragments ORDER BY position")
    assert types == [("Patient",), ("ServiceRequest",), ("DocumentReference",), ("DocumentReference",)]
    trail = [(e.actor, e.action, e.allowed) for e in audit.of_object(site.connection, "referral", referral)]
    assert trail == [("doctor", "refer", True)]
    assert rows(site, "SELECT 1 FROM drafts") == []


def test_a_second_press_of_the_button_has_no_second_effect(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    first = sent_id(send(site, browser, key=same))
    again = send(site, browser, key=same)
    changed = send(site, browser, key=same, reason="另一原因")
    assert (sent_id(again), sent_id(changed)) == (first, first)
    assert rows(site, "SELECT count(*) FROM referrals") == [(1,)]
    assert rows(site, "SELECT status FROM messages") == [("accepted",)]
    assert "之后的修改没有发送" in browser.get(f"/referrals/{first}").text


def test_two_presses_at_once_have_one_effect(site: PeopleSite) -> None:
    from concurrent.futures import ThreadPoolExecutor

    browsers, same = [site.browser("doctor") for _ in range(4)], key()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda browser: send(site, browser, key=same), browsers))
    assert len({sent_id(answer) for answer in answers}) == 1
    assert rows(site, "SELECT count(*) FROM referrals") == [(1,)]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("patient_name", "", "请填写患者姓名"),
        ("patient_name", "长" * 101, "太长"),
        ("national_identifier", "990101195803120028", "校验位不符"),
        ("national_identifier", "12345", "18 位"),
        ("birth_date", "1958-03-13", "与身份证号中的不一致"),
        ("birth_date", "2958-03-13", "在今天之后"),
        ("birth_date", "yesterday", "实际存在的日期"),
        ("gender", "male", "与身份证号中的不一致"),
        ("receiver", "", "请选择接收患者的医院"),
        ("receiver", "nobody", "没有登记"),
        ("priority", "whenever", "请选择所列的选项"),
        ("phone", "1\x072", "无法识别的字符"),
        ("department", "科" * 101, "太长"),
        ("history", "a\x00b", "无法识别的字符"),
        ("based_on", "00000000-0000-7000-8000-000000000000", "之前的转诊"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_entered_is_lost(
    site: PeopleSite, field: str, value: str, text: str
) -> None:
    same = key()
    answer = send(site, site.browser("doctor"), key=same, files={"files": ("报告.png", PNG)}, **{field: value})
    assert answer.status_code == 422
    anchor = "entered" if field == "based_on" else field
    assert f'href="#{anchor}"' in answer.text
    assert text in answer.text
    assert "活动后胸闷" in answer.text
    assert "报告.png" in answer.text
    assert rows(site, "SELECT count(*) FROM messages") == [(0,)]
    assert [f.name for f in drafts.files(site.connection, same)] == ["报告.png"]


def test_reason_or_question_is_needed(site: PeopleSite) -> None:
    answer = send(site, site.browser("doctor"), reason="", question=" ")
    assert (answer.status_code, 'href="#reason"' in answer.text) == (422, True)
    sent_id(send(site, site.browser("doctor"), reason="", question="需要手术吗？"))


def test_payloads_come_back_escaped_from_every_field(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    payload = dict.fromkeys((*CHEN, "phone", "address", "gender", "birth_date", "insurance_identifier",
                             "local_identifier", "based_on", "direction", "kind"), XSS)  # fmt: skip
    pages = [
        send(site, browser, key=same, files={"files": (f"{XSS}.png", PNG)}, **payload).text,
        browser.get(f"/drafts/{same}").text,
        browser.get("/drafts").text,
    ]
    for page in pages:
        assert "alert(1)" in page or "alert(2)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("virus.pdf", b"MZ\x90\x00", "只接受"),
        ("page.png", b"<html><script>alert(1)</script>", "只接受"),
        ("vector.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "只接受"),
        ("locked.pdf", pdf("secret", password="x"), "需要密码"),
        ("broken.pdf", b"%PDF-1.7 nothing", "无法读取"),
        ("empty.png", b"", "是空的"),
        ("large.png", PNG + bytes(5 * 2**20), "5 MB"),
    ],
)
def test_a_file_that_is_not_taken_says_why_and_the_text_stays(
    site: PeopleSite, name: str, content: bytes, text: str
) -> None:
    answer = send(site, site.browser("doctor"), files={"files": (name, content)})
    assert answer.status_code == 422
    assert text in answer.text
    assert "活动后胸闷" in answer.text
    assert rows(site, "SELECT count(*) FROM draft_attachments") == [(0,)]


def test_a_draft_is_kept_resumed_and_deleted(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    saved = send(site, browser, "save", key=same, patient_name="", files={"files": ("化验单.pdf", pdf("血钾 5.9"))})
    assert (saved.status_code, saved.headers["location"]) == (303, "/drafts")
    assert "活动后胸闷" in browser.get("/drafts").text
    page = browser.get(f"/drafts/{same}").text
    assert "服用氨氯地平" in page and "化验单.pdf" in page
    [file] = drafts.files(site.connection, same)
    send(site, browser, f"remove:{file.id}", key=same)
    assert drafts.files(site.connection, same) == []
    assert site.post(browser, f"/drafts/{same}/delete", page="/referrals/new").status_code == 303
    assert browser.get(f"/drafts/{same}").status_code == 404


def test_the_pages_script_keeps_what_is_typed(site: PeopleSite) -> None:
    browser, same = site.browser("doctor"), key()
    kept = site.post(browser, f"/drafts/{same}", {"patient_name": "陈"}, page="/referrals/new")
    assert kept.json() == {"kept": True}
    added = site.post(browser, f"/drafts/{same}/files", page="/referrals/new",
                      files={"files": ("a.png", PNG)})  # fmt: skip
    assert added.status_code == 200 and "a.png" in added.text and "<html" not in added.text
    sent_id(send(site, browser, key=same))
    late = site.post(browser, f"/drafts/{same}", {"patient_name": "陈"}, page="/referrals/new")
    assert late.status_code == 409
    assert rows(site, "SELECT count(*) FROM drafts") == [(0,)]


def test_a_draft_is_nobody_elses(site: PeopleSite) -> None:
    same = key()
    send(site, site.browser("doctor"), "save", key=same, files={"files": ("a.png", PNG)})
    stranger = site.browser("stranger")
    assert stranger.get(f"/drafts/{same}").status_code == 404
    assert "活动后胸闷" not in stranger.get("/drafts").text
    assert send(site, stranger, "save", key=same, reason="taken").status_code == 404
    for path, status in ((f"/drafts/{same}", 409), (f"/drafts/{same}/delete", 404), (f"/drafts/{same}/files", 404)):
        assert site.post(stranger, path, {"reason": "taken"}, page="/referrals/new").status_code == status
    [(fields,)] = rows(site, "SELECT fields FROM drafts")
    assert fields["reason"] == "活动后胸闷"
    assert len(drafts.files(site.connection, same)) == 1


@pytest.mark.parametrize("bad", ["", "not-an-id", "../x", "00000000-0000-0000-0000-00000000000G"])
def test_a_form_without_a_key_of_ours_is_not_taken(site: PeopleSite, bad: str) -> None:
    assert send(site, site.browser("doctor"), key=bad).status_code == 404


def test_old_drafts_are_purged(site: PeopleSite) -> None:
    send(site, site.browser("doctor"), "save")
    site.connection.execute("UPDATE drafts SET updated_at = now() - interval '31 days'")
    assert "活动后胸闷" not in site.browser("doctor").get("/drafts").text
    assert rows(site, "SELECT count(*) FROM drafts") == [(0,)]


def test_what_the_receiver_wants_to_know_warns_and_can_be_overridden(site: PeopleSite) -> None:
    wanted = [Requirement("心电图结果", ("心电图", "ECG")), Requirement("空腹血糖", ("血糖",), department="内分泌科")]
    requirements.replace(site.connection, site.hospital.id, wanted)
    browser, same = site.browser("doctor"), key()
    answer = send(site, browser, key=same)
    assert answer.status_code == 200
    assert "心电图结果" in answer.text and "空腹血糖" not in answer.text
    part = site.post(browser, "/referrals/new/wanted", {**CHEN, "department": "内分泌科", "key": same},
                     page="/referrals/new").text  # fmt: skip
    assert "心电图结果" in part and "空腹血糖" in part
    sent_id(send(site, browser, "send-anyway", key=same))
    sent_id(send(site, browser, history="ｅｃｇ正常"))
    sent_id(send(site, browser, files={"files": ("ecg.pdf", pdf("心电图：窦性心律"))}))


def test_what_the_receiver_must_know_is_refused_without_it(site: PeopleSite) -> None:
    requirements.replace(site.connection, site.hospital.id, [Requirement("过敏史", ("过敏",), mandatory=True)])
    browser = site.browser("doctor")
    answer = send(site, browser, "send-anyway")
    assert (answer.status_code, "过敏史" in answer.text, 'href="#wanted"' in answer.text) == (422, True, True)
    sent_id(send(site, browser, history="无过敏"))


def test_a_referral_back_down_begins_with_what_is_known(site: PeopleSite) -> None:
    up = sent_id(send(site, site.browser("doctor"), phone="139 0000"))
    specialist = site.browser("specialist")
    page = specialist.get(f"/referrals/new?from={up}&kind=down").text
    for known in ("陈桂英", "990101195803120027", "1958-03-12", 'value="clinic" selected', "活动后胸闷"):
        assert known in page
    fields = {"receiver": "clinic", "based_on": up, "direction": "down", "kind": "down", "department": ""}
    down = sent_id(send(site, specialist, **fields))
    [row] = rows(site, "SELECT direction, based_on::text FROM referrals WHERE id = %s", down)
    assert row == ("down", up)
    assert site.browser("doctor").get(f"/referrals/new?from={up}&kind=down").status_code == 404
    assert site.browser("stranger").get(f"/referrals/new?from={up}&kind=onward").status_code == 404


def test_a_referral_onward_marks_the_earlier_one(site: PeopleSite) -> None:
    up = sent_id(send(site, site.browser("doctor")))
    specialist = site.browser("specialist")
    assert 'name="kind" value="onward"' in specialist.get(f"/referrals/new?from={up}&kind=onward").text
    onward = sent_id(send(site, specialist, receiver="other", based_on=up, direction="up", kind="onward"))
    states = dict(rows(site, "SELECT id::text, state FROM referrals"))
    assert states == {up: "referred-onward", onward: "requested"}


def test_files_are_served_to_who_may_see_them(site: PeopleSite) -> None:
    referral = sent_id(send(site, site.browser("doctor"), files={"files": ("化验 单.pdf", pdf("血钾 5.9"))}))
    [(fragment,)] = rows(site, "SELECT id::text FROM fragments WHERE referral_id = %s AND resource->'content'->0->"
                               "'attachment'->>'title' IS NOT NULL", referral)  # fmt: skip
    path = f"/attachments/{fragment}/0"
    served = site.browser("specialist").get(path)
    assert (served.status_code, served.headers["content-type"]) == (200, "application/pdf")
    assert served.content.startswith(b"%PDF")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    disposition = served.headers["content-disposition"]
    assert disposition == "inline; filename=\"__ _.pdf\"; filename*=UTF-8''%E5%8C%96%E9%AA%8C%20%E5%8D%95.pdf"
    assert "血钾 5.9" in site.browser("specialist").get(f"/attachments/{fragment}/1").text
    for browser, status in ((site.browser("stranger"), 404), (site.browser(), 303), (site.browser("engineer"), 403)):
        assert browser.get(path).status_code == status
    trail = [(e.actor, e.allowed) for e in audit.of_object(site.connection, "attachment", f"{fragment}/0")]
    assert trail == [("specialist", True), ("stranger", False)]
    assert site.browser("specialist").get(f"/attachments/{fragment}/7").status_code == 404


HEADER = "姓名,身份证号,接收医院,科室,紧急程度,转诊原因,病史\r\n"
LINE = "陈桂英,990101195803120027,hospital,心内科,紧急,胸闷,\r\n"


def upload(site: PeopleSite, browser: TestClient, text: str, charset: str = "utf-8") -> Response:
    return site.post(browser, "/referrals/import", page="/referrals/import",
                     files={"files": ("名单.csv", text.encode(charset))})  # fmt: skip


def test_good_lines_of_a_file_are_sent_and_bad_ones_told_by_line_and_column(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    bad = '李雷,990101195803120028,nowhere,,普通,胸痛,"两行\r\n病史"\r\n'
    answer = upload(site, browser, HEADER + bad + LINE + "=cmd(),,HOSPITAL,,,腹痛,\r\n", "gb18030")
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    told = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "身份证号 : 校验位不符" in told.replace("  ", " ")
    assert "没有登记" in page
    assert rows(site, "SELECT count(*) FROM messages") == [(0,)]
    done = browser.post(answer.headers["location"], data={"csrf_token": csrf_token(page)})
    assert done.status_code == 303
    assert rows(site, "SELECT count(*) FROM referrals") == [(2,)]
    result = browser.get(done.headers["location"]).text
    assert result.count('href="/referrals/0') == 2
    assert "=cmd()" in result
    again = upload(site, browser, HEADER + bad.replace("nowhere", "other").replace("0028", "0027") + LINE, "utf-8-sig")
    page = browser.get(again.headers["location"]).text
    browser.post(again.headers["location"], data={"csrf_token": csrf_token(page)})
    assert rows(site, "SELECT count(*) FROM referrals") == [(3,)]


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "第一行"), (HEADER, "没有转诊"), ("姓名,鞋码\r\n陈,40\r\n", "鞋码"), (HEADER + LINE + '"x', "第 3 行")],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(site: PeopleSite, text: str, told: str) -> None:
    answer = upload(site, site.browser("doctor"), text)
    assert (answer.status_code, told in answer.text) == (422, True)


def test_payloads_of_a_file_are_escaped_and_it_is_nobody_elses(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    quoted = XSS.replace('"', '""')
    answer = upload(site, browser, HEADER + f'"{quoted}","{quoted}","{quoted}","{quoted}","{quoted}","{quoted}",\r\n')
    page = browser.get(answer.headers["location"]).text
    assert "alert(1)" in page and "<script>alert" not in page and "<img" not in page
    assert site.browser("stranger").get(answer.headers["location"]).status_code == 404


@pytest.mark.parametrize("path", ["/referrals/new", "/drafts", "/referrals/import", "/referrals/import/template.csv"])
def test_pages_are_for_clinicians(site: PeopleSite, path: str) -> None:
    assert site.browser("doctor").get(path).status_code == 200
    assert site.browser("engineer").get(path).status_code == 403
    assert site.browser().get(path).status_code == 303


def test_a_refused_form_of_another_site_changes_nothing(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    assert browser.post("/referrals/new", data={**CHEN, "key": key(), "csrf_token": "forged"}).status_code == 403
    assert rows(site, "SELECT count(*) FROM drafts") == [(0,)]
