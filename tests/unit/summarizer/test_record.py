from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from hub.domain.fragments import Citation, Fragment
from tests.unit.summarizer.clinical import condition, measured, note, patient, prescribed

Record = Callable[..., dict[str, Any]]
Make = Callable[..., Fragment]


def test_the_same_fact_from_two_hospitals_is_one_item_with_both_sources(record: Record, make: Make) -> None:
    made = record(
        make(condition("高血压病", onsetDateTime="2018-08-14")),
        make(condition("原发性高血压", onsetDateTime="2018"), organization="三甲", message_id="M2"),
    )
    [item] = made["sections"]["problems"]
    assert item["start"] == "2018-08-14"
    assert item["precision"] == "day"
    assert {s["organization"] for s in item["sources"]} == {"县医院", "三甲"}


def test_a_source_is_exactly_the_characters_at_its_place(record: Record, make: Make) -> None:
    [item] = record(make(condition("痛风"), base="/entry/3/resource"))["sections"]["problems"]
    [source] = item["sources"]
    assert source["location"] == {"kind": "fhir", "path": "/entry/3/resource/code/text", "start": 0, "end": 2}
    assert source["text"] == "痛风"


def test_measurements_of_one_analyte_are_a_series_over_institutions(record: Record, make: Make) -> None:
    made = record(
        make(measured("血肌酐", "1.45", "2023-09-20", "mg/dL"), organization="检验所"),
        make(measured("肌酐", "161", "2024-10-19T07:30:00+08:00", loinc="2160-0")),
        make(measured("SCr", "175", "2025-04-20", "μmol/L"), organization="三甲"),
    )
    [item] = made["sections"]["results"]
    assert [(p["date"][:10], p["number"], p["unit"]) for p in item["series"]] == [
        ("2023-09-20", Decimal("1.45"), "mg/dL"),
        ("2024-10-19", Decimal("161"), "umol/L"),
        ("2025-04-20", Decimal("175"), "μmol/L"),
    ]
    assert item["value"]["number"] == 175
    assert item["sources"][0]["text"] == "175"
    assert [t["date"][:4] for t in made["timeline"]] == ["2023", "2024", "2025"]


def test_a_base64_attachment_is_read_and_located_in_its_text(record: Record, make: Make) -> None:
    data = base64.b64encode("首句。第二句。".encode()).decode()
    document = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }
    made = record(make(document))
    second = next(p for p in made["passages"] if p["text"] == "第二句。")
    assert second["sources"][0]["location"] == {
        "kind": "fhir", "path": "/entry/0/resource/content/0/attachment/data", "start": 3, "end": 7,
    }  # fmt: skip


def test_the_question_comes_from_the_referral_with_its_source(record: Record, make: Make) -> None:
    mine = make(patient("1"))
    request = {"resourceType": "ServiceRequest", "code": {"text": "转诊"}, "reasonCode": [{"text": "能否造影？"}]}
    made = record(mine, make(request, patient=mine.id), make(condition("冠心病"), patient=mine.id))
    assert made["question"]["text"] == "能否造影？"
    assert made["question"]["sources"][0]["text"] == "能否造影？"
    assert "能否造影？" not in [passage["text"] for passage in made["passages"]]
    assert any(m["section"] == "results" for m in made["missing"])


def test_an_order_is_a_plan_and_a_relatives_illness_is_history(record: Record, make: Make) -> None:
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "肺功能检查"}}
    relative = {"resourceType": "FamilyMemberHistory", "relationship": {"text": "母亲"},
                "condition": [{"code": {"text": "脑出血"}}]}  # fmt: skip
    made = record(make(order), make(relative))
    assert [(i["text"], i["status"]) for i in made["sections"]["plans"]] == [("肺功能检查 计划", "planned")]
    assert [i["text"] for i in made["sections"]["history"]] == ["家族史：母亲 脑出血"]
    assert made["sections"]["problems"] == []


def test_what_cannot_be_stated_is_unplaced_with_a_reason(record: Record, make: Make) -> None:
    report = {"resourceType": "DiagnosticReport", "code": {"text": "生化"}}
    scan = {"resourceType": "DocumentReference",
            "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERg=="}}]}  # fmt: skip
    letter = {"resourceType": "Communication", "status": "completed", "payload": [{"contentAttachment": {
        "contentType": "application/pdf", "data": "JVBERg=="}}]}  # fmt: skip
    made = record(make(report), make(scan), make(letter))
    assert [u["reason"] for u in made["unplaced"]] == [
        "a report without text of its own: its results are listed themselves",
        "a document without readable text",
        "attached files without readable text",
    ]
    assert all(u["sources"] for u in made["unplaced"])


def test_a_file_without_readable_text_is_told_beside_what_its_document_says(record: Record, make: Make) -> None:
    said = {"contentType": "text/plain", "data": base64.b64encode("血压高。".encode()).decode()}
    scans = [{"contentType": "application/pdf", "title": "化验单.pdf", "data": "JVBERg=="},
             {"contentType": "image/png", "data": "iVBORw=="}]  # fmt: skip
    documents = [{"resourceType": "DocumentReference", "content": [{"attachment": one} for one in files]}
                 for files in ([said, *scans], [said])]  # fmt: skip
    (left,) = record(*map(make, documents))["unplaced"]
    assert (left["text"], left["reason"]) == ("化验单.pdf；image/png", "attached files without readable text")
    places = ["/entry/0/resource/content/1/attachment/title", "/entry/0/resource/content/2/attachment/contentType"]
    assert [source["location"]["path"] for source in left["sources"]] == places


def test_summarizing_again_is_equal(record: Record, make: Make) -> None:
    fragments = [make(condition("痛风")), make(prescribed("缬沙坦", 80)), note(make, "血压高。")]
    assert record(*fragments) == record(*fragments)


def test_the_as_of_date_is_kept(record: Record, make: Make) -> None:
    assert record(make(condition("痛风")), as_of=date(2025, 1, 2))["as_of"] == "2025-01-02"


def test_the_period_of_an_onset_is_no_end_of_the_problem(record: Record, make: Make) -> None:
    made = record(make(condition("房颤", onsetPeriod={"start": "2024-03", "end": "2024-04"})))
    [item] = made["sections"]["problems"]
    assert (item["start"], item["end"], item["status"]) == ("2024-03", None, "active")


def test_a_visit_without_date_place_or_reason_is_unplaced(record: Record, make: Make) -> None:
    made = record(make({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}))
    assert made["sections"]["encounters"] == []
    assert [u["reason"] for u in made["unplaced"]] == ["a visit without date, place or reason"]


def test_a_repeated_value_is_one_more_value_of_its_observation(record: Record, make: Make) -> None:
    resource = {
        "resourceType": "Observation", "status": "final", "effectiveDateTime": "2025-05-01",
        "code": {"text": "尿液颜色"}, "valueCodeableConcept": {"text": "黄"},
        "component": [{"code": {"text": "repetition"}, "valueCodeableConcept": {"text": "浑浊"}}],
    }  # fmt: skip
    cited = tuple(
        Citation(target, f"OBX[1]-{field}.2", text)
        for target, field, text in (
            ("/code/text", "3[1]", "尿液颜色"),
            ("/valueCodeableConcept/text", "5[1]", "黄"),
            ("/component/0/valueCodeableConcept/text", "5[2]", "浑浊"),
        )
    )
    made = record(make(resource, kind="hl7v2", citations=cited))
    items = made["sections"]["results"]
    assert [i["text"] for i in items] == ["尿液颜色 黄 2025-05-01", "尿液颜色 浑浊 2025-05-01"]
    assert made["conflicts"] == []


def test_each_service_of_an_appointment_is_a_plan(record: Record, make: Make) -> None:
    booked = {"resourceType": "Appointment", "status": "booked", "start": "2025-06-01T08:00:00+08:00",
              "serviceType": [{"text": "心脏彩超"}, {"text": "心电图"}]}  # fmt: skip
    assert {i["text"] for i in record(make(booked))["sections"]["plans"]} == {
        "心脏彩超 2025-06-01 计划",
        "心电图 2025-06-01 计划",
    }


def test_what_a_field_without_a_code_says_is_named_as_the_field(record: Record, make: Make) -> None:
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Injury incident"},
        "component": [{"code": {"text": "police notified"}, "valueString": "Y"}],
    }
    cited = (Citation("/component/0/valueString", "ACC[1]-10[1]", "Y"),)
    [item] = record(make(resource, kind="hl7v2", citations=cited))["sections"]["results"]
    assert item["text"] == "police notified Y"
