"""Text in attached files: it is cited by the characters of what was extracted, and a source shows it."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.attached import texts
from adapters.fhir.normalise import normalise
from adapters.fhir.quoting import quote
from adapters.hl7v2 import quoting as hl7v2_quoting
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise as normalise_hl7v2
from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Citation, Fragment, Kind, cite_document
from hub.domain.messages import Part
from hub.domain.quotations import Place
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.documents import documents, unread
from tests.unit.forms.pdfs import pdf

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SAID = "患者青霉素过敏。口服阿司匹林100mg每日一次。"
PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:x", "value": "1"}]}
RTF = b"{\\rtf1\\ansi\\ansicpg936 " + "".join(f"\\'{b:02x}" for b in SAID.encode("gbk")).encode() + b"\\par}"
HTML = (
    "<html><head><title>出院小结</title><style>p {}</style></head>"
    f"<body><p>{SAID}</p><script>alert('高血压')</script></body></html>"
)


def attachment(content: bytes, kind: str) -> dict[str, Any]:
    return {"contentType": kind, "data": b64encode(content).decode()}


def holding(*attached: dict[str, Any], kind: str = "DocumentReference") -> dict[str, Any]:
    """A resource that holds the attachments, as each type does."""
    subject = {"subject": {"reference": "Patient/p"}}
    code = {"code": {"text": "报告"}}
    match kind:
        case "DocumentReference":
            return {
                "resourceType": kind,
                "status": "current",
                **subject,
                "content": [{"attachment": a} for a in attached],
            }
        case "DiagnosticReport":
            return {"resourceType": kind, "status": "final", **subject, **code, "presentedForm": list(attached)}
        case "Media":
            return {"resourceType": kind, "status": "completed", **subject, "content": attached[0]}
        case "Communication":
            return {"resourceType": kind, "status": "completed", **subject,
                    "payload": [{"contentAttachment": a} for a in attached]}  # fmt: skip
    url = "https://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment"
    return {"resourceType": kind, "status": "final", **subject, **code,
            "extension": [{"url": url, "valueAttachment": a} for a in attached]}  # fmt: skip


def sent(*resources: dict[str, Any]) -> bytes:
    entries = [{"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{n}", "resource": r}
               for n, r in enumerate((PATIENT, *resources))]  # fmt: skip
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def evidence(part: Part, kind: Kind) -> Evidence:
    citations = part.citations or cite_document(part.resource, part.base)
    return Evidence(Fragment("f", "m", "", "o", NOW, NOW, None, kind, part.resource, citations))


def cited(one: Evidence) -> list[dict[str, Any]]:
    """A source for each sentence of the fragment."""
    return [one.source(s.spans[0].citation, s.spans[0].start, s.spans[0].end)
            for d in documents(one, narrative=False) for s in d.sentences]  # fmt: skip


def of_fhir(raw: bytes) -> list[dict[str, Any]]:
    parts = normalise(raw, timezone="Asia/Shanghai", received_at=NOW).parts
    return [s for part in parts[1:] for s in cited(evidence(part, "fhir"))]


@pytest.mark.parametrize("kind", ["DocumentReference", "DiagnosticReport", "Media", "Communication", "Observation"])
@pytest.mark.parametrize(
    ("content", "media"),
    [
        (SAID.encode(), "text/plain"),
        (SAID.encode("gb18030"), "text/plain"),
        (RTF, "application/rtf"),
        (HTML.encode(), "text/html; charset=utf-8"),
        (pdf("患者青霉素过敏。", "口服阿司匹林100mg每日一次。"), "application/pdf"),
    ],
    ids=["utf-8", "gb18030", "rtf", "html", "pdf"],
)
def test_every_form_gives_its_sentences_and_each_source_shows_them(kind: str, content: bytes, media: str) -> None:
    raw = sent(holding(attachment(content, media), kind=kind))
    sources = of_fhir(raw)
    assert [s["text"] for s in sources] == ["患者青霉素过敏。", "口服阿司匹林100mg每日一次。"]
    places = [Place("fhir", s["location"]["path"], s["location"]["start"], s["location"]["end"]) for s in sources]
    original = quote(raw, places)
    assert [q.cited if q else None for q in original.quotations] == [s["text"] for s in sources]
    assert any(run.mark == "cited" for line in original.lines for run in line.runs)


def test_a_pdf_whose_text_stands_beside_it_is_read_once() -> None:
    text = attachment("患者青霉素过敏。".encode(), "text/plain")
    file = attachment(pdf("患者青霉素过敏。"), "application/pdf")
    assert len(of_fhir(sent(holding(file, text)))) == 1
    (_, part) = normalise(sent(holding(file, text)), timezone="Asia/Shanghai", received_at=NOW).parts
    assert list(unread(evidence(part, "fhir"))) == []
    other = attachment("见附件。".encode(), "text/plain")
    assert {s["text"] for s in of_fhir(sent(holding(file, other)))} == {"患者青霉素过敏。", "见附件。"}


def test_a_broken_or_locked_pdf_and_a_picture_are_no_text() -> None:
    for content in (b"%PDF-1.4 broken", pdf("x", password="secret"), b"\x89PNG"):
        raw = sent(holding(attachment(content, "application/pdf")))
        assert of_fhir(raw) == []
        (_, part) = normalise(raw, timezone="Asia/Shanghai", received_at=NOW).parts
        assert list(unread(evidence(part, "fhir"))) == ["/content/0/attachment/data"]
    assert texts.text_of("%%%", "application/pdf") is None


HEAD = "MSH|^~\\&|HIS|A|HUB|HUB|20260501||ORU^R01|M-1|P|2.5.1||||||UNICODE UTF-8\rPID|1||1||王\rOBR|1|||R^报告\r"


def message(encoding: str, data: str, form: str = "text^plain") -> bytes:
    return (HEAD + f"OBX|1|ED|R^报告||LAB^{form}^{encoding}^{data}||||||F\r").encode()


def of_hl7v2(raw: bytes) -> list[dict[str, Any]]:
    envelope, _ = read_envelope(raw)
    found = normalise_hl7v2(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=NOW)
    return [s for part in found.parts[1:] for s in cited(evidence(part, "hl7v2"))]


def shown(raw: bytes, sources: list[dict[str, Any]]) -> list[str]:
    """What the cited characters say: those of the field, of an encoding its meaning."""
    places = [Place("hl7v2", s["location"]["path"], s["location"]["start"], s["location"]["end"]) for s in sources]
    found = [q for q in hl7v2_quoting.quote(raw, None, places).quotations if q]
    assert [q.cited for q in found] == [s["text"] for s in sources]
    return [q.meaning or q.cited for q in found]


@pytest.mark.parametrize(
    ("encoding", "data", "form"),
    [
        ("Base64", b64encode(SAID.encode()).decode(), "TEXT^plain"),
        ("Base64", b64encode(SAID.encode("gb18030")).decode(), "TEXT^plain"),
        ("Hex", SAID.encode().hex(), "TEXT^plain"),
        ("Hex", SAID.encode("gb18030").hex().upper(), "TEXT^plain"),
        ("A", SAID, "TEXT^plain"),
        ("Base64", b64encode(RTF).decode(), "application^rtf"),
        ("Base64", b64encode(pdf("患者青霉素过敏。", "口服阿司匹林100mg每日一次。")).decode(), "application^pdf"),
        ("Hex", pdf("患者青霉素过敏。", "口服阿司匹林100mg每日一次。").hex(), "application^pdf"),
        ("A", RTF.decode().replace("\\", "\\E\\"), "text^rtf"),
    ],
    ids=["base64", "base64-gbk", "hex", "hex-gbk", "inline", "rtf", "pdf", "pdf-hex", "rtf-inline"],
)
def test_an_encapsulated_value_gives_its_sentences(encoding: str, data: str, form: str) -> None:
    raw = message(encoding, data, form)
    said = shown(raw, of_hl7v2(raw))
    assert len(said) == 2
    assert "青霉素过敏" in said[0] and "阿司匹林100mg" in said[1]


def test_a_citation_of_pdf_data_is_the_only_one_that_changes() -> None:
    resource = holding(attachment(pdf("青霉素过敏"), "application/pdf"))
    (_, part) = normalise(sent(resource), timezone="Asia/Shanghai", received_at=NOW).parts
    before = cite_document(resource, "/entry/1/resource")
    changed = [c for c, d in zip(part.citations, before, strict=True) if c != d]
    target = "/content/0/attachment/data"
    assert changed == [Citation(target, f"/entry/1/resource{target}", "青霉素过敏")]
    (_, part) = normalise(sent(holding(attachment(SAID.encode(), "text/plain"))), timezone="Asia/Shanghai",
                          received_at=NOW).parts  # fmt: skip
    assert part.citations == ()


def test_pdfs_for_which_there_is_no_time_stay_attached_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.attached.pdf.TOGETHER", 0.0)
    files = [attachment(pdf(f"没有时间读{n}"), "application/pdf") for n in range(3)]
    found = normalise(sent(holding(*files)), timezone="Asia/Shanghai", received_at=NOW)
    told = "from here on {} attached PDFs could not be read in time: kept as attached, without their text"
    path = "/entry/1/resource/content/0/attachment/data"
    assert found.warnings == (Refusal(Cause.TOO_LARGE, path, told.format(3)),)
    assert found.bundle["entry"][1]["resource"] == holding(*files)
    raw = message("Base64", str(files[0]["data"]), "application^pdf")
    envelope, _ = read_envelope(raw)
    found = normalise_hl7v2(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=NOW)
    assert found.warnings == (Refusal(Cause.TOO_LARGE, "OBX[1]-5[1].5", told.format(1)),)
