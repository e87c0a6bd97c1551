"""How near passages are to the question: by their vectors, by the n-grams of characters that both have (BM25), by rule.

Vectors of one model all lie close together, and an answer is not worded as its question is. For the bundled model
`nearness.npz` therefore has the mean of questions and of passages, which is subtracted, and a matrix for each, close to
the identity, that brings questions and answers together. They were fitted on the questions and answers of
neike_qa_dev (MIT) by `tests/evaluation/fitting.py`; of other models the mean of the passages is subtracted.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from hub.summarizer import relevance
from hub.summarizer.embedding import Vectors, unit

FITTED = "multilingual-e5-small-q4"
"""Names of models begin so whose vectors `nearness.npz` was fitted to."""

NAMES = ("question_mean", "passage_mean", "question", "passage")
"""Of the arrays of `nearness.npz`, as of `Fitted`."""

_WORDED = 0.03
"""What a standard deviation of BM25 over the mean adds to a cosine."""

_BEARING = 0.1
"""What a rule of weight 1 adds to it."""

_PARTS = 6
"""More clauses than these are a story, of which no single one is what is asked."""

_STORY = 0.25
_SATURATION, _LENGTH = 1.2, 0.75
_GRAMS = (1, 2, 3)
_BITS = 21
_FEW = 8
"""Passages, below which their mean says nothing."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What `nearness.npz` holds: the means, and a matrix for each side."""

    question_mean: Vectors
    passage_mean: Vectors
    question: Vectors
    passage: Vectors


def rank(
    question: str | None,
    passages: Sequence[str],
    vectors: Vectors,
    queries: Vectors | None,
    model: str = "",
    *,
    fit: Fitted | None = None,
) -> Vectors:
    """A score for each passage, about 0 to 1, higher is nearer; zeros without question.

    vectors: of the passages; queries: of `relevance.queries(question)`, the whole question first; model: its name;
    fit: what was fitted to it, if not that which is shipped.
    """
    if not question or queries is None or not len(queries) or not passages:
        return np.zeros(len(passages), np.float32)
    near = nearness(vectors, queries, fit or shipped(model, vectors.shape[1]))
    worded = bm25(question, passages)
    spread = float(worded.std())
    worded = (worded - worded.mean()) / spread if spread else worded
    rules = relevance.rules(question)
    bearing = np.array([relevance.bearing(passage, rules) for passage in passages], np.float32)
    return np.asarray(np.clip(0.5 + 0.5 * (near + _WORDED * worded + _BEARING * bearing), 0, 1), np.float32)


def nearness(vectors: Vectors, queries: Vectors, fit: Fitted | None = None) -> Vectors:
    """Of each vector to the question: to the nearest of it and its clauses; to a story as a whole."""
    if fit:
        asked = (queries - fit.question_mean) @ fit.question
        told = vectors @ fit.passage - fit.passage_mean @ fit.passage
    else:
        mean = vectors.mean(axis=0) if len(vectors) >= _FEW else np.zeros(vectors.shape[1], np.float32)
        asked, told = queries - mean, vectors - mean
    lengths = np.sqrt(np.einsum("ij,ij->i", told, told))
    cosines = (told @ unit(np.asarray(asked, np.float32)).T) / np.maximum(lengths, 1e-9)[:, None]
    nearest = cosines.max(axis=1)
    if len(queries) - 1 <= _PARTS:
        return np.asarray(nearest, np.float32)
    return np.asarray((cosines[:, 0] + _STORY * nearest) / (1 + _STORY), np.float32)


def bm25(question: str, passages: Sequence[str]) -> npt.NDArray[np.float64]:
    """Okapi BM25 over n-grams of one to three letters or characters; what the question repeats counts so often."""
    signs = _codes(question.lower())
    asked = Counter(gram for size in _GRAMS for gram in _grams(signs, size).tolist() if gram)
    if not asked:
        return np.zeros(len(passages))
    wanted = np.array(sorted(asked), np.int64)
    lowered = [passage.lower() for passage in passages]
    lengths = np.array([len(passage) for passage in lowered])
    owners = np.repeat(np.arange(len(passages)), lengths + 1)
    codes = _of_those(_codes("\n".join([*lowered, ""])), signs)
    counts = np.zeros(len(wanted) * len(passages))
    for size in _GRAMS:
        grams = _grams(codes, size)
        places = np.flatnonzero(grams)
        at = np.minimum(np.searchsorted(wanted, grams[places]), len(wanted) - 1)
        hit = wanted[at] == grams[places]
        counts += np.bincount(at[hit] * len(passages) + owners[places[hit]], minlength=len(counts))
    found = counts.reshape(len(wanted), len(passages))
    having = (found > 0).sum(axis=1)
    weights = np.array([asked[gram] * math.log(1 + (len(passages) - h + 0.5) / (h + 0.5))
                        for gram, h in zip(wanted.tolist(), having.tolist(), strict=True)])  # fmt: skip
    share = lengths / max(float(lengths.mean()), 1.0)
    return np.asarray(weights @ (found * (_SATURATION + 1) / (found + _SATURATION * (1 - _LENGTH + _LENGTH * share))))


def _codes(text: str) -> npt.NDArray[np.int64]:
    """The code points, zero for what is neither letter nor digit."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4").astype(np.int64)
    return np.where(_letters()[np.minimum(codes, 0xFFFF)], codes, 0)


def _of_those(codes: npt.NDArray[np.int64], signs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Zero for what the question has not: most n-grams of a long record need then no search."""
    has = np.zeros(0x10000, bool)
    has[np.minimum(signs, 0xFFFF)] = True
    return np.where(has[np.minimum(codes, 0xFFFF)], codes, 0)


def _grams(codes: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """A number for the `size` signs from each sign on, zero where one of them is no letter or digit."""
    length = max(len(codes) - size + 1, 0)
    packed = np.zeros(length, np.int64)
    whole = np.ones(length, bool)
    for offset in range(size):
        part = codes[offset : offset + length]
        packed = (packed << _BITS) | part
        whole &= part > 0
    return np.where(whole, packed, 0)


@lru_cache(maxsize=1)
def _letters() -> npt.NDArray[np.bool_]:
    return np.array([chr(code).isalnum() for code in range(0x10000)])


def shipped(model: str, dimensions: int) -> Fitted | None:
    """What was fitted to a model of this name."""
    fit = _kept() if model.startswith(FITTED) else None
    return fit if fit and fit.passage.shape[0] == dimensions else None


@lru_cache(maxsize=1)
def _kept() -> Fitted:
    with np.load(io.BytesIO((files("hub.summarizer") / "nearness.npz").read_bytes())) as kept:
        return Fitted(*(kept[name].astype(np.float32) for name in NAMES))
