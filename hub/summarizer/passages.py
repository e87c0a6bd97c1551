"""Sentences of free text: found in fragments, grouped where they say the same, ranked against the question."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hub.summarizer.embedding import Vectors
from hub.summarizer.evidence import Evidence, Source
from hub.summarizer.text import Sentence

SAME = 0.95
"""Cosine from which two sentences may be the same; what they state must then agree as well."""

_DOT_KEPT = re.compile(r"(?<=\d)[.,](?=\d)")
_DOT = re.compile(r"(?<!\d)[\s,，.。;；:：、!！?？]+|[\s,，.。;；:：、!！?？]+(?!\d)")
_FILLER = re.compile(r"[的患者有史病于为呈示诉及和与等\s,，.。;；:：、!！?？()（）“”\"'‘’]")
"""Words and marks without which a sentence still says the same; neither tense nor negation nor a unit is among them."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence with every place that says it."""

    text: str
    sources: tuple[Source, ...]
    section: str = ""


def passage(evidence: Evidence, sentence: Sentence) -> Passage:
    """A sentence of a fragment with its place."""
    sources = tuple(evidence.source(s.citation, s.start, s.end) for s in sentence.spans)
    return Passage(sentence.text, sources, sentence.section)


def grouped(passages: Sequence[Passage]) -> list[Passage]:
    """Equal sentences (but for width, case and marks) as one passage with all their sources."""
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        groups.setdefault(_spelling(passage.text), []).append(passage)
    return [_joined(group) for group in groups.values()]


def _joined(group: Sequence[Passage]) -> Passage:
    if len(group) == 1:
        return group[0]
    sources = {repr((s["fragment_id"], s["location"])): s for passage in group for s in passage.sources}
    return Passage(group[0].text, tuple(sources.values()), group[0].section)


def near_duplicates(passages: Sequence[Passage], vectors: Vectors) -> list[tuple[Passage, int]]:
    """Passages with the index of the vector that stands for each; the same sentence in other words is one.

    Close vectors alone are not enough: what is said but for filler must be equal, in its order, so that numbers,
    negations and sides agree, and a father's illness is not a mother's.
    """
    groups: dict[str, list[list[int]]] = {}
    for index, passage in enumerate(passages):
        alike = groups.setdefault(statement(passage.text), [])
        close = next((g for g in alike if float(vectors[g[0]] @ vectors[index]) >= SAME), None)
        if close is None:
            alike.append([index])
        else:
            close.append(index)
    found = [group for alike in groups.values() for group in alike]
    return [(_joined([passages[i] for i in group]), group[0]) for group in sorted(found)]


@lru_cache(maxsize=32768)
def _spelling(text: str) -> str:
    """A sentence without width, case and marks."""
    return _DOT.sub("", _folded(text))


@lru_cache(maxsize=32768)
def statement(text: str) -> str:
    """A sentence without its filler; a point between digits stays."""
    return _FILLER.sub("", _DOT_KEPT.sub("\x01", _folded(text)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
