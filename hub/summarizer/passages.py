"""Sentences of free text: found in fragments, grouped where they say the same, ranked against the question."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hub.summarizer import terms
from hub.summarizer.coded.results import prose
from hub.summarizer.embedding import Vectors
from hub.summarizer.evidence import Evidence, Source
from hub.summarizer.text import Sentence, sentences

SAME = 0.95
"""Cosine from which two sentences may be the same; what they state must then agree as well."""

_TEXT = re.compile(
    r"/(?:note/\d+/text|conclusion|content/\d+/attachment/data|presentedForm/\d+/data|payload/\d+/contentString|summary|"
    r"text/div|section/\d+(?:/section/\d+)*/text/div|(?:component/\d+/)?valueString|description|patientInstruction|"
    r"valueAttachment/data|comment|content/\d+/attachment/title)"
)
_NARRATIVES = frozenset({"Composition", "DiagnosticReport", "DocumentReference", "Communication", "ClinicalImpression"})
"""Types whose own narrative is read; of coded resources it only repeats what is coded."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NEGATION = re.compile(r"不|无|未|否认|没|非|排除|停|no\b|not\b|den(?:y|ies)|without|negative|阴性|阳性", re.IGNORECASE)
_SIDE = re.compile(r"左|右|双|left|right|bilateral", re.IGNORECASE)
_FILLER = frozenset(
    "的了过曾患者有史病人情况处本现既往者于在为是呈示诉可见示及和与等年月日,，.。；;:：、!！?？()（）“”\"' \t\n"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence with every place that says it."""

    text: str
    sources: tuple[Source, ...]
    section: str = ""


def texts(evidence: Evidence, *, narrative: bool) -> list[Passage]:
    """The sentences of a fragment's free text. narrative: also of its own generated narrative."""
    return [
        Passage(sentence.text, tuple(evidence.source(s.citation, s.start, s.end) for s in sentence.spans))
        for sentence in _sentences(evidence, narrative)
    ]


def narrative_of(evidence: Evidence) -> bool:
    return evidence.type in _NARRATIVES


def _sentences(evidence: Evidence, narrative: bool) -> Iterator[Sentence]:
    for target in dict.fromkeys(c.target for c in evidence.fragment.citations):
        if not _TEXT.fullmatch(target) or (target == "/text/div" and not narrative):
            continue
        if target.endswith("valueString") and not prose(evidence.value(target)):
            continue
        if target.endswith("/title"):
            continue
        yield from sentences(evidence.decoded(target))


def grouped(passages: Sequence[Passage]) -> list[Passage]:
    """Equal sentences (in folded spelling) as one passage with all their sources."""
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        groups.setdefault(_numbers_kept(passage.text), []).append(passage)
    return [_joined(group) for group in groups.values()]


def _numbers_kept(text: str) -> str:
    return f"{terms.fold(text)}|{'|'.join(_statement(text)[0])}"


def _joined(group: Sequence[Passage]) -> Passage:
    if len(group) == 1:
        return group[0]
    sources = {repr((s["fragment_id"], s["location"])): s for passage in group for s in passage.sources}
    return Passage(group[0].text, tuple(sources.values()), group[0].section)


def near_duplicates(passages: Sequence[Passage], vectors: Vectors) -> list[tuple[Passage, int]]:
    """Passages with the index of the vector that stands for each; the same sentence in other words is one.

    Close vectors alone are not enough: numbers, negations and sides must be equal, and all else that differs must be
    filler, so that a father's illness is not a mother's.
    """
    parent = list(range(len(passages)))
    for a, b in _close(vectors):
        if _root(parent, a) != _root(parent, b) and same_statement(passages[a].text, passages[b].text):
            parent[_root(parent, b)] = _root(parent, a)
    groups: dict[int, list[Passage]] = {}
    for index, passage in enumerate(passages):
        groups.setdefault(_root(parent, index), []).append(passage)
    return [(_joined(group), index) for index, group in groups.items()]


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        index = parent[index]
    return index


def _close(vectors: Vectors, block: int = 512) -> Iterator[tuple[int, int]]:
    for start in range(0, len(vectors), block):
        similar = vectors[start : start + block] @ vectors.T
        rows, columns = np.nonzero(similar >= SAME)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if start + row < column:
                yield start + row, column


def same_statement(a: str, b: str) -> bool:
    """Whether two sentences differ in filler only, and agree in numbers, negations and sides."""
    if _statement(a) != _statement(b):
        return False
    one, other = (
        Counter(unicodedata.normalize("NFKC", a).casefold()),
        Counter(unicodedata.normalize("NFKC", b).casefold()),
    )
    return all(character in _FILLER for character in (one - other) + (other - one))


def _statement(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    plain = unicodedata.normalize("NFKC", text)
    return (
        tuple(_NUMBER.findall(plain)),
        tuple(sorted(m.casefold() for m in _NEGATION.findall(plain))),
        tuple(m.casefold() for m in _SIDE.findall(plain)),
    )
