"""The free text of a fragment, as documents: their sentences with sections, and the day on which each was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hub.domain.fragments import Citation
from hub.summarizer.coded.results import prose
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading import headings
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.dates import document_date
from hub.summarizer.reading.model import Section
from hub.summarizer.text import Sentence, Span, is_markup, sentences

_TEXT = re.compile(
    r"/(?:note/\d+/text|conclusion|content/\d+/attachment/data|presentedForm/\d+/data|payload/\d+/contentString|summary|"
    r"text/div|section/\d+(?:/section/\d+)*/text/div|(?:component/\d+/)?valueString|description|patientInstruction|"
    r"(?:extension/\d+/)?valueAttachment/data|payload/\d+/contentAttachment/data|content/data|comment)"
)
_SECTION_TEXT = re.compile(r"(/section/\d+(?:/section/\d+)*)/text/div")


@dataclass(frozen=True, slots=True)
class Document:
    """written: the day that "today" and "3 days ago" in it mean; dated: where it says so itself, if it does."""

    target: str
    sentences: tuple[Sentence, ...]
    written: date
    dated: Span | None


def documents(evidence: Evidence, *, narrative: bool) -> Iterator[Document]:
    """The texts of a fragment in document order. narrative: also the generated narrative of the resource itself."""
    for target in dict.fromkeys(c.target for c in evidence.fragment.citations):
        if not _TEXT.fullmatch(target):
            continue
        if target == "/text/div" and not narrative:
            continue
        if target.endswith("valueString") and not prose(evidence.value(target)):
            continue
        citations = evidence.decoded(target)
        if citations:
            dated = _dated(citations, evidence)
            yield Document(target, _sentences(tuple(citations), _begins(evidence, target)), dated[0], dated[1])


@lru_cache(maxsize=16384)
def _sentences(citations: tuple[Citation, ...], begins: Section) -> tuple[Sentence, ...]:
    return tuple(sentences(citations, begins))


def _begins(evidence: Evidence, target: str) -> Section:
    """The section that a document's title says that it is."""
    within = _SECTION_TEXT.fullmatch(target)
    if within:
        titles = [evidence.value(f"{within.group(1)}/title"), evidence.value(f"{within.group(1)}/code/text"),
                  evidence.value(f"{within.group(1)}/code/coding/0/display")]  # fmt: skip
    else:
        titles = [evidence.value(f"{holder}/{name}") for holder in ("/code", "/type")
                  for name in ("text", "coding/0/display")]  # fmt: skip
    return next((found for title in titles if title and (found := headings.section(str(title)))), "")


def _dated(citations: list[Citation], evidence: Evidence) -> tuple[date, Span | None]:
    """What the text itself is dated with, else when it was recorded, else when it was received."""
    received = evidence.fragment.received_at.date()
    for citation in (citations[0], citations[-1])[: len(citations)]:
        if is_markup(citation.text):
            continue
        found = _document_date(plain(citation.text), received)
        if found:
            start, end, day = found
            return date.fromisoformat(day), Span(citation, start, end)
    return evidence.at.date(), None


_document_date = lru_cache(maxsize=16384)(document_date)
