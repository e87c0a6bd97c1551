"""Which standard terms a wording may stand for, best first, each with the chance that it is right.

The measures of `index` are weighed into one number; how likely the first term is right follows from how near it is and
how far ahead of the others. Weights and chances were fitted on IMCS-21 (`tests/evaluation/suggestions.py`), wording by
wording held out, one in ten with its term taken away so that nothing was right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hub.summarizer.embedding import Vectors
from hub.summarizer.terminology.index import Entry, Index
from hub.summarizer.terminology.vectors import OWN, Space
from hub.summarizer.terms import fold

THRESHOLD = 0.8
"""Chance from which a suggestion is shown in a record (README: the curve)."""

WEIGHTS = np.array([7.09, 1.61, 4.76, 3.39, 0.63], np.float32)
"""Of the measures of `index`: nearest wording, preferred name, mean of the wordings, sounds, colloquial wording."""

CHANCES = {"nearest": 1.26, "lead": 0.3, "rivals": -1.57, "constant": -0.16}
"""Logistic: of the first term's nearest wording, its lead over the second, and the logarithm of all terms' share over
its own."""

_FURTHEST = 6.0
ALL = ("problem", "medicine", "analyte", "procedure", "vaccine", "allergen", "")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term for a wording. score: 1 where the wording is a name of the term, else the chance that it is right."""

    entry: Entry
    score: float


class Suggester:
    """The terms of an index, found by exact name or by likeness. A term of an earlier entry goes first where equal.

    vectors: one for each wording of the entries, in `space`; told: a memory for who asks, by kinds and wording.
    """

    def __init__(self, entries: Sequence[Entry], vectors: Vectors, space: Space = OWN) -> None:
        self.index = Index(entries, vectors)
        self._space = space
        self.told: dict[tuple[Sequence[str], str], Suggestion | None] = {}
        self._named: dict[str, list[Entry]] = {}
        for entry in entries:
            for name in dict.fromkeys(fold(w) for w in entry.wordings[: entry.names]):
                self._named.setdefault(name, []).append(entry)

    def exact(self, wording: str, kinds: Iterable[str] = ALL) -> Entry | None:
        """The first term that has this name; of several kinds, of the first kind."""
        found = self._named.get(fold(wording), ())
        return next((entry for kind in kinds for entry in found if entry.kind == kind), None)

    def suggest(
        self, wordings: Sequence[str], vectors: Vectors, kinds: Sequence[str] = ALL, limit: int = 10
    ) -> list[list[Suggestion]]:
        """For each wording at most `limit` terms. vectors: of the wordings, kind `query`."""
        entries, measures = self.index.measure(wordings, self._space.project(vectors), kinds)
        found = ranked(entries, measures, limit)
        for wording, suggestions in zip(wordings, found, strict=True):
            if named := self.exact(wording, kinds):
                rest = [s for s in suggestions if fold(s.entry.display) != fold(named.display)]
                suggestions[:] = [Suggestion(named, 1.0), *rest][:limit]
        return found


def ranked(entries: Sequence[Entry], measures: npt.NDArray[np.float32], limit: int) -> list[list[Suggestion]]:
    """The terms of each row of measures; two of one name are one."""
    if not entries:
        return [[] for _ in measures]
    scores = np.tensordot(WEIGHTS, np.moveaxis(measures, 2, 0), 1)
    wanted = min(2 * limit + 2, len(entries))
    first = np.argpartition(-scores, wanted - 1, axis=1)[:, :wanted]
    found = []
    for row, candidates in enumerate(first):
        order = candidates[np.argsort(-scores[row, candidates], kind="stable")]
        told = _chances(scores[row], measures[row], order)
        distinct: dict[str, Suggestion] = {}
        for number, score in zip(order, told, strict=True):
            distinct.setdefault(fold(entries[number].display), Suggestion(entries[number], score))
        found.append(list(distinct.values())[:limit])
    return found


def _chances(scores: Vectors, measures: npt.NDArray[np.float32], order: npt.NDArray[np.intp]) -> list[float]:
    features = confidence(scores, measures, order)
    first = 1 / (1 + np.exp(-sum(CHANCES[name] * value for name, value in features.items())))
    return [round(float(first * np.exp(scores[n] - scores[order[0]])), 4) for n in order]


def confidence(scores: Vectors, measures: npt.NDArray[np.float32], order: npt.NDArray[np.intp]) -> Mapping[str, float]:
    """What the chance of the first of `order` is told from."""
    lead = scores[order[0]] - scores[order[1]] if len(order) > 1 else _FURTHEST
    rivals = float(np.log(np.exp(scores - scores[order[0]]).sum()))
    nearest = float(measures[order[0], 0])
    return {"nearest": nearest, "lead": float(min(lead, _FURTHEST)), "rivals": rivals, "constant": 1.0}
