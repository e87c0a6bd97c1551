"""Wordings that are held back stay apart from those that somebody develops with."""

from __future__ import annotations

import hashlib
import json
import string
from pathlib import Path

import pytest

from tests.evaluation.generator import wording
from tests.evaluation.generator.vocabulary import REGISTERS, patterns, worded
from tests.evaluation.generator.write import generate

_SHORT = ("_item", "_list", "_join")
"""Parts of a sentence: there are few ways to say them, both sets may have the same."""
_FURTHER_SLOTS = {"n2", "items"}
_OF_HEADS = {"name", "sex", "age", "day", "place", "doctor"}


def _of(folder: str, register: str) -> dict[str, list[str]]:
    with worded(folder):
        return patterns(register)


def _is_held(pattern: str) -> bool:
    return hashlib.sha256(pattern.encode()).digest()[0] % 2 == 1


@pytest.mark.parametrize("register", REGISTERS)
def test_the_hash_of_a_pattern_decides_its_set(register: str) -> None:
    misplaced = [
        (folder, kind, pattern)
        for folder, held in (("broad", False), ("broad/held", True))
        for kind, known in _of(folder, register).items()
        for pattern in known
        if not kind.endswith(_SHORT[::2])
        if _is_held(pattern) is not held
    ]
    assert not misplaced


@pytest.mark.parametrize("register", REGISTERS)
def test_no_new_pattern_was_known_before(register: str) -> None:
    for folder in ("broad", "broad/held"):
        for kind, new in _of(folder, register).items():
            before = [p for old in (".", "unseen") for p in _of(old, register).get(kind, ())]
            assert kind.endswith(_SHORT) or not {*new} & {*before}, kind


@pytest.mark.parametrize("register", REGISTERS)
def test_both_sets_word_every_kind_of_fact(register: str) -> None:
    assert {*_of("broad", register)} == {*_of("broad/held", register)}


@pytest.mark.parametrize("folder", ["broad", "broad/held"])
@pytest.mark.parametrize("register", REGISTERS)
def test_every_slot_can_be_filled(folder: str, register: str) -> None:
    fillable = {n[1:] for n in dir(wording._Filler) if not n.startswith("__")} | _FURTHER_SLOTS
    for kind, known in _of(folder, register).items():
        slots = {s for p in known for _, s, _, _ in string.Formatter().parse(p) if s}
        assert slots <= (_OF_HEADS if kind in ("head", "foot") else fillable), kind


@pytest.mark.parametrize("folder", [".", "unseen", "broad", "broad/held"])
def test_every_fact_of_a_patient_is_stated_in_each_set(folder: str, tmp_path: Path) -> None:
    with worded(folder):
        generate(tmp_path, 4, 7)
    for path in (tmp_path / "truth").glob("*.json"):
        truth = json.loads(path.read_text("utf-8"))
        assert truth["facts"] and all(f["statements"] for f in truth["facts"])
        for statement in (s for f in truth["facts"] for s in f["statements"] if s["mode"] == "text"):
            assert "{" not in statement["text"] and statement["end"] > statement["start"]
