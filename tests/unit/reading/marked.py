"""Sentences of tables of tests: names in ⟦⟧, `⟦kind:name⟧` where it is not the usual kind, dates in ⟨words=value⟩."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from hub.summarizer.reading.model import Mention, When
from hub.summarizer.terminology.tables import Term, family, terms

_MARK = re.compile(
    r"⟦(?:(?P<kind>problem|symptom|procedure|analyte):)?(?P<name>[^⟧]+)⟧|⟨(?P<words>[^⟩=~]+)(?P<how>[=~])(?P<value>[^⟩]*)⟩"
)


def cases(name: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    return [(text, said) for text, _, said in (line.partition("\t") for line in lines) if text and text[0] != "#"]


def read(marked: str, kind: str) -> tuple[str, list[Mention], list[When]]:
    """The text without marks, its mentions of a kind and its dates."""
    mentions, dates, text, place = [], [], "", 0
    for mark in _MARK.finditer(marked):
        text += marked[place : mark.start()]
        place = mark.end()
        start, words = len(text), mark["name"] or mark["words"]
        text += words
        if mark["name"]:
            of = mark["kind"] or kind
            mentions.append(Mention(of, words, start, len(text), _terms().get((family(of), words.lower()))))
        else:
            value, _, until = mark["value"].partition("/")
            dates.append(When(start, len(text), value or None, until or None, ago=mark["how"] == "~"))
    return text + marked[place:], mentions, dates


@lru_cache(maxsize=1)
def _terms() -> dict[tuple[str, str], Term]:
    return {
        (family(term.kind), name.lower()): term
        for term in terms()
        for name in (*term.colloquial, *term.names, term.name)
    }
