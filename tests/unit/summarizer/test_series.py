"""Measurements over institutions: one moment once, one scale, the original number always there, a trend only of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.summarizer import conflicts
from hub.summarizer.merging import merge
from hub.summarizer.reconcile.scales import IMPLAUSIBLE
from tests.unit.summarizer.statements import COUNTY, TERTIARY, VILLAGE, find, measure

DAY, MORNING = "2024-10-19", "2024-10-19T07:30:00+08:00"


@pytest.mark.parametrize(
    ("number", "unit", "start", "ago"),
    [
        ("161", "μmol/L", "2024-10", False), ("1.82", "mg/dL", "2024-10-19", False), ("161.0", "umol/L", "2024", False),
        ("161", None, "2024-10", False), ("161", "umol/L", "2024-11", True), ("161", "umol/L", None, False),
    ],
)  # fmt: skip
def test_a_number_told_again_is_the_measured_one(number: str, unit: str | None, start: str | None, ago: bool) -> None:
    measured = measure("肌酐", "161", "umol/L", MORNING, code="2160-0", on="2024-10-21")
    told = measure("血肌酐", number, unit, start, ago=ago, by=VILLAGE, on="2024-11-05")
    for order in ([measured, told], [told, measured]):
        [item] = merge(order)
        [point] = item.points
        assert len(point.sources) == 2
        assert point.draft.start == MORNING
    assert conflicts.find(merge([measured, told])) == []


@pytest.mark.parametrize(
    ("number", "unit", "start"),
    [
        ("165", "umol/L", "2024-10"), ("161", "umol/L", "2023-10"), ("161", "mg/dL", "2024-10"),
        ("1.9", "mg/dL", "2024-10"), ("2", "mg/dL", "2024-10"), ("161", "umol/L", "2024-10-20"),
    ],
)  # fmt: skip
def test_another_number_or_another_date_is_another_point(number: str, unit: str, start: str) -> None:
    measured = measure("肌酐", "161", "umol/L", MORNING, code="2160-0")
    [item] = merge([measured, measure("肌酐", number, unit, start, by=VILLAGE)])
    assert len(item.points) == 2


def test_a_month_in_which_the_number_was_measured_twice_is_a_point_of_its_own() -> None:
    measured = [
        measure("肌酐", "161", "umol/L", f"2024-10-{day}T07:30:00+08:00", code="2160-0") for day in ("05", "19")
    ]
    [item] = merge([*measured, measure("肌酐", "161", "umol/L", "2024-10", by=VILLAGE)])
    assert item.points[0].draft.start == "2024-10"
    assert len(item.points) == 3


def test_points_of_all_laboratories_stand_on_one_scale_and_keep_their_own_numbers() -> None:
    [item] = merge([
        measure("血肌酐", "1.448", "mg/dL", "2023-09-20", by="检验所"),
        measure("肌酐", "161", "umol/L", "2024-10-19"),
        measure("SCr", "175", "μmol/L", "2025-06-20", by=TERTIARY),
        measure("血肌酐", "2.12", "mg/dL", "2025-10", by=VILLAGE),
        measure("肌酐", "177", "umol/L", "2025-08-01"),
    ])  # fmt: skip
    assert [(p.draft.value or {})["text"] for p in item.points] == ["1.448", "161", "175", "177", "2.12"]
    scale = [p.converted for p in item.points]
    assert [unit for _, unit in filter(None, scale)] == ["umol/L"] * 5
    assert [round(number) for number, _ in filter(None, scale)] == [128, 161, 175, 177, 187]
    assert item.trend == "rising"


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([("100", "g/L"), ("117", "g/L"), ("10.5", "g/dL")], "falling"), ([("9.1", "g/L"), ("9.2", "g/L")], "stable"),
        ([("100", "g/L")], None), ([("100", "g/L"), ("7", "某单位")], None), ([("100", "g/L"), ("101", None)], None),
    ],
)  # fmt: skip
def test_a_trend_is_of_the_last_two_comparable_numbers(values: list[tuple[str, str]], trend: str | None) -> None:
    drafts = [measure("自测指标" if trend != "falling" else "血红蛋白", number, unit, f"2024-0{month}-01")
              for month, (number, unit) in enumerate(values, 1)]  # fmt: skip
    assert merge(drafts)[0].trend == trend


def test_without_a_date_there_is_no_trend() -> None:
    undated = [measure("肌酐", n, "umol/L", None, on=day) for n, day in (("100", "2024-01-01"), ("200", "2025-01-01"))]
    assert merge(undated)[0].trend is None


def test_a_number_that_its_unit_makes_impossible_is_flagged_and_not_converted() -> None:
    [item] = merge([measure("肌酐", "161", "umol/L", "2024-10-19"), measure("肌酐", "175", "mg/dL", "2025-06-20")])
    doubtful = item.points[-1]
    assert (doubtful.flag, doubtful.converted) == (IMPLAUSIBLE, None)
    assert (doubtful.draft.value or {})["unit"] == "mg/dL"
    assert item.points[0].flag == ""
    assert item.trend is None


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (("840", "pg/mL", MORNING, COUNTY), ("480", "pg/mL", MORNING, TERTIARY), 1),
        (("840", "pg/mL", DAY, COUNTY), ("480", "ng/L", DAY, TERTIARY), 1),
        (("840", "pg/mL", MORNING, COUNTY), ("480", "pg/mL", DAY, VILLAGE), 1),
        (("840", "pg/mL", MORNING, COUNTY), ("840", "ng/L", DAY, VILLAGE), 0),
        (("840", "pg/mL", MORNING, COUNTY), ("480", "pg/mL", f"{DAY}T19:30:00+08:00", COUNTY), 0),
        (("840", "pg/mL", DAY, COUNTY), ("480", "pg/mL", "2024-10", VILLAGE), 0),
        (("840", "pg/mL", DAY, COUNTY), ("480", "某单位", DAY, VILLAGE), 0),
    ],
)  # fmt: skip
def test_other_numbers_of_one_moment_contradict(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str], found: int
) -> None:
    items = merge([measure("N末端B型钠尿肽原", n, unit, start, by=by) for n, unit, start, by in (one, other)])
    told = conflicts.find(items)
    assert [c.kind for c in told] == ["result"] * found
    assert all(one[0] in c.text and other[0] in c.text and one[3] in c.text and other[3] in c.text for c in told)


def test_pressure_and_sugar_of_one_day_do_not_contradict() -> None:
    for name, unit in (("收缩压", "mmHg"), ("空腹血糖", "mmol/L")):
        items = merge([measure(name, "14", unit, "2025-01-01"), measure(name, "17", unit, "2025-01-01", by=VILLAGE)])
        assert conflicts.find(items) == []


def test_positive_and_negative_of_one_day_contradict_and_a_later_one_is_a_change() -> None:
    both = [find("乙肝表面抗原", "阳性", "2025-01-02"), find("乙肝表面抗原", "(-)", "2025-01-02", by=TERTIARY)]
    later = [both[0], find("乙肝表面抗原", "阴性", "2025-03-02", by=TERTIARY)]
    assert [c.kind for c in conflicts.find(merge(both))] == ["result"]
    assert conflicts.find(merge(later)) == []


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("A型", "AB型", 1),
        ("A型", "A型 Rh阳性", 0),
        ("A型Rh(D)阳性", "A型 Rh(-)", 1),
        ("O", "O型", 0),
        ("B型", "O型RH阳性", 1),
    ],
)
def test_blood_groups_contradict_in_what_both_say(one: str, other: str, found: int) -> None:
    items = merge([find("ABO血型", one), find("ABO血型", other, by=VILLAGE)])
    assert [c.kind for c in conflicts.find(items)] == ["blood-group"] * found


def test_a_converted_number_is_right() -> None:
    [item] = merge([measure("尿酸", "517", "umol/L", "2024-10-19"), measure("尿酸", "8.41", "mg/dL", "2025-10-20"),
                    measure("尿酸", "500", "umol/L", "2025-11-20")])  # fmt: skip
    converted = item.points[1].converted
    assert converted is not None
    assert abs(converted[0] - Decimal("500.2")) < Decimal("0.5")


def test_a_broad_name_of_an_analyte_is_the_one_that_has_its_number_that_day() -> None:
    measured = measure("肌钙蛋白I", "2.82", "ng/mL", "2025-02-19T07:30:00+08:00", code="10839-9")
    told_again = measure("肌钙蛋白", "2.82", "ng/mL", "2025-02", by=VILLAGE)
    other = measure("肌钙蛋白", "2.9", "ng/mL", "2025-02", by=VILLAGE)
    assert [len(i.drafts) for i in merge([measured, told_again])] == [2]
    assert [len(i.drafts) for i in merge([measured, other])] == [1, 1]
