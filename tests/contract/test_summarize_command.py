"""`referral-hub summarize` as a program: what it prints, its exit status, and what it does with bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.processes.commands import main

ADT = (
    "MSH|^~\\&|HIS|COUNTY|HUB|HUB|20250501080000||ADT^A01^ADT_A01|C1|P|2.4|||AL|NE|CHN|GB 18030-2000\r"
    "EVN|A01|20250501080000\rPID|1||{id}^^^COUNTY^MR||{name}||19591030|M\rPV1|1|I\r"
    "DG1|1|I10|{code}^{diagnosis}^I10||20220620|W\r"
)


@pytest.fixture(autouse=True)
def home(model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(model_home))


@pytest.fixture
def admission(tmp_path: Path) -> Path:
    path = tmp_path / "adt.hl7"
    two = ADT.format(id="1", name="周^建国", code="E78.5", diagnosis="高脂血症")
    two += ADT.format(id="2", name="李^四", code="C34.9", diagnosis="肺癌").replace("|C1|", "|C2|")
    path.write_bytes(two.encode("gb18030"))
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any], str]:
    status = main(["summarize", *map(str, words)])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 1
    return status, json.loads(lines[0]), err


def problems(record: dict[str, Any]) -> list[str]:
    return [i["code"]["display"] for i in record["sections"]["problems"]]


def test_the_named_patient_is_taken_and_the_other_left_unplaced(
    admission: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, record, _ = run(capsys, "--patient", "urn:referral-hub:namespace:COUNTY|2", admission)
    assert status == 0
    assert problems(record) == ["肺癌"]
    assert {u["reason"] for u in record["unplaced"]} == {"another patient"}
    assert record["sections"]["problems"][0]["sources"][0]["message_id"] == "C2"


def test_a_patient_whom_nobody_sent_has_an_empty_record(admission: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, record, _ = run(capsys, "--patient", "urn:x|9", admission)
    assert not any(record["sections"].values())
    assert record["unplaced"]


def test_a_refused_message_is_told_kept_and_does_not_cost_the_others(
    admission: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.hl7"
    bad.write_bytes(b"this is no message")
    status, record, err = run(capsys, bad, admission)
    assert status == 1
    assert "bad.hl7: message 1 refused: no-header" in err
    assert problems(record) == ["高脂血症"]
    [kept] = [u for u in record["unplaced"] if u["reason"].startswith("refused")]
    assert kept["sources"][0]["text"] == "this is no message"


def test_an_entry_of_a_batch_that_is_refused_stands_apart_and_costs_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = {"subject": {"identifier": {"system": "urn:a", "value": "1"}}}
    coding = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E78.5", "display": "高脂血症"}
    good = {"resourceType": "Condition", "code": {"coding": [coding]}, **about}
    wrong = {"resourceType": "Observation", "status": "?", "code": {"text": "血压"}, **about}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": good}, {"resource": wrong}]}
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(batch, ensure_ascii=False), "utf-8")
    status, record, err = run(capsys, path)
    assert status == 1
    assert "batch.json: message 1 refused: code-invalid" in err
    assert problems(record) == ["高脂血症"]
    [kept] = [u for u in record["unplaced"] if u["reason"].startswith("refused")]
    assert "血压" in kept["sources"][0]["text"]


def test_a_refused_message_in_gb18030_is_cited_by_its_control_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.hl7"
    wrong = ADT.format(id="1", name="周^建国", code="E78.5", diagnosis="高脂血症").replace("|2.4|", "|9.9|")
    bad.write_bytes(wrong.encode("gb18030"))
    status, record, _ = run(capsys, bad)
    assert status == 1
    [source] = record["unplaced"][0]["sources"]
    assert source["location"] == {"kind": "hl7v2", "path": "MSH[1]-10[1]", "start": 0, "end": 2}
    assert (source["text"], source["message_id"], source["organization"]) == ("C1", "C1", "COUNTY")


def test_bytes_of_no_character_set_are_kept_and_cited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "note.txt").write_bytes(b"dizzy \xff\xff\xff")
    status, record, _ = run(capsys, tmp_path / "note.txt")
    assert status == 1
    assert record["unplaced"][0]["sources"][0]["text"] == "dizzy ÿÿÿ"


def test_a_note_may_be_in_gb18030_and_takes_its_origin_from_the_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "note.txt").write_bytes("脚杆肿了半个月。".encode("gb18030"))
    manifest = tmp_path / "manifest.jsonl"
    line = {"path": "note.txt", "organization": "马鞍村卫生室", "received_at": "2025-05-14T13:01:34+08:00"}
    manifest.write_text(json.dumps(line), "utf-8")
    _, record, _ = run(capsys, "--manifest", manifest, "--question", "水肿原因？", tmp_path / "note.txt")
    [passage] = record["passages"]
    [source] = passage["sources"]
    assert (source["organization"], source["message_id"]) == ("马鞍村卫生室", "note.txt")
    assert source["received_at"] == line["received_at"]
    assert record["as_of"] == "2025-05-14"
    assert record["question"] == {"text": "水肿原因？", "sources": []}
    assert passage["score"] > 0


def test_the_record_may_go_to_a_file(admission: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "record.json"
    assert main(["summarize", "--out", str(out), "--as-of", "2025-06-01", str(admission)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(out.read_text("utf-8"))["as_of"] == "2025-06-01"


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summarize", str(tmp_path / "none.hl7")]) == 2
    assert "none.hl7" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--timezone", "Mars/Base"], ["--patient", "no-bar"], ["--as-of", "May"]])
def test_wrong_options_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["summarize", *words, "x"])
    assert error.value.code == 2
    assert capsys.readouterr().err


def test_a_manifest_names_files_by_place_or_by_name_but_never_another_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "note.txt").write_text(f"note of {folder}.", "utf-8")
    (tmp_path / "c" / "visit.txt").write_text("visit of c.", "utf-8")
    manifest = tmp_path / "manifest.jsonl"
    lines = [("a/note.txt", "A"), (str(tmp_path / "b" / "note.txt"), "B"), ("elsewhere/visit.txt", "C")]
    manifest.write_text("\n".join(json.dumps({"path": p, "organization": o}) for p, o in lines), "utf-8")
    paths = [tmp_path / f / "note.txt" for f in "abc"] + [tmp_path / "c" / "visit.txt"]
    _, record, _ = run(capsys, "--manifest", manifest, *paths)
    said = {p["text"]: p["sources"][0]["organization"] for p in record["passages"]}
    assert said == {"note of a.": "A", "note of b.": "B", "note of c.": "note.txt", "visit of c.": "C"}


def test_a_fault_of_the_manifest_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.jsonl").write_text('{"path": "x.txt"}\nnot json\n', "utf-8")
    assert main(["summarize", "--manifest", str(tmp_path / "m.jsonl"), "x.txt"]) == 2
    assert "m.jsonl: line 2" in capsys.readouterr().err
