"""Results in sentences; most of them are rows of `measurements.tsv`."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from hub.summarizer.reading.measurements import measurements
from hub.summarizer.reading.model import Measurement
from tests.unit.reading.marked import cases, read


def said(marked: str) -> list[Measurement]:
    return measurements(*read(marked, "analyte"))


def line(found: Measurement) -> str:
    told = {
        "number": found.number, "unit": found.unit, "low": found.low, "high": found.high, "flag": found.interpretation,
        "when": found.when.value if found.when else None,
    }  # fmt: skip
    return "|".join([found.name, found.text, *(f"{key}={value}" for key, value in told.items() if value is not None)])


@pytest.mark.parametrize(("marked", "wanted"), cases("measurements.tsv"))
def test_a_sentence_has_the_results_of_its_row(marked: str, wanted: str) -> None:
    assert " ; ".join(line(m) for m in said(marked)) == wanted


@pytest.mark.parametrize(
    "marked",
    [
        "⟦血压⟧高了8年",
        "⟦血糖⟧控制差",
        "⟦体重⟧减轻5kg",
        "⟦体重⟧下降约3公斤",
        "⟦肌酐⟧3次复查",
        "⟦血压⟧量了2次",
        "⟦视力⟧4.8/5.0",
        "⟦血压⟧10/06测",
        "⟦血压⟧控制目标130/80mmHg以下",
        "⟦血糖⟧2024年没查",
        "⟦T⟧3N0M0",
        "⟦血压⟧5楼测",
        "⟦血糖⟧应低于7mmol/L",
        "⟦心率⟧正常",
        "⟦肌酐⟧升高2倍",
        "⟦体重⟧和去年一样",
        "⟦血压⟧药吃了10年",
        "⟦K⟧3室",
        "⟦血压⟧最高曾达200/120mmHg",
        "⟦体温⟧最高39.5℃",
        "⟦血糖⟧每周测2次",
    ],
)
def test_a_number_of_something_else_is_no_result(marked: str) -> None:
    assert [m for m in said(marked) if m.number is not None] == []


def test_a_number_keeps_the_form_in_which_it_was_written() -> None:
    [found] = said("⟦血红蛋白⟧10.50g/dL")
    assert (str(found.number), found.text) == ("10.50", "10.50")


def test_a_number_never_belongs_to_the_name_before_another_name() -> None:
    assert [(m.name, m.number) for m in said("⟦肌酐⟧、⟦尿酸⟧ 420umol/L")] == [("尿酸", Decimal(420))]
    assert said("⟦血压⟧高,⟦problem:糖尿病⟧ 140/90") == []


def test_a_peak_is_a_result_only_with_its_date() -> None:
    [high, low] = said("⟨2019年=2019⟩⟦血压⟧最高达190/110mmHg")
    assert (high.number, low.number, high.when and high.when.value) == (190, 110, "2019")


@pytest.mark.parametrize(
    ("marked", "when"),
    [
        ("⟨2024年5月=2024-05⟩复查⟦肌酐⟧ 120", "2024-05"),
        ("⟨2024年5月=2024-05⟩抽血,⟦肌酐⟧ 120", "2024-05"),
        ("⟨2024-05-02=2024-05-02⟩ ⟦钾⟧ 4.1,⟦肌酐⟧ 120", "2024-05-02"),
        ("⟦肌酐⟧ 120,⟨上周~2024-05⟩镇上化验的", "2024-05"),
        ("⟦肌酐⟧⟨去年~2024⟩是120,⟨今年~2025⟩没查", "2024"),
        ("⟦肌酐⟧ 120(⟨2024.5=2024-05⟩)", "2024-05"),
        ("⟨2015年=2015⟩诊断⟦problem:糖尿病⟧,⟦肌酐⟧ 120", None),
        ("⟨2015年=2015⟩开始透析,⟦肌酐⟧ 620", None),
        ("⟨2015年=2015⟩手术。⟦肌酐⟧ 120", None),
        ("⟦肌酐⟧ 120,⟨2015年=2015⟩诊断肾病", None),
    ],
)
def test_a_result_has_the_date_that_governs_it_and_no_other(marked: str, when: str | None) -> None:
    [found] = [m for m in said(marked) if m.name == "肌酐"]
    assert (found.when.value if found.when else None) == when


@pytest.mark.parametrize(
    "unit", ["1", "1,1", "1-", "(", "由1升至", "/1", "是", " ", "120/80、", "↑", "参考", "1.", "至1", "×10", "mg/"]
)
def test_a_long_row_of_anything_is_read_in_good_time(unit: str) -> None:
    before = time.process_time()
    said("⟦血肌酐⟧" + unit * 3000)
    said("⟦血压⟧" + unit * 3000)
    assert time.process_time() - before < 1
