"""Course lines: values of items and fixed words, what is old, what nobody sent."""

from __future__ import annotations

from typing import Any

from hub.summarizer import course, groups
from hub.summarizer.drafts import Draft
from hub.summarizer.rows import rows
from tests.unit.summarizer.composing import TODAY, items_of, said
from tests.unit.summarizer.statements import TERTIARY, measure, relative, say, take


def lines(*drafts: Draft, notes: tuple[str, ...] = ()) -> dict[str, dict[str, str]]:
    """The text of each aspect, by disease."""
    found = course.courses(items_of(*drafts), said(*notes), TODAY)
    return {one["disease"]: {line["aspect"]: line["text"] for line in one["lines"]} for one in found}


def test_control_is_the_last_value_with_its_trend_and_those_before() -> None:
    told = lines(say("problem", "2型糖尿病"), measure("糖化血红蛋白", "9.8", "%", "2024-04-10"),
                 measure("糖化血红蛋白", "7.4", "%", "2025-05-02", by=TERTIARY))  # fmt: skip
    assert told["糖尿病"]["control"] == "糖化血红蛋白 7.4 % 2025-05-02 ↓，此前 9.8 % 2024-04-10"


def test_medication_tells_current_medicines_of_the_disease_alone() -> None:
    told = lines(say("problem", "高血压"), take("苯磺酸氨氯地平片", "5", "mg", "qd", start="2023-02"),
                 take("代文", "80", "mg", "qd"), take("利血平", "0.1", "mg", "qd", status="stopped"),
                 take("布洛芬"))  # fmt: skip
    assert told["高血压"]["medication"] == "苯磺酸氨氯地平片 5mg qd 2023-02 起；代文（缬沙坦） 80mg qd"


def test_that_no_medicine_was_sent_is_said() -> None:
    assert lines(say("problem", "高血压"))["高血压"]["medication"] == "各机构发来的资料中没有相关在用药物"


def test_complications_are_told_where_present_and_never_denied_by_silence() -> None:
    drafts = (say("problem", "2型糖尿病"), say("problem", "糖尿病视网膜病变", start="2022"),
              say("problem", "糖尿病足", assertion="absent"), relative("父亲", "糖尿病肾病"))  # fmt: skip
    assert lines(*drafts)["糖尿病"]["complication"] == "糖尿病视网膜病变 2022"
    assert "complication" not in lines(say("problem", "慢性阻塞性肺疾病"))["慢阻肺"]


def test_checks_tell_when_how_old_where_else_and_what_was_never_sent() -> None:
    told = lines(say("problem", "2型糖尿病"), measure("糖化血红蛋白", "7.4", "%", "2024-09-01"),
                 measure("血肌酐", "80", "umol/L", "2025-04-01"), notes=("眼底检查未见出血。",))  # fmt: skip
    parts = told["糖尿病"]["check"].split("；")
    assert "糖化血红蛋白：2024-09-01（超过6个月）" in parts
    assert "肾功能：2025-04-01" in parts
    assert "眼底检查：见原文" in parts
    assert "尿白蛋白/肌酐：未发来" in parts


def test_a_relatives_disease_a_denied_and_a_suspected_one_have_no_course() -> None:
    drafts = (relative("母亲", "糖尿病"), say("problem", "高血压", assertion="absent"))
    assert lines(*drafts) == {}


def test_lines_name_the_items_that_they_are_made_of() -> None:
    items = items_of(say("problem", "慢性肾脏病3期"), measure("血肌酐", "150", "umol/L", "2025-05-01"))
    [one] = course.courses(items, [], TODAY)
    by_id: dict[str, Any] = {item.id: item for item in items}
    assert by_id[one["item_id"]].head.name == "慢性肾脏病3期"
    control = next(line for line in one["lines"] if line["aspect"] == "control")
    assert [by_id[i].head.name for i in control["item_ids"]] == ["血肌酐"]


def test_a_planned_check_is_not_done() -> None:
    told = lines(say("problem", "慢性阻塞性肺疾病"), say("plan", "肺功能检查", status="planned"))
    assert "肺功能：未发来" in told["慢阻肺"]["check"]


def test_the_tables_speak_of_groups_that_exist() -> None:
    named = {g for _, _, *cells in rows("course.tsv", 6) for cell in cells for g in groups.split(cell)}
    named |= {g for _, _, cell, *_ in rows("course_checks.tsv", 5) for g in groups.split(cell)}
    assert named <= groups.known(), named - groups.known()
    assert {key for key, *_ in rows("course_checks.tsv", 5)} <= {key for key, *_ in rows("course.tsv", 6)}
