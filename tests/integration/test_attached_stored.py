"""Text of an attached PDF through intake: stored with the fragment as extracted, read from there, shown again."""

from __future__ import annotations

import copy
from base64 import b64encode
from datetime import UTC, datetime

from hub.domain.fragments import Citation, Fragment
from hub.domain.quotations import Place
from hub.processes.quoting import quote
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.documents import documents
from tests.integration.fhir_site import PATIENT, Site, bundle
from tests.unit.forms.pdfs import pdf

LETTER = {
    "resourceType": "DocumentReference",
    "status": "current",
    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
    "content": [{"attachment": {"contentType": "application/pdf"}}],
}


def test_what_was_extracted_is_stored_cited_and_shown(site: Site) -> None:
    letter = copy.deepcopy(LETTER)
    data = b64encode(pdf("患者青霉素过敏。", "血压150/90mmHg。")).decode()
    letter["content"][0]["attachment"]["data"] = data  # type: ignore[index]
    answer = site.request("POST", "", "TOWN", bundle("collection", letter, PATIENT, identifier="l-1"))
    assert answer.status_code == 200, answer.text
    [(resource, citations)] = site.rows(
        "SELECT resource, citations FROM fragments WHERE resource_type = 'DocumentReference'"
    )
    assert resource["content"][0]["attachment"]["data"] == data
    stored = tuple(Citation(*one) for one in citations)
    now = datetime.now(UTC)
    evidence = Evidence(Fragment("f", "m", "", "TOWN", now, now, None, "fhir", resource, stored))
    found = [s.spans[0] for d in documents(evidence, narrative=False) for s in d.sentences]
    sources = [evidence.source(span.citation, span.start, span.end) for span in found]
    assert [s["text"] for s in sources] == ["患者青霉素过敏。", "血压150/90mmHg。"]
    [(raw,)] = site.rows("SELECT raw FROM messages ORDER BY received_at DESC LIMIT 1")
    places = [Place("fhir", s["location"]["path"], s["location"]["start"], s["location"]["end"]) for s in sources]
    shown = quote(bytes(raw), "fhir", None, places)
    assert [q.cited if q else None for q in shown.quotations] == [s["text"] for s in sources]


def test_a_fragment_without_a_file_keeps_no_citations(site: Site) -> None:
    letter = copy.deepcopy(LETTER)
    letter["content"] = [{"attachment": {"contentType": "text/plain", "data": b64encode("头晕".encode()).decode()}}]
    site.request("POST", "", "TOWN", bundle("collection", letter, PATIENT, identifier="l-2"))
    [(citations,)] = site.rows("SELECT citations FROM fragments WHERE resource_type = 'DocumentReference'")
    assert not citations
