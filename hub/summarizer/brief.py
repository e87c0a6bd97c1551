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
_OUTRIGHT = 1.0
"""Safety of what speaks against the very thing that is asked for: before all else."""
_SAFE = 0.45
"""Safety from which it is told before what only bears on the question."""
_LEAST = 0.35
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
    return _together(_ordered(kept, weights, scores, main), items, conflicts, weights, main)


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
        if weight.safety >= _OUTRIGHT:
            return -1
        if item.id in main or weight.safety >= _FORBIDS:
            return 0
        return 1 if weight.safety >= _SAFE else 2

    return sorted(kept, key=lambda i: (tier(i), -scores[i.id], i.id))


def _together(ordered: Sequence[Item], items: Sequence[Item], conflicts: Sequence[Conflict],
              weights: Mapping[str, Weight], main: Sequence[str]) -> list[str]:  # fmt: skip
    """Both sides of a conflict about safety or the main illness beside each other; what weighs least makes room."""
    by_id = {item.id: item for item in items}
    sides: dict[str, list[str]] = {}
    for conflict in conflicts:
        for one in conflict.items:
            sides.setdefault(one.id, []).extend(i.id for i in conflict.items if i.id != one.id)
    placed: dict[str, None] = {}
    for item in ordered:
        placed.setdefault(item.id)
        if weights[item.id].safety >= _SAFE or item.id in main[:1]:
            placed.update(dict.fromkeys(sides.get(item.id, ())[:1]))
    found = list(placed)
    while len(found) > LENGTH:
        free = [i for i in found if i not in main[:1] and not _allergy(by_id[i])]
        spare = [i for i in free if weights[i].safety < _SAFE] or free or found
        found.remove(spare[-1])
    return _headed(found, main)


def _headed(found: list[str], main: Sequence[str]) -> list[str]:
    """With the main illness within the first three."""
    first = next((n for n, one in enumerate(found) if one in main[:1]), None)
    if first is not None and first >= _HEAD:
        found.insert(_HEAD - 1, found.pop(first))
    return found
