"""What is missing: by question, by diagnosis, by patient; answered by items and sentences; told with its age."""

from __future__ import annotations

from typing import Any

import pytest

from hub.summarizer import groups, missing, situations
from hub.summarizer.drafts import Draft
from hub.summarizer.missing import _essentials
from tests.unit.summarizer.composing import TODAY, items_of, said
from tests.unit.summarizer.statements import find, measure, say, take

KNOWN = (say("problem", "高血压"), say("allergy", "青霉素"), take("氨氯地平片", "5", "mg", "qd"))
"""The essentials of any record."""

KIDNEY = "没有肾功能（肌酐或肾小球滤过率）结果"
ALLERGIES = "各机构发来的资料中没有过敏信息"


def lacking(question: str | None, *drafts: Draft, notes: tuple[str, ...] = (), **patient: Any) -> list[str]:
    found = missing.find(items_of(*KNOWN, *drafts), said(*notes), question, patient, TODAY)
    return [one["text"] for one in found]


@pytest.mark.parametrize(
    ("question", "drafts", "text"),
    [
        ("拟行冠脉造影", (), KIDNEY),
        ("要做增强CT，行不行", (), KIDNEY),
        ("房颤吃华法林，请调整", (take("华法林片", "3", "mg", "qd"),), "在用华法林，没有国际标准化比值（INR）结果"),
        ("糖尿病控制不好", (say("problem", "2型糖尿病"),), "没有糖化血红蛋白结果"),
        ("慢性肾病，蛋白尿", (say("problem", "慢性肾脏病3期"),), "没有尿蛋白（尿白蛋白/肌酐比等）结果"),
        ("心衰加重", (say("problem", "心力衰竭"),), "没有心脏超声或射血分数结果"),
        ("心衰加重", (say("problem", "心力衰竭"),), "没有心电图资料"),
        ("慢阻肺气促", (say("problem", "慢性阻塞性肺疾病"),), "没有肺功能检查结果"),
        ("淋巴瘤拟化疗", (say("problem", "淋巴瘤"),), "没有乙肝病毒（HBsAg）筛查结果"),
        ("类风湿关节炎拟用生物制剂", (), "没有结核筛查（T-SPOT、PPD或胸部影像）资料"),
        ("胆囊结石择期手术", (), "没有凝血功能结果"),
        ("Scheduled for hip replacement, please assess", (), "没有凝血功能结果"),
        ("脑梗死溶栓", (), "没有头颅影像（CT或磁共振）资料"),
        ("甲亢用药调整", (say("problem", "甲状腺功能亢进症"),), "没有甲状腺功能结果"),
        ("痛风反复发作", (say("problem", "痛风"),), "没有血尿酸结果"),
        ("癫痫发作增多", (say("problem", "癫痫"), take("丙戊酸钠片")), "没有抗癫痫药血药浓度结果"),
    ],
)
def test_what_a_receiver_expects_of_the_question_is_missed(question: str, drafts: tuple[Draft, ...], text: str) -> None:
    assert text in lacking(question, *drafts)


def test_a_question_about_something_else_misses_none_of_it() -> None:
    assert lacking("皮肤红斑，请看是什么病") == []


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("肾功能正常。", True),
        ("上月肌酐 132umol/L。", True),
        ("Cr：85umol/L", True),
        ("建议完善肾功能检查。", False),
        ("2周后复查肌酐。", False),
        ("肾功能未查，血压140/90。", False),
        ("肌酐待回报", False),
        ("2周后复查肌酐，血压控制在130以下。", False),
        ("查了腎功能，都正常", True),
        ("Creatinine was 1.4 mg/dL in May.", True),
        ("Please recheck creatinine", False),
    ],
)
def test_a_finding_in_a_sentence_answers_but_not_a_wish(note: str, told: bool) -> None:
    assert (KIDNEY not in lacking("拟行增强CT", notes=(note,))) is told


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("否认药物过敏史。", True),
        ("以前用藥沒過敏過", True),
        ("没听说对什么药过敏", True),
        ("NKDA.", True),
        ("头孢皮试（-）", True),
        ("过敏性鼻炎十年。", False),
        ("给予抗过敏治疗", False),
        ("过敏史：不详", False),
        ("发热(-)，皮疹(-)。", False),
        ("allergic rhinitis since childhood", False),
    ],
)
def test_allergies_are_told_by_a_denial_not_by_allergic_illness(note: str, told: bool) -> None:
    found = missing.find(items_of(*KNOWN[:1], *KNOWN[2:]), said(note), None, None, TODAY)
    assert (ALLERGIES not in [one["text"] for one in found]) is told


def test_a_denied_allergy_is_information_on_allergies() -> None:
    denied = say("allergy", "药物过敏", assertion="absent", status="unknown")
    found = missing.find(items_of(*KNOWN[:1], *KNOWN[2:], denied), [], "皮肤红斑", None, TODAY)
    assert found == []


def test_a_planned_test_is_no_result() -> None:
    planned = say("plan", "肌酐", status="planned", section="plans")
    assert KIDNEY in lacking("拟行增强CT", planned)


def test_an_old_answer_is_told_with_its_date_and_a_fresh_one_is_not() -> None:
    diabetes = say("problem", "2型糖尿病")
    old = lacking("糖尿病血糖差", diabetes, measure("糖化血红蛋白", "8.1", "%", "2024-03-02"))
    assert "最近一次糖化血红蛋白为 2024-03-02，距今已超过6个月" in old
    fresh = lacking("糖尿病血糖差", diabetes, measure("糖化血红蛋白", "8.1", "%", "2025-03-02"))
    assert not [text for text in fresh if "糖化血红蛋白" in text]


@pytest.mark.parametrize("when", ["2024", "2024-12", None])
def test_a_date_that_may_be_recent_enough_is_not_called_old(when: str | None) -> None:
    told = lacking("糖尿病血糖差", say("problem", "2型糖尿病"), measure("糖化血红蛋白", "8.1", "%", when))
    assert not [text for text in told if "糖化血红蛋白" in text]


@pytest.mark.parametrize(
    ("patient", "told"),
    [
        ({"gender": "female", "birth_date": "1990-02-01"}, True),
        ({"gender": "female", "birth_date": "1950"}, False),
        ({"gender": "male", "birth_date": "1990-02-01"}, False),
        ({"gender": "female", "birth_date": None}, False),
    ],
)
def test_whether_she_is_pregnant_is_asked_of_women_of_that_age_alone(patient: dict[str, Any], told: bool) -> None:
    assert ("育龄女性，没有是否妊娠的信息" in lacking("甲亢，拟行放射性碘治疗", **patient)) is told


def test_a_negative_pregnancy_test_or_the_last_period_answers() -> None:
    woman: dict[str, Any] = {"gender": "female", "birth_date": "1990-02-01"}
    test = find("尿妊娠试验", "阴性", "2025-05-20")
    for told in (lacking("拟行放射性碘治疗", test, **woman), lacking("拟行放疗", notes=("末次月经5月10日",), **woman)):
        assert "育龄女性，没有是否妊娠的信息" not in told


def test_a_childs_weight_is_expected() -> None:
    child: dict[str, Any] = {"gender": "male", "birth_date": "2020-01-01"}
    assert "没有体重记录（儿童）" in lacking("患儿发热待查", **child)
    assert "没有体重记录（儿童）" not in lacking("患儿发热待查", notes=("体重18公斤",), **child)


def test_dialysis_asks_for_no_urine_protein() -> None:
    told = lacking("尿毒症透析，贫血", say("problem", "慢性肾脏病5期"), say("problem", "维持性血液透析状态"))
    assert not [text for text in told if "尿蛋白" in text]


def test_the_table_speaks_of_groups_and_situations_that_exist() -> None:
    for one in _essentials():
        assert one.asked <= situations.known(), one.text
        assert one.has | one.without | one.sought.groups <= groups.known(), one.text
        assert one.text and (not one.sought.months or one.sought.name), one
