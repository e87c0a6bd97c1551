"""Course lines, follow-up, the history of a medicine and trends, as the page shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.store.connections import encode
from hub.summarizer.rows import rows
from hub.web.languages import catalogue
from hub.web.page import Page
from hub.web.plain import exported
from hub.web.record.courses import Piece
from hub.web.record.words import Phrase
from tests.unit.web.records import item, point, record, source, viewed


def course(text: str, aspect: str = "check", *item_ids: str) -> dict[str, Any]:
    lines = [{"aspect": aspect, "text": text, "item_ids": list(item_ids)}]
    return {"item_id": "problems-1", "disease": "糖尿病", "lines": lines}


def pieces(text: str, aspect: str = "check") -> tuple[Piece, ...]:
    [disease] = viewed(item("problems-1", "糖尿病"), course=[course(text, aspect)]).courses
    return disease.lines[0].pieces


def test_checks_tell_their_name_and_state_apart_and_stress_what_is_late() -> None:
    fresh, old, never, note = pieces(
        "糖化血红蛋白：2026-09-01；肾功能：2024-01（超过12个月）；血脂：未发来；眼底检查：见原文"
    )
    assert fresh == Piece("糖化血红蛋白", Phrase("2026-09-01"))
    values = {"day": "2024-01", "months": "12"}
    assert old == Piece("肾功能", Phrase("%(day)s (more than %(months)s months ago)", values), late=True)
    assert never == Piece("血脂", Phrase("never sent"), late=True)
    assert (note.state, note.late) == (Phrase("in a note, see the sentences"), False)


def test_other_lines_are_shown_as_they_were_said() -> None:
    told = pieces("糖化血红蛋白 9.1 % 2024-09-14 →，此前 9.1 % 2024-04-14；FPG 10.1 mmol/L", "control")
    assert [(p.name, p.state.msgid) for p in told] == [
        ("", "糖化血红蛋白 9.1 % 2024-09-14 →，此前 9.1 % 2024-04-14"), ("", "FPG 10.1 mmol/L"),
    ]  # fmt: skip


def test_that_no_medicine_was_sent_is_stressed() -> None:
    [told] = pieces("各机构发来的资料中没有相关在用药物", "medication")
    assert told.late


def test_a_line_cites_items_that_the_record_has() -> None:
    shown = viewed(item("problems-1", "糖尿病"), item("results-1", "HbA1c 9"),
                   course=[course("HbA1c 9", "control", "results-1", "results-9")])  # fmt: skip
    assert shown.courses[0].lines[0].item_ids == ("results-1",)
    assert shown.courses[0].lines[0].msgid == "Control"


def test_names_of_diseases_and_checks_are_there_in_english() -> None:
    names = {name for _, name, *_ in rows("course.tsv", 6)}
    names |= {name for _, name, *_ in rows("course_checks.tsv", 5)}
    assert len(names) > 15
    assert names <= set(catalogue("en").texts), names - set(catalogue("en").texts)


@pytest.mark.parametrize(
    ("when", "shown", "past"),
    [("2026-11-21", "2026-11-21", True), ("2026-11", "2026-11", False), ("2027", "2027", False), (None, None, False)],
)
def test_a_task_is_past_where_its_date_is_whatever_its_precision(
    when: str | None, shown: str | None, past: bool
) -> None:
    told = {"what": "复查肾功能", "when": when, "by": None, "item_id": "plans-1", "sources": [source()]}
    [task] = viewed(item("plans-1", "复查肾功能"), follow_up=[told]).follow_up
    assert (task.when.text if task.when else None, task.past, task.by) == (shown, past, "")


def test_a_record_without_them_is_shown_without_them() -> None:
    shown = viewed(item("problems-1", "糖尿病"))
    assert (shown.courses, shown.follow_up) == ((), ())


def step(name: str, **more: Any) -> dict[str, Any]:
    return {"item_id": name, "status": "active", "dose": 5, "unit": "mg", "frequency": "qd", "start": None, "end": None,
            "by": None, "reason": None, **more}  # fmt: skip


def test_a_medicine_with_several_courses_tells_all_by_whom_and_why() -> None:
    steps = [step("medications-2", status="stopped", start="2020", end="2023-05", by="县医院", reason="水肿"),
             step("medications-1", dose=10, start="2023-05")]  # fmt: skip
    medicine = {"name": "氨氯地平", "dose": 10, "unit": "mg", "route": None, "frequency": "qd"}
    shown = item("medications-1", "氨氯地平 10mg", medication=medicine, history=steps, duplicates=["medications-3"])
    [now] = viewed(shown).statements
    assert [(s.value, s.why, s.current) for s in now.steps] == [
        ("5mg qd", "县医院 · 水肿", False),
        ("10mg qd", "", True),
    ]
    assert now.doubles == ("medications-3",)


def test_a_single_course_is_the_statement_itself() -> None:
    [only] = viewed(item("medications-1", "氨氯地平", history=[step("medications-1")])).statements
    assert only.steps == ()


@pytest.mark.parametrize(("trend", "msgid"), [("rising", "↗ rising"), ("falling", "↘ falling"), (None, None)])
def test_a_trend_is_told_in_words_too(trend: str | None, msgid: str | None) -> None:
    [one] = viewed(item("results-1", "肌酐 150", trend=trend, series=[point("2026-01-01", 150)])).statements
    assert (one.trend.msgid if one.trend else None) == msgid


def test_paper_tells_the_trend_the_courses_of_a_medicine_and_its_doubles() -> None:
    steps = [step("medications-2", status="stopped", start="2020", end="2023-05", by="县医院"), step("medications-1")]
    told = record(
        item("medications-1", "氨氯地平 5mg", history=steps, duplicates=["medications-3"], start="2023-05"),
        item("medications-2", "氨氯地平 已停", status="stopped"),
        item("medications-3", "络活喜 5mg"),
        item("results-1", "肌酐 150", trend="rising", series=[point("2026-01-01", 150)]),
        follow_up=[
            {"what": "复查肾功能", "when": "2026-12", "by": "村医", "item_id": "results-1", "sources": [source()]}
        ],
    )
    page = Page("zh", None, "", datetime(2026, 11, 23, tzinfo=UTC), "", timezone="Asia/Shanghai")
    text = exported(encode(told).decode(), page, {}, {})
    assert "  - 同一成分： 络活喜 5mg" in text
    assert "  - 2020 – 2023-05 · 5mg qd · 已停 · 县医院" in text
    assert "↗ 上升" in text
    assert "- 复查肾功能 (2026-12 · 村医)" in text
