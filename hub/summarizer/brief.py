"""The brief: the at most twelve items that a doctor should see first for this question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from hub.summarizer import relevance, terms
from hub.summarizer.conflicts import Conflict
from hub.summarizer.embedding import Vectors
from hub.summarizer.items import Item

LENGTH = 12
_NAMED = 0.7
"""Bonus of an item that the question names."""

_DISPUTED = 0.15
"""Bonus of an item in a conflict."""

_SECTION = {"problems": 0.3, "allergies": 0.25, "medications": 0.15, "results": 0.1, "procedures": 0.05, "plans": 0.0,
            "history": -0.15, "immunizations": -0.3, "encounters": -0.3}  # fmt: skip
_STATUS = {"stopped": -0.2, "completed": 0.0, "resolved": -0.2, "planned": -0.05, "active": 0.05, "unknown": 0.0}
_SAFETY = (
    (0.35, re.compile(r"华法林|利伐沙班|达比加群|阿哌沙班|肝素|胰岛素|warfarin|heparin|insulin", re.IGNORECASE)),
    (0.25, re.compile(r"氯吡格雷|替格瑞洛|阿司匹林|地高辛|甲氨蝶呤|泼尼松|clopidogrel|digoxin", re.IGNORECASE)),
    (0.25, re.compile(r"肾小球滤过率|肌酐|egfr|creatinine", re.IGNORECASE)),
    (0.15, re.compile(r"钾|血红蛋白|血小板|国际标准化|inr|potassium", re.IGNORECASE)),
)
_ABNORMAL = frozenset({"H", "L", "HH", "LL", "A", "AA"})


def choose(items: Sequence[Item], vectors: Vectors, question: str | None, query: Vectors | None,
           conflicts: Sequence[Conflict]) -> list[str]:  # fmt: skip
    """Ids, most important first. Allergies present are always among them; vectors: one per item."""
    if not items:
        return []
    scores = _scores(items, vectors, question, query, conflicts)
    ranked = sorted(items, key=lambda i: (-scores[i.id], i.id))
    kept = ranked[:LENGTH]
    must = [i for i in ranked[LENGTH:] if i.head.section == "allergies" and i.head.assertion == "present"]
    optional = [i for i in kept if i.head.section != "allergies"]
    for item in must[:LENGTH]:
        if optional:
            kept.remove(optional.pop())
            kept.append(item)
    return [i.id for i in kept]


def _scores(items: Sequence[Item], vectors: Vectors, question: str | None, query: Vectors | None,
            conflicts: Sequence[Conflict]) -> Mapping[str, float]:  # fmt: skip
    disputed = {i.id for c in conflicts for i in c.items}
    similar = _similarity(vectors, query)
    asked = question or ""
    folded = terms.fold(asked)
    rules = relevance.rules(asked)
    newest = max((i.head.start or "" for i in items if i.points), default="")[:4]
    return {
        item.id: _prior(item, words, newest)
        + _DISPUTED * (item.id in disputed)
        + close
        + _bearing(item, words, folded, rules)
        for item, close in zip(items, similar, strict=True)
        for words in [_words(item)]
    }


def _similarity(vectors: Vectors, query: Vectors | None) -> list[float]:
    """Nearness to the question, spread over [0, 0.5]: e5's cosines of unrelated texts are high as well."""
    near = relevance.nearness(vectors, query).astype(np.float64)
    low, high = float(near.min()), float(near.max())
    return list(0.5 * (near - low) / (high - low)) if high > low else [0.0] * len(near)


def _prior(item: Item, words: str, newest: str) -> float:
    head = item.head
    score = _SECTION[head.section] + _STATUS[head.status]
    if head.section == "allergies":
        score += 0.4 if head.assertion == "present" else -0.2
    elif head.assertion == "absent":
        score -= 0.5
    score += max((weight for weight, pattern in _SAFETY if pattern.search(words)), default=0.0)
    if head.value and head.value["interpretation"] in _ABNORMAL:
        score += 0.15
    if head.value and head.value["interpretation"] == "N":
        score -= 0.15
    if item.points and (head.start or "") < newest:
        score -= 0.1
    return score


def _bearing(item: Item, words: str, question: str, rules: Sequence[relevance.Rule]) -> float:
    names = {terms.fold(item.head.name), *(k.partition(":")[2] for k in item.head.keys if k.startswith("term|"))}
    named = any(len(name) > 1 and terms.fold(name) in question for name in names)
    return _NAMED * named + relevance.bearing(words, rules)


def _words(item: Item) -> str:
    code = item.head.code or {}
    return " ".join([item.head.name, code.get("display", ""), *(k for k in item.head.keys if k.startswith("term|"))])
