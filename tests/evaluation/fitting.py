"""Makes what was fitted or prepared for the bundled model, after tables or model have changed.

python -m tests.evaluation.fitting vectors       writes hub/summarizer/terminology/vectors.npz (a minute)
python -m tests.evaluation.fitting nearness      writes hub/summarizer/nearness.npz (minutes)
python -m tests.evaluation.fitting suggestions   prints weights and chances for hub/summarizer/terminology/suggest.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hub.summarizer.terminology import suggest, vectors
from hub.summarizer.terminology.entries import shipped
from tests.evaluation import remembered, suggestions

PLACE = Path(__file__).resolve().parents[2] / "hub" / "summarizer"
DIMENSIONS = 128


def main() -> int:
    {"vectors": _vectors, "nearness": _nearness, "suggestions": _suggestions}[sys.argv[1]]()
    return 0


def _vectors() -> None:
    wordings = list(dict.fromkeys(w for e in shipped() for w in e.wordings))
    made = remembered.embedder().embed(wordings, "query")
    (PLACE / "terminology" / "vectors.npz").write_bytes(vectors.made(wordings, made, DIMENSIONS))


def _nearness() -> None:
    from tests.evaluation import retrieval

    asked, answered = retrieval.embedded(remembered.embedder())
    (PLACE / "nearness.npz").write_bytes(retrieval.fitted(asked, answered))


def _suggestions() -> None:
    folds = list(suggestions.held(remembered.embedder()))
    suggest.WEIGHTS = _weights(folds)
    print("WEIGHTS", suggest.WEIGHTS.round(2).tolist())
    known, unknown = _features(folds)
    print("CHANCES", _chances(known, unknown))


def _weights(folds: list[suggestions.Held]) -> Any:
    """Of the measures: the term's own among all terms should be likely (softmax)."""
    found = [(m, np.flatnonzero(r)[0]) for f in folds for m, r in zip(f.measures, f.right, strict=True) if r.any()]
    # the nearest hundred decide; all others are far behind
    near = [_nearest(measures.astype(np.float64), right) for measures, right in found]

    def loss(weights: Any) -> tuple[float, Any]:
        total, slope = 1e-4 * weights @ weights, 2e-4 * weights
        for measures in near:  # the right one first
            scores = measures @ weights
            share = np.exp(scores - scores.max())
            share /= share.sum()
            total -= np.log(share[0] + 1e-12) / len(near)
            slope = slope + (share @ measures - measures[0]) / len(near)
        return float(total), slope

    return np.asarray(_minimum(loss, suggest.WEIGHTS.astype(np.float64)), np.float32)


def _nearest(measures: Any, right: int) -> Any:
    order = [n for n in np.argsort(-(measures @ suggest.WEIGHTS))[:100] if n != right]
    return measures[[right, *order]]


def _features(folds: list[suggestions.Held]) -> tuple[list[tuple[list[float], float]], list[list[float]]]:
    known, unknown = [], []
    for f in folds:
        for measures, right in zip(f.measures, f.right, strict=True):
            first, features = _first(measures)
            known.append((features, float(right[first])))
            unknown.append(_first(measures[~right])[1])
    return known, unknown


def _first(measures: Any) -> tuple[int, list[float]]:
    scores = measures @ suggest.WEIGHTS
    order = np.argsort(-scores, kind="stable")[:2]
    return int(order[0]), list(suggest.confidence(scores, measures, order).values())


def _chances(known: list[tuple[list[float], float]], unknown: list[list[float]]) -> dict[str, float]:
    given = np.array([*(features for features, _ in known), *unknown])
    right = np.array([*(ok for _, ok in known), *(0.0 for _ in unknown)])
    share = np.repeat([1 - suggestions.UNKNOWN, suggestions.UNKNOWN], [len(known), len(unknown)]) / len(known)

    def loss(weights: Any) -> tuple[float, Any]:
        scores = given @ weights
        told = share * (np.logaddexp(0, scores) - right * scores)
        slope = given.T @ (share * (1 / (1 + np.exp(-scores)) - right))
        return float(told.sum() + 1e-4 * weights @ weights), slope + 2e-4 * weights

    found = _minimum(loss, np.zeros(given.shape[1]))
    return {name: round(float(value), 2) for name, value in zip(suggest.CHANCES, found, strict=True)}


def _minimum(loss: Callable[[Any], tuple[float, Any]], start: Any) -> Any:
    from scipy.optimize import minimize

    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x


if __name__ == "__main__":
    sys.exit(main())
