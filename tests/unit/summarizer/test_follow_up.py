"""The follow-up list: what, when and by whom, in the plan's own words."""

from __future__ import annotations

from typing import Any

import pytest

from hub.summarizer import follow_up
from hub.summarizer.drafts import Draft
from tests.unit.summarizer.composing import items_of
from tests.unit.summarizer.statements import say, take


def plan(sentence: str, name: str, **given: Any) -> Draft:
    return say("plan", name, text=sentence, status="planned", **given)


def test_a_plan_is_told_in_its_words_with_date_and_doer() -> None:
    [one] = follow_up.listed(items_of(plan("2周后到社区医院复查肾功能。", "复查肾功能", start="2025-05-15")))
    assert (one["what"], one["when"], one["by"]) == ("2周后到社区医院复查肾功能", "2025-05-15", "社区医院")
    assert one["sources"][0]["text"] == "2周后到社区医院复查肾功能。"


def test_the_date_is_read_from_the_words_where_the_item_has_none() -> None:
    [one] = follow_up.listed(items_of(plan("建议3个月后复查甲状腺超声。", "甲状腺超声", on="2025-05-01")))
    assert one["when"] == "2025-08"


def test_the_dated_come_first_by_date_and_the_undated_after_them() -> None:
    found = follow_up.listed(
        items_of(
            plan("定期门诊随访。", "随访"),
            plan("2025年9月复查胸部CT。", "胸部CT", start="2025-09"),
            plan("下周拆线。", "拆线", start="2025-05-09"),
        )
    )
    assert [one["when"] for one in found] == ["2025-05-09", "2025-09", None]


def test_a_medicine_that_is_intended_is_told_and_what_was_done_or_ruled_out_is_not() -> None:
    found = follow_up.listed(
        items_of(
            take("螺内酯", status="planned", section="plans", text="血压不降再加螺内酯。"),
            say("plan", "胃镜检查", status="completed"),
            say("plan", "肠镜检查", status="planned", assertion="absent"),
            say("problem", "高血压"),
        )
    )
    assert [one["what"] for one in found] == ["血压不降再加螺内酯"]


def test_a_sentence_that_plans_two_things_is_told_once() -> None:
    sentence = "1个月后复查肝功能、血常规。"
    found = follow_up.listed(
        items_of(plan(sentence, "肝功能", start="2025-06"), plan(sentence, "血常规", start="2025-06"))
    )
    assert len(found) == 1


@pytest.mark.parametrize(
    ("words", "by"),
    [
        ("出院后由社区医生每周测血压", "社区医生"),
        ("1个月后回我科门诊复诊", "我科门诊"),
        ("到镇卫生院换药", "镇卫生院"),
        ("請到心內科門診隨訪", "心內科門診"),
        ("家庭医生随访血糖", "家庭医生"),
        ("村医每月测血压", "村医"),
        ("在家自测血糖", "在家"),
        ("当地医院定期复查INR", "当地医院"),
        ("Follow up with PCP in 2 weeks", "PCP"),
        ("repeat creatinine at the local hospital", "the local hospital"),
        ("3个月后复查甲状腺功能", None),
        ("定期复查肾内科相关指标", None),
        ("continue aspirin for 12 months", None),
    ],
)
def test_who_is_to_do_it_is_told_where_the_words_say_so(words: str, by: str | None) -> None:
    assert follow_up.doer(words) == by
