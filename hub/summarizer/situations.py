"""What a question is about: the concepts that it names and the situations (`situations.tsv`) that follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hub.summarizer import groups, terms
from hub.summarizer.items import Item
from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.mentions import find
from hub.summarizer.reconcile import concepts
from hub.summarizer.relevance import rows
from hub.summarizer.terminology import tables

CURRENT = frozenset({"active", "unknown", "completed"})
"""Statuses of what is not over and has begun."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. keys: of the concepts that it names of the patient, the first named first, with their kinds; wide:
    of each the keys of its wider terms; situations: what it is about; folded: its text as names are compared.
    """

    keys: tuple[tuple[str, str], ...] = ()
    wide: frozenset[str] = frozenset()
    situations: frozenset[str] = frozenset()
    folded: str = ""
    positions: dict[str, int] = field(default_factory=dict)


def asked(question: str | None, items: Sequence[Item]) -> Asked:
    """What the question is about; without one, or where it tells nothing, what the patient's own illnesses are."""
    told = _asked(question or "")
    if told.situations:
        return told
    own = frozenset().union(*(groups.of(i) for i in items if i.head.section == "problems" and present(i)))
    return Asked(told.keys, told.wide, _of_groups(own), told.folded, told.positions)


def present(item: Item) -> bool:
    """Whether the item is said of the patient and is not over."""
    return item.head.assertion == "present" and item.head.status in CURRENT


@lru_cache(maxsize=1024)
def _asked(question: str) -> Asked:
    text = plain(question)
    mentions = [m for m in find(text) if m.term is not None]
    around = contexts(text, [(m.start, m.end) for m in mentions], "") if mentions else []
    named: list[tables.Term] = [
        m.term for m, context in zip(mentions, around, strict=True) if m.term and not context.subject
    ]
    keys = tuple(dict.fromkeys((term.key, term.kind) for term in named))
    wide = frozenset().union(*(concepts.broader(key) for key, _ in keys))
    about = frozenset().union(*(groups.named(term) for term in named))
    return Asked(keys, wide, _of_groups(about) | _of_words(text), terms.fold(text),
                 {key: n for n, (key, _) in enumerate(keys)})  # fmt: skip


def _of_groups(found: Iterable[str]) -> frozenset[str]:
    about = frozenset(found)
    return frozenset(name for name, _, wanted in _table() if wanted & about)


def _of_words(text: str) -> frozenset[str]:
    return frozenset(name for name, words, _ in _table() if words and words.search(text))


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, re.Pattern[str] | None, frozenset[str]], ...]:
    return tuple(
        (name, re.compile(words, re.IGNORECASE) if words else None, frozenset(groups.split(wanted)))
        for name, words, wanted in rows("situations.tsv", 3)
    )


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """The names of all situations."""
    return frozenset(name for name, _, _ in _table())
