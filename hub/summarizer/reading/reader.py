"""A fragment's free text: its sentences as passages, and the drafts that they state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache

from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.citing import drafts
from hub.summarizer.reading.dates import find_dates
from hub.summarizer.reading.documents import documents
from hub.summarizer.reading.facts import allergies, habits, medications, problems, procedures, results, visits
from hub.summarizer.reading.mentions import find
from hub.summarizer.reading.model import Context, Mention, Section
from hub.summarizer.reading.statement import Finding, Statement
from hub.summarizer.reading.talk import Place, placed, together
from hub.summarizer.text import Sentence

FACTS: tuple[Callable[[Statement], list[Finding]], ...] = (
    problems.read, allergies.read, medications.read, results.read, procedures.read, habits.read, visits.read,
)  # fmt: skip


def read(evidence: Evidence, *, narrative: bool, born: str | None = None) -> Iterator[tuple[Sentence, list[Draft]]]:
    """Each sentence of a fragment's texts with what it states. born: of the patient, for `40岁时`."""
    for document in documents(evidence, narrative=narrative):
        place = placed(document.sentences)
        for sentence in document.sentences:
            if place and place.talk.covers(*place.at(sentence)):
                replied = _replied(sentence, document.written, born, place)
                yield sentence, [d for where, f in replied for d in drafts((f,), where, document, evidence)]
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


def _replied(sentence: Sentence, written: date, born: str | None, place: Place) -> Iterator[tuple[Sentence, Finding]]:
    """The same of a sentence of a dialogue, whose answers decide; each with the sentence that it stands in."""
    start, end = place.at(sentence)
    joined = place.talk.question(start, end)
    whole = together(sentence, joined, start) if joined else None
    if whole and joined:
        for finding in _read(whole, joined.start, written, born, place, whole=True):
            yield whole, finding
    elif not (place.talk.told(start) and len(sentence.spans) == 1):
        for finding in _read(sentence, start, written, born, place):
            yield sentence, finding


def _read(sentence: Sentence, at: int, written: date, born: str | None, place: Place, *,
          whole: bool = False) -> tuple[Finding, ...]:  # fmt: skip
    text, answered = sentence.plain, place.talk.contexts
    section: Section = "allergies" if place.talk.names_allergens(at) and not whole else sentence.section
    mentions = find(text)
    own = contexts(text, [(m.start, m.end) for m in mentions], section)
    around = [_decided(m, c, answered.get((m.start + at, m.end + at)), whole)
              for m, c in zip(mentions, own, strict=True)]  # fmt: skip
    dates = find_dates(text, written, born)
    return _findings(Statement(text, section, written, mentions, around, dates, dialogue=True))


def _decided(mention: Mention, own: Context, answered: Context | None, whole: bool) -> Context:
    """What an answer says of a name. whole: the question is read with its answer (`青霉素过敏吗?不过敏`): what both say
    of a medicine or an allergen holds, and what they deny.
    """
    if answered is None or answered.assertion == "absent":
        return answered or own
    told = mention.kind == "medicine" or (whole and (mention.kind == "allergen" or own.assertion == "absent"))
    return own if told else answered
