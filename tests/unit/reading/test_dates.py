"""Dates in text: the examples of the rules are their tests, and a table of more."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub.summarizer.reading.date_rules import rules
from hub.summarizer.reading.dates import find_dates, find_due
from hub.summarizer.reading.model import When

WRITTEN = date(2025, 8, 29)
BORN = "1960-05-02"
EVENTS = {"术": "2025-08-20", "入院": "2025-08-18"}


def shown(whens: list[When]) -> str:
    return ", ".join(_one(when) for when in whens) or "-"


def _one(when: When) -> str:
    value = f"{when.value or '-'}/{when.until}" if when.until else when.value or "-"
    return value + " ago" * when.ago + " about" * when.around


EXAMPLES = [(rule.scope, text, want) for rule in rules() for text, want in rule.examples]


@pytest.mark.parametrize(("scope", "text", "want"), EXAMPLES, ids=[f"{s} {t}" for s, t, _ in EXAMPLES])
def test_examples_of_the_rules_are_read_as_they_say(scope: str, text: str, want: str) -> None:
    read = find_due(text, WRITTEN) if scope == "due" else find_dates(text, WRITTEN, BORN, EVENTS)
    assert shown(read) == want
