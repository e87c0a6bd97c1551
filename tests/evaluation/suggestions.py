"""Colloquial wording to standard terms: IMCS-21, each wording held out in its fold, over all shipped tables.

A held-out wording is taken from every table that has it, unless it is a preferred name; other wordings of its term
stay. Right is the term whose preferred name is the standard name; by code, also one that has the same code. `unknown`
are the same wordings with their term taken away: whatever is shown then is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hub.summarizer.embedding import Embedder, Vectors
from hub.summarizer.terminology import suggest, vectors
from hub.summarizer.terminology.entries import shipped
from hub.summarizer.terminology.index import Entry, Index
from hub.summarizer.terms import fold
from tests.evaluation import remembered
from tests.evaluation.tally import wilson

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "text" / "imcs_symptom_norm_train.tsv"
FOLDS = 5
UNKNOWN = 0.1
"""Of a record's names whose term no table has; assumed."""
_AT_ONCE = 200
_STEPS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


@dataclass(frozen=True, slots=True)
class Held:
    """Wordings of one fold, the measures of all entries for each, and which entries are right."""

    entries: Sequence[Entry]
    measures: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]

    def codes(self, row: int) -> set[tuple[str, str]]:
        """Of the right entries."""
        return {(self.entries[n].system, self.entries[n].code) for n in np.flatnonzero(self.right[row])}


def measure() -> dict[str, Any]:
    """Rank 1 and 10 with intervals; what is shown at the threshold and right; the curve by threshold."""
    known, unknown, ranks = outcomes(list(held(remembered.embedder())))
    figures: dict[str, Any] = {}
    for name, reached in (("rank_1", ranks < 1), ("rank_10", ranks < 10)):
        low, high = wilson(int(reached.sum()), len(reached))
        figures |= {f"suggestions_{name}": round(float(reached.mean()), 4),
                    f"suggestions_{name}_low": low, f"suggestions_{name}_high": high}  # fmt: skip
    figures |= {f"suggestions_{k}": v for k, v in at(suggest.THRESHOLD, known, unknown).items()}
    return figures | {f"suggestions_at_{step}": at(step, known, unknown) for step in _STEPS}


def at(threshold: float, known: npt.NDArray[Any], unknown: npt.NDArray[Any]) -> dict[str, float]:
    """At a threshold: how many of the shown are right, how many are shown; of unknown terms; of a mixture."""
    shown, amiss = known[:, 0] >= threshold, unknown >= threshold
    right = known[shown, 1].mean() if shown.any() else 1.0
    mixed = (1 - UNKNOWN) * shown.mean() + UNKNOWN * amiss.mean()
    rightly = (1 - UNKNOWN) * (shown & (known[:, 1] > 0)).mean()
    coded = known[shown, 2].mean() if shown.any() else 1.0
    figures = {
        "precision": right,
        "precision_by_code": coded,
        "coverage": shown.mean(),
        "unknown_shown": amiss.mean(),
        "precision_with_unknown": rightly / mixed if mixed else 1.0,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def outcomes(folds: Sequence[Held]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """(chance, right, right by code) of the first term for each wording; the chance with its term taken away; the rank
    of its term."""
    known, unknown, ranks = [], [], []
    for part in folds:
        for row, found in enumerate(part.measures):
            told = suggest.ranked(part.entries, found[None], 10)[0]
            right = [part.entries[n] for n in np.flatnonzero(part.right[row])]
            ok = [any(s.entry is entry for entry in right) for s in told]
            first = told[0].entry
            known.append((told[0].score, ok[0], (first.system, first.code) in part.codes(row)))
            ranks.append(ok.index(True) if True in ok else 99)
            left = np.flatnonzero(~part.right[row])
            others = [part.entries[n] for n in left]
            unknown.append(suggest.ranked(others, found[left][None], 1)[0][0].score)
    return np.array(known, float), np.array(unknown), np.array(ranks)


def held(embed: Embedder) -> Iterator[Held]:
    """The folds. The tables' vectors are those that are shipped, embedded anew where they are not ready made."""
    lines = CORPUS.read_text("utf-8").splitlines()[1:]
    rows = [(wording.strip(), standard.strip()) for wording, standard in (line.split("\t") for line in lines)]
    folds = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    everything = [e for e in shipped() if e.kind == "problem"]
    space, ready = vectors.shipped(embed.name)
    texts = dict.fromkeys(w for e in everything for w in e.wordings)
    made = {t: ready.vectors[ready.rows[vectors.key(t)]] for t in texts if vectors.key(t) in ready.rows}
    new = [text for text in texts if text not in made]
    made |= dict(zip(new, space.project(embed.embed(new, "query")), strict=True)) if new else {}
    for number in range(FOLDS):
        mine = [row for row, chosen in zip(rows, folds == number, strict=True) if chosen]
        yield _held(mine, space.project(embed.embed([w for w, _ in mine], "query")), everything, made)


def _held(
    rows: Sequence[tuple[str, str]], asked: Vectors, everything: Sequence[Entry], made: dict[str, Vectors]
) -> Held:
    out = {fold(wording) for wording, _ in rows}
    entries = [_without(entry, out) for entry in everything]
    index = Index(entries, np.stack([made[w] for e in entries for w in e.wordings]))
    parts = []
    listed: list[Entry] = []
    for start in range(0, len(rows), _AT_ONCE):
        names = [wording for wording, _ in rows[start : start + _AT_ONCE]]
        listed, found = index.measure(names, asked[start : start + _AT_ONCE], ("problem",))
        parts.append(found)
    right = np.array([[_is(entry, standard) for entry in listed] for _, standard in rows])
    return Held(listed, np.concatenate(parts), right)


def _without(entry: Entry, out: set[str]) -> Entry:
    kept = [n for n, wording in enumerate(entry.wordings) if not n or fold(wording) not in out]
    return replace(entry, wordings=tuple(entry.wordings[n] for n in kept), names=sum(n < entry.names for n in kept))


def _is(entry: Entry, standard: str) -> bool:
    return entry.display == standard
