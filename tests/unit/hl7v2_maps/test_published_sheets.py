"""Rule sheets of segments that no official map has, schemas/hl7v2/*.csv: each field that is read, no other."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest

from adapters.hl7v2.maps.codes import document
from adapters.hl7v2.maps.dialect import standard
from adapters.hl7v2.maps.messages import TRANSLATORS

SHEETS = {"referral.csv": ("RF1", "PRD", "CTD", "AUT"), "medication-and-problem.csv": ("RXE", "PRB")}
DECIDING: dict[str, set[int]] = {"RF1": set(), "PRD": set(), "CTD": set(), "AUT": set(), "RXE": set(), "PRB": {1, 15}}
"""Fields that decide something: they are no values (unmapped.yaml), or stand in no element."""


def rows(name: str) -> list[dict[str, str]]:
    with files("schemas").joinpath("hl7v2", name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(("name", "segment"), [(name, segment) for name, held in SHEETS.items() for segment in held])
def test_a_sheet_tells_each_field_that_is_read(name: str, segment: str) -> None:
    read = {int(field) for field in document("translated.yaml").get(segment, ())}
    read |= {rule.field for sheet in standard().sheets.values() if sheet.segment == segment for rule in sheet.rules}
    told = {int(found[1]) for row in rows(name) if (found := re.match(rf"{segment}-(\d+)", row["field"]))}
    assert told - DECIDING[segment] == read - DECIDING[segment]


@pytest.mark.parametrize("name", SHEETS)
def test_each_row_has_its_reason(name: str) -> None:
    assert [row["field"] for row in rows(name) if not row["reason"] or not row["rule"]] == []


def test_the_segments_of_referral_and_problem_messages_are_those_that_are_read() -> None:
    known = {*TRANSLATORS, *standard().declared}
    for row in rows("referral-and-problem-messages.csv"):
        told = set(row["segment"].split())
        assert told <= known if row["resource"] else not told & known, row
