"""A name of the tables that is only a piece of another word names nothing."""

from __future__ import annotations

import pytest

from hub.summarizer.reading import mentions
from hub.summarizer.reading.characters import plain
from hub.summarizer.rows import rows

ROWS = [(name, word) for name, words in rows("reading/homographs.tsv", 2) for word in words.split("|")]


def _medicines(text: str) -> list[str]:
    return [m.name for m in mentions.find(plain(text)) if m.kind == "medicine"]


@pytest.mark.parametrize(("name", "word"), ROWS)
def test_a_piece_of_a_word_names_no_medicine(name: str, word: str) -> None:
    assert name not in _medicines(f"医生说{word}，余无特殊")


@pytest.mark.parametrize("name", ["可定", "安定", "速尿", "代文", "人参", "达喜"])
def test_the_name_itself_still_does(name: str) -> None:
    assert name in _medicines(f"口服{name}1片，每日一次")
    assert name in _medicines(f"{name}")


@pytest.mark.parametrize(("kind", "example"), [(kind, e) for kind, _, _, e in rows("reading/variants.tsv", 4)])
def test_another_spelling_names_the_same(kind: str, example: str) -> None:
    [found] = mentions.find(plain(example))
    assert found.term is not None
    assert (found.name, kind in ("-", found.kind)) == (example, True)
