"""`referral-hub summarize --format`: the same record as JSON, as text and as an IPS document."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from adapters.fhir.validation import check_received
from hub.processes.commands import main
from tests.unit.forms.pdfs import pdf

NOTE = "患者青霉素过敏。高血压5年。"


@pytest.fixture(autouse=True)
def home(model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(model_home))


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(NOTE, "utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["summarize", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_text_says_what_the_record_says_with_sources(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "--format", "text", note)
    assert found.startswith("连续病历\n")
    assert "青霉素" in found
    assert "[1] note.txt" in found


def test_fhir_is_a_valid_document_on_one_line(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "--format", "fhir", note)
    assert found.count("\n") == 1
    made = json.loads(found)
    assert (made["type"], check_received(made)) == ("document", ())
    allergies = [e["resource"] for e in made["entry"] if e["resource"]["resourceType"] == "AllergyIntolerance"]
    assert any("青霉素" in a["code"]["text"] for a in allergies)


def test_json_is_the_default_and_a_file_may_be_asked_for(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = note.with_name("record.txt")
    assert json.loads(run(capsys, note))["schema"] == "continuous-record/1"
    assert run(capsys, "--format", "text", "--out", out, note) == ""
    assert out.read_text("utf-8").startswith("连续病历\n")


def test_an_unknown_format_is_wrong_usage(note: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["summarize", "--format", "xml", str(note)])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (pdf("患者青霉素过敏。"), "application/pdf"),
        (b"{\\rtf1\\ansi\\ansicpg936 " + "患者青霉素过敏。".encode("gbk") + b"}", "text/rtf"),
        ("<html><body><p>患者青霉素过敏。</p></body></html>".encode("gbk"), "text/html"),
        ("患者青霉素过敏。".encode("gb18030"), "text/plain"),
    ],
    ids=["pdf", "rtf", "html", "gb18030"],
)
def test_what_an_attached_file_says_is_in_the_record_and_cited(
    content: bytes, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.json"
    attachment = {"contentType": kind, "data": b64encode(content).decode()}
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:x", "value": "1"}]}
    letter = {"resourceType": "DocumentReference", "status": "current", "contained": [patient],
              "subject": {"reference": "#p"}, "content": [{"attachment": attachment}]}  # fmt: skip
    path.write_text(json.dumps(letter), "utf-8")
    record = json.loads(run(capsys, path))
    [allergy] = record["sections"]["allergies"]
    [source] = allergy["sources"]
    assert source["location"]["path"] == "/content/0/attachment/data"
    assert "青霉素过敏" in source["text"]
    assert source["location"]["end"] - source["location"]["start"] == len(source["text"])
