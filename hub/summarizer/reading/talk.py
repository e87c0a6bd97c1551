"""A document's questions and answers: what its names are said to be, and a question read together with its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from hub.domain.fragments import Citation
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.dialogue import dialogue_contexts
from hub.summarizer.reading.mentions import find
from hub.summarizer.reading.model import Context
from hub.summarizer.reading.questions import of_relatives
from hub.summarizer.reading.turns import Turn, exchanges
from hub.summarizer.text import Sentence, Span, is_markup

_YES: Final = re.compile(
    r"(?:有的?|是的?|对的?|嗯+|恩+|哦|噢|啊|yes|yeah|yep|uh-huh)[啊呀呢哦哈]?[ \t]*(?:[,，。.]|、)", re.IGNORECASE
)
_ALLERGY: Final = re.compile(r"过敏(?:史|反应)?|allerg(?:y|ies|ic)", re.IGNORECASE)
"""What a question may name that is no name of a table."""
_NOT_BORNE: Final = re.compile(
    r"过敏|[用吃打碰]不得|不能[用吃打碰]|不可以?[用吃打碰]|\ballerg|\b(?:cannot|can't|unable to) (?:take|tolerate)",
    re.IGNORECASE,
)
"""Of a question whose answer names what somebody does not bear."""

_LONGEST: Final = 120
"""Characters of a question with its answer that are read as one statement."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A question with its answer. text: both, without what asks (`速尿    在吃`), of the same length; whole: whether
    they stand as they were received in one place.
    """

    start: int
    end: int
    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """within: where somebody asks and answers; allergies: where answers name allergens;
    contexts: of the names there, by their place; joined: questions with
    their answers. All by the characters of the document's lines joined with line feeds.
    """

    within: tuple[tuple[int, int], ...]
    allergies: tuple[tuple[int, int], ...]
    contexts: Mapping[tuple[int, int], Context]
    joined: tuple[Joined, ...]

    def covers(self, start: int, end: int) -> bool:
        return any(start < last and first < end for first, last in self.within)

    def names_allergens(self, start: int) -> bool:
        """Whether a sentence that begins there answers what the patient does not bear."""
        return any(first <= start < end for first, end in self.allergies)

    def question(self, start: int, end: int) -> Joined | None:
        """The question that a sentence of these characters ends with, if it was answered at once."""
        return next((j for j in self.joined if start <= j.start < end), None)

    def told(self, start: int) -> bool:
        """Whether a sentence that begins there was read with the question before it."""
        return any(j.start < start < j.end and j.whole for j in self.joined)


@dataclass(frozen=True, slots=True)
class Place:
    """Where each of a document's places begins in its talk."""

    talk: Talk
    begins: Mapping[Citation, int]

    def at(self, sentence: Sentence) -> tuple[int, int]:
        span = sentence.spans[0]
        start = self.begins[span.citation] + span.start
        return start, start + len(sentence.text)


def placed(sentences: Sequence[Sentence]) -> Place | None:
    """What is asked and answered in a document of these sentences, None where nothing is."""
    citations = list(dict.fromkeys(span.citation for s in sentences for span in s.spans))
    found = _talk(tuple(c.text for c in citations))
    if not found:
        return None
    begins, at = {}, 0
    for citation in citations:
        begins[citation] = at
        at += len(citation.text) + 1
    return Place(found, begins)


def together(sentence: Sentence, joined: Joined, at: int) -> Sentence | None:
    """A question's sentence that begins at `at`, with the answer to it; None where they do not stand in one place."""
    span = sentence.spans[0]
    start = span.start + joined.start - at
    end = start + len(joined.text)
    if len(sentence.spans) > 1 or not joined.whole:
        return None
    received = span.citation.text[start:end]
    return Sentence(received, (Span(span.citation, start, end),), joined.text, sentence.section, sentence.heading)


@lru_cache(maxsize=16384)
def _talk(received: tuple[str, ...]) -> Talk | None:
    if any(map(is_markup, received)):
        return None
    text = plain("\n".join(received))
    found = exchanges(text)
    if not found:
        return None
    begins_at = list(accumulate((len(each) + 1 for each in received), initial=0))
    contexts: dict[tuple[int, int], Context] = {}
    joined: list[Joined] = []
    allergies: list[tuple[int, int]] = []
    for said in found:
        mentions = [find(text[t.start : t.end]) for t in said]
        named = [[(m.start, m.end) for m in each] for each in mentions]
        around = dialogue_contexts([(t.speaker, text[t.start : t.end]) for t in said], named)
        for turn, spans, each in zip(said, named, around, strict=True):
            contexts |= {(turn.start + a, turn.start + b): c for (a, b), c in zip(spans, each, strict=True)}
        for number, (asked, answer) in enumerate(pairwise(said)):
            names = named[number] or [m.span() for m in _ALLERGY.finditer(text[asked.start : asked.end])]
            belongs = _belongs({m.kind for m in mentions[number]}, {m.kind for m in mentions[number + 1]})
            if (asked.speaker, answer.speaker) != ("clinician", "patient"):
                continue
            if _asks_for_allergens(text[asked.start : asked.end]):
                allergies.append((asked.end, _ended(text, answer)))
            if names and belongs:
                joined += filter(None, [_joined(text, asked, answer, names, begins_at)])
    within = tuple((e[0].start, e[-1].end) for e in found)
    return Talk(within, tuple(allergies), contexts, tuple(joined))


def _asks_for_allergens(question: str) -> bool:
    """Whether the last sentence of a question asks the patient what they do not bear."""
    sentences = [each for each in re.split(r"(?<=[。！!?？；;\n])", question) if each.strip()]
    return bool(sentences) and bool(_NOT_BORNE.search(sentences[-1])) and not of_relatives(question)


def _belongs(asked: set[str], answered: set[str]) -> bool:
    """Whether an answer that names these kinds is still of what was asked: of a medicine also with a reason."""
    return not answered or (bool(asked) and asked <= {"medicine", "allergen"} and answered <= {"symptom", "problem"})


def _joined(
    text: str, asked: Turn, answer: Turn, named: Sequence[tuple[int, int]], begins_at: Sequence[int]
) -> Joined | None:
    """The last sentence of a question with the first of its answer, if that is where its names stand."""
    end = _ended(text, answer)
    question = text[asked.start : asked.end].rstrip()
    begins = max((question.rfind(mark, 0, len(question) - 1) + 1 for mark in "。！!?？；;\n"), default=0)
    if named[0][0] < begins or end - asked.start > _LONGEST:
        return None
    start = asked.start + begins
    while start < asked.end and text[start].isspace():
        start += 1
    name = asked.start + named[-1][1]
    borne = _ALLERGY.match(text, name, asked.end)
    name = borne.end() if borne else name
    said = _YES.match(text, answer.start, end)
    upto = said.end() if said and said.end() < end else answer.start
    asis = text[start:end]
    whole = not any(start < b < end for b in begins_at) and (not asis.isascii() or " ".join(asis.split()) == asis)
    return Joined(start, end, text[start:name] + " " * (upto - name) + text[upto:end], whole)


def _ended(text: str, answer: Turn) -> int:
    stop = re.compile(r"[。！!；;?？\n]").search(text, answer.start, answer.end)
    return stop.start() if stop and text[stop.start()] == "\n" else stop.end() if stop else answer.end
