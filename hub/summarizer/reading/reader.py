"""A fragment's free text: its sentences as passages, and the drafts that they state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.citing import drafts
from hub.summarizer.reading.dates import find_dates
from hub.summarizer.reading.dialogue import dialogue_contexts, turns
from hub.summarizer.reading.documents import Document, documents
from hub.summarizer.reading.facts import allergies, habits, medications, problems, procedures, results, visits
from hub.summarizer.reading.mentions import find
from hub.summarizer.reading.model import Context, Section
from hub.summarizer.reading.statement import Finding, Statement
from hub.summarizer.text import Sentence, is_markup

FACTS: tuple[Callable[[Statement], list[Finding]], ...] = (
    problems.read, allergies.read, medications.read, results.read, procedures.read, habits.read, visits.read,
)  # fmt: skip


def read(evidence: Evidence, *, narrative: bool, born: str | None = None) -> Iterator[tuple[Sentence, list[Draft]]]:
    """Each sentence of a fragment's texts with what it states. born: of the patient, for `40岁时`."""
    for document in documents(evidence, narrative=narrative):
        answered = _answered(document)
        for sentence in document.sentences:
            if answered:
                found = _replied(sentence, document.written, born, answered)
            else:
                found = stated(sentence.plain, sentence.section, document.written, born)
            yield sentence, drafts(found, sentence, document, evidence)


@lru_cache(maxsize=32768)
def stated(text: str, section: Section, written: date, born: str | None) -> tuple[Finding, ...]:
    """What a sentence in the form of `characters.plain` states: remembered, as a record is made again and again."""
    mentions = find(text)
    around = contexts(text, [(m.start, m.end) for m in mentions], section) if mentions else []
    return _findings(Statement(text, section, written, mentions, around, find_dates(text, written, born)))


def _findings(statement: Statement) -> tuple[Finding, ...]:
    return tuple(finding for reader in FACTS for finding in reader(statement))


def _replied(sentence: Sentence, written: date, born: str | None,
             answered: Mapping[tuple[int, int], Context]) -> tuple[Finding, ...]:  # fmt: skip
    """The same of a dialogue's sentence, whose answers decide."""
    text = sentence.plain
    mentions, at = find(text), sentence.spans[0].start
    own = contexts(text, [(m.start, m.end) for m in mentions], sentence.section)
    around = [answered.get((m.start + at, m.end + at), c) for m, c in zip(mentions, own, strict=True)]
    dates = find_dates(text, written, born)
    return _findings(Statement(text, sentence.section, written, mentions, around, dates, dialogue=True))


def _answered(document: Document) -> Mapping[tuple[int, int], Context]:
    """Of a document that is a dialogue: the contexts of its mentions, by their place in the document's text."""
    citations = {span.citation for s in document.sentences for span in s.spans}
    return _dialogue(citations.pop().text) if len(citations) == 1 else {}


@lru_cache(maxsize=16384)
def _dialogue(received: str) -> Mapping[tuple[int, int], Context]:
    if is_markup(received):
        return {}
    text = plain(received)
    said = turns(text)
    if not said:
        return {}
    named = [[(m.start, m.end) for m in find(text[t.start : t.end])] for t in said]
    around = dialogue_contexts([(t.speaker, text[t.start : t.end]) for t in said], named)
    return {
        (turn.start + start, turn.start + end): context
        for turn, spans, found in zip(said, named, around, strict=True)
        for (start, end), context in zip(spans, found, strict=True)
    }
