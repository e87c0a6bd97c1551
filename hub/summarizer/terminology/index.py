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
_BITS = 20
_MOST = (1 << _BITS) - 1
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
    """The n-grams of the wordings of a kind, ordered by code; those of number n from `starts[n]` to `starts[n + 1]`.

    codes: the numbers of their sounds; wordings: that have it; weights: in each, lengths being one; rarity: of each.
    """

    codes: npt.NDArray[np.int64]
    starts: npt.NDArray[np.intp]
    wordings: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    rarity: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Kind:
    """The terms of a kind. starts: the first wording of each entry; spoken: how much colloquial wording it has."""

    entries: slice
    starts: npt.NDArray[np.intp]
    mean: Vectors
    vectors: Vectors
    centres: Vectors
    grams: Grams
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
        heard = [_heard(name) for name in names]
        found = np.concatenate([_near(span, vectors, heard) for span in spans], axis=2)
        return [entry for span in spans for entry in self.entries[span.entries]], np.moveaxis(found, 0, 2)


def _near(span: _Kind, vectors: Vectors, heard: Sequence[Counter[int]]) -> npt.NDArray[np.float32]:
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


def _alike(span: _Kind, counts: Mapping[int, int]) -> npt.NDArray[np.float64]:
    """Of each wording: the TF-IDF cosine of n-grams of sounds."""
    grams, asked = span.grams, np.array(list(counts), np.int64)
    at = np.minimum(np.searchsorted(grams.codes, asked), len(grams.codes) - 1) if len(grams.codes) else asked[:0]
    known = [(int(n), count) for n, gram, count in zip(at, asked, counts.values(), strict=False)
             if grams.codes[n] == gram]  # fmt: skip
    if not known:
        return np.zeros(len(span.vectors))
    weights = [(math.log(count) + 1) * float(grams.rarity[n]) for n, count in known]
    length = math.sqrt(sum(weight * weight for weight in weights))
    spans = [slice(grams.starts[n], grams.starts[n + 1]) for n, _ in known]
    ids = np.concatenate([grams.wordings[held] for held in spans])
    parts = np.concatenate([grams.weights[h] * (w / length) for h, w in zip(spans, weights, strict=True)])
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
            grams=_grams_of([w for e in told for w in e.wordings]),
            spoken=np.log1p([len(e.wordings) - e.names for e in told]).astype(np.float32),
        )
        first, word = first + len(told), word + sum(counts)
    return found


def _grams_of(wordings: Sequence[str]) -> Grams:
    """The n-grams of sounds of all wordings at once."""
    signs, owners = _signs(wordings)
    codes, holders = [], []
    for size in range(1, _LONGEST_GRAM + 1):
        last = len(signs) - size + 1
        if last > 0:
            packed = np.zeros(last, np.int64)
            for offset in range(size):
                packed = (packed << _BITS) | signs[offset : offset + last]
            whole = owners[:last] == owners[size - 1 :]
            codes.append(packed[whole])
            holders.append(owners[:last][whole])
    found, held = np.concatenate([*codes, signs[:0]]), np.concatenate([*holders, owners[:0]])
    order = np.lexsort((held, found))
    found, held = found[order], held[order]
    first = np.flatnonzero(np.concatenate([[True], (found[1:] != found[:-1]) | (held[1:] != held[:-1])])[: len(found)])
    counts = np.diff(np.append(first, len(found)))
    found, held = found[first], held[first]
    distinct, starts, shared = np.unique(found, return_index=True, return_counts=True)
    rarity = np.log((1 + len(wordings)) / (1 + shared)) + 1
    weights = (np.log(counts) + 1) * np.repeat(rarity, shared)
    lengths = np.sqrt(np.bincount(held, weights * weights, len(wordings)))
    return Grams(distinct, np.append(starts, len(found)), held.astype(np.int32),
                 (weights / lengths[held]).astype(np.float32), rarity)  # fmt: skip


def _signs(wordings: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The numbers of the sounds of all wordings, one after the other, and whose each is."""
    folded = [_folded(wording) for wording in wordings]
    owners = np.repeat(np.arange(len(folded)), [len(text) for text in folded])
    codes = np.frombuffer("".join(folded).encode("utf-32-le", "replace"), "<u4")
    distinct, places = np.unique(codes, return_inverse=True)
    numbers = np.array([_number(_sound(sign)) if _told(sign) else 0 for sign in map(chr, distinct)], np.int64)
    signs = numbers[places] if len(codes) else np.zeros(0, np.int64)
    return signs[signs > 0], owners[signs > 0]


def _heard(name: str) -> Counter[int]:
    """The n-grams of a name, as in `Grams.codes`."""
    spoken = [_number(sound) for sound in sounds(name)]
    return Counter(
        sum(sound << _BITS * (size - 1 - place) for place, sound in enumerate(spoken[start : start + size]))
        for size in range(1, _LONGEST_GRAM + 1)
        for start in range(len(spoken) - size + 1)
    )


def sounds(wording: str) -> list[str]:
    """`弊咳` is `bi`, `ke`; what is not Chinese stays letter by letter, without case, width, spaces and marks."""
    return [_sound(sign) for sign in _folded(wording) if _told(sign)]


def _folded(wording: str) -> str:
    return unicodedata.normalize("NFKC", wording).casefold()


def _told(sign: str) -> bool:
    return sign.isalnum() or sign in "+%"


_numbered: dict[str, int] = {}
"""A number for each sound that was ever heard."""


def _number(sound: str) -> int:
    return min(_numbered.setdefault(sound, len(_numbered) + 1), _MOST)


@lru_cache(maxsize=16384)
def _sound(sign: str) -> str:
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(sign)[0])
