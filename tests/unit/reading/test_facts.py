"""Sentences and what they state, as rows of `facts.tsv`: what is stated besides fails as well."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.domain.fragments import Citation, Fragment
from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.reader import read

DATA = "/content/0/attachment/data"
WRITTEN = datetime(2025, 6, 1, 8, tzinfo=UTC)


def note(text: str) -> Evidence:
    resource = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "eA=="}}]}
    return Evidence(
        Fragment(
            "f", "note.txt", "", "卫生室", WRITTEN, None, "note.txt", "text", resource, (Citation(DATA, "", text),)
        )
    )


def stated(text: str) -> list[Draft]:
    return [draft for _, drafts in read(note(text), narrative=False) for draft in drafts]


def rows() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("facts.tsv").read_text("utf-8").splitlines()
    return [(text, wanted) for line in lines if line and line[0] != "#" for text, wanted in [line.split("\t")]]


@pytest.mark.parametrize(("text", "wanted"), rows())
def test_a_sentence_states_what_its_row_says_and_nothing_else(text: str, wanted: str) -> None:
    said = {f"{d.kind} {d.name} {d.assertion} {d.status} {d.start or '-'}" for d in stated(text)}
    assert said == {part.strip() for part in wanted.split(";") if part.strip() != "-"}


@pytest.mark.parametrize("text", [text for text, _ in rows()])
def test_what_is_stated_cites_characters_of_the_text(text: str) -> None:
    for draft in stated(text):
        assert draft.sources
        for source in draft.sources:
            place = source["location"]
            assert text[place["start"] : place["end"]] == source["text"]
        told = "".join(s["text"] for s in draft.sources)
        assert draft.name in told or draft.name in ("收缩压", "舒张压", "住院", "过敏史")


def test_of_a_long_sentence_the_clauses_are_cited_that_say_it() -> None:
    text = "患者一般情况可，" * 12 + "2019年诊断为痛风，长期饮食控制，" + "饮食睡眠尚可，" * 12 + "大小便正常。"
    [draft] = [d for d in stated(text) if d.kind == "problem"]
    assert draft.sources[0]["text"] == "2019年诊断为痛风，"


def test_of_a_long_sentence_the_numbers_are_cited_that_are_told_apart_from_the_name() -> None:
    filled = "患者一般情况可，" * 12
    text = f"{filled}量血压两次，都是156/60，一直用氨氯地平片，每天1次，10mg，没胸闷的毛病，{filled}大小便正常。"
    drafts = {d.name: d.sources[0]["text"] for d in stated(text)}
    assert drafts["收缩压"] == drafts["舒张压"] == "量血压两次，都是156/60，"
    assert drafts["氨氯地平"] == "一直用氨氯地平片，每天1次，10mg，"


def test_of_a_long_sentence_what_denies_and_why_it_was_stopped_is_cited() -> None:
    filled = "饮食睡眠尚可，" * 10
    text = f"{filled}否认高血压，糖尿病，冠心病，{filled}因咳嗽明显影响睡眠，县医院上月给停了卡托普利，{filled}。"
    drafts = {d.name: d.sources[0]["text"] for d in stated(text)}
    assert drafts["冠心病"].startswith("否认")
    assert drafts["卡托普利"].startswith("因咳嗽")


def test_of_a_long_sentence_a_value_apart_from_its_name_is_cited_with_its_sign() -> None:
    text = "患者一般情况可，" * 12 + "肌钙蛋白I：< 0.04 ng/mL，" + "大小便正常，" * 5
    [draft] = [d for d in stated(text) if d.kind == "result"]
    assert "< 0.04 ng/mL" in draft.sources[0]["text"]


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("糖尿病15年，偶尔吸烟。", {"吸烟": ("偶尔吸烟",)}),
        ("高血压10年，吸烟20年，每日1包，饮酒30年，每日半斤。",
         {"吸烟": ("20年", "每日1包"), "饮酒": ("30年", "每日半斤")}),
        ("吸烟20年每日1包饮酒30年每日半斤。", {"吸烟": ("20年", "每日1包"), "饮酒": ("30年", "每日半斤")}),
        ("吸烟饮酒20年。", {"吸烟": ("20年",), "饮酒": ("20年",)}),
    ],
)  # fmt: skip
def test_a_habit_has_its_own_details(text: str, details: dict[str, tuple[str, ...]]) -> None:
    assert {d.name: d.details for d in stated(text) if d.kind == "social"} == details


@pytest.mark.parametrize("text", [f"血常规 Hb{' ' * 2000}待报告", f"吸烟{' ' * 2000}若干", f"Hb{'  (' * 700}x"])
def test_padding_costs_no_more_than_its_length(text: str) -> None:
    start = time.process_time()
    stated(text)
    assert time.process_time() - start < 2


def test_the_family_section_makes_an_illness_a_relatives_and_is_cited() -> None:
    drafts = stated("家族史：高血压。既往史：糖尿病5年。")
    assert [(d.kind, d.name) for d in drafts] == [("family", "高血压"), ("problem", "糖尿病")]
    assert [s["text"] for s in drafts[0].sources] == ["高血压。", "家族史："]


@pytest.mark.parametrize(("text", "wanted"), [
    ("医生：有没有发热？\n患者：没有。", ["symptom 发热 absent"]),
    ("医生：高血压有吗？\n患者：有的，5年了", ["problem 高血压 present"]),
    ("头晕两天。医：高血压有没有？患：没有的。医生：得过糖尿病没有？患者：得过，6年了。", ["symptom 头晕 present",
     "problem 高血压 absent", "problem 糖尿病 present"]),
    ("肺结核？没有。糖尿病10年。", ["problem 肺结核 absent", "problem 糖尿病 present"]),
    ("? COPD.", ["problem COPD uncertain"]),
    ("Impression: ?PE, ?pneumonia.", ["problem PE uncertain", "problem pneumonia uncertain"]),
    ("大夫问：得过肝炎没？答：没得过。大夫问：出冷汗不？答：没出。", ["problem 肝炎 absent", "symptom 出冷汗 absent"]),
    ("医：青霉素过敏吗？患：过敏，打了起疹子。", ["allergy 青霉素 present"]),
    ("医：青霉素过敏不？患：不过敏。", ["allergy 青霉素 absent"]),
    ("医：冠心病有没有？患：不知道。", ["problem 冠心病 uncertain"]),
    ("问他头晕不，他说不晕。", ["symptom 头晕 absent"]),
    ("问：对什么药过敏？答：链霉素，会耳鸣。", ["allergy 链霉素 present"]),
    ("医生：有没有过敏的药？患者：有，左氧氟沙星，皮疹。", ["allergy 左氧氟沙星 present"]),
    ("医生：有没有过敏的药？患者：没有，阿司匹林一直在吃。", ["allergy 过敏史 absent", "medication 阿司匹林 present"]),
    ("大夫：对花粉过敏不？病人：不。", ["allergy 花粉 absent"]),
    ("问：对药过敏吗？答：不过敏。", ["allergy 对药过敏 absent"]),
    ("药物过敏？没有。", ["allergy 药物过敏 absent"]),
    ("医：药物过敏有吗？患：没有。", ["allergy 药物过敏 absent"]),
    ("問：家族史？答：高血壓。", ["family 高血壓 present"]),
    ("Doctor: Any chest pain?\nPatient: No.", ["symptom chest pain absent"]),
])  # fmt: skip
def test_in_a_dialogue_the_answer_decides(text: str, wanted: list[str]) -> None:
    assert [f"{d.kind} {d.name} {d.assertion}" for d in stated(text)] == wanted


@pytest.mark.parametrize(("text", "dose", "frequency", "status"), [
    ("医：氯沙坦还在吃吗？患：在吃，100mg，一天1次。", 100, "qd", "active"),
    ("问：硫酸亚铁怎么吃的？答：一日三次，一次0.6g。", 0.6, "tid", "active"),
    ("医：西格列汀还吃吗？患：今年4月就停了。", None, None, "stopped"),
    ("医：阿司匹林还吃着没？患：没吃了，胃不舒服，3月份停的。", None, None, "stopped"),
    ("医：华法林还在吃不？患：早没吃了。", None, None, "stopped"),
    ("医：降压药吃的什么？患：说不清。医：氨氯地平吃着吗？患：吃着的，5毫克，每天一次。", 5, "qd", "active"),
    ("Doctor: Are you still taking metformin? Patient: Yes, 500 mg twice daily.", 500, "bid", "active"),
])  # fmt: skip
def test_how_a_medicine_is_taken_is_read_from_the_answer(
    text: str, dose: float | None, frequency: str | None, status: str
) -> None:
    (draft,) = [d for d in stated(text) if d.section == "medications"]
    assert draft.medication
    assert (draft.status, draft.medication["frequency"]) == (status, frequency)
    assert (float(draft.medication["dose"]) if draft.medication["dose"] else None) == dose
    assert "".join(s["text"] for s in draft.sources) in text


def test_what_is_answered_cites_the_question_and_the_answer() -> None:
    (draft,) = stated("医：有胸痛吗？患：没。")
    assert [s["text"] for s in draft.sources] == ["有胸痛吗？患：没。"]


@pytest.mark.parametrize("make", [stated])
def test_any_text_is_read_without_an_error(make: Callable[[str], list[Draft]]) -> None:
    for text in ("", "。", "，，，", "（", "2025年13月45日", "血压/", "过敏", "\x00\x01", "𠮷野家过敏", "🙂" * 50):
        assert isinstance(make(text), list)
