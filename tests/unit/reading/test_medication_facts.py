"""Whether what a sentence says around a medicine makes it taken, planned or stopped, in sentences read as a whole."""

from __future__ import annotations

from datetime import date

import pytest

from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.model import Section
from hub.summarizer.reading.reader import stated

_WRITTEN = date(2025, 11, 11)


def medicines(text: str, section: Section = "") -> list[tuple[str, str]]:
    """Name and status of the medicines that a sentence states."""
    plainly = plain(text)
    found = stated(plainly, section, _WRITTEN, None)
    return [(plainly[slice(*f.name)], str(f.fields["status"])) for f in found if f.fields["kind"] == "medication"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("出院带药：沙丁胺醇 200ug 必要时、孟鲁司特 10mg qn", [("沙丁胺醇", "active"), ("孟鲁司特", "active")]),
        ("硝酸甘油0.5mg必要时服", [("硝酸甘油", "active")]),
        ("用特布他林控制，必要时用，每次5毫克", [("特布他林", "active")]),
        ("特布他林（5mg，按需使用）、氨茶碱（0.1g，每日三次）", [("特布他林", "active"), ("氨茶碱", "active")]),
        ("Salbutamol 200 mcg as required", [("Salbutamol", "active")]),
        ("必要时加用呋塞米20mg", [("呋塞米", "planned")]),
        ("呋塞米必要时可用", [("呋塞米", "planned")]),
    ],
)
def test_a_medicine_taken_when_needed_is_in_use_and_plans_none_that_follow(
    text: str, wanted: list[tuple[str, str]]
) -> None:
    assert medicines(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("嘱咐少吃咸菜，缬沙坦每次80毫克，一天一次", [("缬沙坦", "active")]),
        ("叮嘱按时量血压，2023年1月停了培哚普利", [("培哚普利", "stopped")]),
        ("打算去做胃镜，原来用奥美拉唑，去年停了", [("奥美拉唑", "stopped")]),
        ("需要做心脏彩超，麻烦安排，天天吃比索洛尔5mg", [("比索洛尔", "active")]),
        ("建议低盐饮食，加用螺内酯20mg qd", [("螺内酯", "planned")]),
        ("嘱咐加用缬沙坦80mg", [("缬沙坦", "planned")]),
        ("要去做关节B超，取药：秋水仙碱片，0.5mg", [("秋水仙碱", "active")]),
        ("非布司他下周起用", [("非布司他", "planned")]),
    ],
)
def test_a_plan_reaches_what_it_plans_and_not_what_is_so_already(text: str, wanted: list[tuple[str, str]]) -> None:
    assert medicines(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("老人家吃的比索洛尔，一回5毫克", [("比索洛尔", "active")]),
        ("老人家吃的比索洛尔，一回5毫克，去年把利血平停了", [("比索洛尔", "active"), ("利血平", "stopped")]),
        ("母亲吃的比索洛尔", []),
        ("长期吃阿司匹林100mg，父亲吃华法林，去年停了", [("阿司匹林", "active")]),
    ],
)
def test_a_village_doctor_tells_what_the_patient_takes_by_what_he_calls_him(
    text: str, wanted: list[tuple[str, str]]
) -> None:
    assert medicines(text) == wanted


def test_a_medicine_stopped_for_what_it_caused_is_a_stop_with_its_reason() -> None:
    [found] = [f for f in stated("停用别嘌醇片,因皮疹", "", _WRITTEN, None) if f.fields["kind"] == "medication"]
    assert (found.fields["status"], found.fields["reason"]) == ("stopped", "皮疹")


def test_the_end_of_one_word_and_the_beginning_of_the_next_are_no_medicine() -> None:
    assert medicines("因消化道反应停用胺碘酮") == [("胺碘酮", "stopped")]
