"""Lab series over institutions: scale, reference range, units, and the table that says the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.web.record.series import HEIGHT, WIDTH, Series, folded
from tests.unit.web.records import item, point, source, value, viewed


def course(*points: dict[str, Any], **more: Any) -> Series:
    newest = points[-1]
    said = value(str(newest["number"]), newest["unit"], **more)
    shown = viewed(item("results-1", f"肌酐 {newest['number']}", value=said, start=newest["date"], series=list(points)))
    return shown.series["results-1"]


def test_higher_is_further_up_and_later_further_right() -> None:
    chart = course(point("2024-01-01", 88), point("2025-01-01", 120), point("2026-01-01", 146)).chart
    assert chart is not None
    xs, ys = [d.x for d in chart.dots], [d.y for d in chart.dots]
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True)
    assert round(xs[1] - xs[0]) == round(xs[2] - xs[1])
    assert all(0 <= d.x <= WIDTH and 0 <= d.y <= HEIGHT for d in chart.dots)
    assert chart.path.startswith("M") and chart.path.count("L") == 2


def test_the_reference_range_is_a_band_on_the_same_scale() -> None:
    chart = course(point("2024-01-01", 50), point("2025-01-01", 100), low=40, high=80).chart
    assert chart is not None and chart.band is not None
    top, height = chart.band
    assert top < chart.dots[0].y < top + height
    assert chart.dots[1].y < top


@pytest.mark.parametrize(("low", "high"), [(90, None), (None, 30)])
def test_an_open_range_goes_to_the_charts_end(low: int | None, high: int | None) -> None:
    chart = course(point("2024-01-01", 60), point("2025-01-01", 70), low=low, high=high).chart
    assert chart is not None and chart.band is not None
    assert all(not chart.band[0] < dot.y < sum(chart.band) for dot in chart.dots)


def test_other_units_are_told_and_not_drawn() -> None:
    series = course(point("2023-09-20", Decimal("1.448"), "mg/dL"), point("2024-10-19", 161, "μmol/L"),
                    point("2025-06-20", 175, "umol/L"))  # fmt: skip
    assert series.chart is not None
    assert len(series.chart.dots) == 2
    assert [(row.value, row.unit) for row in series.other_units] == [("1.448", "mg/dL")]
    assert [row.value for row in series.rows] == ["175", "161", "1.448"]


def test_one_unit_is_one_however_it_is_spelt() -> None:
    assert len({folded(unit) for unit in ("umol/L", "μmol/L", "µmol/l", "umol / L")}) == 1
    assert folded(None) == folded("")


def test_one_measurement_or_one_of_each_unit_is_no_chart() -> None:
    assert course(point("2024-01-01", 88)).chart is None
    assert course(point("2024-01-01", 8, "mg/dL"), point("2025-01-01", 517)).chart is None


def test_equal_values_lie_in_the_middle() -> None:
    for number in (5, 0, -3, Decimal("1E+300")):
        chart = course(point("2024-01-01", number), point("2025-01-01", number)).chart
        assert chart is not None
        assert {dot.y for dot in chart.dots} == {48.0}


def test_measurements_of_one_moment_lie_over_one_another() -> None:
    chart = course(point("2024-01-01", 5), point("2024-01-01", 7)).chart
    assert chart is not None
    assert len({dot.x for dot in chart.dots}) == 1


@pytest.mark.parametrize("number", [Decimal("1E+400"), Decimal("123456789012345678901234567890"), Decimal("1E-400")])
def test_huge_and_tiny_numbers_are_drawn_and_exact_in_the_table(number: Decimal) -> None:
    series = course(point("2024-01-01", 1), point("2025-01-01", number))
    assert series.chart is not None
    assert all(0 <= dot.y <= HEIGHT for dot in series.chart.dots)
    assert Decimal(series.rows[0].value) == number


def test_what_has_no_date_is_told_and_not_drawn() -> None:
    series = course(point(None, 88), point("last week", 90), point("2025-01-01", 100), point("2025-02-01", 110))
    assert series.undated == 2
    assert series.chart is not None
    assert [dot.label for dot in series.chart.dots] == ["100", "110"]
    assert len(series.rows) == 4


def test_partial_dates_lie_in_the_middle_of_what_they_say() -> None:
    chart = course(point("2024", 1), point("2024-07-02", 2), point("2025", 3)).chart
    assert chart is not None
    assert chart.dots[1].x - chart.dots[0].x < 2


def test_institutions_have_marks_of_their_own() -> None:
    chart = course(point("2024-01-01", 1, "u", source("甲")), point("2025-01-01", 2, "u", source("乙"))).chart
    assert chart is not None
    assert chart.institutions == ("甲", "乙")
    assert [dot.shape for dot in chart.dots] == [0, 1]
    assert "乙" in chart.dots[1].title


def test_of_many_only_the_telling_values_are_labelled() -> None:
    chart = course(*[point(f"2024-01-{day:02}", 50 + day % 7, "u") for day in range(1, 29)]).chart
    assert chart is not None
    assert 2 <= sum(bool(dot.label) for dot in chart.dots) <= 3
    assert chart.dots[-1].label


def test_a_range_in_another_unit_is_not_drawn() -> None:
    shown = viewed(item("results-1", "x 1", value=value("1", "mg/dL", low=1, high=2),
                        series=[point("2024-01-01", 100), point("2025-01-01", 120)]))  # fmt: skip
    chart = shown.series["results-1"].chart
    assert chart is not None and chart.band is None


def test_what_the_record_converts_is_drawn_on_one_scale_and_told_as_it_was_said() -> None:
    from_us = {
        **point("2023-09-20", Decimal("1.45"), "mg/dL"),
        "converted": {"number": Decimal("128"), "unit": "umol/L"},
    }
    series = course(from_us, {**point("2025-06-20", 175, "umol/L"), "converted": {"number": 175, "unit": "umol/L"}})
    assert series.chart is not None and series.converted
    assert series.chart.unit == "umol/L"
    assert [dot.label for dot in series.chart.dots] == ["128", "175"]
    assert series.chart.dots[0].title.startswith("2023-09-20 1.45 mg/dL = 128 umol/L")
    assert [(r.value, r.unit, r.converted) for r in series.rows] == [
        ("175", "umol/L", ""),
        ("1.45", "mg/dL", "128 umol/L"),
    ]
    assert series.other_units == ()


def test_a_doubtful_number_says_why() -> None:
    doubtful = {**point("2024-01-01", 1500, "mmol/L"), "flag": "数值与所写单位不相称，请核对", "converted": None}
    series = course(doubtful, {**point("2025-01-01", 150, "umol/L"), "converted": {"number": 150, "unit": "umol/L"}})
    assert [r.flag for r in series.rows] == ["", "数值与所写单位不相称，请核对"]
    assert [r.value for r in series.other_units] == ["1500"]
