"""The brief in situations of county hospitals: what a receiver must see first, and what does not belong there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.summarizer import groups, situations, weights
from hub.summarizer.rows import rows
from hub.summarizer.terminology import tables
from tests.unit.summarizer.composing import briefed, items_of, read
from tests.unit.summarizer.statements import TERTIARY, measure, say, take

_TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("brief_situations.yaml").read_text("utf-8"))
SITUATIONS: dict[str, dict[str, Any]] = _TABLE["situations"]
UNWANTED = frozenset({"甲癣", "近视", "脱发", "流感疫苗", "急性阑尾炎", "慢性咽炎", "维生素C"})


def told_in(one: dict[str, Any]) -> list[str]:
    return briefed(one["question"], *map(read, [*_TABLE["besides"], *one["sent"]]))


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_receiver_sees_first_what_matters_in(name: str) -> None:
    one = SITUATIONS[name]
    told = told_in(one)
    assert set(told[:3]) & set(one["first"]), told
    assert set(one["told"]) <= set(told), (sorted(set(one["told"]) - set(told)), told)
    assert len(told) <= 12
    for before, after in one.get("ahead", ()):
        assert after not in told or told.index(before) < told.index(after), told


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_bears_on_nothing_and_relatives_stay_out_of(name: str) -> None:
    one = SITUATIONS[name]
    told = told_in(one)
    own = {read(line).name for line in one["sent"]}
    relatives = {draft.name for draft in map(read, _TABLE["besides"]) if draft.kind == "family"}
    assert not UNWANTED & set(told), told
    assert not (relatives - own) & set(told), told


def test_all_present_allergies_are_told_and_a_denial_beside_the_one_it_contradicts() -> None:
    drafts = [say("allergy", name) for name in ("青霉素", "磺胺", "花粉", "海鲜")]
    denial = say("allergy", "药物过敏", assertion="absent", status="unknown", by=TERTIARY)
    many = [say("problem", f"骨折{n}号") for n in range(15)]
    told = briefed("骨折术后复查", *drafts, denial, *many)
    assert {"青霉素", "磺胺", "花粉", "海鲜"} <= set(told)


def test_both_doses_of_an_anticoagulant_stand_beside_each_other() -> None:
    told = briefed(
        "房颤，抗凝是否继续？",
        say("problem", "心房颤动"),
        take("华法林钠片", "3", "mg", "qd"),
        take("华法林片", "1.5", "mg", "qd", by=TERTIARY),
        measure("血钾", "4.1", "mmol/L", "2025-05-01"),
    )
    assert abs(told.index("华法林钠片") - told.index("华法林片")) == 1


def test_a_stopped_medicine_yields_to_the_current_one() -> None:
    told = briefed("冠心病，抗血小板怎么用？", say("problem", "冠心病"), take("替格瑞洛片", "90", "mg", "bid"),
                   take("双嘧达莫片", "25", "mg", "tid", status="stopped", end="2019"))  # fmt: skip
    assert told.index("替格瑞洛片") < (told.index("双嘧达莫片") if "双嘧达莫片" in told else len(told))


def test_what_changed_lately_is_told_without_a_question_too() -> None:
    told = briefed(None, say("problem", "高血压", start="2010"), say("problem", "肺癌", start="2025-05-10"),
                   measure("血红蛋白", "70", "g/L", "2025-05-20"))  # fmt: skip
    assert set(told) == {"高血压", "肺癌", "血红蛋白"}
    assert told.index("血红蛋白") < 3


def test_nothing_said_is_an_empty_brief() -> None:
    assert briefed("房颤抗凝") == []


def test_a_relative_in_the_question_names_nothing_of_the_patient() -> None:
    asked = situations.asked("父亲患肺癌去世，本人体检要求咨询。", [])
    assert ("term|problem:肺癌", "problem") not in asked.keys


@pytest.mark.parametrize(
    ("number", "unit", "name", "expected"),
    [("168", "umol/L", "血肌酐", True), ("1.9", "mg/dL", "血肌酐", True), ("80", "umol/L", "血肌酐", False),
     ("5.9", "mmol/L", "钾", True), ("9.5", "g/dL", "血红蛋白", True), ("132", "g/L", "血红蛋白", False)],
)  # fmt: skip
def test_a_result_without_range_is_abnormal_beyond_the_limits_of_its_unit(
    number: str, unit: str, name: str, expected: bool
) -> None:
    [item] = items_of(measure(name, number, unit, "2025-05-01"))
    assert weights.abnormal(item) is expected


def test_tables_speak_of_groups_and_situations_that_exist() -> None:
    named = {g for _, cell, *_ in rows("safety.tsv", 4) for g in groups.split(cell)}
    named |= {g for *_, cell in rows("bearing.tsv", 3) for g in groups.split(cell)}
    named |= {g for *_, cell in rows("situations.tsv", 3) for g in groups.split(cell)}
    assert named <= groups.known(), named - groups.known()
    about = {s for *_, cell in rows("safety.tsv", 4) for s in groups.split(cell)}
    about |= {s for _, cell, _ in rows("bearing.tsv", 3) for s in groups.split(cell)}
    assert about <= situations.known(), about - situations.known()


def test_every_term_that_a_group_names_is_in_the_tables() -> None:
    known = {(tables.family(t.kind), t.name) for t in tables.terms()}
    named = {(kind, name) for _, kind, names, *_ in rows("groups.tsv", 5) for name in groups.split(names)}
    assert named <= known, named - known


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("心口痛半年，装过架子，要不要再做造影", {"contrast", "coronary"}),
        ("老人家糖病好多年，眼睛看不清，请查眼底", {"diabetes", "eye"}),
        ("要换膝盖，平时吃着保心的药", {"joint", "operation"}),
        ("慢性腎臟病第四期，準備洗腎，請評估造瘻", {"kidney", "operation"}),
        ("AF on rivaroxaban scheduled for colonoscopy with polypectomy", {"anticoagulation", "operation"}),
        ("甲减孕妇，药量怎么调", {"thyroid", "pregnancy"}),
        ("尿不出来插了管子，想开刀", {"prostate", "operation"}),
        ("起搏器术后5年，需要做核磁", {"mri", "arrhythmia"}),
        ("手脚无力，查出低钾", {"electrolytes"}),
        ("小孩发育慢，心脏有杂音", {"child", "heart"}),
    ],
)
def test_a_question_in_anybodys_words_is_about(question: str, about: set[str]) -> None:
    assert about <= situations.asked(question, []).situations


def test_an_operation_of_the_past_and_insulin_or_aspirin_mean_nothing_else() -> None:
    assert "operation" not in situations.asked("胆囊切除术后5年，血糖高，胰岛素怎么调", []).situations
    assert "gallbladder" not in situations.asked("血糖高，胰岛素怎么调", []).situations
    assert "anaemia" not in situations.asked("抗血小板疗程多长", []).situations
    assert "epilepsy" not in situations.asked("痛风反复发作", []).situations
