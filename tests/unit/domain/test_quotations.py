"""What is shown of an original: painting, folding, shortening; and what a statement is known by."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.quotations import LeftOut, Line, Run, folded, painted, quotation, shortened
from hub.domain.statements import find, key, sources

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda s: (min(s), max(s))), max_size=4)


@given(st.text(min_size=30, max_size=40), SPANS, SPANS)
def test_painting_changes_no_character_and_marks_exactly_what_is_cited(
    text: str, values: list[tuple[int, int]], cited: list[tuple[int, int]]
) -> None:
    runs = painted(text, values, cited)
    assert "".join(run.text for run in runs) == text
    marks = [run.mark for run in runs for _ in run.text]
    for position, mark in enumerate(marks):
        assert (mark == "cited") == any(s <= position < e for s, e in cited)


def test_a_quotation_outside_of_the_value_is_none() -> None:
    assert quotation("abc", 1, 4) is None
    assert quotation("abc", 2, 1) is None
    found = quotation("abc", 1, 2)
    assert found is not None
    assert (found.before, found.cited, found.after) == ("a", "b", "c")


def test_folding_keeps_what_is_near_and_says_how_much_is_left_out() -> None:
    lines = [Line((Run(str(n), "cited" if n == 5 else ""),)) for n in range(10)]
    found = list(folded(lines, around=1))
    assert found == [LeftOut(4), lines[4], lines[5], lines[6], LeftOut(3)]
    assert list(folded(lines[:2], around=0)) == [lines[0], LeftOut(1)]
    assert list(folded([])) == []


def test_cited_characters_are_never_left_out() -> None:
    line = Line((Run("a" * 1000), Run("b" * 1000, "cited"), Run("c" * 1000, "value")))
    runs = shortened(line, 100).runs
    assert Run("b" * 1000, "cited") in runs
    left_out = sum(int(run.text) for run in runs if run.mark == "left-out")
    assert left_out + sum(len(run.text) for run in runs if run.mark != "left-out") == 3000


def source(message: str, path: str = "OBX[1]-5[1]", start: int = 0) -> dict[str, Any]:
    return {"message_id": message, "location": {"kind": "hl7v2", "path": path, "start": start, "end": 9}, "text": "x"}


def test_a_statement_is_known_by_what_it_says_and_of_what_in_any_order() -> None:
    one, other = source("a"), source("b")
    assert key("problem", "t", [one, other]) == key("problem", "t", [other, one, one])
    keys = {key("problem", "t", [one]), key("problem", "u", [one]), key("result", "t", [one]),
            key("problem", "t", [other]), key("problem", "t", [source("a", start=1)])}  # fmt: skip
    assert len(keys) == 5


def test_a_conflict_of_identities_cites_the_patient() -> None:
    document = {"sections": {}, "patient": {"name": "n", "sources": [source("a")]},
                "conflicts": [{"id": "c", "kind": "identity", "item_ids": [], "text": "t"}]}  # fmt: skip
    found = find(document, "conflict", "c")
    assert found is not None
    assert [s["message_id"] for s in found.sources] == ["a"]


def test_every_source_of_a_record_is_found_wherever_it_stands() -> None:
    document = {"sections": {"problems": [{"sources": [source("a")], "series": [{"sources": [source("b")]}]}]},
                "unplaced": [{"sources": [source("c")]}]}  # fmt: skip
    assert [s["message_id"] for s in sources(document)] == ["a", "b", "c"]
