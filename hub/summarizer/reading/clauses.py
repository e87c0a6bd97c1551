"""A sentence cut at its punctuation, with the names that stand in it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.summarizer.reading.cues import Cue

HARD: Final = frozenset("。;；!！\n")
SOFT: Final = frozenset(",，:：")
_QUERY: Final = frozenset("?？")
_MARKS: Final = re.compile(r"[,，:：。;；!！\n?？.]")
_SYMPTOMATIC: Final = "症状性"
_OF_CAUSE: Final = ("癫痫", "帕金森", "惊厥", "精神", "羊癫")
"""Of which it is a part, so that a `无` before it denies the whole (elsewhere `无症状性` is one word)."""

_VERB: Final = re.compile(r"(?:(?:得|患|害|犯|生|染)(?:过|了|上)|患有|做(?:过|了|个)?)(?=.)")
"""With which a name may begin as people say it (`得过脑梗`), and which belongs to the words in front (`没得过脑梗`)."""

_BLOT: Final = "\x00"


@dataclass(slots=True)
class Sentence:
    """A text cut at its punctuation. text: without names, received: with them; hard: ends of what commas may join;
    soft: commas and colons too.
    """

    text: str
    received: str
    spans: Sequence[tuple[int, int]]
    cues: list[Cue]
    hard: list[int]
    soft: list[int]

    def clause_end(self, at: int) -> int:
        return self.soft[bisect_left(self.soft, at)]

    def clause_start(self, at: int) -> int:
        index = bisect_left(self.soft, at)
        return self.soft[index - 1] + 1 if index else 0

    def end(self, at: int) -> int:
        return self.hard[bisect_left(self.hard, at)]


def nouns(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The names without the verb that they begin with."""
    return [(verb.end(), end) if (verb := _VERB.match(text, start, end)) else (start, end) for start, end in spans]


def hidden(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with names blotted out, for what is part of a name is no cue (`不稳定型心绞痛`)."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start - at >= len(_SYMPTOMATIC) and text.startswith(_SYMPTOMATIC, start - len(_SYMPTOMATIC)):
            start -= len(_SYMPTOMATIC) if text.startswith(_OF_CAUSE, start) else 0
        if start >= at:
            parts += (text[at:start], _BLOT * (end - start))
            at = end
    parts.append(text[at:])
    return "".join(parts)


def cut(text: str, received: str, spans: Sequence[tuple[int, int]], cues: list[Cue]) -> Sentence:
    hard: list[int] = []
    soft: list[int] = []
    size = len(text)
    for mark in _MARKS.finditer(text):
        at = mark.start()
        char = mark.group()
        if char in SOFT:
            if not (0 < at < size - 1 and text[at - 1].isdigit() and text[at + 1].isdigit()):
                soft.append(at)
        elif (char != "." or text[at + 1 : at + 2] in ("", " ")) and (at + 1 < size or char not in _QUERY):
            hard.append(at)
            soft.append(at)
    hard.append(size)
    soft.append(size)
    return Sentence(text, received, spans, cues, hard, soft)
