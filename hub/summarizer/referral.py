"""The referral's own ServiceRequest among the fragments, and the question that it asks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from hub.summarizer.evidence import Evidence

_CODES = frozenset({"3457005", "306206005", "103696004", "440377005", "REF", "referral"})
"""SNOMED CT: patient referral, referral to service, referral to specialist, referral for consultation."""

_WORDS = re.compile(r"转诊|转院|会诊|referral|consult", re.IGNORECASE)
_HUB = "urn:referral-hub:referral"


def is_referral(resource: dict[str, Any]) -> bool:
    """Whether a ServiceRequest is a referral, and neither an order of an examination nor what is not to be done."""
    if resource.get("resourceType") != "ServiceRequest" or resource.get("doNotPerform") is True:
        return False
    if any(i.get("system") == _HUB for i in resource.get("identifier", ())):
        return True
    concepts = [*resource.get("category", ()), resource.get("code") or {}]
    for one in concepts:
        codings = one.get("coding", ())
        if any(c.get("code") in _CODES or _WORDS.search(str(c.get("display", ""))) for c in codings):
            return True
        if _WORDS.search(str(one.get("text", ""))):
            return True
    return not resource.get("code") and bool(resource.get("reasonCode"))


def newest(evidence: Iterable[Evidence]) -> Evidence | None:
    """The referral among the fragments, the one received last where there are several."""
    found = [e for e in evidence if is_referral(e.resource)]
    return max(found, key=lambda e: (e.fragment.received_at, e.at), default=None)


def question(request: Evidence | None, given: str | None) -> dict[str, Any] | None:
    """`question` of the record: as given, else the referral's reason; cited where the referral says the same."""
    texts, sources = [], []
    for index, reason in enumerate(request.value("/reasonCode") or () if request else ()):
        targets = [f"/reasonCode/{index}/text", f"/reasonCode/{index}/coding/0/display"]
        text = reason.get("text") or next((c["display"] for c in reason.get("coding", ()) if c.get("display")), None)
        if text and request:
            texts.append(str(text))
            cited = [s for t in targets for s in request.sources(t) if s["text"] == str(text)]
            sources += cited[:1]
    said = "；".join(texts)
    if given is not None and given.strip():
        return {"text": given.strip(), "sources": sources if given.strip() == said else []}
    return {"text": said, "sources": sources} if said else None
