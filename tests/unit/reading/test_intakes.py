"""What sentences say of how medicines are taken; most of them are rows of `intakes.tsv`."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from hub.summarizer.reading.doses import amount_at, frequency, often_at, split_at
from hub.summarizer.reading.intakes import intakes
from hub.summarizer.reading.model import Context, Intake
from hub.summarizer.reading.quantities import dose_units, number
from hub.summarizer.rows import rows
from tests.unit.reading.marked import cases, read


def said(marked: str, context: Context | None = None) -> list[Intake]:
    text, mentions, dates = read(marked, "medicine")
    return intakes(text, mentions, dates, [context or Context()] * len(mentions))


def line(intake: Intake) -> str:
    dose = (
        ""
        if intake.dose is None and not intake.unit
        else f"{'?' if intake.dose is None else intake.dose}{intake.unit or ''}"
    )
    told = {
        "dose": dose, "often": intake.frequency, "route": intake.route, "from": intake.start, "to": intake.end,
        "because": intake.reason, "who": intake.by,
    }  # fmt: skip
    return "|".join([intake.mention.name, intake.status, *(f"{k}={v}" for k, v in told.items() if v)])


@pytest.mark.parametrize(("marked", "wanted"), cases("intakes.tsv"))
def test_a_sentence_says_of_its_medicines_what_its_row_tells(marked: str, wanted: str) -> None:
    assert " ; ".join(line(i) for i in said(marked)) == wanted


@pytest.mark.parametrize(
    ("marked", "wanted"),
    [
        ("他一直没吃⟦阿司匹林⟧", []),
        ("she is not taking ⟦aspirin⟧", []),
        ("未曾服用⟦华法林⟧ 3mg qd", []),
        ("⟦阿司匹林⟧没再吃了", ["stopped"]),
        ("⟦降压药⟧未规律服用", ["active"]),
        ("⟦华法林⟧时常漏服", ["active"]),
    ],
)
def test_a_medicine_not_taken_is_none_unless_it_was_stopped(marked: str, wanted: list[str]) -> None:
    assert [i.status for i in said(marked, Context(assertion="absent"))] == wanted


def test_the_medicine_of_a_relative_is_not_the_patients() -> None:
    assert said("⟦二甲双胍⟧0.5g tid", Context(subject="母亲")) == []


@pytest.mark.parametrize(
    ("marked", "context", "wanted"),
    [
        ("⟦螺内酯⟧20mg qd", Context(planned=True), ["planned"]),
        ("⟦氨氯地平⟧5mg加至10mg", Context(planned=True), ["active", "planned"]),
        ("停用⟦布洛芬⟧", Context(planned=True), ["unknown"]),
        ("⟦泼尼松⟧10mg qd", Context(historical=True), ["unknown"]),
        ("⟦泼尼松⟧10mg qd", Context(resolved=True), ["stopped"]),
        ("⟦泼尼松⟧10mg qd", Context(assertion="uncertain"), ["unknown"]),
        ("⟦泼尼松⟧长期在用", Context(historical=True), ["active"]),
    ],
)
def test_the_context_of_a_medicine_decides_its_status(marked: str, context: Context, wanted: list[str]) -> None:
    assert [i.status for i in said(marked, context)] == wanted


@pytest.mark.parametrize(
    "marked",
    [
        "⟦阿司匹林⟧,血压160/90mmHg",
        "⟦二甲双胍⟧,每天饮酒2次",
        "⟦氨氯地平⟧,体重70kg",
        "⟦胰岛素⟧,空腹血糖8.2mmol/L,每周复查1次",
        "⟦阿司匹林⟧,大便每日3次",
        "⟦缬沙坦⟧80mg*7粒",
        "⟦氨氯地平⟧规格5mg",
        "⟦维生素⟧B12",
    ],
)
def test_a_number_of_something_else_is_no_dose(marked: str) -> None:
    assert [(i.dose, i.frequency) for i in said(marked)] == [(None, None)]


def test_other_names_part_the_words() -> None:
    [aspirin] = said("⟦阿司匹林⟧、⟦problem:高血压⟧,每日一次")
    assert (aspirin.dose, aspirin.frequency) == (None, None)


def test_the_examples_of_the_table_of_frequencies_are_read_as_it_says() -> None:
    for code, _, examples in rows("reading/frequencies.tsv", 3):
        for example in examples.split("|"):
            if code != "daily":
                found = often_at(example, 0)
                assert found, example
                assert (found.end, found.code) == (len(example), example if code == "=" else code)
                assert frequency(example) == (example if code == "=" else code)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("BID", "bid"),
        ("Q.D.", "qd"),
        ("每日 1 次", "qd"),
        ("once", "st"),
        ("At bedtime", "qn"),
        ("每周五", "每周五"),
        ("", ""),
    ],
)
def test_a_frequency_is_named_by_its_code_or_kept(words: str, code: str) -> None:
    assert frequency(words) == code


@pytest.mark.parametrize(
    ("text", "dose", "unit"),
    [
        ("80mg", "80", "mg"),
        ("0.10g", "0.10", "g"),
        ("200μg", "200", "ug"),
        ("一百毫克", "100", "mg"),
        ("半片", "0.5", "片"),
        ("一片半", "1.5", "片"),
        ("1/2片", "0.5", "片"),
        ("1/4片", "0.25", "片"),
        ("12单位", "12", "U"),
        ("80万u", "800000", "U"),
        ("2 tablets", "2", "tab"),
        ("5毫升", "5", "mL"),
        ("1,000mg", "1000", "mg"),
        ("1-2片", None, "片"),
        ("100mg×7/次", "700", "mg"),
    ],
)
def test_an_amount_is_a_number_and_a_unit(text: str, dose: str | None, unit: str) -> None:
    amount = amount_at(text, 0)
    assert amount
    assert (amount.dose, amount.unit, amount.end) == (None if dose is None else Decimal(dose), unit, len(text))


@pytest.mark.parametrize("text", ["5mg/dl", "10mg/kg", "3天", "2次", "7.9", "一般", "5mmol", "80%", "2,3片", "6个月"])
def test_what_has_no_unit_of_a_dose_is_no_amount(text: str) -> None:
    assert amount_at(text, 0) is None


@pytest.mark.parametrize("text", ["80mg*7粒", "5mg/片", "每片5mg", "规格:20mg", "50/500ug", "0.5g×20片/盒"])
def test_a_strength_is_no_dose(text: str) -> None:
    amount = amount_at(text, 0)
    assert amount
    assert (amount.kind, amount.dose, amount.end) == ("strength", None, len(text))


def test_a_day_of_equal_doses_has_one_dose_and_another_none() -> None:
    equal, other = split_at("早10u晚10u", 0), split_at("早10u,晚8u", 0)
    assert equal and other
    assert (equal.dose, equal.often) == (Decimal(10), "bid")
    assert (other.dose, other.often) == (None, "早10u,晚8u")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两", "2"),
        ("二十五", "25"),
        ("十", "10"),
        ("一百二十", "120"),
        ("零点五", "0.5"),
        ("10.50", "10.50"),
        ("1,250", "1250"),
        ("一二", None),
        ("2,3", "23"),
    ],
)
def test_numbers_in_characters_and_digits(text: str, value: str | None) -> None:
    assert number(text) == (None if value is None else Decimal(value))


def test_units_are_spelt_in_lower_case_and_once() -> None:
    spellings = [s for _, _, _, listed in rows("reading/dose_units.tsv", 4) for s in listed.split("|")]
    assert len(spellings) == len(set(spellings)) == len(dose_units())
    assert all(s == s.lower() for s in spellings)


@pytest.mark.parametrize("unit", ["每日", "早1", "1mg", "停用,", "改为1mg", "因", "、", "(", "一", "x"])
def test_a_long_row_of_anything_is_read_in_good_time(unit: str) -> None:
    before = time.process_time()
    assert said("⟦阿司匹林⟧" + unit * 3000)[0].mention.name == "阿司匹林"
    assert time.process_time() - before < 1
