"""The brief: the at most twelve items that a doctor should see first for this question.

First what forbids or changes what is asked and the illness that the question names, then other matters of safety, then
what bears on the question, then what changed. The tables: situations.tsv, safety.tsv, bearing.tsv, groups.tsv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from hub.summarizer import relevance, situations
from hub.summarizer.conflicts import Conflict
from hub.summarizer.embedding import Vectors
from hub.summarizer.items import Item
from hub.summarizer.weights import Weight, weigh

LENGTH = 12
_FORBIDS = 0.85
"""Safety from which an item changes what is asked."""
_SAFE = 0.45
"""Safety from which it is told before what only bears on the question."""
_LEAST = 0.3
"""What an item must weigh to be told at all, the first few aside."""
_FEW = 3
_DISPUTED = 0.1
_NEAR = 0.3
"""What nearness of vectors adds at most."""
_SYMPTOMS = 3
_HEAD = 3
"""The illness of the question stands within the first so many."""


def choose(items: Sequence[Item], vectors: Vectors, question: str | None, query: Vectors | None,
           conflicts: Sequence[Conflict], as_of: date | None = None) -> list[str]:  # fmt: skip
    """Ids, most important first. Allergies present are among them, and both sides of a conflict about safety.

    vectors: one per item; as_of: the day for which the record holds (None: the newest day on which something was said).
    """
    if not items:
        return []
    asked = situations.asked(question, items)
    day = as_of or max(d.evidence.at for i in items for d in i.drafts).date()
    weights = {item.id: weigh(item, asked, day) for item in items}
    near = _similarity(vectors, query)
    disputed = {i.id for c in conflicts for i in c.items}
    scores = {
        item.id: weights[item.id].total + close + _DISPUTED * (item.id in disputed)
        for item, close in zip(items, near, strict=True)
    }
    main = _main(items, weights, scores)
    kept = _kept(items, weights, scores, main)
    return _together(_ordered(kept, weights, scores, main), conflicts, weights)


def _similarity(vectors: Vectors, query: Vectors | None) -> list[float]:
    """Nearness to the question, spread over [0, 0.3]: e5's cosines of unrelated texts are high as well."""
    near = relevance.nearness(vectors, query).astype(np.float64)
    low, high = float(near.min()), float(near.max())
    return list(_NEAR * (near - low) / (high - low)) if high > low else [0.0] * len(near)


def _main(items: Sequence[Item], weights: Mapping[str, Weight], scores: Mapping[str, float]) -> list[str]:
    """The illnesses that the question names, else the one that bears on it most; the first of them is the main one."""
    own = [i for i in items if i.head.section == "problems" and i.head.assertion == "present"]
    own.sort(key=lambda i: (i.head.kind == "symptom", -weights[i.id].named, -scores[i.id], i.id))
    named = [i.id for i in own if weights[i.id].named and i.head.kind != "symptom"]
    if named:
        return named[:2]
    return [max(own, key=lambda i: (i.head.kind != "symptom", scores[i.id])).id] if own else []


def _kept(items: Sequence[Item], weights: Mapping[str, Weight], scores: Mapping[str, float],
          main: Sequence[str]) -> list[Item]:  # fmt: skip
    """Those that must be told, then the weightiest, of complaints only a few, until the brief is full."""
    must = {i.id for i in items if i.id in main[:1] or weights[i.id].safety >= _FORBIDS or _allergy(i)}
    ranked = sorted(items, key=lambda i: (i.id not in main[:1], i.id not in must, -scores[i.id], i.id))
    kept: list[Item] = []
    symptoms = 0
    for item in ranked:
        if len(kept) == LENGTH:
            break
        if item.id not in must and scores[item.id] < _LEAST and len(kept) >= _FEW:
            break
        symptoms += item.head.kind == "symptom"
        if item.head.kind != "symptom" or symptoms <= _SYMPTOMS:
            kept.append(item)
    return kept


def _allergy(item: Item) -> bool:
    return item.head.section == "allergies" and item.head.assertion == "present"


def _ordered(kept: Sequence[Item], weights: Mapping[str, Weight], scores: Mapping[str, float],
             main: Sequence[str]) -> list[Item]:  # fmt: skip
    def tier(item: Item) -> int:
        weight = weights[item.id]
        if item.id in main or weight.safety >= _FORBIDS:
            return 0
        return 1 if weight.safety >= _SAFE else 2

    ordered = sorted(kept, key=lambda i: (tier(i), -scores[i.id], i.id))
    first = next((n for n, item in enumerate(ordered) if item.id in main[:1]), None)
    if first is not None and first >= _HEAD:
        ordered.insert(_HEAD - 1, ordered.pop(first))
    return ordered


def _together(ordered: list[Item], conflicts: Sequence[Conflict], weights: Mapping[str, Weight]) -> list[str]:
    """Both sides of a conflict about safety beside each other; what weighs least makes room."""
    sides: dict[str, list[Item]] = {}
    for conflict in conflicts:
        for one in conflict.items:
            sides.setdefault(one.id, []).extend(i for i in conflict.items if i.id != one.id)
    placed: list[Item] = []
    for item in ordered:
        if item not in placed:
            placed.append(item)
            if weights[item.id].safety >= _SAFE:
                placed += [other for other in sides.get(item.id, ())[:1] if other not in placed]
    while len(placed) > LENGTH:
        spare = [i for i in placed if not _allergy(i) and weights[i.id].safety < _SAFE] or placed
        placed.remove(spare[-1])
    return [i.id for i in placed]
