"""Units: spellings, factors between units of one analyte, canonical units, what a value can be."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from ucumvert import PintUcumRegistry

from hub.summarizer import dimensions, terms, units
from hub.summarizer.terminology import tables


def _rows(name: str) -> list[str]:
    lines = (Path(__file__).parent / "unit_cases" / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


CASES = [line.split() for line in _rows("published.txt")]


def _key(name: str) -> str:
    return terms.key("analyte", name)


@pytest.mark.parametrize(("name", "number", "unit", "expected", "to_unit"), CASES, ids=[" ".join(c) for c in CASES])
def test_converts_by_the_published_factor(name: str, number: str, unit: str, expected: str, to_unit: str) -> None:
    found = units.convert(Decimal(number), unit, to_unit, _key(name))
    assert found is not None
    assert abs(found / Decimal(expected) - 1) < Decimal("0.005")


@pytest.mark.parametrize(("name", "number", "unit", "expected", "to_unit"), CASES, ids=[" ".join(c) for c in CASES])
def test_there_and_back_stays_within_a_thousandth(
    name: str, number: str, unit: str, expected: str, to_unit: str
) -> None:
    there = units.convert(Decimal(number), unit, to_unit, _key(name))
    back = units.convert(there, to_unit, unit, _key(name)) if there is not None else None
    assert back is not None
    assert abs(back / Decimal(number) - 1) <= Decimal("0.001")


def test_there_are_enough_published_cases() -> None:
    assert len(CASES) >= 120


@pytest.mark.parametrize("case", _rows("not_converted.txt"))
def test_what_is_not_known_is_not_converted(case: str) -> None:
    name, unit, to_unit = case.split()
    assert units.convert(Decimal("5"), unit, to_unit, _key(name)) is None
    assert units.convert(1, unit, to_unit, _key(name)) is None


@pytest.mark.parametrize("row", _rows("spellings.txt"))
def test_spellings_are_one_unit(row: str) -> None:
    code, _, spellings = row.partition(": ")
    wrong = {s: units.ucum(s) for s in spellings.split() if units.ucum(s) != code}
    assert not wrong
    assert units.same(spellings.split()[0], code)


def test_an_unknown_unit_has_no_code_and_equals_itself() -> None:
    assert units.ucum("滴") is None
    assert units.ucum(None) is None
    assert units.same("滴 ", "滴")
    assert not units.same("滴", "ml")
    assert units.comparable(None) == ""


def test_doses_compare_in_milligrams_and_units() -> None:
    assert units.dose(Decimal("0.5"), "g") == units.dose(500, "毫克") == ("500", "mg")
    assert units.dose(Decimal("50"), "μg") == ("0.05", "mg")
    assert units.dose(10, "IU") == units.dose(10, "单位") == ("10", "U")
    assert units.dose(80, "万单位") == ("800000", "U")
    assert units.dose(2, "片") != units.dose(2, "mg")
    assert units.dose(None, "mg") == ("", "mg")


def test_a_converted_number_has_no_false_precision() -> None:
    assert str(units.convert(Decimal("100"), "mg/dL", "mmol/L", _key("血糖"))) == "5.551"
    assert str(units.convert(Decimal("1.448"), "mg/dL", "umol/L", _key("肌酐"))) == "128.01"
    assert str(units.convert(Decimal("10.5"), "g/dL", "g/L", _key("血红蛋白"))) == "105"
    assert str(units.convert(Decimal("4.50"), "mmol/L", "mmol/L", _key("血钾"))) == "4.50"
    assert str(units.convert(Decimal("1000"), "U/L", "IU/L", _key("ALT"))) == "1000"


def test_numbers_that_are_none_are_not_converted() -> None:
    assert units.convert(Decimal("NaN"), "mg/dL", "mmol/L", _key("血糖")) is None
    assert units.convert(Decimal("Infinity"), "mg/dL", "mmol/L", _key("血糖")) is None
    assert units.convert(Decimal("5"), None, "mmol/L", _key("血糖")) is None
    assert units.convert(Decimal("0"), "mg/dL", "mmol/L", _key("血糖")) == 0


def test_canonical_values_of_one_analyte_compare() -> None:
    assert units.canonical(Decimal("2.12"), "mg/dl", _key("Cr")) == (Decimal("187.4"), "umol/L")
    assert units.canonical(Decimal("187"), "μmol/L", _key("SCr")) == (Decimal("187"), "umol/L")
    assert units.canonical(Decimal("53"), "mmol/mol", _key("HbA1c")) == (Decimal("7"), "%")
    assert units.canonical(Decimal("5"), "mg", _key("Cr")) is None
    assert units.canonical(Decimal("5"), "mg/dL", "name|somethingelse") is None


def test_urea_nitrogen_joins_the_series_of_urea_and_nothing_else_joins_another() -> None:
    assert units.series(_key("BUN")) == units.series(_key("尿素")) == _key("尿素")
    assert units.series(_key("空腹血糖")) != units.series(_key("餐后2小时血糖")) != units.series(_key("随机血糖"))
    assert units.series("name|other") == "name|other"


@pytest.mark.parametrize(
    ("name", "number", "unit", "expected"),
    [
        ("肌酐", "1.2", "umol/L", False), ("肌酐", "1.2", "mg/dL", True), ("肌酐", "88", "mg/dL", False),
        ("血糖", "126", "mmol/L", False), ("血糖", "126", "mg/dL", True), ("血红蛋白", "13.5", "g/L", False),
        ("血红蛋白", "135", "g/dL", False), ("血红蛋白", "135", "g/L", True), ("总胆固醇", "200", "mmol/L", False),
        ("钾", "45", "mmol/L", False), ("收缩压", "1620", "mmHg", False), ("收缩压", "162", "mmHg", True),
        ("体温", "365", "℃", False), ("体温", "98.6", "℉", True), ("血氧饱和度", "193", "%", False),
        ("血氧饱和度", "93", None, True), ("尿酸", "8.4", "umol/L", False), ("HbA1c", "53", "%", False),
        ("肌酐", "1.2", None, True), ("肌酐", "1.2", "滴", True), ("没有的项目", "1", "mg", True),
        ("INR", "250", None, False),
    ],
)  # fmt: skip
def test_an_implausible_value_is_told(name: str, number: str, unit: str | None, expected: bool) -> None:
    assert units.plausible(Decimal(number), unit, _key(name)) is expected


def test_the_tables_agree_with_the_terms_and_with_themselves() -> None:
    known = {term.name for term in tables.terms() if term.kind == "analyte"}
    rows = units._conversions().values()
    assert {row.analyte for row in rows} <= known
    assert {row.series for row in rows if row.series} <= {row.analyte for row in rows}
    assert [row.analyte for row in rows if row.unit and units.ucum(row.unit) != row.unit] == []
    assert all(row.low < row.high for row in rows)


def test_sizes_of_units_agree_with_pint() -> None:
    registry = PintUcumRegistry()
    codes = sorted({code for code in units._spellings()[0].values() if dimensions.measure(code)})
    checked = 0
    for one, other in combinations(codes, 2):
        ratio = dimensions.ratio(one, other)
        if ratio is None or ("IU" in one) != ("IU" in other):
            continue
        a, b = registry.from_ucum(one), registry.from_ucum(other)
        assert float(a.to(b.units).magnitude) / float(b.magnitude) == pytest.approx(float(ratio), rel=1e-6), (
            one,
            other,
        )
        checked += 1
    assert checked > 200


def test_a_code_outside_the_own_reader_is_asked_of_pint() -> None:
    assert dimensions.measure("kcal/d") is None
    assert float(dimensions.ratio("kcal/d", "J/s") or 0) == pytest.approx(0.04843, rel=1e-3)
    assert dimensions.ratio("[arb'U]/mL", "/mL") is None
    assert dimensions.ratio("(((((((", "mg/dL") is None


@pytest.mark.parametrize(
    "hostile", ["(" * 5000, "m" * 5000, "10^" * 2000, "每" * 3000, "/".join("m" * 20), "10*999999999/L"]
)
def test_hostile_units_cost_nothing(hostile: str) -> None:
    assert units.convert(Decimal("5"), hostile, "mmol/L", _key("血糖")) is None
