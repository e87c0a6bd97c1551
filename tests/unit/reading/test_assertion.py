"""The context of a mention: each row of the tables is held by its own examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from hub.summarizer.reading import cues, kin
from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.model import Context, Section

_SAID: dict[str, Callable[[Context], bool]] = {
    "absent": lambda c: c.assertion == "absent",
    "uncertain": lambda c: c.assertion == "uncertain",
    "question": lambda c: c.assertion == "uncertain",
    "planned": lambda c: c.planned,
    "if": lambda c: c.planned,
    "historical": lambda c: c.historical,
    "resolved": lambda c: c.resolved,
}


def marked(example: str) -> tuple[str, list[tuple[int, int]], list[bool]]:
    """The text of an example, its names, and which of them the rule is about."""
    text, spans, meant = "", [], []
    for part in re.split(r"(\[[^\]]*\]|\{[^}]*\})", example):
        if part[:1] in ("[", "{"):
            spans.append((len(text), len(text) + len(part) - 2))
            meant.append(part[0] == "[")
            part = part[1:-1]
        text += part
    return text, spans, meant


def read(example: str, section: Section = "") -> list[Context]:
    text, spans, _ = marked(example)
    return contexts(text, spans, section)


def _rules() -> Iterator[tuple[str, str]]:
    for rule in dict.fromkeys(rule for each in cues.rules().values() for rule in each):
        for example in rule.examples:
            yield rule.effect, example


@pytest.mark.parametrize(("effect", "example"), sorted(set(_rules())))
def test_each_rule_says_what_its_examples_show(effect: str, example: str) -> None:
    said = _SAID.get(effect, _SAID["absent"])
    text, spans, meant = marked(example)
    for about, context, (start, end) in zip(meant, read(example), spans, strict=True):
        if about:
            assert said(context)
            assert context.cues or cues.denies(text[start:end])
        else:
            plain = context.assertion == "present" and not context.planned and not context.resolved
            assert plain and not context.subject


@pytest.mark.parametrize(("kind", "example"), kin.examples())
def test_a_relative_is_whose_it_is_only_where_the_table_says_so(kind: str, example: str) -> None:
    _, _, meant = marked(example)
    assert [bool(c.subject) for c in read(example)] == meant


def test_no_mentions_have_no_contexts() -> None:
    assert contexts("否认高血压", []) == []


def test_a_sentence_without_cues_says_that_its_names_are_present() -> None:
    assert read("[咳嗽]3天") == [Context()]
