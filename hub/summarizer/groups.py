"""Groups of concepts that rules speak of (`groups.tsv`): to which of them an item, or a name in a text, belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from hub.summarizer import terms
from hub.summarizer.items import Item
from hub.summarizer.reconcile import concepts
from hub.summarizer.rows import rows
from hub.summarizer.terminology import tables

_KIND = {
    "medication": "medicine",
    "result": "analyte",
    "allergy": "allergen",
    "symptom": "problem",
    "plan": "procedure",
}
"""Kinds of items as the tables have them."""

_STANDARD = {
    "http://hl7.org/fhir/sid/icd-10": "problem",
    "http://hl7.org/fhir/sid/icd-10-cm": "problem",
    "http://www.whocc.no/atc": "medicine",
    "http://loinc.org": "analyte",
}
_CATEGORY = 3
"""Characters of the category of an ICD-10 code, of which ranges are made."""


@dataclass(frozen=True, slots=True)
class _Rule:
    group: str
    kind: str
    terms: frozenset[str]
    codes: tuple[str, ...]
    words: re.Pattern[str] | None

    def coded(self, code: str) -> bool:
        return any(_within(code, span) for span in self.codes)


class Index:
    """Items by their groups, so that a table of rules does not go through all of them for each row."""

    __slots__ = ("_by_group",)

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_group: dict[str, list[tuple[int, Item]]] = {}
        for number, item in enumerate(items):
            for group in of(item):
                self._by_group.setdefault(group, []).append((number, item))

    def of(self, wanted: Iterable[str]) -> list[Item]:
        """The items of any of these groups, each once, in their order."""
        found = {number: item for group in wanted for number, item in self._by_group.get(group, ())}
        return [found[number] for number in sorted(found)]


def of(item: Item) -> frozenset[str]:
    """The groups of an item: by all that its statements call it. A relative's illness is of none."""
    head = item.head
    if head.kind == "family":
        return frozenset()
    code = head.code or {}
    return _of(_KIND.get(head.kind, head.kind), item.keys, head.name, code.get("system", ""), code.get("code", ""))


def named(term: tables.Term) -> frozenset[str]:
    """The groups of a term that a text names."""
    return _groups(tables.family(term.kind), term.key)


@lru_cache(maxsize=16384)
def _of(kind: str, keys: frozenset[str], name: str, system: str, code: str) -> frozenset[str]:
    found: set[str] = set()
    known = [key for key in keys if key.startswith("term|")]
    for key in known:
        found |= _groups(key.removeprefix("term|").partition(":")[0], key)
    if not known:
        told = _STANDARD.get(system)
        folded = terms.fold(name)
        for rule in _rules():
            if rule.kind == kind and (
                (told == kind and rule.coded(code)) or (rule.words is not None and rule.words.search(folded))
            ):
                found.add(rule.group)
        for key in keys:
            for wide in concepts.broader(key):
                found |= _groups(kind, wide)
    return frozenset(found)


@lru_cache(maxsize=16384)
def _groups(kind: str, key: str) -> frozenset[str]:
    """The groups of a known term: its own, those of wider terms and of what it contains."""
    around = {key, *concepts.broader(key)} if kind != "medicine" else {key, *_wider(key), *terms.ingredients(key)}
    names = {k.partition(":")[2] for k in around}
    codes = {code for k in around for code in _codes().get(k, ())} if kind != "analyte" else set()
    return frozenset(
        rule.group
        for rule in _rules()
        if rule.kind == kind and (rule.terms & names or any(rule.coded(code) for code in codes))
    )


def _wider(key: str) -> Iterator[str]:
    """The class of a medicine, also of one that contains others."""
    term = terms.medicines().get(key)
    for name in term.broader if term else ():
        yield f"term|medicine:{name}"
        yield from _wider(f"term|medicine:{name}")


@lru_cache(maxsize=1)
def _codes() -> dict[str, tuple[str, ...]]:
    return {term.key: tuple(code for _, code in term.codes) for term in tables.terms() if term.codes}


def _within(code: str, span: str) -> bool:
    first, to, last = span.partition("-")
    return first <= code[:_CATEGORY] <= last if to else code.startswith(span)


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    return tuple(
        _Rule(group, kind, frozenset(split(names)), tuple(split(codes)), re.compile(words, re.I) if words else None)
        for group, kind, names, codes, words in rows("groups.tsv", 5)
    )


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """The names of all groups."""
    return frozenset(rule.group for rule in _rules())


def split(cell: str) -> list[str]:
    """The values of a cell of a table."""
    return [part for part in cell.split("|") if part]
