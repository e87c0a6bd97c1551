"""`referral-hub convert` as a program: a line per message, whatever the bytes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

MESSAGES = Path(__file__).parents[1] / "messages"
SHEETS = Path(__file__).parents[2] / "schemas" / "hl7v2"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
_encode = msgspec.json.Encoder(decimal_format="number").encode


def _run(*arguments: str, data: bytes = b"") -> tuple[int, list[dict[str, Any]]]:
    command = [sys.executable, "-c", "from hub.processes.commands import main; raise SystemExit(main())", "convert"]
    done = subprocess.run([*command, *arguments], input=data, capture_output=True, timeout=60)
    assert b"Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in io.BytesIO(done.stdout)]


def test_the_command_writes_a_line_per_message_and_tells_what_it_refused(tmp_path: Path) -> None:
    referral = (MESSAGES / "referral-every-field.hl7").read_bytes()
    unsupported = referral.replace(b"REF^I12^REF_I12", b"XYZ^S12^XYZ_S12")
    nobody = b"\r".join(line for line in referral.split(b"\r") if not line.startswith(b"PID"))
    (tmp_path / "three.hl7").write_bytes(b"\x0b" + referral + b"\x1c\r" + unsupported + nobody)
    status, lines = _run(str(tmp_path / "three.hl7"))
    assert status == 1
    assert [line["status"] for line in lines] == ["converted", "rejected", "rejected"]
    assert [line["index"] for line in lines] == [0, 1, 2]
    assert lines[0]["type"] == "REF^I12" and lines[0]["error"] is None
    assert lines[1]["error"]["code"] == "200"
    assert (lines[2]["error"]["code"], lines[2]["error"]["path"]) == ("101", "PID[1]-3[1]")
    assert lines[0]["bundle"]["entry"][0]["resource"]["resourceType"] == "MessageHeader"
    assert all(set(entry) == {"path", "target"} for entry in lines[0]["ledger"]["mapped"])


def test_the_command_takes_fhir_and_standard_input() -> None:
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"text": "测试员"}]}
    observation = {
        "resourceType": "Observation", "status": "final", "code": {"text": "血压"},
        "subject": {"reference": "Patient/p1"},
    }  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection",
              "entry": [{"resource": patient}, {"resource": observation}]}  # fmt: skip
    status, (line,) = _run("-", data=json.dumps(bundle).encode())
    assert status == 0
    assert (line["source"], line["format"], line["type"]) == ("-", "fhir", "Bundle/collection")
    paths = {entry["path"] for entry in line["ledger"]["mapped"]}
    assert "/entry/1/resource/code/text" in paths


def test_a_lone_resource_may_name_its_patient_by_id() -> None:
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "血压"}}
    told = {**observation, "subject": {"reference": "Patient/f001"}}
    status, lines = _run("-", data=json.dumps(told).encode())
    assert (status, [line["status"] for line in lines]) == (0, ["converted"])
    status, (line,) = _run("-", data=json.dumps({**observation, "subject": {"reference": "#p1"}}).encode())
    assert (status, line["error"]["path"]) == (1, "Observation.subject")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\xff\xfe", b"MSH", b"MSH|", b"MSH|^~\\&", b"{", b"[1]", b'{"resourceType": 1}', b"not a message",
     b"MSH|^~\\&|A|B|C|D|2024||REF^I12|1|P|2.5\rPID|", b"\xef\xbb\xbf{}", b"MSH|^~\\&|" + b"\x81" * 50,
     b"MSH|^~\\&|A|B|C|D|2024||REF^I12|1|P|2.5||||||GB 18030-2000\rPID|||\xff"],
)  # fmt: skip
def test_whatever_the_bytes_there_is_no_traceback(data: bytes) -> None:
    from hub.processes import convert

    lines = [convert.line("x", 0, found) for found in convert.convert(data, None, "Asia/Shanghai", NOW)]
    assert all(line["status"] == "rejected" and line["error"]["text"] for line in lines)
    assert lines


def test_lines_are_utf_8_whatever_the_locale_and_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = os.fsencode(tmp_path) + b"/\xb2\xe2.hl7"
    Path(os.fsdecode(name)).write_bytes((MESSAGES / "referral-every-field.hl7").read_bytes())
    monkeypatch.setenv("PYTHONIOENCODING", "gb18030")
    status, (line,) = _run(os.fsdecode(name))
    assert status == 0
    assert "试员" in json.dumps(line["bundle"], ensure_ascii=False)
    assert line["source"].endswith("\\xb2\\xe2.hl7")


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    status, lines = _run(str(tmp_path / "absent.hl7"))
    assert (status, lines) == (2, [])


def test_the_command_shows_what_a_receiver_of_hl7_v2_would_get(tmp_path: Path) -> None:
    referral = MESSAGES / "referral-every-field.hl7"
    (tmp_path / "bundle.json").write_text(json.dumps(_run(str(referral))[1][0]["bundle"]), encoding="utf-8")
    status, (line,) = _run("--to", "hl7v2", "--version", "2.4", str(tmp_path / "bundle.json"))
    assert (status, line["status"], line["type"], line["version"]) == (0, "converted", "REF^I12", "2.4")
    assert line["message"].startswith("MSH|^~\\&|") and "|R2026-17^ZSWSY01|" in line["message"]
    status, (line,) = _run("--to", "hl7v2", "--charset", "8859/1", str(tmp_path / "bundle.json"))
    assert (status, line["status"], line["message"]) == (1, "rejected", None)
    assert line["error"]["code"] == "102" and line["error"]["path"] == "RF1[1]-1[1]"


_ORDERED = {
    "ORU^R01": "ORC|RE|7^TOWN|8^LAB\rOBR|1|7^TOWN|8^LAB|GLU^Glucose^L\rOBX|1|NM|GLU^Glucose^L||5.5|mmol/L|||||F\r",
    "SIU^S12": "RGS|1\rAIS|1||ECHO^Echo^L|20260311090000+0800\r",
}


@pytest.mark.parametrize("kind", _ORDERED)
def test_a_bundle_that_orders_something_is_shown_as_the_message_that_it_was(kind: str, tmp_path: Path) -> None:
    """Its ServiceRequest is the order of the results, no referral that the hub would want a reason of."""
    head = f"MSH|^~\\&|HIS|TOWN|||20260310||{kind}|1|P|2.4\r"
    planned = "SCH|5^TOWN|6^LAB|||||||||^^^202603110900\r" if kind == "SIU^S12" else ""
    message = f"{head}{planned}PID|1||7^^^TOWN^MR||A^B\r{_ORDERED[kind]}"
    _, (made,) = _run("-", data=message.encode())
    assert any(e["resource"]["resourceType"] == "ServiceRequest" for e in made["bundle"]["entry"])
    (tmp_path / "bundle.json").write_text(json.dumps(made["bundle"]), encoding="utf-8")
    status, (line,) = _run("--to", "hl7v2", "--version", "2.4", str(tmp_path / "bundle.json"))
    assert (status, line["error"], line["type"]) == (0, None, kind)
    assert ("GLU^Glucose^L||5.5" if kind == "ORU^R01" else "AIS|1||ECHO^Echo^L") in line["message"]


def test_what_a_profile_makes_that_is_no_fhir_is_refused_at_its_field(tmp_path: Path) -> None:
    rules = "{create: Coverage, rules: [{field: 1, to: statusss, as: string}]}"
    (tmp_path / "p.yaml").write_text(f"profile: hl7v2/1\nsheets:\n  ZYB[Coverage]: {rules}\n", encoding="utf-8")
    message = b"MSH|^~\\&|HIS|TOWN|||20260310||ADT^A08|1|P|2.5\rPID|1||7^^^TOWN^MR||A^B\rZYB|x\r"
    status, (line,) = _run("--profile", str(tmp_path / "p.yaml"), "-", data=message)
    assert (status, line["status"]) == (1, "rejected")
    assert (line["error"]["code"], line["error"]["path"]) == ("102", "ZYB[1]-1[1]")
