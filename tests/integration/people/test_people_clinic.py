"""A clinic writes a referral in one screen and sends it once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from adapters.fhir.document import envelope
from adapters.fhir.normalise import normalise
from adapters.fhir.parsing import encode, read
from adapters.forms.referral import bundle
from hub.domain.forms import ReferralForm, completed
from hub.domain.messages import Submission
from hub.domain.requirements import Requirement
from hub.intake.accept import Intake
from hub.intake.committing import open_connection
from hub.intake.kept import replay
from hub.processes.submissions import resubmit
from hub.security import audit
from hub.store.connections import pool
from hub.store.directory import Directory
from hub.views import drafts, requirements
from tests.integration.clinic_cases import CHEN, PNG, XSS, key, rows, send, sent_id
from tests.integration.people_site import PeopleSite
from tests.unit.forms.pdfs import pdf


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
        ("history", "a\x0bb", "无法识别的字符"),
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


def test_a_form_that_the_hub_could_not_take_goes_in_by_a_replay(site: PeopleSite) -> None:
    form = completed(ReferralForm(key=key(), patient_name="陈桂英", receiver="later", reason="胸闷"))
    at = datetime.now(UTC)
    raw = encode(bundle(form, site.clinic, "以后登记的医院", at))
    refused = Submission(
        "form", raw, at, site.clinic, envelope(read(raw)),
        lambda: normalise(raw, timezone="Asia/Shanghai", received_at=at), lambda _: b"[422,{}]\n",
    )  # fmt: skip
    with pool(site.database, 2, name="replay") as connections, open_connection(site.database) as connection:
        intake = Intake(site.database, Directory(connections))
        first = intake.accept(refused)
        intake.close()
        assert not first.outcome.accepted
        site.seeds.organization("later")
        site.connection.commit()
        directory = Directory(connections)
        receipt = replay(connection, directory, first.outcome.message_id, resubmit(directory))
        assert receipt.outcome.accepted
    assert rows(site, "SELECT channel, status FROM messages") == [("form", "accepted")]
    assert rows(site, "SELECT state, question FROM referrals") == [("requested", "胸闷")]


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
    late = send(site, specialist, receiver="other", based_on=up, direction="up", kind="onward")
    assert (late.status_code, "已不能转往他院" in late.text) == (422, True)
    assert specialist.get(f"/referrals/new?from={up}&kind=onward").status_code == 404


def test_a_press_that_was_cut_off_is_finished_by_the_next(site: PeopleSite) -> None:
    """The new referral was accepted and the line dropped before the earlier one was marked."""
    up = sent_id(send(site, site.browser("doctor")))
    specialist, same = site.browser("specialist"), key()
    onward = {"receiver": "other", "based_on": up, "direction": "up", "key": same}
    first = sent_id(send(site, specialist, **onward))
    again = sent_id(send(site, specialist, **onward, kind="onward"))
    assert again == first
    assert dict(rows(site, "SELECT id::text, state FROM referrals"))[up] == "referred-onward"


@pytest.mark.parametrize("path", ["/referrals/new", "/drafts", "/referrals/import", "/referrals/import/template.csv"])
def test_pages_are_for_clinicians(site: PeopleSite, path: str) -> None:
    assert site.browser("doctor").get(path).status_code == 200
    assert site.browser("engineer").get(path).status_code == 403
    assert site.browser().get(path).status_code == 303


def test_a_refused_form_of_another_site_changes_nothing(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    assert browser.post("/referrals/new", data={**CHEN, "key": key(), "csrf_token": "forged"}).status_code == 403
    assert rows(site, "SELECT count(*) FROM drafts") == [(0,)]
