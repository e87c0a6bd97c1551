"""Referrals in a CSV file: which line, which column."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.forms import table
from adapters.forms.checking import PRIORITIES, check
from adapters.forms.table import read, template
from hub.domain.errors import Refused
from hub.web.languages import catalogue
from hub.web.words import priority_word

HEADER = "姓名,身份证号,性别,出生日期,接收医院,科室,紧急程度,转诊原因,病史\r\n"
CHEN = "陈桂英,990101195803120027,,,CITY,心内科,紧急,胸闷,\r\n"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_line_is_a_form_whatever_the_charset(charset: str) -> None:
    [row] = read((HEADER + CHEN).encode(charset), "王医生")
    form = row.form
    assert (row.line, form.patient_name, form.gender, form.birth_date) == (2, "陈桂英", "female", "1958-03-12")
    assert (form.receiver, form.department, form.priority, form.author) == ("CITY", "心内科", "urgent", "王医生")
    assert check(form, date(2026, 11, 22)) == ()


@pytest.mark.parametrize(("separator", "charset"), [(";", "gb18030"), ("\t", "utf-16"), (",", "utf-16")])
def test_spreadsheets_separate_cells_as_they_like(separator: str, charset: str) -> None:
    [row] = read(("\r\n" + HEADER + CHEN).replace(",", separator).encode(charset), "")
    assert (row.line, row.form.patient_name, row.form.receiver, row.form.reason) == (3, "陈桂英", "CITY", "胸闷")


@pytest.mark.parametrize("word", [catalogue("zh").gettext(priority_word(code)) for code in PRIORITIES])
def test_the_words_of_the_page_are_understood_in_a_file(word: str) -> None:
    [row] = read((HEADER + CHEN.replace("紧急", word)).encode(), "")
    assert check(row.form, date(2026, 11, 22)) == ()


def test_columns_have_english_names_too_in_any_order() -> None:
    [row] = read(b"Reason,NAME,Sex,birth date,receiver\nchest pain,Li Lei,M,1971/6/5,CITY\n", "")
    form = row.form
    assert (form.patient_name, form.gender, form.birth_date, form.reason) == ("Li Lei", "male", "1971-06-05",
                                                                             "chest pain")  # fmt: skip
    assert form.priority == "routine"


def test_line_numbers_are_those_of_the_file_also_behind_cells_of_several_lines() -> None:
    text = HEADER + '陈桂英,,女,1958,CITY,,,胸闷,"第一行\r\n第二行，""引号"""\r\n\r\n' + CHEN
    rows = read(text.encode(), "")
    assert [row.line for row in rows] == [2, 5]
    assert rows[0].form.history == '第一行\n第二行，"引号"'


def test_what_looks_like_a_formula_is_text() -> None:
    [row] = read((HEADER + '=HYPERLINK("x"),,女,1958,CITY,,,+1-2@SUM,\r\n').encode(), "")
    assert (row.form.patient_name, row.form.reason) == ('=HYPERLINK("x")', "+1-2@SUM")


def test_a_line_has_its_key_in_a_corrected_file_too_and_equal_lines_have_their_own() -> None:
    first = read((HEADER + CHEN + CHEN).encode(), "")
    corrected = read((HEADER + CHEN.replace("胸闷", "胸痛") + CHEN + CHEN).encode("gb18030"), "")
    assert [row.form.key for row in corrected[1:]] == [row.form.key for row in first]
    assert len({row.form.key for row in corrected}) == 3


def test_more_cells_than_columns_are_a_fault_of_the_line() -> None:
    rows = read((HEADER + CHEN.replace("\r\n", ",too much\r\n") + CHEN).encode(), "")
    assert [[f.text for f in row.faults] for row in rows] == [[table.TOO_MANY_CELLS], []]


@pytest.mark.parametrize(
    ("content", "path", "text"),
    [
        (b"", "", table.NO_HEADER),
        (CHEN.encode(), "", table.NO_HEADER),
        (HEADER.encode(), "", table.NO_ROWS),
        ((HEADER + ",,,\r\n").encode(), "", table.NO_ROWS),
        (b"\xff\xfe\x00", "", table.NOT_TEXT),
        ((HEADER + "a\0b").encode(), "", table.NOT_TEXT),
        (("姓名,鞋码\r\n" + CHEN).encode(), "鞋码", table.COLUMN_UNKNOWN),
        (("姓名,姓名\r\n" + CHEN).encode(), "姓名", table.COLUMN_TWICE),
        ((HEADER + CHEN + '"陈').encode(), "3", table.BROKEN),
        ((HEADER + CHEN * 1001).encode(), "", table.TOO_LARGE),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, path: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        read(content, "")
    [refusal] = refused.value.refusals
    assert (refusal.path, refusal.text) == (path, text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_template_is_read_again(language: str) -> None:
    with pytest.raises(Refused, match=table.NO_ROWS):
        read(template(language), "")
    [row] = read(template(language) + "陈桂英\r\n".encode(), "")
    assert row.form.patient_name == "陈桂英"
