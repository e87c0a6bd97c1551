"""Two items that contradict, and the pairs of items among which to look for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.reconcile import concepts


class Opposed(NamedTuple):
    """kind: of the contract; what: the contradiction in neutral words."""

    kind: str
    what: str
    one: Item
    other: Item


class Said(NamedTuple):
    """Who told an item, and when."""

    organization: str
    day: str


def said(item: Item) -> list[Said]:
    return [told(draft) for draft in item.drafts]


def told(draft: Draft) -> Said:
    return Said(draft.evidence.organization, day_told(draft))


def day_told(draft: Draft) -> str:
    return draft.evidence.day


def messages(item: Item) -> set[tuple[str, str]]:
    return {(d.evidence.organization, d.evidence.fragment.message_id) for d in item.drafts}


def keys(item: Item) -> frozenset[str]:
    return item.keys


def with_broader(item: Item) -> frozenset[str]:
    """Who denies an illness or an allergy denies its kinds."""
    return item.keys.union(*(concepts.broader(k) for k in item.keys))


def by_key(items: Iterable[Item], of: Callable[[Item], Iterable[str]] = keys) -> dict[str, list[Item]]:
    index: dict[str, list[Item]] = {}
    for item in items:
        for key in sorted(of(item)):
            index.setdefault(key, []).append(item)
    return index


def pairs(index: dict[str, list[Item]], most: int = 40) -> Iterator[tuple[Item, Item]]:
    """Pairs of items under one key, each once. What stands in more than `most` items is a series of events."""
    seen: set[tuple[str, str]] = set()
    for group in index.values():
        if len(group) > most:
            continue
        for a, b in combinations(group, 2):
            if (a.id, b.id) not in seen:
                seen.add((a.id, b.id))
                yield a, b


def crossed(left: Iterable[Item], right: dict[str, list[Item]], of: Callable[[Item], Iterable[str]]) -> Iterator[
    tuple[Item, Item]
]:  # fmt: skip
    """Each item of `left` with those of `right` under one of its keys, each pair once."""
    seen: set[tuple[str, str]] = set()
    for item in left:
        for key in sorted(of(item)):
            for other in right.get(key, ()):
                if (item.id, other.id) not in seen:
                    seen.add((item.id, other.id))
                    yield item, other
