"""What is one fact becomes one item with all its sources; what differs in one slot stays apart."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from hub.summarizer import terms
from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.merging import merge
from hub.summarizer.reconcile import concepts, dates, slots
from hub.summarizer.rows import rows
from tests.unit.summarizer import minimal_pairs
from tests.unit.summarizer.statements import COUNTY, TERTIARY, VILLAGE, find, measure, relative, say, take


def groups(items: Sequence[Item]) -> list[int]:
    """How many statements each item holds."""
    return sorted((len(i.drafts) for i in items), reverse=True)


def together(item: Item) -> bool:
    """Whether two statements are taken for one: of a series, for one measurement."""
    return any(len(p.sources) > 1 for p in item.points) if item.points else len(item.drafts) > 1


@pytest.mark.parametrize("pair", minimal_pairs.same(), ids=lambda p: p.label)
def test_what_is_said_in_other_words_is_one_item(pair: minimal_pairs.Pair) -> None:
    assert groups(merge([pair.one, pair.other])) == [2]
    assert groups(merge([pair.other, pair.one])) == [2]


def test_of_a_thousand_pairs_that_differ_in_one_slot_none_is_merged() -> None:
    pairs = minimal_pairs.differing()
    assert len(pairs) >= 1000
    assert len({p.slot for p in pairs}) >= 9
    orders = [(p, order) for p in pairs for order in ([p.one, p.other], [p.other, p.one])]
    wrong = [pair.label for pair, order in orders if any(together(item) for item in merge(order))]
    assert wrong == []


def test_a_broad_word_joins_the_one_kind_that_is_known() -> None:
    [item] = merge([
        say("problem", "糖尿病", by=VILLAGE),
        say("problem", "2型糖尿病", code="E11.9", start="2013-08"),
        say("problem", "糖尿病", by=VILLAGE, start="2014", ago=True, on="2025-03-01"),
    ])  # fmt: skip
    assert item.head.name == "2型糖尿病"
    assert item.head.start == "2013-08"
    assert len(item.sources) == 3


def test_a_stage_is_kept_where_others_say_only_the_illness() -> None:
    [item] = merge([
        say("problem", "CKD", by=TERTIARY, on="2025-08-01"),
        say("problem", "慢性肾脏病3期", by=VILLAGE, start="2023-09"),
        say("problem", "CKD", start="2023-09-20"),
    ])  # fmt: skip
    assert item.head.name == "慢性肾脏病3期"
    assert item.head.start == "2023-09-20"


@pytest.mark.parametrize(
    "said",
    [
        [("糖尿病", ""), ("1型糖尿病", "E10.9"), ("2型糖尿病", "E11.9")],
        [("高血压", ""), ("高血压性心脏病", "I11.9")],
        [("冠心病", ""), ("陈旧性心肌梗死", "I25.2")],
        [("糖尿病", "E14.9"), ("2型糖尿病", "E11.9")],
        [("高血压2级", "I10"), ("高血压3级", "I10")],
    ],
)
def test_a_broad_word_joins_no_sibling_no_complication_and_not_one_of_two(said: list[tuple[str, str]]) -> None:
    assert groups(merge([say("problem", name, code=code) for name, code in said])) == [1] * len(said)


@pytest.mark.parametrize(
    ("kind", "narrow", "broad"),
    [
        ("procedure", "左侧胸腔镜肺上叶切除术", "肺叶切除术"),
        ("procedure", "左眼白内障超声乳化术", "白内障超声乳化术"),
        ("problem", "症状性癫痫", "癫痫"), ("problem", "慢性浅表性胃炎", "慢性胃炎"),
        ("problem", "高血压3级很高危", "高血压3级"),
    ],
)  # fmt: skip
def test_a_longer_name_of_the_field_joins_the_shorter_one_that_it_holds(kind: str, narrow: str, broad: str) -> None:
    [item] = merge([say(kind, narrow, start="2016-06-27"), say(kind, broad, by=VILLAGE, start="2016")])
    assert item.head.name == narrow


def test_of_two_kinds_the_broad_word_joins_the_one_whose_date_it_says() -> None:
    items = merge([
        say("problem", "糖尿病", by=VILLAGE, start="2013", ago=True),
        say("problem", "1型糖尿病", by=TERTIARY, code="E10.9"),
        say("problem", "2型糖尿病", code="E11.9", start="2013-08"),
    ])  # fmt: skip
    assert {i.head.name: len(i.drafts) for i in items} == {"1型糖尿病": 1, "2型糖尿病": 2}


@pytest.mark.parametrize(
    ("a", "b", "a_ago", "b_ago", "one"),
    [
        ("2018-08-14", "2018-08", False, False, True), ("2018-08-14", "2018", False, False, True),
        ("2018-08-14", "2019", False, False, False), ("2018-08-14", "2019", False, True, True),
        ("2018-08-14", "2020", False, True, False), ("2024-04-14", "2024-05", False, True, True),
        ("2024-12-30", "2025-01", False, True, True), ("2024-04-14", "2024-06", False, True, False),
        ("2025-08-20", "2025-08-21", True, False, True), ("2025-08-20", "2025-08-22", True, False, False),
        ("2025-08-31", "2025-09", True, False, True), ("", "2025", False, False, True),
        ("2016", "2015", True, False, True), ("2016", "2015", False, False, False),
    ],
)  # fmt: skip
def test_dates_agree_to_the_shorter_precision_and_by_one_where_counted_back(
    a: str, b: str, a_ago: bool, b_ago: bool, one: bool
) -> None:
    assert dates.agree(a, b, a_ago, b_ago) is one
    assert dates.agree(b, a, b_ago, a_ago) is one


def test_what_has_no_date_joins_what_has_one_but_a_cough_a_year_later_is_another() -> None:
    assert groups(merge([say("problem", "高血压", start="2015"), say("problem", "高血压", by=VILLAGE)])) == [2]
    coughs = [
        say("symptom", "咳嗽", start="2023-03", on="2023-04-01"),
        say("symptom", "咳嗽", by=VILLAGE, on="2023-04-10"),
        say("symptom", "咳嗽", by=VILLAGE, on="2025-04-10"),
    ]
    assert groups(merge(coughs)) == [2, 1]


def test_denied_twice_is_denied_once() -> None:
    [item] = merge([
        say("symptom", "咯血", assertion="absent", status="unknown", on="2024-01-01"),
        say("symptom", "咯血", assertion="absent", status="unknown", by=VILLAGE, on="2025-06-01"),
    ])  # fmt: skip
    assert item.head.assertion == "absent"


def test_all_words_for_no_known_allergy_are_one_denial() -> None:
    denials = [
        say("allergy", "药物过敏史", assertion="absent", status="unknown"),
        say("allergy", "否认药物、食物过敏史", assertion="absent", status="unknown", by=VILLAGE),
        say("allergy", "NKDA", assertion="absent", status="unknown", by=TERTIARY),
    ]
    assert groups(merge(denials)) == [3]


def test_a_relative_is_one_whatever_the_word_and_two_relatives_are_two() -> None:
    items = merge([
        relative("父亲", "高血压"), relative("其父", "高血压病", by=VILLAGE), relative("FTH", "高血压", by=TERTIARY),
        relative("母亲", "高血压3级"), say("problem", "高血压"),
    ])  # fmt: skip
    assert groups(items) == [3, 1, 1]


def test_a_side_that_nobody_says_is_not_guessed() -> None:
    left = say("procedure", "膝关节置换术", laterality="L", start="2021")
    right = say("procedure", "膝关节置换术", laterality="R", start="2021", by=TERTIARY)
    unsaid = say("procedure", "膝关节置换术", start="2021", by=VILLAGE)
    assert groups(merge([left, unsaid])) == [2]
    assert groups(merge([left, right, unsaid])) == [1, 1, 1]


def test_a_stay_told_in_the_village_is_the_one_that_its_hospital_sent() -> None:
    sent = say("encounter", "住院", code="IMP", keys=frozenset({"encounter|IMP"}), start="2024-09-12",
               end="2024-09-20", by="清源县人民医院", group=("清源县人民医院", ""))  # fmt: skip
    told = [
        say("encounter", "住院", by=VILLAGE, start=start, keys=frozenset({"encounter|IMP"}), group=(place, ""))
        for start, place in (("2024-09", "清源县人民医院"), ("2024", ""), ("2024-09", "省立医院"), ("2023", ""))
    ]
    assert [groups(merge([sent, one])) for one in told] == [[2], [1, 1], [1, 1], [1, 1]]


def test_positive_and_blood_groups_are_known_in_any_spelling() -> None:
    assert groups(merge([find("乙肝表面抗原", "阳性", "2025-01-02"), find("乙肝表面抗原", "(+)", "2025-01-02")])) == [2]
    assert groups(merge([find("ABO血型", "AB型"), find("ABO血型", "AB", by=VILLAGE)])) == [2]
    assert groups(merge([find("ABO血型", "A型"), find("ABO血型", "AB型", by=VILLAGE)])) == [1, 1]
    assert slots.blood_group("O型Rh(D)阳性") == ("O", "Rh+")


@pytest.mark.parametrize(
    ("name", "base", "grade"),
    [
        ("慢性肾脏病3期", "慢性肾脏病", {"stage": "3"}), ("CKD G3b期", "ckd", {"stage": "3b"}),
        ("高血压3级(极高危)", "高血压", {"grade": "3", "risk": "很高危"}), ("肺癌Ⅳ期", "肺癌", {"stage": "4"}),
        ("高血压病二级", "高血压病", {"grade": "2"}), ("2型糖尿病", "2型糖尿病", {}),
    ],
)  # fmt: skip
def test_stage_and_grade_are_read_off_a_name(name: str, base: str, grade: dict[str, str]) -> None:
    assert concepts.graded(name) == (base, grade)


@pytest.mark.parametrize("row", rows("reconcile/behaviour.tsv", 3), ids=lambda r: f"{r[0]}-{r[2]}")
def test_the_examples_of_the_table_of_behaviour(row: list[str]) -> None:
    ways = {"episode": concepts.passes, "event": concepts.passes, "finding": concepts.changes,
               "repeated": concepts.repeats, "fluctuating": concepts.fluctuates,
               "once": lambda key: not concepts.repeats(key),
               "lasting": lambda key: not concepts.passes(key)}  # fmt: skip
    behaves = ways[row[0]]
    assert all(behaves(f"name|{terms.fold(example)}") for example in row[2].split("|"))


def test_five_thousand_fragments_are_reconciled_in_time() -> None:
    drafts = [draft for n in range(1250) for draft in _patient(n)]
    merge(drafts[:40])
    started = time.process_time()
    items = merge(drafts)
    seconds = time.process_time() - started
    assert len(drafts) == 5000
    assert len(items) < 2500
    assert seconds < 0.6, "0.15 s alone; the machine of the tests is shared"


def _patient(n: int) -> list[Draft]:
    on = f"20{10 + n % 15:02d}-{1 + n % 12:02d}-{1 + n % 28:02d}"
    by = (COUNTY, TERTIARY, VILLAGE)[n % 3]
    return [
        say("problem", ("高血压", "2型糖尿病", "慢性肾脏病3期", "糖尿病", "CKD")[n % 5], by=by, on=on),
        say("symptom", ("咳嗽", "头晕", "胸闷", "水肿")[n % 4], start=on, by=by, on=on),
        take(("缬沙坦", "氨氯地平", "二甲双胍")[n % 3], ("80", "5", "500")[n % 3], often="qd", by=by, on=on),
        measure("肌酐", str(100 + n % 90), "umol/L", f"{on}T08:{n % 60:02d}:00+08:00", by=by, on=on),
    ]
