"""What a record cites is found again, with exactly its characters, in the bytes that were received."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.fhir.normalise import normalise as normalise_fhir
from adapters.hl7v2 import files
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise as normalise_hl7v2
from hub.domain.errors import Refused
from hub.domain.fragments import cite_document
from hub.domain.messages import Format, Normalised
from hub.domain.quotations import Line, Original, Place
from hub.processes.quoting import quote
from tests.conftest import CORPORA
from tests.contract.conftest import Reassembled
from tests.contract.test_record_sources import sources

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def marked(lines: Sequence[Line]) -> int:
    """How many characters are marked as cited."""
    return sum(len(run.text) for line in lines for run in line.runs if run.mark == "cited")


def test_every_source_of_every_record_is_quoted_with_exactly_its_characters(reassembled: list[Reassembled]) -> None:
    count = 0
    for one in reassembled:
        for source in sources(one.record):
            place = Place(**source["location"])
            found = quote(message(one.files[source["file"]], source), place.kind, None, [place])
            [quotation] = found.quotations
            assert quotation is not None, source["location"]
            assert quotation.cited == source["text"]
            assert marked(found.lines) > 0, source["location"]
            count += 1
    assert count > 1000


def message(data: bytes, source: dict[str, Any]) -> bytes:
    if source["location"]["kind"] != "hl7v2":
        return data
    return next(raw for raw in files.split(data) if read_envelope(raw)[0].control_id == source["message_id"])


def hl7_messages() -> Iterator[bytes]:
    for path in sorted((CORPORA / "hl7v2").rglob("*")):
        if path.is_file() and path.suffix.lower() in (".hl7", ".txt", ".er7", ".oru", ".adt"):
            yield from files.split(path.read_bytes())


def fhir_documents() -> Iterator[bytes]:
    received = [*(CORPORA / "reassembly-sample" / "inputs").rglob("*.json")]
    generated = sorted((CORPORA / "fhir" / "synthea-r4").glob("*.json"), key=lambda p: p.stat().st_size)[:5]
    for path in (*received, *generated):
        yield path.read_bytes()


def cited_again(raw: bytes, kind: Format, normalised: Normalised) -> int:
    """How many values of the message were found again; asserts that each is."""
    own = kind == "hl7v2"
    citations = [
        c for part in normalised.parts for c in (part.citations if own else cite_document(part.resource, part.base))
    ]
    cited = [c for c in citations if not (kind == "fhir" and c.path.endswith("/data"))]
    found = quote(raw, kind, None, [Place(kind, c.path, 0, len(c.text)) for c in cited], None)
    for citation, quotation in zip(cited, found.quotations, strict=True):
        assert quotation is not None, citation.path
        assert quotation.cited == citation.text, citation.path
        assert (quotation.before, quotation.after) == ("", "")
    return len(cited)


@pytest.mark.skipif(not CORPORA.exists(), reason="../shared/corpora is not here")
def test_every_citation_of_the_hl7_corpora_is_found_again() -> None:
    count = 0
    for raw in hl7_messages():
        try:
            made = normalise_hl7v2(raw, read_envelope(raw)[0], charset=None, timezone="Asia/Shanghai", received_at=NOW)
        except Refused:
            continue
        count += cited_again(raw, "hl7v2", made)
    assert count > 5000


@pytest.mark.skipif(not CORPORA.exists(), reason="../shared/corpora is not here")
def test_every_citation_of_the_fhir_corpora_is_found_again() -> None:
    count = 0
    for raw in fhir_documents():
        try:
            made = normalise_fhir(raw, timezone="Asia/Shanghai", received_at=NOW)
        except Refused:
            continue
        count += cited_again(raw, "fhir", made)
    assert count > 5000


@pytest.mark.skipif(not CORPORA.exists(), reason="../shared/corpora is not here")
def test_the_lines_of_a_message_are_the_message() -> None:
    for path in sorted((Path(CORPORA) / "reassembly-sample" / "inputs").rglob("*.hl7"))[:20]:
        for raw in files.split(path.read_bytes()):
            found: Original = quote(raw, "hl7v2", None, ())
            charset = "gb18030" if b"GB 18030" in raw.split(b"\r")[0] else "utf-8"
            lines = ["".join(run.text for run in line.runs) for line in found.lines]
            assert lines == [line for line in raw.decode(charset).split("\r") if line]


def test_a_document_printed_whole_is_the_same_document() -> None:
    document = {"resourceType": "Basic", "empty": [], "none": None, "deep": [{"a": [1, True, {}]}, "二"]}
    found = quote(json.dumps(document).encode(), "fhir", None, (), None)
    assert json.loads("\n".join("".join(run.text for run in line.runs) for line in found.lines)) == document
