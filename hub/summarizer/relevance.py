"""How near a text is to the question: by its vectors, and by a table of what bears on what (`relevance.tsv`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from hub.summarizer.embedding import Vectors
from hub.summarizer.rows import rows

_CLAUSE = re.compile(r"[，。；！？,;!?\n]+|(?<=[a-z])\.\s")
_SHORTEST = 4

Rule = tuple[float, re.Pattern[str]]


def queries(question: str) -> list[str]:
    """The question and its clauses: a question of several parts is answered by texts that are near one of them."""
    clauses = [clause.strip() for clause in _CLAUSE.split(question)]
    return list(dict.fromkeys([question, *(c for c in clauses if len(c) >= _SHORTEST)]))


def nearness(vectors: Vectors, query: Vectors | None) -> Vectors:
    """Cosine of each vector with the nearest of the queries; zeros without question."""
    if query is None or not len(query) or not len(vectors):
        return np.zeros(len(vectors), np.float32)
    return np.asarray((vectors @ query.T).max(axis=1), np.float32)


def rules(question: str | None) -> list[Rule]:
    """What bears on this question: weight in (0, 1] and the words of a text that does."""
    return [(weight, words) for weight, where, words in _table() if where.search(question or "")]


def bearing(words: str, applying: Sequence[Rule]) -> float:
    """The weight of the strongest rule that the words meet, 0 where none."""
    return max((weight for weight, pattern in applying if pattern.search(words)), default=0.0)


@lru_cache(maxsize=1)
def _table() -> list[tuple[float, re.Pattern[str], re.Pattern[str]]]:
    return [
        (float(weight), re.compile(where, re.IGNORECASE), re.compile(words, re.IGNORECASE))
        for weight, where, words in rows("relevance.tsv", 3)
    ]
