"""One timeline over all institutions: axis, lanes, marks, and the list that says the same."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hub.web.record.axis import COLUMN, COLUMNS, WIDTH, axis
from hub.web.record.dates import extent
from hub.web.record.timeline import LANES, Timeline
from tests.unit.web.records import item, point, source, value, viewed


def drawn(*items: dict[str, Any], **more: Any) -> Timeline:
    return viewed(*items, **more).timeline


def labels(*dates: str) -> list[str]:
    return [column.label for column in axis([e for e in map(extent, dates) if e]).columns]


def test_the_axis_tells_months_where_something_happened_and_gaps_between() -> None:
    assert labels("2014-05", "2021-06-16", "2026-10-30", "2026-11-18") == [
        "2014-05", "", "2021-06", "", "2026-10", "2026-11",
    ]  # fmt: skip


def test_many_years_stay_years() -> None:
    found = labels(*(f"{year}-03-01" for year in range(1970, 2026)))
    assert len(found) == 56
    assert all(len(label) == 4 for label in found)


def test_an_axis_has_few_columns_where_it_can() -> None:
    dates = [f"{year}-{month:02}-10" for year in range(2020, 2026) for month in range(1, 13)]
    assert len(labels(*dates)) <= COLUMNS


def test_columns_follow_each_other_and_hold_their_labels() -> None:
    columns = axis([e for e in map(extent, ("2014", "2021-06-16", "2021-06-17", "2026-11-18")) if e]).columns
    for one, other in pairwise(columns):
        assert abs(one.x + one.width - other.x) < 0.2
        assert one.end == other.start
    assert all(column.width >= COLUMN for column in columns if column.label)
    assert round(columns[-1].x + columns[-1].width) == WIDTH


def test_a_moment_lies_between_those_before_and_after_it() -> None:
    scale = axis([e for e in map(extent, ("2014", "2021-06-16", "2026-11-18")) if e])
    xs = [scale.x(e.start) for e in map(extent, ("1900", "2014-03", "2018", "2021-06-16", "2026-11-18", "2099")) if e]
    assert xs == sorted(xs)
    assert (xs[0], xs[-1]) == (0.0, scale.width)


def test_a_year_is_a_bar_over_its_year_and_a_time_a_point() -> None:
    line = drawn(item("problems-1", "糖尿病", start="2014"), item("results-1", "钾", start="2014-05-01T08:00:00+08:00"),
                 item("results-2", "钾", start="2016-05-01T08:00:00+08:00"))  # fmt: skip
    marks = {mark.item_id: mark for lane in line.lanes for mark in lane.marks}
    assert marks["problems-1"].width > 40
    assert marks["results-1"].width == 0


def test_a_stay_is_a_bar_from_its_start_to_its_end() -> None:
    line = drawn(item("encounters-1", "住院", start="2026-11-03", end="2026-11-10"),
                 item("problems-1", "甲", start="2026-11-20"))  # fmt: skip
    [stay] = [m for lane in line.lanes for m in lane.marks if m.item_id == "encounters-1"]
    assert stay.width > 100
    assert stay.title.startswith("2026-11-03 – 2026-11-10 ")
    assert line.events[0].end is not None


def test_an_end_before_the_start_is_no_bar_backwards() -> None:
    line = drawn(
        item("encounters-1", "住院", start="2026-11-10", end="2026-01-01"), item("problems-1", "甲", start="2026")
    )
    assert all(mark.width >= 0 for lane in line.lanes for mark in lane.marks)


def test_each_institution_that_says_it_has_it_in_its_lane() -> None:
    line = drawn(item("problems-1", "甲", start="2020", sources=[source("镇"), source("县")]),
                 item("problems-2", "乙", start="2021", sources=[source("县")]))  # fmt: skip
    assert [(lane.institution, len(lane.marks)) for lane in line.lanes] == [("镇", 1), ("县", 2)]


def test_a_measurement_stands_with_its_own_value_and_institution() -> None:
    series = [point("2024-01-01", 88, "u", source("甲")), point("2025-01-01", 146, "u", source("乙"))]
    one = item("results-1", "肌酐 146", value=value("146", "u"), start="2025-01-01", series=series)
    moments = [{"date": d, "precision": "day", "item_id": "results-1"} for d in ("2024-01-01", "2025-01-01")]
    line = drawn(one, timeline=moments, organizations=["甲", "乙"])
    assert [(e.text, e.said[0].organization) for e in line.events] == [("肌酐 88 u", "甲"), ("肌酐 146 u", "乙")]
    assert [lane.institution for lane in line.lanes] == ["甲", "乙"]


def test_marks_do_not_lie_on_one_another() -> None:
    line = drawn(*[item(f"problems-{n}", "慢性肾脏病", start="2026-11-04") for n in range(5)])
    [lane] = line.lanes
    assert len({(mark.x, mark.y) for mark in lane.marks}) == 5
    assert all(lane.y < mark.y < lane.y + lane.height for mark in lane.marks)


def test_a_crowd_is_told_by_its_number_and_the_list_has_all() -> None:
    line = drawn(*[item(f"problems-{n}", "甲", start="2026-11-04") for n in range(200)])
    [lane] = line.lanes
    assert sum(mark.count for mark in lane.marks) == 200
    assert len(lane.marks) < 20
    assert len(line.events) == 200


def test_more_institutions_than_lanes_share_the_last() -> None:
    line = drawn(*[item(f"problems-{n}", "甲", start=f"{2000 + n}", sources=[source(f"机构{n}")]) for n in range(12)])
    assert len(line.lanes) == LANES + 1
    assert line.lanes[-1].institution == ""
    assert len(line.lanes[-1].marks) == 12 - LANES


def test_what_is_no_date_is_in_the_list_alone() -> None:
    line = drawn(item("problems-1", "甲", start="in spring"), item("problems-2", "乙", start="2020"))
    assert {e.on.text for e in line.events} == {"in spring", "2020"}
    assert [m.item_id for lane in line.lanes for m in lane.marks] == ["problems-2"]


def test_one_moment_alone_is_drawn() -> None:
    line = drawn(item("problems-1", "甲", start="2020-05-05"))
    assert len(line.columns) == 1
    assert 0 <= line.lanes[0].marks[0].x <= line.width


def test_the_last_and_the_first_year_of_the_calendar_are_drawn() -> None:
    line = drawn(item("problems-1", "甲", start="0001-01-01"), item("problems-2", "乙", start="9999"),
                 item("problems-3", "丙", start="9999-12-31"))  # fmt: skip
    assert sum(len(lane.marks) for lane in line.lanes) == 3


def test_a_moment_of_an_item_that_is_not_there_is_left_out() -> None:
    assert drawn(timeline=[{"date": "2020", "precision": "year", "item_id": "gone-1"}]).events == ()
