"""`referral-hub send` against a listener that is away, busy, or refuses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.processes import commands
from tests.conftest import free_port

MESSAGE = "MSH|^~\\&|HIS|TOWN|HUB|HUB|20260101||ADT^A01|{}|P|2.4\rPID|1||1^^^TOWN^MR||王^芳\r"
AA, AE, BUSY = "MSA|AA|{}", "MSA|AE|{}|unknown receiver\rERR|PRD^1^7^204", "MSA|AR|{}\rERR|^^^207"


@contextmanager
def listener(port: int, *answers: str) -> Iterator[list[str]]:
    """Answers each message with the next of `answers` (the last for all that follow); the control ids received."""
    received: list[str] = []
    server = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb") as stream:
            while frame := _frame(stream):
                control_id = frame.split("|")[9]
                body = answers[min(len(received), len(answers) - 1)].format(control_id)
                received.append(control_id)
                stream.write(f"\x0bMSH|^~\\&|HUB|HUB|HIS|TOWN|20260101||ACK|A|P|2.4\r{body}\r\x1c\r".encode())
                stream.flush()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with server:
        yield received


def _frame(stream: object) -> str:
    found = b""
    while not found.endswith(b"\x1c\r"):
        byte = stream.read(1)  # type: ignore[attr-defined]
        if not byte:
            return ""
        found += byte
    return found.decode()


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    path = tmp_path / "batch.hl7"
    path.write_text("".join(MESSAGE.format(f"C{number}") for number in (1, 2, 3)), newline="")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[dict[str, object]]]:
    status = commands.main(["send", *map(str, arguments)])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_per_message_with_its_answer(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with listener(port, AA, AE, AA) as received:
        status, lines = run(capsys, "--mllp", f"127.0.0.1:{port}", batch)
    assert (status, received) == (1, ["C1", "C2", "C3"])
    assert [(line["source"], line["index"], line["code"], line["control_id"]) for line in lines] == [
        (str(batch), 0, "AA", "C1"), (str(batch), 1, "AE", "C2"), (str(batch), 2, "AA", "C3"),
    ]  # fmt: skip
    assert lines[0]["error"] is None
    assert lines[1]["error"] == {"code": "204", "path": "PRD^1^7^204", "text": "unknown receiver"}


def test_a_busy_hub_is_asked_again(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with listener(port, BUSY, BUSY, AA) as received:
        status, lines = run(capsys, "--mllp", f"127.0.0.1:{port}", batch)
    assert (status, received) == (0, ["C1", "C1", "C1", "C2", "C3"])
    assert [line["code"] for line in lines] == ["AA", "AA", "AA"]


def test_a_bad_line_loses_nothing(batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port, spool = free_port(), tmp_path / "spool"
    to = ("--mllp", f"127.0.0.1:{port}", "--spool", spool)
    status, lines = run(capsys, *to, "--timeout", "0.5", batch)
    assert (status, [line["code"] for line in lines]) == (69, [None, None, None])
    assert len(list(spool.glob("*.msg"))) == 3
    with listener(port, AA, AE, AA) as received:
        status, lines = run(capsys, *to)
    assert (status, received, len(lines)) == (1, ["C1", "C2", "C3"], 3)
    assert list(spool.glob("*.msg")) == []
    [answer] = (spool / "refused").glob("*.answer")
    assert "MSA|AE|C2" in answer.read_text()


def test_it_is_told_what_is_wrong_with_the_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--fhir", "http://127.0.0.1:1/fhir", "x"], ["--mllp", "127.0.0.1:1"],
                      ["--mllp", "nowhere", "x"], ["--mllp", "127.0.0.1:1", tmp_path / "absent"]):  # fmt: skip
        with pytest.raises(SystemExit) as exit:
            run(capsys, *arguments)
        assert exit.value.code == 2
