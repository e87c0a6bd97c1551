"""Counts by case, and figures with 95% intervals made of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_Z = 1.959964
_RESAMPLES = 1000


@dataclass(slots=True)
class Tally:
    """Hits of tries by figure and case, plain counts by figure, and what was missed (for people who mend it).

    case: the patient, since statements of one patient resemble each other: intervals resample patients.
    """

    proportions: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    means: dict[str, dict[str, float]] = field(default_factory=dict)
    misses: list[dict[str, Any]] = field(default_factory=list)

    def hit(self, figure: str, case: str, correct: bool) -> None:
        """One try."""
        pair = self.proportions.setdefault(figure, {}).setdefault(case, [0, 0])
        pair[0] += correct
        pair[1] += 1

    def add(self, figure: str, count: int = 1) -> None:
        """A figure that is a number of things; 0 makes it stand in the report."""
        self.counts[figure] = self.counts.get(figure, 0) + count

    def mean(self, figure: str, case: str, value: float) -> None:
        """A figure that is the mean of one value a case."""
        self.means.setdefault(figure, {})[case] = value

    def miss(self, figure: str, case: str, **told: Any) -> None:
        """What to look at: figure, case, and whatever tells the cause."""
        self.misses.append({"figure": figure, "case": case, **told})

    def figures(self, prefix: str = "") -> dict[str, float]:
        """Figure -> number with `_of` (tries) and, but for kinds of a figure (`figure:kind`), `_low` and `_high`."""
        found: dict[str, float] = {}
        for name, by_case in self.proportions.items():
            pairs = np.array(list(by_case.values()), float)
            found[f"{prefix}{name}"] = _rate(pairs)
            if ":" not in name:
                found[f"{prefix}{name}_low"], found[f"{prefix}{name}_high"] = interval(pairs)
            found[f"{prefix}{name}_of"] = int(pairs[:, 1].sum())
        for name, values in self.means.items():
            pairs = np.array([[v, 1.0] for v in values.values()])
            low, high = _bootstrap(pairs)
            found |= {f"{prefix}{name}": _rate(pairs), f"{prefix}{name}_low": low, f"{prefix}{name}_high": high}
        return found | {f"{prefix}{name}": count for name, count in self.counts.items()}


def f1(tally: Tally, name: str, prefix: str = "") -> dict[str, float]:
    """`name_f1` of the proportions `name_precision` and `name_recall`."""
    rates = []
    for part in ("precision", "recall"):
        by_case = tally.proportions.get(f"{name}_{part}")
        if not by_case:
            return {}
        rates.append(_rate(np.array(list(by_case.values()), float)))
    precision, recall = rates
    return {f"{prefix}{name}_f1": round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0}


def interval(pairs: np.ndarray[Any, Any]) -> tuple[float, float]:
    """95%: Wilson for one case or a rate of 0 or 1, else a bootstrap by case."""
    hits, tries = pairs[:, 0].sum(), pairs[:, 1].sum()
    if len(pairs) < 3 or hits in (0, tries):
        return wilson(hits, tries)
    return _bootstrap(pairs)


def wilson(hits: float, tries: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion."""
    if not tries:
        return 0.0, 1.0
    rate, square = hits / tries, _Z**2
    middle = (rate + square / (2 * tries)) / (1 + square / tries)
    half = _Z * np.sqrt(rate * (1 - rate) / tries + square / (4 * tries**2)) / (1 + square / tries)
    return round(float(max(0.0, middle - half)), 4), round(float(min(1.0, middle + half)), 4)


def _bootstrap(pairs: np.ndarray[Any, Any]) -> tuple[float, float]:
    chosen = np.random.default_rng(1).integers(0, len(pairs), (_RESAMPLES, len(pairs)))
    sums = pairs[chosen].sum(axis=1)
    rates = sums[:, 0] / np.maximum(sums[:, 1], 1e-9)
    low, high = np.percentile(rates, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def _rate(pairs: np.ndarray[Any, Any]) -> float:
    return round(float(pairs[:, 0].sum() / max(pairs[:, 1].sum(), 1)), 4)


def breakdown(misses: list[dict[str, Any]], by: str) -> dict[str, int]:
    """How many misses of each value of `by`."""
    found: dict[str, int] = defaultdict(int)
    for miss in misses:
        found[str(miss.get(by))] += 1
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))
