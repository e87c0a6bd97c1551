"""Text of an attached PDF through intake: stored with the fragment as extracted, read from there, shown again."""

from __future__ import annotations

import copy
import subprocess
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.attached import pdf as reading
from hub.domain.fragments import Citation, Fragment
from hub.domain.quotations import Place
from hub.processes.quoting import quote
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.documents import documents
from tests.integration.fhir_site import PATIENT, Site, bundle
from tests.unit.forms.pdfs import pdf

LETTER: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "status": "current",
    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
    "content": [{"attachment": {"contentType": "application/pdf"}}],
}


def test_what_was_extracted_is_stored_cited_and_shown(site: Site) -> None:
    letter = copy.deepcopy(LETTER)
    data = b64encode(pdf("患者青霉素过敏。", "血压150/90mmHg。")).decode()
    letter["content"][0]["attachment"]["data"] = data
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


def test_hundreds_of_files_are_read_by_one_process_before_the_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TOGETHER", 60.0)
    started: list[object] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *given, **named: started.append(given) or run(*given, **named))
    answer = site.request("POST", "", "TOWN", bundle("collection", *_letters(200), PATIENT, identifier="l-3"))
    assert answer.status_code == 200, answer.text
    assert len(started) == 1
    stored = site.rows("SELECT citations::text FROM fragments WHERE resource_type = 'DocumentReference'")
    assert sum("letter number" in citations for (citations,) in stored) == 200


def test_files_for_which_there_is_no_time_are_kept_and_the_message_tells_of_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TOGETHER", 0.0)
    letters = _letters(3)
    answer = site.request("POST", "", "TOWN", bundle("collection", *letters, PATIENT, identifier="l-4"))
    assert answer.status_code == 200, answer.text
    stored = site.rows("SELECT resource, citations FROM fragments WHERE resource_type = 'DocumentReference'")
    assert [resource["content"] for resource, _ in stored] == [letter["content"] for letter in letters]
    assert not any(citations for _, citations in stored)
    [(ledger,)] = site.rows("SELECT ledger FROM messages")
    [warning] = ledger["warnings"]
    assert warning["path"] == "/entry/0/resource/content/0/attachment/data"
    assert "3 attached PDFs could not be read in time" in warning["text"]


def _letters(count: int) -> list[dict[str, Any]]:
    letters = [copy.deepcopy(LETTER) for _ in range(count)]
    for number, letter in enumerate(letters):
        letter["subject"]["reference"] = f"urn:uuid:00000000-0000-4000-8000-{count + 1:012d}"
        letter["content"][0]["attachment"]["data"] = b64encode(pdf(f"letter number {number}")).decode()
    return letters
