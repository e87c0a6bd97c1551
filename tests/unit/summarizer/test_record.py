from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.domain.fragments import Citation, Fragment
from hub.domain.patients import NATIONAL, Identifier
from hub.summarizer.people import header

Record = Callable[..., dict[str, Any]]
Make = Callable[..., Fragment]
LOINC = "http://loinc.org"


def on(day: int, month: int = 5) -> datetime:
    return datetime(2025, month, day, tzinfo=UTC)


def condition(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": {"text": name}, **more}


def measured(name: str, number: str, when: str, unit: str = "umol/L", loinc: str = "", **more: Any) -> dict[str, Any]:
    code: dict[str, Any] = {"text": name}
    if loinc:
        code["coding"] = [{"system": LOINC, "code": loinc, "display": name}]
    return {"resourceType": "Observation", "status": "final", "code": code, "effectiveDateTime": when,
            "valueQuantity": {"value": Decimal(number), "unit": unit}, **more}  # fmt: skip


def prescribed(name: str, dose: int, unit: str = "mg", often: str = "QD", **more: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": "urn:x", "code": "1", "display": name}]},
            "dosageInstruction": [{"timing": {"code": {"text": often}}, "route": {"text": "口服"},
                                   "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit}}]}],
            **more}  # fmt: skip


def patient(value: str, name: str = "周建国", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"text": name}], "gender": "male", "birthDate": "1959-10-30",
            "identifier": [{"system": "urn:mrn", "value": value}], **more}  # fmt: skip


def allergy(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "code": {"text": name}, **more}


def kinds(record: dict[str, Any]) -> list[str]:
    return [c["kind"] for c in record["conflicts"]]


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


def test_a_copied_result_is_one_point_and_another_number_of_the_same_minute_a_conflict(
    record: Record, make: Make
) -> None:
    when = "2023-11-24T07:30:00+08:00"
    made = record(
        make(measured("NT-proBNP", "840", when, "pg/mL")),
        make(measured("NT-proBNP", "480", when, "pg/mL"), organization="检验所"),
        make(measured("NT-proBNP", "480", when, "pg/mL"), organization="三甲"),
    )
    first, second = made["sections"]["results"]
    assert len(first["series"]) == len(second["series"]) == 1
    assert len({s["organization"] for s in second["sources"]}) == 2
    assert kinds(made) == ["result"]


def test_two_doses_of_two_hospitals_are_two_items_and_a_conflict(record: Record, make: Make) -> None:
    made = record(
        make(prescribed("缬沙坦胶囊", 80)),
        make(prescribed("代文", 160), organization="三甲", received_at=on(9)),
    )
    assert [i["medication"]["dose"] for i in made["sections"]["medications"]] == [80, 160]
    assert kinds(made) == ["dose"]
    assert "县医院" in made["conflicts"][0]["text"]
    assert "三甲" in made["conflicts"][0]["text"]


def test_a_later_dose_of_the_same_hospital_is_a_change_and_equal_masses_are_one_dose(
    record: Record, make: Make
) -> None:
    made = record(
        make(prescribed("盐酸二甲双胍片", 500, often="每日3次"), received_at=on(1)),
        make(prescribed("格华止", 1, "g", "TID"), received_at=on(9)),
        make(prescribed("二甲双胍", 1000, often="tid"), received_at=on(9), organization="三甲"),
    )
    assert len(made["sections"]["medications"]) == 2
    assert made["conflicts"] == []


def test_allergy_and_its_denial_stay_two_items_joined_by_a_conflict(record: Record, make: Make) -> None:
    made = record(make(allergy("青霉素类")), make(allergy("否认药物过敏史"), organization="三甲"))
    assert [(i["text"], i["assertion"]) for i in made["sections"]["allergies"]] == [
        ("青霉素类 过敏", "present"),
        ("否认药物过敏史", "absent"),
    ]
    assert kinds(made) == ["allergy"]
    assert made["brief"][0] == made["sections"]["allergies"][0]["id"]


def test_refuted_conditions_are_absent_and_contradict_those_present(record: Record, make: Make) -> None:
    refuted = condition("高血压", verificationStatus={"coding": [{"code": "refuted"}]})
    made = record(make(refuted), make(condition("高血压病"), organization="三甲"))
    assert sorted(i["assertion"] for i in made["sections"]["problems"]) == ["absent", "present"]
    assert kinds(made) == ["assertion"]


def test_a_correction_supersedes_and_the_first_result_stays_visible(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "132", "2025-05-01", **order)),
        make(
            measured("肌酐", "123", "2025-05-01", **order) | {"status": "corrected"}, message_id="M2", received_at=on(2)
        ),
    )
    [item] = made["sections"]["results"]
    assert item["value"]["number"] == 123
    assert len(item["series"]) == 1
    [gone] = made["unplaced"]
    assert gone["reason"].startswith("superseded by message M2")
    assert gone["sources"]


@pytest.mark.parametrize("status", ["corrected", "entered-in-error"])
def test_a_correction_that_overtakes_its_original_holds(record: Record, make: Make, status: str) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "123", "2025-05-01", **order) | {"status": status}, message_id="M2", received_at=on(2)),
        make(measured("肌酐", "132", "2025-05-01", **order), received_at=on(9)),
    )
    assert [i["value"]["number"] for i in made["sections"]["results"]] == [123] * (status == "corrected")
    assert any(u["reason"].endswith("by message M2 of 2025-05-02T00:00:00+00:00") for u in made["unplaced"])


def test_what_is_recorded_after_a_withdrawal_holds(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "123", "2025-05-01", **order) | {"status": "entered-in-error"}, recorded_at=on(2)),
        make(measured("肌酐", "132", "2025-05-01", **order), message_id="M2", recorded_at=on(3)),
    )
    assert [i["value"]["number"] for i in made["sections"]["results"]] == [132]


def test_a_late_preliminary_result_gives_way(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "123", "2025-05-01", **order), received_at=on(2)),
        make(measured("肌酐", "1", "2025-05-01", **order) | {"status": "preliminary"}, message_id="M2",
             received_at=on(3)),
    )  # fmt: skip
    assert [i["value"]["number"] for i in made["sections"]["results"]] == [123]


def test_a_withdrawn_result_is_no_item(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "132", "2025-05-01", **order)),
        make(measured("肌酐", "132", "2025-05-01", **order) | {"status": "entered-in-error"}, message_id="M2"),
    )
    assert made["sections"]["results"] == []
    assert len(made["unplaced"]) == 2


def test_another_patient_is_never_merged(record: Record, make: Make) -> None:
    mine, other = make(patient("1")), make(patient("2"), message_id="M2")
    made = record(
        mine,
        make(condition("痛风"), patient=mine.id),
        make(condition("高血压"), patient=mine.id),
        other,
        make(condition("肺癌"), patient=other.id, message_id="M2"),
    )
    assert [i["text"] for i in made["sections"]["problems"]] == ["痛风", "高血压"]
    assert [(u["text"], u["reason"]) for u in made["unplaced"]] == [("肺癌", "another patient")]


def test_identifiers_accumulate_and_one_contradiction_is_shown(record: Record, make: Make) -> None:
    first = make(patient("1", identifier=[{"system": "urn:mrn", "value": "1"}, {"system": "urn:b", "value": "9"}]))
    second = make(patient("", gender="female", identifier=[{"system": "urn:b", "value": "9"}]), message_id="M2")
    made = record(
        first,
        second,
        make(condition("痛风"), patient=first.id),
        make(condition("高血压"), patient=second.id, message_id="M2"),
    )
    assert len(made["sections"]["problems"]) == 2
    assert kinds(made) == ["identity"]
    assert "性别" in made["conflicts"][0]["text"]


def test_the_record_is_of_the_named_patient_where_no_referral_says_so(record: Record, make: Make) -> None:
    one, two = make(patient("1")), make(patient("2"), message_id="M2")
    fragments = [one, make(condition("痛风"), patient=one.id), make(condition("高血压"), patient=one.id)]
    fragments += [two, make(condition("肺癌"), patient=two.id, message_id="M2")]
    made = record(*fragments, patient=Identifier("urn:mrn", "2"))
    assert [i["text"] for i in made["sections"]["problems"]] == ["肺癌"]


def test_a_wrong_check_digit_is_a_warning(record: Record, make: Make) -> None:
    given = patient("1", identifier=[{"system": NATIONAL, "value": "11010519491231002A"}])
    assert any("校验位" in m["text"] for m in record(make(given), make(condition("痛风")))["missing"])


def note(make: Make, text: str) -> Fragment:
    data = "/content/0/attachment/data"
    resource = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "eA=="}}]}
    return make(resource, kind="text", citations=(Citation(data, "", text),), organization="卫生室")


def test_a_note_headed_by_another_name_is_another_patient(record: Record, make: Make) -> None:
    mine = make(patient("1"))
    made = record(
        mine,
        make(condition("痛风"), patient=mine.id),
        note(make, "周建国（男 65岁） 2025年5月14日\n头昏两天。"),
        note(make, "姓名：李四，男 40岁\n咳嗽三天。"),
    )
    assert any(p["text"] == "头昏两天。" for p in made["passages"])
    assert not any("咳嗽" in p["text"] for p in made["passages"])
    assert [u["reason"] for u in made["unplaced"]] == ["another patient"]


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
    assert any(m["section"] == "results" for m in made["missing"])


def test_an_order_is_a_plan_and_a_relatives_illness_is_history(record: Record, make: Make) -> None:
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "肺功能检查"}}
    relative = {"resourceType": "FamilyMemberHistory", "relationship": {"text": "母亲"},
                "condition": [{"code": {"text": "脑出血"}}]}  # fmt: skip
    made = record(make(order), make(relative))
    assert [(i["text"], i["status"]) for i in made["sections"]["plans"]] == [("肺功能检查 计划", "planned")]
    assert [i["text"] for i in made["sections"]["history"]] == ["家族史：母亲 脑出血"]
    assert made["sections"]["problems"] == []


def test_contradicting_sides_and_blood_groups_are_conflicts(record: Record, make: Make) -> None:
    def procedure(name: str) -> dict[str, Any]:
        return {"resourceType": "Procedure", "status": "completed", "code": {"text": name}}

    def blood(group: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "血型"},
            "valueCodeableConcept": {"text": group},
        }

    made = record(
        make(procedure("左膝关节置换术")),
        make(procedure("右膝关节置换术"), organization="三甲"),
        make(blood("A型")),
        make(blood("AB型"), organization="三甲"),
    )
    assert kinds(made) == ["laterality", "blood-group"]


def test_what_cannot_be_stated_is_unplaced_with_a_reason(record: Record, make: Make) -> None:
    report = {"resourceType": "DiagnosticReport", "code": {"text": "生化"}}
    scan = {"resourceType": "DocumentReference",
            "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERg=="}}]}  # fmt: skip
    made = record(make(report), make(scan))
    assert [u["reason"] for u in made["unplaced"]] == [
        "a report without text of its own: its results are listed themselves",
        "a document without readable text",
    ]
    assert all(u["sources"] for u in made["unplaced"])


def test_summarizing_again_is_equal(record: Record, make: Make) -> None:
    fragments = [make(condition("痛风")), make(prescribed("缬沙坦", 80)), note(make, "血压高。")]
    assert record(*fragments) == record(*fragments)


def test_the_as_of_date_is_kept(record: Record, make: Make) -> None:
    assert record(make(condition("痛风")), as_of=date(2025, 1, 2))["as_of"] == "2025-01-02"


@pytest.mark.parametrize(
    ("name", "assertion"),
    [("否认糖尿病", "absent"), ("已排除肺栓塞", "absent"), ("肺癌？", "uncertain"), ("冠心病待排", "uncertain"),
     ("无症状性心肌缺血", "present"), ("糖尿病", "present")],
)  # fmt: skip
def test_a_diagnosis_that_denies_or_doubts_itself_is_not_asserted(
    record: Record, make: Make, name: str, assertion: str
) -> None:
    [item] = record(make(condition(name)))["sections"]["problems"]
    assert item["assertion"] == assertion


@pytest.mark.parametrize("name", ["无", "NKDA", "否认药物及食物过敏史", "No known drug allergies", "药物过敏史：无"])
def test_words_for_no_allergy_are_a_denial(record: Record, make: Make, name: str) -> None:
    [item] = record(make(allergy(name)))["sections"]["allergies"]
    assert item["assertion"] == "absent"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("周建国（男 65岁） 2025年5月14日\n头昏。", ("周建国", "male", 65)),
        ("马鞍村卫生室　2025.2.1\n邓光荣　男 56岁\n", ("邓光荣", "male", 56)),
        ("随访\n姓名：李四，女 40岁", ("李四", "female", 40)),
        ("姓名：王芳", ("王芳", None, None)),
        ("头昏两天，血压高。", None),
    ],
)
def test_the_head_of_a_note_names_its_patient(text: str, found: object) -> None:
    assert header(text) == found


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


def test_names_with_more_or_fewer_parts_do_not_contradict(record: Record, make: Make) -> None:
    first = make(patient("1", "Eleanor Mae Hargreaves"))
    second = make(patient("1", "HARGREAVES ELEANOR", birthDate="1960-01-01"), message_id="M2", organization="三甲")
    third = make(patient("1", "Hargreaves", birthDate="1960-01-01"), message_id="M3")
    made = record(first, second, third, make(condition("痛风"), patient=second.id, message_id="M2"))
    assert len(made["sections"]["problems"]) == 1
    assert [c["text"] for c in made["conflicts"]] == ["出生日期不一致：1959-10-30；1960-01-01（三甲，2025-05-01）"]


def test_a_disputed_result_is_told_with_the_number_that_it_contradicts(record: Record, make: Make) -> None:
    made = record(
        make(measured("肌酐", "132", "2025-05-01")),
        make(measured("肌酐", "98", "2025-05-01"), organization="三甲", message_id="M2"),
        make(measured("肌酐", "140", "2025-05-03"), message_id="M3"),
    )
    [conflict] = made["conflicts"]
    assert conflict["kind"] == "result"
    assert "132" in conflict["text"] and "98" in conflict["text"] and "140" not in conflict["text"]


def test_an_amended_referral_is_one_referral(record: Record, make: Make) -> None:
    asked = {"resourceType": "ServiceRequest", "status": "active", "code": {"text": "心血管内科"},
             "identifier": [{"system": "urn:rf", "value": "7"}]}  # fmt: skip
    first = make(asked | {"reasonCode": [{"text": "胸闷"}]})
    second = make(asked | {"reasonCode": [{"text": "胸闷加重"}]}, message_id="M2", received_at=on(2))
    made = record(first, second, request_id=second.id)
    assert made["question"]["text"] == "胸闷加重"
    assert made["sections"]["plans"] == []
    assert [u["reason"] for u in made["unplaced"]] == ["amended by message M2 of 2025-05-02T00:00:00+00:00"]
