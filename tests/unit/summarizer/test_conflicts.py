"""What contradicts stays apart and is told; what does not is no conflict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.fragments import Fragment
from tests.unit.summarizer.clinical import allergy, condition, kinds, measured, on, prescribed

Record = Callable[..., dict[str, Any]]
Make = Callable[..., Fragment]


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


def test_a_disputed_result_is_told_with_the_number_that_it_contradicts(record: Record, make: Make) -> None:
    made = record(
        make(measured("肌酐", "132", "2025-05-01")),
        make(measured("肌酐", "98", "2025-05-01"), organization="三甲", message_id="M2"),
        make(measured("肌酐", "140", "2025-05-03"), message_id="M3"),
    )
    [conflict] = made["conflicts"]
    assert conflict["kind"] == "result"
    assert "132" in conflict["text"] and "98" in conflict["text"] and "140" not in conflict["text"]


@pytest.mark.parametrize(
    ("said", "denied", "kinds_found"),
    [
        (allergy("青霉素"), "无食物过敏", []),
        (allergy("海鲜"), "无食物过敏", ["allergy"]),
        (allergy("花粉"), "否认药物过敏史", []),
        (allergy("花粉"), "否认过敏史", ["allergy"]),
        (allergy("头孢曲松", category=["medication"]), "否认食物、药物过敏史", ["allergy"]),
        (allergy("艾蒿", category=["environment"]), "NKDA", []),
    ],
)
def test_a_denial_of_one_kind_of_allergy_says_nothing_of_another(
    record: Record, make: Make, said: dict[str, Any], denied: str, kinds_found: list[str]
) -> None:
    assert kinds(record(make(said), make(allergy(denied), organization="三甲", message_id="M2"))) == kinds_found


def test_both_sides_in_one_message_are_no_contradiction(record: Record, make: Make) -> None:
    left, right = condition("左肾囊肿"), condition("右肾囊肿")
    assert kinds(record(make(left), make(right))) == []
    assert kinds(record(make(left), make(right, message_id="M2", organization="三甲"))) == ["laterality"]
