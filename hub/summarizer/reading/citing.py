"""What a sentence states as a draft of its fragment, citing where it was received."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence, Source
from hub.summarizer.reading.documents import Document
from hub.summarizer.reading.statement import Finding
from hub.summarizer.text import Sentence


def drafts(found: Iterable[Finding], sentence: Sentence, document: Document, evidence: Evidence) -> list[Draft]:
    """The drafts of what was found in one of the sentences that are equal."""
    cited: dict[tuple[tuple[int, int], bool, bool], tuple[Source, ...]] = {}
    made = []
    for finding in found:
        mark = finding.cited, finding.heading, finding.dated
        if mark not in cited:
            cited[mark] = _sources(finding, sentence, document, evidence)
        made.append(_draft(finding, sentence, evidence, cited[mark]))
    return made


def _sources(finding: Finding, sentence: Sentence, document: Document, evidence: Evidence) -> tuple[Source, ...]:
    places = sentence.places(*finding.cited) or list(sentence.spans)
    besides = [sentence.heading if finding.heading else None, document.dated if finding.dated else None]
    return tuple(evidence.source(p.citation, p.start, p.end) for p in [*places, *besides] if p)


def _draft(finding: Finding, sentence: Sentence, evidence: Evidence, sources: tuple[Source, ...]) -> Draft:
    name = finding.named or sentence.text[slice(*finding.name)]
    fields: dict[str, Any] = dict(finding.fields)
    if finding.details:
        fields["details"] = tuple(dict.fromkeys(sentence.text[slice(*span)].strip() for span in finding.details))
    if "medication" in fields:
        fields["medication"] = {"name": name, **fields["medication"]}
    if fields.get("status") == "planned" and fields["section"] == "medications":
        fields["section"] = "plans"
    return Draft(name=name, sources=sources, evidence=evidence, **fields)
