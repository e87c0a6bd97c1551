"""An index of terms by their wording: which terms a name may stand for, by meaning and by sound.

Five measures of a term: the cosine of its nearest wording, of the preferred name, of the mean of all wordings; the
TF-IDF cosine of n-grams of sounds (of Chinese characters the pinyin without tone, of other writing the letters), so
that what was typed by ear (`弊咳` for `憋咳`) finds its term; and how much colloquial wording is known of it: people
speak of few things in many ways. Cosines are taken after the mean of the terms of a kind has been subtracted: the
vectors of short names all lie close together.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
import numpy.typing as npt

from hub.summarizer.embedding import Vectors, unit

MEASURES = 5
_LONGEST_GRAM = 3
_FEW = 30
"""Terms of a kind, below which their mean says nothing about the kind."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A term as it is suggested.

    kind: a family of `tables`, "" of any kind; wordings: the preferred name first; names: how many of the first
    wordings are names of the term, so that an equal name is the term; the others are only how people may put it.
    """

    kind: str
    system: str
    code: str
    display: str
    wordings: tuple[str, ...]
    names: int = 1


@dataclass(frozen=True, slots=True)
class Grams:
    """Of one n-gram: the wordings that have it, and its weight in each, lengths being one."""

    wordings: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    rarity: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """The terms of a kind. starts: the first wording of each entry; spoken: how much colloquial wording it has."""

    entries: slice
    starts: npt.NDArray[np.intp]
    mean: Vectors
    vectors: Vectors
    centres: Vectors
    postings: Mapping[str, Grams]
    spoken: Vectors


class Index:
    """vectors: one for each wording of the entries, in their order, of kind `query`, L2-normalised."""

    def __init__(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        order = sorted(range(len(entries)), key=lambda i: entries[i].kind)
        firsts = np.cumsum([0, *(len(e.wordings) for e in entries)])
        rows = [row for i in order for row in range(firsts[i], firsts[i + 1])]
        self.entries = tuple(entries[i] for i in order)
        self._kinds = _kinds(self.entries, vectors[rows] if rows else vectors)

    def measure(
        self, names: Sequence[str], vectors: Vectors, kinds: Iterable[str]
    ) -> tuple[list[Entry], npt.NDArray[np.float32]]:
        """The entries of these kinds, and (names, entries, measures). vectors: of the names, kind `query`."""
        spans = [self._kinds[kind] for kind in kinds if kind in self._kinds]
        if not spans or not names:
            return [], np.zeros((len(names), 0, MEASURES), np.float32)
        heard = [_grams(name) for name in names]
        found = np.concatenate([_near(span, vectors, heard) for span in spans], axis=2)
        return [entry for span in spans for entry in self.entries[span.entries]], np.moveaxis(found, 0, 2)


def _near(span: _Kind, vectors: Vectors, heard: Sequence[Counter[str]]) -> npt.NDArray[np.float32]:
    """(measures, names, entries)."""
    asked = unit(vectors - span.mean)
    near = asked @ span.vectors.T
    found = np.empty((MEASURES, len(vectors), len(span.starts)), np.float32)
    np.maximum.reduceat(near, span.starts, axis=1, out=found[0])
    found[1] = near[:, span.starts]
    found[2] = asked @ span.centres.T
    for row, grams in enumerate(heard):
        found[3, row] = np.maximum.reduceat(_alike(span, grams), span.starts)
    found[4] = span.spoken
    return found


def _alike(span: _Kind, counts: Counter[str]) -> npt.NDArray[np.float64]:
    """Of each wording: the TF-IDF cosine of n-grams of sounds."""
    weighed = [(math.log(count) + 1, span.postings.get(gram)) for gram, count in counts.items()]
    known = [(weight * grams.rarity, grams) for weight, grams in weighed if grams]
    if not known:
        return np.zeros(len(span.vectors))
    length = math.sqrt(sum(weight * weight for weight, _ in known))
    ids = np.concatenate([grams.wordings for _, grams in known])
    parts = np.concatenate([grams.weights * (weight / length) for weight, grams in known])
    return np.asarray(np.bincount(ids, parts, len(span.vectors)), np.float64)


def _kinds(entries: Sequence[Entry], vectors: Vectors) -> dict[str, _Kind]:
    found: dict[str, _Kind] = {}
    overall = vectors.mean(axis=0) if len(vectors) else vectors
    first = word = 0
    for kind, group in groupby(entries, key=lambda e: e.kind):
        told = list(group)
        counts = [len(e.wordings) for e in told]
        own = vectors[word : word + sum(counts)]
        mean = own.mean(axis=0) if len(told) >= _FEW else overall
        starts = np.cumsum([0, *counts[:-1]])
        centred = unit(own - mean)
        found[kind] = _Kind(
            entries=slice(first, first + len(told)),
            starts=starts,
            mean=mean,
            vectors=centred,
            centres=unit(np.add.reduceat(centred, starts, axis=0)),
            postings=_postings([w for e in told for w in e.wordings]),
            spoken=np.log1p([len(e.wordings) - e.names for e in told]).astype(np.float32),
        )
        first, word = first + len(told), word + sum(counts)
    return found


def _postings(wordings: Sequence[str]) -> dict[str, Grams]:
    counted = [_grams(wording) for wording in wordings]
    shared = Counter(gram for counts in counted for gram in counts)
    rarity = {gram: math.log((1 + len(wordings)) / (1 + count)) + 1 for gram, count in shared.items()}
    lists: dict[str, tuple[list[int], list[float]]] = {gram: ([], []) for gram in shared}
    for number, counts in enumerate(counted):
        weights = {gram: (math.log(count) + 1) * rarity[gram] for gram, count in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        for gram, weight in weights.items():
            lists[gram][0].append(number)
            lists[gram][1].append(weight / length)
    return {
        gram: Grams(np.array(numbers, np.int32), np.array(weights, np.float32), rarity[gram])
        for gram, (numbers, weights) in lists.items()
    }


def _grams(wording: str) -> Counter[str]:
    spoken = sounds(wording)
    return Counter(
        " ".join(spoken[start : start + size])
        for size in range(1, _LONGEST_GRAM + 1)
        for start in range(len(spoken) - size + 1)
    )


def sounds(wording: str) -> list[str]:
    """`弊咳` is `bi`, `ke`; what is not Chinese stays letter by letter, without case, width, spaces and marks."""
    return [
        _sound(sign) for sign in unicodedata.normalize("NFKC", wording).casefold() if sign.isalnum() or sign in "+%"
    ]


@lru_cache(maxsize=16384)
def _sound(sign: str) -> str:
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(sign)[0])
