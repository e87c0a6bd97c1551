"""Behind each medicine its courses by time, and other current medicines with the same ingredient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hub.summarizer import terms
from hub.summarizer.items import Item, Step
from hub.summarizer.reconcile import courses, dates


def told(items: Sequence[Item]) -> list[Item]:
    """The items, medicines with their history and duplicates."""
    medicines = [i for i in items if i.head.kind == "medication" and i.head.section == "medications"]
    histories = {item.id: steps for group in _by_ingredient(medicines) for item, steps in _history(group)}
    doubled = _duplicates(medicines)
    return [
        replace(i, history=histories[i.id], duplicates=doubled.get(i.id, ())) if i.id in histories else i for i in items
    ]


def _by_ingredient(medicines: Iterable[Item]) -> list[list[Item]]:
    of = {id(i.head): i for i in medicines}
    return [[of[id(head)] for head in block] for block in courses.blocks(i.head for i in of.values())]


def _history(group: list[Item]) -> list[tuple[Item, tuple[Step, ...]]]:
    steps = tuple(_step(item) for item in sorted(group, key=_when))
    return [(item, steps) for item in group]


def _when(item: Item) -> tuple[str, str]:
    """By when it began, else when it ended, else when it was first told."""
    head, told = item.head, min(d.evidence.at for d in item.drafts).date().isoformat()
    began = dates.day(head.start) or dates.day(head.end) or told
    return began, dates.day(head.end) or "9"


def _step(item: Item) -> Step:
    by = next((d.by for d in item.drafts if d.by), "")
    reason = next((d.reason for d in item.drafts if d.reason), "")
    return Step(item.id, item.head, by, reason)


def _duplicates(medicines: Iterable[Item]) -> dict[str, tuple[str, ...]]:
    """For each current medicine the ids of others with an ingredient of it: a brand, or a combination."""
    holding: dict[str, list[str]] = {}
    current = [i for i in medicines if i.head.status in courses.CURRENT and i.head.assertion == "present"]
    for item in current:
        for ingredient in sorted(_ingredients(item)):
            holding.setdefault(ingredient, []).append(item.id)
    found: dict[str, dict[str, None]] = {}
    for ids in holding.values():
        for one in ids:
            found.setdefault(one, {}).update(dict.fromkeys(other for other in ids if other != one))
    return {one: tuple(others) for one, others in found.items() if others}


def _ingredients(item: Item) -> frozenset[str]:
    """What a medicine holds, a combination all of its parts, by the keys of its terms, else of its names."""
    known = {k for k in item.keys if k.startswith("term|")} or {k for k in item.keys if k.startswith("name|")}
    return frozenset().union(*map(terms.ingredients, known))
