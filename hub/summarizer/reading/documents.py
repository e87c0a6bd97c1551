"""The free text of a fragment, as documents: their sentences with sections, and the day on which each was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hub.domain.fragments import Citation, denied
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
    """The texts of a fragment in document order; what was not communicated, or is not to be, is none of them.

    narrative: also the generated narrative of the resource itself.
    """
    for target in filter(_is_text, evidence.targets):
        if target == "/text/div" and not narrative:
            continue
        if target.startswith("/payload/") and denied(evidence.resource):
            continue
        if target.endswith("valueString") and not prose(evidence.value(target)):
            continue
        citations = evidence.decoded(target)
        if citations:
            received = evidence.fragment.received_at.date()
            yield _document(target, tuple(citations), _begins(evidence, target), received, evidence.at.date())


def unread(evidence: Evidence) -> Iterator[str]:
    """The data of attached files of which no text is known: pictures, what is broken or locked, what nobody had the
    time to read. In HL7 v2 a report holds again what its result does."""
    if evidence.fragment.kind == "hl7v2" and evidence.type == "DiagnosticReport":
        return
    for target in evidence.targets:
        if target.endswith("/data") and _is_text(target) and not evidence.decoded(target):
            yield target


@lru_cache(maxsize=4096)
def _is_text(target: str) -> bool:
    return _TEXT.fullmatch(target) is not None


@lru_cache(maxsize=16384)
def _document(target: str, citations: tuple[Citation, ...], begins: Section, received: date, told: date) -> Document:
    """Remembered, as a record is made again and again of the same texts. told: when it was recorded or received."""
    written, place = _dated(citations, received)
    return Document(target, tuple(sentences(citations, begins)), written or told, place)


def _begins(evidence: Evidence, target: str) -> Section:
    """The section that a document's title or LOINC code says that it is; of a section without, what holds it."""
    within = _SECTION_TEXT.fullmatch(target)
    if not within:
        return next((found for holder in ("/code", "/type") if (found := _named(evidence, holder))), "")
    holder = within.group(1)
    while holder:
        titled = headings.section(str(evidence.value(f"{holder}/title") or ""))
        found = titled or _named(evidence, f"{holder}/code")
        if found:
            return found
        holder = holder.rpartition("/section/")[0]
    return ""


def _named(evidence: Evidence, concept: str) -> Section | None:
    said = (evidence.value(f"{concept}/{name}") for name in ("text", "coding/0/display"))
    found = next((found for text in said if text and (found := headings.section(str(text)))), None)
    return found or headings.coded(evidence.value(f"{concept}/coding") or ())


def _dated(citations: Sequence[Citation], received: date) -> tuple[date | None, Span | None]:
    """The day that the text itself is dated with, and where."""
    for citation in (citations[0], citations[-1])[: len(citations)]:
        if is_markup(citation.text):
            continue
        found = document_date(plain(citation.text), received)
        if found:
            start, end, day = found
            return date.fromisoformat(day), Span(citation, start, end)
    return None, None
