"""The record as plain text: every statement with its sources, in lines that a terminal holds."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.store.connections import encode
from hub.web.page import Page
from hub.web.plain import WIDTH, exported, text
from hub.web.printed import Entry, Origin, Part, Printed
from tests.unit.web.records import item, record, source, value


def page(language: str = "zh") -> Page:
    return Page(language, None, "", datetime(2026, 11, 23, tzinfo=UTC), "", timezone="Europe/Berlin")


def said(*items: dict[str, Any], language: str = "zh", **more: Any) -> str:
    return exported(encode(record(*items, **more)).decode(), page(language), {}, {})


def of(entry: str) -> str:
    return text(Printed("病历", "王芳", (), "", (Part("要点", (Entry(entry, refs=("1.1",)),)),), "出处", (), "完"))


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_a_statement_is_followed_by_its_source_and_the_source_is_listed() -> None:
    found = said(item("problems-1", "高血压 2016", start="2016",
                      sources=[source("县医院", message="m7", path="DG1[1]-3[1].2")]))  # fmt: skip
    lines = found.splitlines()
    assert lines[:2] == ["连续病历", "王芳 · 女 · 68岁 · 1958-03-12"]
    assert "- 高血压 (2016 · 县医院 2026-11-04) [1.1]" in lines
    origin = lines.index("[1] 县医院 · 2026年11月4日 01:00 · m7")
    assert lines[origin + 1] == "    1.1 DG1[1]-3[1].2"
    assert lines.index("出处") < origin
    assert found.endswith("\n")


def test_a_file_that_is_called_otherwise_than_its_message_is_named() -> None:
    there = {**source("村卫生室", message="n.txt", path=""), "file": "in/n.txt"}
    assert "in/n.txt" in said(item("problems-1", "头晕", sources=[there]))
    other = {**source("村卫生室", message="M-1"), "file": "in/a.hl7"}
    assert "M-1 (in/a.hl7)" in said(item("problems-1", "头晕", sources=[other]))


def test_parts_stand_in_the_order_of_what_matters() -> None:
    told = item("problems-1", "糖尿病")
    follow_up = [{"what": "复查肾功能", "when": "2026-12", "by": "镇卫生院", "item_id": "problems-1",
                  "sources": [source()]}]  # fmt: skip
    course = [{"item_id": "problems-1", "disease": "糖尿病",
               "lines": [{"aspect": "check", "text": "糖化血红蛋白：未发来", "item_ids": []}]}]  # fmt: skip
    conflict = {"id": "conflict-1", "kind": "diagnosis", "item_ids": ["problems-1"], "text": "诊断不一致"}
    missing = [{"section": "results", "text": "没有凝血功能结果"}]
    found = said(told, brief=["problems-1"], missing=missing, follow_up=follow_up, course=course, conflicts=[conflict])
    titles = ["要点", "矛盾", "缺失", "随访与交接", "慢病病程", "诊断与问题", "出处"]
    places = [found.index(f"\n{title}\n-") for title in titles]
    assert places == sorted(places)
    assert "- 复查肾功能 (2026-12 · 镇卫生院) [1.1]" in found
    assert "  - 应查项目最近一次：糖化血红蛋白：未发来" in found


def test_measurements_of_a_series_are_all_there() -> None:
    series = [{"date": d, "number": n, "unit": "umol/L", "sources": [source()]}
              for d, n in (("2026-01-01", 90), ("2026-06-01", 120))]  # fmt: skip
    found = said(item("results-1", "血肌酐 120 umol/L", value=value("120", "umol/L", number=120), series=series))
    assert "2026-01-01 90 umol/L; 2026-06-01 120 umol/L" in found


def test_in_english_the_hubs_words_are_english_and_the_senders_stay() -> None:
    found = said(item("problems-1", "高血压"), language="en")
    assert "Continuous record" in found
    assert "\nProblems\n--------\n- 高血压" in found


@pytest.mark.parametrize(
    "said_text", ["血压高头晕" * 60, "word " * 80, "x" * 300, "，" * 200, "a血" * 100, "一\n二\r\n三"]
)
def test_lines_fit_and_nothing_is_lost(said_text: str) -> None:
    found = of(said_text)
    body = found.split("--\n", 1)[1].split("\n\n")[0]
    bare = "".join(said_text.split())
    assert bare in "".join(body.split()).removeprefix("-")
    if "，" not in said_text:
        assert max(map(columns, found.splitlines())) <= WIDTH


def test_no_line_begins_with_a_closing_mark() -> None:
    lines = of("一二三四五，" * 40).splitlines()
    assert not [line for line in lines if line.strip().startswith(("，", "。"))]


def test_what_steers_a_terminal_is_left_out() -> None:
    found = of("a\x1b[31mb\x07c\u202ed\x9be\u2028f\tg")
    assert "a[31mbcdef g" in found


def test_a_mark_and_lines_below_are_shown() -> None:
    part = Part("矛盾", (Entry("剂量", "", (), "已核对", (Entry("A", "5mg", ("1.1",)), Entry("B", "", ("2.1",)))),))
    origin = Origin(1, "县医院", "昨天", "M1", (("1.1", "OBX[1]-5[1]"),))
    found = text(Printed("病历", "", (("号", "1"),), "问题：?", (part,), "出处", (origin,), "完"))
    assert "- 剂量 <已核对>\n  - A (5mg) [1.1]\n  - B [2.1]\n" in found
    assert "[1] 县医院 · 昨天 · M1\n    1.1 OBX[1]-5[1]\n" in found
