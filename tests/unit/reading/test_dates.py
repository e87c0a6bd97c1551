"""Dates in text: the examples of the rules are their tests, and a table of more (`dates.txt`)."""

from __future__ import annotations

import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from hub.summarizer.reading.date_rules import rules
from hub.summarizer.reading.dates import document_date, find_dates, find_due
from hub.summarizer.reading.model import When

WRITTEN = date(2025, 8, 29)
BORN = "1960-05-02"
EVENTS = {"术": "2025-08-20", "入院": "2025-08-18"}


def shown(whens: list[When]) -> str:
    return ", ".join(_one(when) for when in whens) or "-"


def _one(when: When) -> str:
    value = f"{when.value or '-'}/{when.until}" if when.until else when.value or "-"
    return value + " ago" * when.ago + " about" * when.around


def _table() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("dates.txt").read_text("utf-8").splitlines()
    cases = (line.rpartition(" = ") for line in lines if line.strip() and not line.startswith("#"))
    return [(text, want) for text, _, want in cases]


EXAMPLES = [(rule.scope, text, want) for rule in rules() for text, want in rule.examples]


@pytest.mark.parametrize(("scope", "text", "want"), EXAMPLES, ids=[f"{s} {t}" for s, t, _ in EXAMPLES])
def test_examples_of_the_rules_are_read_as_they_say(scope: str, text: str, want: str) -> None:
    read = find_due(text, WRITTEN) if scope == "due" else find_dates(text, WRITTEN, BORN, EVENTS)
    assert shown(read) == want


@pytest.mark.parametrize(("text", "want"), _table())
def test_dates_in_notes(text: str, want: str) -> None:
    assert shown(find_dates(text, WRITTEN, BORN, EVENTS)) == want


@pytest.mark.parametrize(
    ("text", "anchor", "want"),
    [
        ("去年腊月", date(2025, 1, 15), "2024-01/2024-02 ago"),  # the lunar year 2024 has not ended
        ("去年腊月", date(2025, 2, 10), "2024-12/2025-01 ago"),
        ("腊月摔的", date(2025, 1, 10), "2024-12/2025-01"),
        ("去年冬天", date(2025, 1, 15), "2024-12/2025-01 ago about"),
        ("3月前", date(2025, 1, 31), "2024-10 ago"),
        ("1天前", date(2025, 1, 1), "2024-12-31 ago"),
        ("12月5日", date(2025, 1, 1), "2024-12-05"),
        ("2月29日", date(2025, 3, 1), "-"),
        ("上个月", date(2025, 1, 5), "2024-12 ago"),
        ("上周日", date(2025, 9, 1), "2025-08-31 ago"),
        ("10.6复查", date(2025, 10, 6), "2025-10-06"),
        ("10年前", date(2025, 8, 29), "2015 ago"),
        ("春节前", date(2025, 1, 10), "2024-02 about"),
        ("18年查出来的", date(2017, 1, 1), "-"),
    ],
)
def test_what_is_meant_depends_on_the_day_of_writing(text: str, anchor: date, want: str) -> None:
    assert shown(find_dates(text, anchor)) == want


@pytest.mark.parametrize(
    "text",
    [
        "3天前",
        "咳嗽3天",
        "今年4月",
        "昨天",
        "去年腊月",
        "10月6日",
        "近半年",
        "上周三",
        "腊月",
        "3 days ago",
        "last month",
    ],
)
def test_relative_wording_without_a_day_of_writing_is_not_read(text: str) -> None:
    assert find_dates(text, None) == []


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2024年10月6日查", "2024-10-06"),
        ("2013年", "2013"),
        ("98年3月", "1998-03"),
        ("2023年腊月", "2024-01/2024-02"),
        ("in 2019", "2019"),
    ],
)
def test_what_names_its_year_needs_no_day_of_writing(text: str, want: str) -> None:
    assert shown(find_dates(text, None)) == want


@pytest.mark.parametrize("text", ["40岁时得的糖尿病", "at age 40", "术后3天拔管", "入院第2天发热", "术前2天"])
def test_birth_and_events_that_nobody_told_are_not_guessed(text: str) -> None:
    assert find_dates(text, WRITTEN) == []


def test_places_are_those_of_the_words() -> None:
    text = "反复咳嗽10余年,加重3天,2024年10月6日至8日住院,since 2019"
    assert [text[when.start : when.end] for when in find_dates(text, WRITTEN)] == [
        "10余年",
        "3天",
        "2024年10月6日至8日",
        "2019",
    ]


def test_dates_come_in_order_and_do_not_overlap() -> None:
    whens = find_dates(" ".join(text for _, text, _ in EXAMPLES), WRITTEN, BORN, EVENTS)
    assert len(whens) > 100
    assert all(first.end <= second.start for first, second in pairwise(whens))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1周后来院拆线,3个月后复查CT", "2025-09-05 ago about, 2025-11 ago"),
        ("两周后门诊复诊", "2025-09-12 ago about"),
        ("下周三复查血常规", "2025-09-03 ago"),
        ("下月复查", "2025-09 ago"),
        ("下个月初来取药", "2025-09 ago"),
        ("明天抽血", "2025-08-30 ago"),
        ("后天来换药", "2025-08-31 ago"),
        ("明年春天再做", "2026-03/2026-05 ago about"),
        ("10月6日复查", "2025-10-06"),
        ("3月5日复查", "2026-03-05"),
        ("2025年12月1日复诊", "2025-12-01"),
        ("2025年3月1日已复查", "-"),
        ("国庆后来", "2025-10 about"),
        ("半个月后复查肝功", "2025-09-13 ago about"),
        ("3~6月后随访", "2025-11/2026-02 ago about"),
        ("一个月内复诊", "2025-08-29/2025-09 ago"),
        ("每3个月复查一次", "-"),
        ("每天3次", "-"),
        ("3天前来过", "-"),
        ("去年复查过", "-"),
        ("咳嗽3天", "-"),
        ("术后1月复查", "-"),
        ("follow up in 2 weeks", "2025-09-12 ago about"),
        ("return next month", "2025-09 ago"),
        ("repeat CT in six months", "2026-02 ago"),
        ("recheck within 10 days", "2025-08-29/2025-09-08 ago"),
        ("come back tomorrow", "2025-08-30 ago"),
        ("seen 2 weeks ago", "-"),
        ("出院后2周门诊复查", "2025-09-12 ago about"),
        ("术后1、3、6个月复查", "-"),
        ("1、3、6个月后复查CT", "2026-02 ago"),
        ("服药至9月10日", "2025-09-10"),
        ("预约9月3号做肠镜", "2025-09-03"),
        ("定于下周五手术", "2025-09-05 ago"),
        ("过半个月再来", "2025-09-13 ago about"),
        ("两三天后再看", "2025-08-31/2025-09-01 ago about"),
        ("年底前复查", "2025-11/2025-12 about"),
        ("三天后还不好就转上级", "2025-09-01 ago"),
    ],
)
def test_when_plans_are_due(text: str, want: str) -> None:
    assert shown(find_due(text, WRITTEN)) == want


def test_plans_of_a_stay_count_from_its_events() -> None:
    assert shown(find_due("出院后1周复查", WRITTEN, {"出院": "2025-08-28"})) == "2025-09-04 about"
    assert find_due("2周后复查", None) == []


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("杨家村卫生室 2024.9.2\n张某 男 77岁\n去年查出来骨头疏松。", "2024-09-02"),
        ("2025年8月29日 随访\n咳嗽3天。", "2025-08-29"),
        ("某某(男 65岁) 2025年5月14日\n2013年得的病。", "2025-05-14"),
        ("咳嗽3天,给了药。\n村医 某某 2025-02-20", "2025-02-20"),
        ("日期:2025-03-01\n2024年10月6日因胸痛住院。", "2025-03-01"),
        ("出院小结 2025-03-01\n入院日期:2025-02-20", "2025-03-01"),
        ("姓名:某某 出生日期:1960-05-02\n就诊日期:2025-03-01 科室:内科", "2025-03-01"),
        ("Progress note\nDate: 03/14/2025\nSeen for cough.", "2025-03-14"),
        ("Date of visit: March 14, 2025\nCough.", "2025-03-14"),
        ("头晕。\n\n\n李某\n二〇二五年三月一日", "2025-03-01"),
        ("2025.8.20 来说头晕,量血压162/97。", "2025-08-20"),
        ("2024年10月6日因胸痛住院,诊断冠心病。", None),
        ("2023年3月5日行白内障手术", None),
        ("出生日期:1960-05-02\n咳嗽。", None),
        ("手术日期 2025-03-01\n恢复可。", None),
        ("昨天开始发热。", None),
        ("2026-03-01 随访", None),  # not yet
        ("1990-03-01 随访", None),
        ("2025年8月 随访", None),  # no day
        ("下次复诊 2025-08-29", None),
        ("", None),
    ],
)
def test_the_date_of_a_document(text: str, want: str | None) -> None:
    found = document_date(text, WRITTEN)
    assert (found and found[2]) == want


def test_the_date_of_a_document_is_cited() -> None:
    text = "村卫生室随访\n咳嗽3天。\n村医 某某 2025-02-20"
    found = document_date(text, WRITTEN)
    assert found is not None
    assert text[found[0] : found[1]] == "2025-02-20"


@pytest.mark.parametrize(
    ("text", "value"),
    [("started in June", "2025-06"), ("onset in March", "2025-03"), ("SINCE JUNE", "2025-06"),
     ("two yrs ago", "2023"), ("TWO YEARS AGO", "2023")],
)  # fmt: skip
def test_english_dates_without_a_digit_are_found(text: str, value: str) -> None:
    assert [w.value for w in find_dates(text, WRITTEN)] == [value]


@pytest.mark.parametrize(
    "piece", ["1", "一", "2024-", "3天", "a ", "1 ", "年", "2024年10月", "(", "半个", "12:00", "9-"]
)
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    start = time.perf_counter()
    find_dates(piece * 5000, WRITTEN, BORN, EVENTS)
    find_due(piece * 5000, WRITTEN)
    assert time.perf_counter() - start < 5
