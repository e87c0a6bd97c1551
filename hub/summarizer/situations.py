"""What a question is about: the concepts that it names and the situations (`situations.tsv`) that follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hub.summarizer import groups, terms
from hub.summarizer.items import Item
from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.mentions import find
from hub.summarizer.reading.model import Mention
from hub.summarizer.rows import rows

_OPERATION, _SURGERY = "operation", frozenset({"surgery"})
_DONE = re.compile(r"后|史|\bpost|history|\d+\s?年")
_OPERATED = re.compile(r"(?:手术|术后|术)+$")

CURRENT = frozenset({"active", "unknown", "completed"})
"""Statuses of what is not over and has begun."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. keys: of the concepts that it names of the patient, the first named first, with their kinds;
    situations: what it is about; folded: its text as names are compared.
    """

    keys: tuple[tuple[str, str], ...] = ()
    situations: frozenset[str] = frozenset()
    folded: str = ""


def asked(question: str | None, items: Sequence[Item]) -> Asked:
    """What the question is about; without one, or where it tells nothing, what the patient's own illnesses are."""
    told = _asked(question or "")
    if told.situations:
        return told
    own = frozenset[str]().union(*(groups.of(i) for i in items if i.head.section == "problems" and present(i)))
    return Asked(told.keys, _of_groups(own), told.folded)


def present(item: Item) -> bool:
    """Whether the item is said of the patient and is not over."""
    return item.head.assertion == "present" and item.head.status in CURRENT


@lru_cache(maxsize=1024)
def _asked(question: str) -> Asked:
    text = plain(question)
    mentions = [m for m in find(text) if m.term is not None]
    around = contexts(text, [(m.start, m.end) for m in mentions], "") if mentions else []
    own = [m for m, context in zip(mentions, around, strict=True) if not context.subject]
    keys = tuple(dict.fromkeys(pair for m in own for pair in _keys(m)))
    about = frozenset[str]().union(*(_groups(m, text) for m in own))
    return Asked(keys, _of_groups(about) | _of_words(text, _ahead(text, own)), terms.fold(text))


def _ahead(text: str, mentions: Sequence[Mention]) -> str:
    """The text without the operations that it tells of the past."""
    for mention in mentions:
        if mention.kind in ("procedure", "problem") and _past(mention, text):
            text = text[: mention.start] + " " * (mention.end - mention.start) + text[mention.end :]
    return text


def _past(mention: Mention, text: str) -> bool:
    return bool(_DONE.search(text[mention.end - 1 : mention.end + 3]))


def _groups(mention: Mention, text: str) -> frozenset[str]:
    """Of what is named; an operation of the past is none that is asked about."""
    found = groups.named(mention.term) if mention.term else frozenset[str]()
    return found - _SURGERY if _past(mention, text) else found


def _keys(mention: Mention) -> Iterator[tuple[str, str]]:
    """The concept that is named, and the illness for which an operation is named (`先心病术后`)."""
    if mention.term:
        yield mention.term.key, mention.term.kind
    if mention.kind == "procedure":
        illness = terms.key("problem", _OPERATED.sub("", mention.name))
        if illness.startswith("term|"):
            yield illness, "problem"


def _of_groups(found: Iterable[str]) -> frozenset[str]:
    about = frozenset(found)
    return frozenset(name for name, _, wanted in _table() if wanted & about)


def _of_words(text: str, ahead: str) -> frozenset[str]:
    return frozenset(
        name for name, words, _ in _table() if words and words.search(ahead if name == _OPERATION else text)
    )


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
