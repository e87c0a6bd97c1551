"""Medicines: courses, what ends them, their history, duplicates by ingredient, and what contradicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from hub.domain.fragments import INGREDIENT
from hub.summarizer import conflicts
from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.merging import merge
from hub.summarizer.wording import wording
from tests.unit.summarizer.clinical import Make, prescribed
from tests.unit.summarizer.statements import COUNTY, TERTIARY, VILLAGE, fragment, take


def told(items: Sequence[Item]) -> list[tuple[str, str, str]]:
    """Status, dose and frequency of each item."""
    return sorted(
        (i.head.status, str((i.head.medication or {})["dose"] or ""), (i.head.medication or {})["frequency"] or "")
        for i in items
    )


def kinds(drafts: Sequence[Draft]) -> list[str]:
    return [c.kind for c in conflicts.find(merge(drafts))]


def test_a_statement_without_a_dose_joins_the_single_current_course_and_no_one_of_two() -> None:
    vague = take("缬沙坦", by=VILLAGE)
    assert told(merge([take("代文", "80", "mg", "qd"), vague])) == [("active", "80", "qd")]
    two = [take("代文", "80", "mg", "qd"), take("缬沙坦", "160", "mg", "qd", by=TERTIARY), vague]
    assert len(merge(two)) == 3


def test_pills_are_no_milligrams() -> None:
    [item] = merge([take("缬沙坦", "80", "mg", "qd"), take("缬沙坦", "1", "片", "qd", by=VILLAGE)])
    assert len(item.drafts) == 2
    assert len(merge([take("缬沙坦", "1", "片", "qd"), take("缬沙坦", "2", "片", "qd", by=VILLAGE)])) == 2
    assert len(merge([take("缬沙坦", "80", "mg", "qd"), take("缬沙坦", "1", "片", "bid", by=VILLAGE)])) == 2


def test_a_stop_without_a_dose_is_an_item_of_its_own_or_joins_the_stop_that_is_known() -> None:
    stop = take("别嘌醇", status="stopped", end="2024", reason="肾功能下降", by=VILLAGE)
    assert told(merge([stop])) == [("stopped", "", "")]
    known = take("别嘌醇", "100", "mg", "qd", status="stopped", end="2024-03-20")
    assert told(merge([known, stop])) == [("stopped", "100", "qd")]
    other = take("别嘌醇", "100", "mg", "qd", status="stopped", end="2021-03-20")
    assert len(merge([other, stop])) == 2


def test_a_stop_ends_the_course_that_was_shownbefore_it() -> None:
    letter = take("奥美拉唑", "20", "mg", "qd", on="2023-12-06", by=COUNTY)
    stop = take("奥美拉唑", status="stopped", end="2024-08", on="2024-10-17", by=VILLAGE)
    for order in ([letter, stop], [stop, letter]):
        [item] = merge(order)
        assert told([item]) == [("stopped", "20", "qd")]
        assert item.head.end == "2024-08"
        assert kinds(order) == []


@pytest.mark.parametrize(
    "taken",
    [
        take("奥美拉唑", "20", "mg", "qd", on="2024-09-06"),
        take("奥美拉唑", "20", "mg", "qd", on="2024-12-06"),
    ],
)
def test_what_is_taken_after_a_stop_is_not_ended_by_it_but_contradicts(taken: Draft) -> None:
    stop = take("奥美拉唑", status="stopped", end="2024-08", on="2024-10-17", by=VILLAGE)
    assert len(merge([taken, stop])) == 2
    assert kinds([taken, stop]) == ["medication-status"]


def test_begun_again_after_a_stop_is_a_new_course() -> None:
    stop = take("奥美拉唑", status="stopped", end="2024-08", on="2024-10-17", by=VILLAGE)
    again = take("奥美拉唑", "20", "mg", "qd", start="2025-01", on="2025-03-01")
    assert len(merge([stop, again])) == 2
    assert kinds([stop, again]) == []


def _change(by: str = TERTIARY, on: str = "2025-01-17") -> list[Draft]:
    one = fragment(by, on)
    return [
        take("立普妥", "20", "mg", "qn", status="stopped", end="2023-11-24", evidence=one),
        take("立普妥", "40", "mg", "qn", start="2023-11-24", evidence=one, reason="血脂未达标"),
    ]


def test_a_stated_change_of_dose_is_history_and_no_conflict() -> None:
    old, new = _change()
    before = take("阿托伐他汀", "20", "mg", "qn", on="2023-06-01", by=COUNTY)
    after = take("阿托伐他汀钙片", "40", "mg", "qn", on="2025-04-01", by=VILLAGE)
    items = merge([before, old, new, after])
    assert told(items) == [("active", "40", "qn"), ("stopped", "20", "qn")]
    assert [len(i.drafts) for i in items] == [2, 2]
    assert conflicts.find(items) == []


def test_a_change_without_a_date_is_after_what_was_told_before() -> None:
    one = fragment(VILLAGE, "2025-01-01")
    change = [
        take("氯沙坦", "100", "mg", "qd", status="stopped", evidence=one),
        take("氯沙坦", "50", "mg", evidence=one),
    ]
    before = take("氯沙坦", "100", "mg", "qd", on="2024-07-29")
    assert told(merge([before, *change])) == [("active", "50", ""), ("stopped", "100", "qd")]
    assert kinds([before, *change]) == []
    assert len(merge([before, change[0]])) == 2


def test_the_old_dose_still_taken_elsewhere_after_the_change_is_a_dose_conflict() -> None:
    late = take("阿托伐他汀", "20", "mg", "qn", on="2025-03-01", by=COUNTY)
    assert kinds([*_change(), late]) == ["dose"]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([("80", VILLAGE, "2025-03-01"), ("160", COUNTY, "2025-04-01")], 1),
        ([("80", VILLAGE, "2025-03-01"), ("160", VILLAGE, "2025-04-01")], 0),
        ([("160", VILLAGE, "2025-03-01"), ("80", COUNTY, "2025-04-01"), ("80", VILLAGE, "2025-05-01")], 1),
        ([("80", COUNTY, "2025-03-01"), ("160", COUNTY, "2025-05-09"), ("160", TERTIARY, "2025-05-09")], 0),
        ([("80", VILLAGE, "2025-01-01"), ("80", COUNTY, "2025-03-01"), ("160", VILLAGE, "2025-04-01")], 1),
        ([("80", VILLAGE, "2025-01-01"), ("80", COUNTY, "2025-03-01"), ("160", COUNTY, "2025-04-01")], 1),
        ([("80", COUNTY, "2025-03-01"), ("80", COUNTY, "2025-03-02")], 0),
    ],
)
def test_two_doses_of_two_organisations_contradict_unless_one_changed_it(
    statements: list[tuple[str, str, str]], found: int
) -> None:
    drafts = [take("缬沙坦", dose, "mg", "qd", by=by, on=on) for dose, by, on in statements]
    shown = conflicts.find([replace(i, text=wording(i)) for i in merge(drafts)])
    assert [c.kind for c in shown] == ["dose"] * found
    assert all("80" in c.text and "160" in c.text for c in shown)


def test_who_orders_another_dose_than_before_changed_it() -> None:
    said = [("80", VILLAGE, "2025-01-01"), ("80", COUNTY, "2025-03-01"), ("160", COUNTY, "2025-04-01")]
    assert kinds([take("缬沙坦", dose, "mg", "qd", by=by, on=on, code="C09CA03") for dose, by, on in said]) == []


def test_a_start_after_the_other_statement_says_that_it_was_changed() -> None:
    drafts = [take("缬沙坦", "80", "mg", "qd", by=VILLAGE, on="2025-01-01"),
              take("缬沙坦", "160", "mg", "qd", by=COUNTY, on="2025-06-01", start="2025-03")]  # fmt: skip
    assert kinds(drafts) == []


def test_another_frequency_is_a_conflict_and_morning_or_evening_is_none() -> None:
    def often(code: str, by: str) -> Draft:
        return take("缬沙坦", "80", "mg", code, by=by)

    assert kinds([often("qd", COUNTY), often("bid", TERTIARY)]) == ["dose"]
    assert kinds([often("qd", COUNTY), often("qn", TERTIARY)]) == []


def test_taken_here_and_stopped_there_is_a_conflict() -> None:
    taken = take("格列美脲", "2", "mg", "qd", on="2024-09-26", by=COUNTY)
    assert kinds([taken, take("格列美脲", status="stopped", end="2023", on="2024-10-06", by=VILLAGE)]) == [
        "medication-status"
    ]
    assert kinds([taken, take("格列美脲", status="stopped", on="2024-10-06", by=COUNTY)]) == []
    assert kinds([taken, take("格列美脲", "4", "mg", "qd", status="stopped", end="2023", by=VILLAGE)]) == []


def test_who_stopped_it_and_lists_it_again_without_a_word_contradicts_too() -> None:
    stop = take("泼尼松", status="stopped", end="2023-07", on="2024-02-13", by=TERTIARY)
    listed = [
        take("泼尼松", "10", "mg", "qd", on=on, by=by) for by, on in ((COUNTY, "2024-02-19"), (TERTIARY, "2024-02-21"))
    ]
    assert kinds([stop, *listed]) == ["medication-status"]
    assert kinds([stop, listed[1]]) == []


def test_the_history_of_a_medicine_is_all_its_courses_by_time() -> None:
    old, new = _change()
    new = replace(new, by="心内科")
    restarted = take("阿托伐他汀", "10", "mg", "qn", status="stopped", start="2019", end="2021", by=COUNTY)
    items = merge([restarted, old, new])
    current = next(i for i in items if i.head.status == "active")
    assert [(s.head.medication or {})["dose"] for s in current.history] == [10, 20, 40]
    assert (current.history[-1].by, current.history[-1].reason) == ("心内科", "血脂未达标")
    assert all(i.history == current.history for i in items)
    assert {s.item for s in current.history} == {i.id for i in items}


def test_current_medicines_with_one_ingredient_name_each_other() -> None:
    items = merge([
        take("诺欣妥", "100", "mg", "bid"), take("代文", "80", "mg", "qd"), take("络活喜", "5", "mg", "qd"),
        take("缬沙坦", "40", "mg", "qd", status="stopped", end="2020"),
    ])  # fmt: skip
    by_name = {i.head.name: i for i in items if i.head.status == "active"}
    assert by_name["代文"].duplicates == (by_name["诺欣妥"].id,)
    assert by_name["诺欣妥"].duplicates == (by_name["代文"].id,)
    assert by_name["络活喜"].duplicates == ()


def test_a_combination_is_a_duplicate_of_what_it_holds() -> None:
    one, other = merge([take("西格列汀二甲双胍", "50", "mg", "bid"), take("格华止", "500", "mg", "bid")])
    assert (one.duplicates, other.duplicates) == ((other.id,), (one.id,))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (["代文"], "代文（缬沙坦） 80mg qd"), (["缬沙坦胶囊"], "缬沙坦胶囊 80mg qd"),
        (["缬沙坦胶囊", "代文"], "代文（缬沙坦） 80mg qd"), (["双氢克尿噻"], "双氢克尿噻（氢氯噻嗪） 80mg qd"),
        (["某某胶囊"], "某某胶囊 80mg qd"),
    ],
)  # fmt: skip
def test_brand_and_ingredient_are_shown_together(said: list[str], text: str) -> None:
    [item] = merge([take(name, "80", "mg", "qd", on=f"2025-05-0{n}") for n, name in enumerate(said, 1)])
    assert wording(item) == text


def test_a_mixture_names_what_it_is_made_of(record: Callable[..., dict[str, Any]], make: Make) -> None:
    def part(name: str, **measured: dict[str, Any]) -> dict[str, Any]:
        amounts = [{"url": url, "valueQuantity": one} for url, one in measured.items()]
        return {"url": INGREDIENT, "extension": [{"url": "code", "valueCodeableConcept": {"text": name}}, *amounts]}

    parts = [part("葡萄糖注射液", amount={"value": 500, "unit": "mL"}, strength={"value": 5, "unit": "%"}),
             part("氯化钾注射液", strength={"value": 10, "unit": "%"}), part("水溶性维生素")]  # fmt: skip
    made = record(make(prescribed("肠外营养液", 1000, "mL", extension=parts)))
    [item] = made["sections"]["medications"]
    name = "肠外营养液（葡萄糖注射液 500mL、氯化钾注射液 10%、水溶性维生素）"
    assert (item["medication"]["name"], item["text"].startswith(name)) == (name, True)
    assert {"葡萄糖注射液", "500", "氯化钾注射液", "水溶性维生素"} <= {s["text"] for s in item["sources"]}
