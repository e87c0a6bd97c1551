"""A referral's page for its sender and its receiver: what each reads, and nobody else."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import unescape
from typing import Any

import psycopg
import pytest

from hub.security import audit
from hub.views import history, looks
from tests.integration.fhir_site import DIABETES, PATIENT, bundle
from tests.integration.fhir_site import referral as referral_bundle
from tests.integration.people_site import people_site
from tests.integration.referral_site import Referrals

EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
ABOUT = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"}


@pytest.fixture
def all(database: str) -> Iterator[Referrals]:
    with people_site(database) as site:
        yield Referrals(site)


def words(page: str) -> str:
    """What a page says, its markup and blanks taken away."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page[page.index("<main") :])).split())


def note(text: str, kind: str = "病历记录", **attachment: Any) -> dict[str, Any]:
    data = {"contentType": "text/plain; charset=utf-8", "data": b64encode(text.encode()).decode(), **attachment}
    return {"resourceType": "DocumentReference", "status": "current", "type": {"text": kind}, "subject": ABOUT,
            "content": [{"attachment": data}]}  # fmt: skip


def send(all: Referrals, *more: dict[str, Any], number: str = "R-9", patient: dict[str, Any] = PATIENT,
         **elements: Any) -> str:  # fmt: skip
    """A referral with what comes with it."""
    sent = referral_bundle(number, receiver="hospital", **elements)
    header, _, request, _ = (entry["resource"] for entry in sent["entry"])
    sent["entry"] = bundle("message", header, patient, request, DIABETES, *more)["entry"]
    return all.post_bundle("clinic", sent)


def test_both_sides_read_who_asks_what_and_whose_turn_it_is(all: Referrals) -> None:
    referral = send(all, note("口渴三月余"), priority="urgent",
                    reasonCode=[{"text": "血糖控制不佳"}, {"text": "二甲双胍能否继续？"}])  # fmt: skip
    clinic = words(all.read("doctor", referral))
    for said in (
        "王秀英",
        "女 · 70岁",
        "加急",
        "已发出",
        "血糖控制不佳；二甲双胍能否继续？",
        "口渴三月余",
        "2型糖尿病",
    ):
        assert said in clinic
    assert "现在由Name of hospital处理" in clinic
    assert "Name of hospital尚未打开。" in clinic
    assert "打开病历摘要" not in clinic
    hospital = words(all.read("specialist", referral))
    assert "现在由本单位处理" in hospital
    assert "110105195603040024" in hospital
    assert "打开病历摘要" in hospital


def test_opening_by_the_receiver_alone_is_receipt(all: Referrals) -> None:
    referral = all.send()
    all.read("doctor", referral)
    assert all.state(referral) == ("requested", 1)
    browser = all.site.browser("specialist")
    assert browser.get(f"/referrals/{referral}", headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert all.state(referral) == ("requested", 1)
    browser.get(f"/referrals/{referral}")
    browser.get(f"/referrals/{referral}")
    assert all.state(referral) == ("received", 2)
    assert all.events(referral) == ["requested", "received"]
    trail = [(e.actor, e.action) for e in audit.of_object(all.site.connection, "referral", referral)]
    assert trail.count(("specialist", "read")) == 3
    assert trail.count(("specialist", "receive")) == 1


@pytest.mark.parametrize(("login", "status"), [("stranger", 404), ("engineer", 403), (None, 303)])
def test_to_others_it_does_not_exist(all: Referrals, login: str | None, status: int) -> None:
    referral = all.send()
    answer = all.site.browser(login).get(f"/referrals/{referral}")
    assert answer.status_code == status
    assert "王秀英" not in answer.text
    if login == "stranger":
        unknown = all.site.browser(login).get("/referrals/00000000-0000-7000-8000-000000000000")
        assert (unknown.status_code, words(unknown.text)) == (404, words(answer.text))
        assert [e.allowed for e in audit.of_object(all.site.connection, "referral", referral)] == [False]


def test_the_clinic_reads_questions_answers_appointment_outcome_and_plan(all: Referrals) -> None:
    referral = all.send()
    all.take("specialist", referral, "ask", text="做过肾动脉超声吗？")
    clinic = words(all.read("doctor", referral))
    assert "现在由本单位处理" in clinic
    assert clinic.count("做过肾动脉超声吗？") == 2
    files = [("attachments", ("超声.txt", "双肾正常".encode(), "text/plain"))]
    all.take("doctor", referral, "supply", text="附件是报告。", files=files)
    hospital = all.read("specialist", referral)
    assert "附件是报告。" in hospital
    fragment = re.search(r'href="(/attachments/[^"]+)">超声.txt', hospital)
    assert fragment is not None
    all.take("specialist", referral, "book", date="2999-11-25", start="09:00", location="门诊 3")
    assert "2999年11月25日 09:00 · 门诊 3" in words(all.read("doctor", referral))
    all.take("specialist", referral, "outcome", text="减量继续", plan="每2周测血压")
    clinic = words(all.read("doctor", referral))
    assert clinic.index("诊疗结果与随访计划") < clinic.index("转诊原因与会诊问题")
    for said in ("减量继续", "每2周测血压", "Specialist", "已阅，结案"):
        assert said in clinic
    all.take("specialist", referral, "outcome", text="更正：停用", plan="每周测血压")
    clinic = words(all.read("doctor", referral))
    assert clinic.index("更正：停用") < clinic.index("以前的版本") < clinic.index("减量继续")
    assert "下转回基层" in words(all.read("specialist", referral))


def test_an_outcome_that_a_machine_sent_is_read_alike(all: Referrals) -> None:
    referral = all.send()
    all.rows("UPDATE referrals SET state = 'in-progress' WHERE id = %s RETURNING id", referral)
    narrative = '<div xmlns="http://www.w3.org/1999/xhtml"><p>小结</p><p>停用&lt;b&gt;</p><script>x</script></div>'
    composition = {"resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "出院小结"},
                   "date": "2026-11-25", "title": "出院小结", "author": [{"display": "赵医生"}],
                   "section": [{"title": "结论", "text": {"status": "generated", "div": narrative}}]}  # fmt: skip
    plan = {"resourceType": "CarePlan", "id": "p", "status": "active", "intent": "plan", "title": "基层随访计划",
            "description": "3个月后复诊", "subject": {"reference": "#x"}}  # fmt: skip
    plan["subject"] = {"identifier": {"value": "990101195803120027"}}
    output = [{"type": {"text": "t"}, "valueReference": {"reference": f"#{name}"}} for name in ("c", "p")]
    all.put_task("hospital", referral, "completed", contained=[composition, plan], output=output)
    clinic = words(all.read("doctor", referral))
    for said in ("出院小结", "结论 小结 停用<b>", "基层随访计划", "3个月后复诊"):
        assert said in clinic
    assert "FHIR 消息" in clinic


def test_what_the_other_side_did_since_the_last_visit_is_new(all: Referrals) -> None:
    referral = all.send()
    assert 'class="tag new"' not in all.read("doctor", referral)
    all.rows("UPDATE looks SET at = at - %s RETURNING user_id", 2 * looks.VISIT)
    all.take("specialist", referral, "accept")
    assert all.read("doctor", referral).count('class="tag new"') == 2
    all.rows("UPDATE looks SET at = at - %s RETURNING user_id", 2 * looks.VISIT)
    all.rows("UPDATE outbox SET occurred_at = occurred_at - %s RETURNING id", 4 * looks.VISIT)
    assert 'class="tag new"' not in all.read("doctor", referral)


def test_an_allergy_is_no_medicine_and_what_was_denied_says_so(all: Referrals) -> None:
    allergy = {"resourceType": "AllergyIntolerance", "code": {"text": "青霉素"}, "patient": ABOUT,
               "verificationStatus": {"coding": [{"code": "refuted"}]}}  # fmt: skip
    medicine = {"resourceType": "MedicationStatement", "status": "active", "subject": ABOUT,
                "medicationCodeableConcept": {"text": "阿莫西林"}}  # fmt: skip
    page = words(all.read("doctor", send(all, medicine, allergy)))
    assert "过敏 青霉素 已否认 诊断 2型糖尿病 (2026-11-01) 用药 阿莫西林" in page


def test_a_chain_of_referrals_is_linked_where_the_viewer_takes_part(all: Referrals) -> None:
    first = all.send()
    all.rows("UPDATE referrals SET state = 'referred-onward' WHERE id = %s RETURNING id", first)
    sent = referral_bundle("H-1", receiver="other", basedOn=[{"reference": f"ServiceRequest/{first}"}])
    onward = all.post_bundle("hospital", sent)
    clinic, hospital, third = (all.read(who, of) for who, of in
                               (("doctor", first), ("specialist", first), ("stranger", onward)))  # fmt: skip
    assert "Name of hospital → Name of other" in words(clinic)
    assert f'href="/referrals/{onward}"' not in clinic
    assert f'href="/referrals/{onward}"' in hospital
    assert first not in third
    assert "本次转诊接续以前的一次转诊。" in words(third)
    assert all.site.browser("doctor").get(f"/referrals/{onward}").status_code == 404


def test_markup_in_any_field_of_what_came_is_text(all: Referrals) -> None:
    patient = PATIENT | {"name": [{"text": EVIL}], "birthDate": "1956-03-04"}
    coded = [
        {"resourceType": "Observation", "status": "final", "code": {"text": EVIL}, "valueString": EVIL,
         "subject": ABOUT},
        {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": {"text": EVIL},
         "dosage": [{"text": EVIL}], "subject": ABOUT},
        {"resourceType": "CarePlan", "status": "active", "intent": "plan", "title": EVIL, "description": EVIL,
         "subject": ABOUT},
        note(EVIL, EVIL, title=EVIL),
    ]  # fmt: skip
    referral = send(all, *coded, patient=patient, reasonCode=[{"text": EVIL}], performerType={"text": EVIL})
    for login in ("doctor", "specialist"):
        for language in ("zh", "en"):
            page = all.read(login, referral, language=language)
            assert "<script>alert" not in page
            assert "<img" not in page
            assert page.count("&lt;script&gt;") > 8
    step = all.site.browser("specialist").get(f"/referrals/{referral}/steps/reject").text
    assert "<script>alert" not in step


def test_the_page_takes_as_many_queries_for_a_long_history_as_for_a_short_one(
    all: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = all.send("S"), send(all, *(note(f"n{i}") for i in range(40)), number="L")
    for _ in range(6):
        all.take("specialist", long, "ask", text="?")
        all.take("doctor", long, "supply", text="!")
    all.read("specialist", short)
    counted: list[object] = []
    execute = psycopg.Cursor.execute

    def counting(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        counted.append(query)
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counting)
    numbers = []
    for referral in (short, long):
        browser = all.site.browser("specialist")
        counted.clear()
        assert browser.get(f"/referrals/{referral}").status_code == 200
        numbers.append(len(counted))
    assert numbers[0] == numbers[1] <= 16


def test_a_large_file_is_linked_and_not_read_with_the_page(all: Referrals) -> None:
    large = send(all, note("x" * 600_000, title="大.txt"), note("y", title="小.txt"), number="F")
    page = all.read("specialist", large)
    assert "大.txt" in page
    assert len(page) < 30_000
    assert "x" * 3001 not in page
    given = history.read(all.site.connection, all.site.hospital.id, all.known(large, all.site.hospital.id))
    assert [said.text for said in given.events[0].said if said.resource_type == "DocumentReference"][1:] == ["y"]
    assert max(len(said.text) for said in given.events[0].said) == history.LONGEST + 1


def test_both_sides_read_the_message_that_opened_it_before_there_is_a_record(all: Referrals) -> None:
    referral = send(all, note("口渴三月余"))
    for login in ("doctor", "specialist"):
        browser = all.site.browser(login)
        link = re.search(r'href="(/referrals/[0-9a-f-]+/message)"', browser.get(f"/referrals/{referral}").text)
        assert link, login
        answer = browser.get(link[1])
        assert answer.status_code == 200
        assert "2型糖尿病" in words(answer.text)
    assert all.site.browser("stranger").get(f"/referrals/{referral}/message").status_code == 404
    all.site.connection.commit()
    [(actor, allowed), *_] = all.rows("SELECT actor, allowed FROM audit WHERE object_type = 'message' "
                                      "ORDER BY id DESC")  # fmt: skip
    assert (actor, allowed) == ("stranger", False)


def test_a_local_number_is_told_with_whose_it_is(all: Referrals) -> None:
    patient = PATIENT | {"identifier": [*PATIENT["identifier"], {"system": "urn:clinic:mrn", "value": "Q-77"}]}
    referral = send(all, patient=patient)
    for login in ("doctor", "specialist"):
        said = words(all.read(login, referral))
        assert "患者编号 Q-77 Name of clinic" in said
        assert "身份证号 110105195603040024" in said


@pytest.mark.parametrize(("login", "part"), [("doctor", "/referrals"), ("specialist", "/worklist")])
def test_what_one_receives_belongs_to_the_worklist(all: Referrals, login: str, part: str) -> None:
    referral = all.send()
    for path in (f"/referrals/{referral}", f"/referrals/{referral}/message", f"/referrals/{referral}/steps/accept"):
        page = all.site.browser(login).get(path).text
        assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == [part], path


@pytest.mark.parametrize(("language", "listed"), [("zh", "已接诊、已到诊"), ("en", "Accepted, Arrived")])
def test_steps_that_are_noted_as_well_are_listed_as_the_language_does(
    all: Referrals, language: str, listed: str
) -> None:
    referral = all.send()
    all.read("specialist", referral)
    page = all.site.browser("specialist", language=language).get(f"/referrals/{referral}/steps/start").text
    assert listed in words(page)
