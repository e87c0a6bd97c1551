"""The tokenizer and hl7apy's own parser give the same leaves, at the same places, over the whole corpus.

hl7apy parses each segment by itself (its message tree would only add grouping). It drops blank fields, keeps escapes
and reads SI and NM as numbers: so values are compared unescaped, blank ones are left out, numbers as numbers. Of what a
version's tables do not know, hl7apy keeps the value but not the number: there the order of values is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_segment

from adapters.hl7v2 import charsets, er7, files, structures
from tests.conftest import CORPORA

Leaf = tuple[int | None, int | None, int | None, int | None, str]

NEWEST = "2.8.2"
"""For segments that the message's own version does not have yet."""

_PATH = re.compile(r"(\w{3})\[(\d+)\]-(\d+)\[(\d+)\](?:\.(\d+)(?:\.(\d+))?)?")


def _files() -> list[Path]:
    corpora = sorted((CORPORA / "hl7v2").glob("*/hl7/**/*")) + sorted(CORPORA.glob("reassembly-sample/inputs/**/*.hl7"))
    return [path for path in corpora if path.is_file()]


def _messages(path: Path) -> Iterator[str]:
    for raw in files.split(path.read_bytes()):
        yield charsets.decode(raw, charsets.declared(raw), None)[0]


def _ours(message: er7.Message) -> dict[tuple[str, int], list[Leaf]]:
    """(segment, occurrence) -> its leaves as (field, repetition, component, subcomponent, value)."""
    found: dict[tuple[str, int], list[Leaf]] = {}
    for path, value in er7.leaves(message):
        match = _PATH.fullmatch(path)
        assert match, path
        name, occurrence, *numbers = match.groups()
        if value.strip():
            place = [int(number or 1) for number in numbers]
            found.setdefault((name, int(occurrence)), []).append((place[0], place[1], place[2], place[3], value))
    return found


@cache
def _theirs(line: str, version: str, separators: er7.Separators) -> tuple[Leaf, ...]:
    marks = {"FIELD": separators.field, "COMPONENT": separators.component, "REPETITION": separators.repetition,
             "ESCAPE": separators.escape, "SUBCOMPONENT": separators.subcomponent, "SEGMENT": "\r",
             "GROUP": "\r"}  # fmt: skip
    if not line.startswith("Z") and not structures.segment(version, line[:3]):
        version = NEWEST
    segment = parse_segment(line, version=version, encoding_chars=marks, validation_level=VALIDATION_LEVEL.QUIET)
    return tuple(_walk(segment, version, separators))


def _walk(segment: Any, version: str, separators: er7.Separators) -> Iterator[Leaf]:
    repetitions: dict[int, int] = {}
    for field in segment.children:
        number = _number(field.name)
        if number is not None:
            repetitions[number] = repetitions.get(number, 0) + 1
        if number in (1, 2) and segment.name == "MSH":
            continue
        for component, c in _numbered(field, version):
            for subcomponent, s in _numbered(component, version):
                held = getattr(subcomponent.value, "value", subcomponent.value)
                value = held if isinstance(held, str) else "" if held is None else subcomponent.value.to_er7()
                if value.strip():
                    repetition = repetitions[number] if number is not None else None
                    yield number, repetition, c, s, er7.unescape(value, separators)


def _numbered(parent: Any, version: str) -> Iterator[tuple[Any, int | None]]:
    """Children with their numbers: in their names, else (where the datatype has no parts of its own) their order."""
    nodes = list(parent.children)
    numbers = [_number(node.name) for node in nodes]
    if not any(numbers) and not structures.datatype(version, parent.datatype or ""):
        numbers = list(range(1, len(nodes) + 1))
    return zip(nodes, numbers, strict=True)


def _number(name: str | None) -> int | None:
    match = re.fullmatch(r"\w+_(\d+)", name or "")
    return int(match[1]) if match else None


def _same(ours: Leaf, theirs: Leaf) -> bool:
    if any(known is not None and known != own for own, known in zip(ours[:4], theirs[:4], strict=True)):
        return False
    return ours[4] == theirs[4] or _decimal(ours[4]) == _decimal(theirs[4]) is not None


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text.strip(), re.ASCII) else None


def test_tokenizer_and_hl7apy_give_the_same_leaves_over_the_whole_corpus() -> None:
    paths = _files()
    if not paths:
        pytest.skip("../shared/corpora is not here")
    messages = leaves = 0
    for path in paths:
        for text in _messages(path):
            message = er7.parse(text)
            version = structures.library(message.version).__name__.removeprefix("hl7apy.v").replace("_", ".")
            ours = _ours(message)
            messages += 1
            for segment in message.segments:
                header = segment.name in er7.HEADERS
                line = message.separators.field.join(segment.fields[:1] + segment.fields[2 if header else 1 :])
                expected = _theirs(line, version, message.separators)
                found = ours.get((segment.name, segment.occurrence), [])
                where = f"{path.name}: {segment!r}"
                assert len(found) == len(expected), where
                assert [pair for pair in zip(found, expected, strict=True) if not _same(*pair)] == [], where
                leaves += len(found)
    assert messages >= 440
    assert leaves > 60000


def test_segments_are_the_lines_of_the_message() -> None:
    paths = _files()
    if not paths:
        pytest.skip("../shared/corpora is not here")
    for path in paths:
        for text in _messages(path):
            message = er7.parse(text)
            mark = message.separators.field
            lines = [
                line for line in re.split(r"\r\n|\r|\n", text) if re.match(rf"[A-Z]\w\w({re.escape(mark)}|$)", line)
            ]
            assert [line[:3] for line in lines] == [segment.name for segment in message.segments], path.name
