"""Which statements contradict and which are history: episodes, findings, stages, dates, sides, denials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.summarizer import conflicts
from hub.summarizer.drafts import Draft
from hub.summarizer.merging import merge
from hub.summarizer.reconcile import concepts
from hub.summarizer.wording import wording
from tests.unit.summarizer.statements import COUNTY, TERTIARY, VILLAGE, fragment, say


def found(*drafts: Draft) -> list[conflicts.Conflict]:
    return conflicts.find([replace(i, text=wording(i)) for i in merge(drafts)])


def kinds(*drafts: Draft) -> list[str]:
    return [c.kind for c in found(*drafts)]


def denied(name: str, kind: str = "problem", **given: Any) -> Draft:
    return say(kind, name, assertion="absent", status="unknown", **given)


def both_ways(one: Draft, other: Draft) -> list[str]:
    """The kinds of contradiction, which the order of the two does not change."""
    found_first = kinds(one, other)
    assert kinds(other, one) == found_first
    return found_first


def test_a_lasting_illness_denied_elsewhere_is_a_conflict_that_names_both() -> None:
    [conflict] = found(
        say("problem", "高血压", start="2020-04-12", by=TERTIARY, on="2025-03-07"),
        denied("高血压", by=VILLAGE, on="2025-02-20"),
    )
    assert conflict.kind == "assertion"
    assert all(word in conflict.text for word in (TERTIARY, "2025-03-07", VILLAGE, "2025-02-20", "否认"))


@pytest.mark.parametrize(
    ("had", "no", "expected"),
    [
        (say("problem", "2型糖尿病", code="E11.9"), denied("糖尿病", by=VILLAGE), ["assertion"]),
        (say("problem", "糖尿病"), denied("2型糖尿病", by=VILLAGE), []),
        (say("problem", "1型糖尿病"), denied("2型糖尿病", by=VILLAGE), []),
        (say("problem", "糖尿病", start="2024-06"), denied("糖尿病", by=VILLAGE, on="2023-03-01"), []),
        (say("problem", "糖尿病", start="2020-06"), denied("糖尿病", by=VILLAGE, on="2023-03-01"), ["assertion"]),
        (say("problem", "肺结核", status="resolved", start="1995"), denied("肺结核", by=VILLAGE), []),
        (say("problem", "脑梗死", start="2019"), denied("脑梗死", by=VILLAGE), ["assertion"]),
        (say("problem", "冠心病", assertion="uncertain"), denied("冠心病", by=VILLAGE), []),
        (say("symptom", "咳嗽", start="2025-03", on="2025-03-20"), denied("咳嗽", "symptom", on="2025-06-01"), []),
        (say("problem", "胸腔积液", on="2025-03-20"), denied("胸腔积液", by=TERTIARY, on="2025-06-01"), []),
        (say("problem", "胸腔积液", on="2025-06-01"), denied("胸腔积液", by=TERTIARY, on="2025-06-01"), ["assertion"]),
        (say("problem", "脑出血", start="2019"), denied("脑出血", by=TERTIARY, text="未见脑出血。"), ["assertion"]),
        (say("problem", "脑出血", start="2019", on="2025-01-01"),
         denied("脑出血", by=TERTIARY, on="2025-06-01", text="未见脑出血。"), []),
    ],
)  # fmt: skip
def test_what_may_go_is_no_contradiction_when_it_is_denied_later(had: Draft, no: Draft, expected: list[str]) -> None:
    assert both_ways(had, no) == expected


def test_who_denies_and_diagnoses_in_one_message_found_it_now() -> None:
    one = fragment(COUNTY, "2025-03-01", "M-admission")
    other = fragment(COUNTY, "2025-03-01", "M-admission")
    assert both_ways(say("problem", "高血压", evidence=one), denied("高血压", evidence=other)) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("1型糖尿病", None), ("2型糖尿病", "2013-08"), ["diagnosis"]),
        (("支气管哮喘", None), ("慢阻肺", "2013"), ["diagnosis"]),
        (("脑梗死", "2024-03"), ("脑出血", "2024-03-02"), ["diagnosis"]),
        (("脑梗死", "2019"), ("脑出血", "2024-03-02"), []),
        (("高血压", None), ("2型糖尿病", None), []),
        (("慢性肾脏病3期", None), ("慢性肾脏病4期", None), ["diagnosis"]),
        (("慢性肾脏病3期", None), ("慢性肾脏病3a期", None), []),
        (("高血压3级", None), ("高血压很高危", None), []),
    ],
)
def test_two_kinds_or_stages_of_one_illness_at_two_institutions(
    one: tuple[str, str | None], other: tuple[str, str | None], expected: list[str]
) -> None:
    a, b = say("problem", one[0], start=one[1]), say("problem", other[0], start=other[1], by=TERTIARY)
    assert both_ways(a, b) == expected
    same = fragment(COUNTY, "2025-03-01")
    assert both_ways(say("problem", one[0], evidence=same), say("problem", other[0], evidence=same)) == []


@pytest.mark.parametrize(("first", "later", "expected"), [("3", "4", []), ("4", "3", ["diagnosis"]), ("3", "3", [])])
def test_a_later_higher_stage_is_progress(first: str, later: str, expected: list[str]) -> None:
    before = say("problem", f"慢性肾脏病{first}期", on="2024-01-10")
    assert both_ways(before, say("problem", f"慢性肾脏病{later}期", by=TERTIARY, on="2025-06-10")) == expected


def test_a_lower_stage_by_the_same_institution_is_no_contradiction() -> None:
    before = say("problem", "慢性肾脏病4期", on="2024-01-10")
    assert both_ways(before, say("problem", "慢性肾脏病3期", on="2025-06-10")) == []


@pytest.mark.parametrize(
    ("kind", "name", "one", "other", "expected"),
    [
        ("problem", "高血压", ("2018", False), ("2020", False), ["date"]),
        ("problem", "高血压", ("2018", False), ("2019", True), []),
        ("procedure", "白内障超声乳化术", ("2023-03", False), ("2021-03", False), ["date"]),
        ("procedure", "冠状动脉支架植入术", ("2023-11-24", False), ("2022-11", False), ["date"]),
        ("procedure", "胃镜检查", ("2023-11-24", False), ("2022-11", False), []),
        ("procedure", "血液透析", ("2023-11-24", False), ("2022-11", False), []),
        ("symptom", "咳嗽", ("2025-03", False), ("2025-05", False), []),
        ("problem", "社区获得性肺炎", ("2023-03", False), ("2025-05", False), []),
        ("immunization", "流感疫苗", ("2023-10", False), ("2024-10", False), []),
    ],
)  # fmt: skip
def test_two_dates_of_what_happens_once(
    kind: str, name: str, one: tuple[str, bool], other: tuple[str, bool], expected: list[str]
) -> None:
    def dated(said: tuple[str, bool], by: str) -> Draft:
        return say(kind, name, start=said[0], ago=said[1], by=by)

    assert both_ways(dated(one, COUNTY), dated(other, VILLAGE)) == expected
    assert kinds(dated(one, COUNTY), dated(other, COUNTY)) == (expected if kind == "procedure" else [])


def test_who_tells_both_dates_in_one_message_or_each_at_its_time_means_two_operations() -> None:
    def stent(start: str, by: str, on: str, message: str = "") -> Draft:
        return say("procedure", "冠状动脉支架植入术", start=start, by=by, on=on, message=message)

    assert kinds(stent("2021-05", COUNTY, "2025-01-01", "M"), stent("2023-11", COUNTY, "2025-01-01", "M")) == []
    assert kinds(stent("2021-05-03", COUNTY, "2021-05-09"), stent("2023-11-24", TERTIARY, "2023-11-30")) == []
    assert kinds(stent("2021-05-03", COUNTY, "2021-05-09"), stent("2023-11", COUNTY, "2025-01-01")) == ["date"]


def test_two_sides_contradict_unless_their_dates_say_two_operations() -> None:
    def knee(side: str, start: str | None, by: str) -> Draft:
        return say("procedure", "膝关节置换术", laterality=side, start=start, by=by)

    assert both_ways(knee("L", "2021", VILLAGE), knee("R", "2021-08", COUNTY)) == ["laterality"]
    assert both_ways(knee("L", "2019", VILLAGE), knee("R", "2021-08", COUNTY)) == []
    assert both_ways(knee("L", None, VILLAGE), knee("B", None, COUNTY)) == []


@pytest.mark.parametrize(
    ("allergen", "no", "expected"),
    [
        ("青霉素", "药物过敏史", 1), ("青霉素", "青霉素", 1), ("磺胺", "青霉素", 0), ("海鲜", "药物过敏", 0),
        ("海鲜", "食物过敏史", 1), ("芒果", "过敏史", 1), ("碘造影剂", "药物、食物过敏史", 1), ("花粉", "NKDA", 0),
    ],
)  # fmt: skip
def test_an_allergy_denied_in_text_contradicts_what_the_denial_is_of(allergen: str, no: str, expected: int) -> None:
    assert both_ways(say("allergy", allergen), denied(no, "allergy", by=TERTIARY)) == ["allergy"] * expected


def test_every_exclusive_pair_is_of_two_diagnoses() -> None:
    assert all(one != other and when in ("always", "same-time") for one, other, when in concepts.exclusive())
