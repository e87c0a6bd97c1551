"""What may be suggested: the terms of the shipped tables, colloquial wording of symptoms, and a site's own tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files

from hub.summarizer.terminology.index import Entry
from hub.summarizer.terminology.tables import Term, family, read, terms
from hub.summarizer.terms import fold

_OWN = "urn:referral-hub:terminology:{}s"
"""System of terms without a code of a standard: their names are their codes."""


@lru_cache(maxsize=1)
def shipped() -> tuple[Entry, ...]:
    """The curated terms, and those of `colloquial/`, whose wording is for suggestions only, not for reading notes.

    A colloquial term that a curated table has under the same preferred name adds its wording there; under another name
    it takes the code of that term, and the name with it.
    """
    curated = [entry(term) for term in terms()]
    named = {(e.kind, fold(e.display)): n for n, e in reversed(list(enumerate(curated)))}
    known = {(e.kind, fold(w)): n for n, e in reversed(list(enumerate(curated))) for w in e.wordings[: e.names]}
    added: list[Entry] = []
    for told in colloquial():
        place = (told.kind, fold(told.display))
        if place in named:
            curated[named[place]] = _joined(curated[named[place]], told.wordings)
        elif place in known:
            other = curated[known[place]]
            curated[known[place]] = _without(other, told.display)
            added.append(replace(told, system=other.system, code=other.code))
        else:
            added.append(told)
    return (*curated, *added)


def colloquial() -> list[Entry]:
    """The tables of `colloquial/`: only the preferred name is a name that says what it means."""
    folder = files("hub.summarizer.terminology") / "colloquial"
    told = sorted((f for f in folder.iterdir() if f.name.endswith(".tsv")), key=lambda f: f.name)
    return [entry(term) for table in told for term in read(table.name, table.read_text("utf-8"))]


def entry(term: Term) -> Entry:
    """A term as it is suggested: under its preferred code, else under its name in a system of the project's own."""
    system, code = next(((s, c) for s, c in term.codes if s), (_OWN.format(term.kind), term.name))
    names = dict.fromkeys([term.name, *term.names])
    wordings = tuple(dict.fromkeys([*names, *term.colloquial]))
    return Entry(family(term.kind), system, code, term.name, wordings, len(names))


def _joined(known: Entry, wordings: Iterable[str]) -> Entry:
    return replace(known, wordings=tuple(dict.fromkeys([*known.wordings, *wordings])))


def _without(known: Entry, name: str) -> Entry:
    kept = tuple(w for w in known.wordings if fold(w) != fold(name))
    return replace(known, wordings=kept, names=known.names - (len(known.wordings) - len(kept)))


def together(own: Sequence[Entry], shipped: Sequence[Entry]) -> list[Entry]:
    """A site's own terms before the shipped: of two of one kind and name the site's stays, with the wording of both."""
    found: dict[tuple[str, str], Entry] = {}
    for each in (*own, *shipped):
        place = (each.kind, fold(each.display))
        found[place] = _joined(found[place], each.wordings) if place in found else each
    return list(found.values())
