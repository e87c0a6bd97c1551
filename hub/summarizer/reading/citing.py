"""What a sentence states as a draft of its fragment, citing where it was received."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.documents import Document
from hub.summarizer.reading.statement import Finding
from hub.summarizer.text import Sentence


def draft(finding: Finding, sentence: Sentence, document: Document, evidence: Evidence) -> Draft:
    """The draft of a finding in one of the sentences that are equal."""
    places = sentence.places(*finding.cited) or list(sentence.spans)
    besides = [sentence.heading if finding.heading else None, document.dated if finding.dated else None]
    cited = [*places, *(place for place in besides if place)]
    name = finding.named or sentence.text[slice(*finding.name)]
    fields: dict[str, Any] = dict(finding.fields)
    if finding.details:
        fields["details"] = tuple(dict.fromkeys(sentence.text[slice(*span)].strip() for span in finding.details))
    if "medication" in fields:
        fields["medication"] = {"name": name, **fields["medication"]}
    made = Draft(name=name, sources=tuple(evidence.source(p.citation, p.start, p.end) for p in cited),
                 evidence=evidence, **fields)  # fmt: skip
    return replace(made, section="plans") if made.status == "planned" and made.section == "medications" else made
