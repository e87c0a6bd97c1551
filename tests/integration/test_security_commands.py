"""`referral-hub organization` and `messages` as an engineer uses them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.processes import commands
from hub.security import audit, organizations, tokens
from hub.store.connections import connect
from tests.acceptance.messages import referral
from tests.integration.seeds import Seeds

Run = Callable[..., tuple[int, list[Any]]]


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `referral-hub` with these words: its exit status and its lines."""
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", database)
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(tmp_path / "home"))

    def run(*words: str) -> tuple[int, list[Any]]:
        capsys.readouterr()
        try:
            status = commands.main(words)
        except SystemExit as end:
            status = int(end.code or 0)
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_an_organisation_is_added_listed_and_gets_a_new_token(run: Run, database: str) -> None:
    status, [added] = run(
        "organization", "add", "Town-1", "--name", "甲镇卫生院", "--kind", "clinic", "--facility", "A",
        "--facility", "B", "--charset", "GB 18030-2000", "--department", "ENDO=内分泌科", "--referral-answer", "RRI",
    )  # fmt: skip
    assert (status, added["organization"], added["name"]) == (0, "Town-1", "甲镇卫生院")
    with connect(database) as connection:
        sender = tokens.authenticate(connection, added["token"])
        assert sender is not None
        assert (sender.code, sender.charset, sender.referral_answer) == ("Town-1", "GB 18030-2000", "RRI")
    status, [listed] = run("organization", "list")
    assert (status, listed["organization"], listed["facilities"]) == (0, "Town-1", ["A", "B"])
    assert (listed["departments"], listed["timezone"]) == ({"ENDO": "内分泌科"}, "Asia/Shanghai")
    status, [rotated] = run("organization", "rotate-token", "town-1")
    assert (status, rotated["organization"]) == (0, "Town-1")
    with connect(database) as connection:
        assert tokens.authenticate(connection, added["token"]) is None
        assert tokens.authenticate(connection, rotated["token"]) is not None


@pytest.mark.parametrize(
    ("words", "status", "code", "path"),
    [
        (["add", "TAKEN", "--name", "N", "--kind", "clinic"], 1, "duplicate-key", "code"),
        (["add", "n", "--name", "N", "--kind", "clinic", "--facility", "HIS"], 1, "duplicate-key", "facilities"),
        (["add", "n_", "--name", "N", "--kind", "clinic"], 2, "code-invalid", "code"),
        (["add", "n", "--name", "N", "--kind", "clinic", "--charset", "KLINGON"], 2, "code-invalid", "charset"),
        (["add", "n", "--name", "N", "--kind", "clinic", "--timezone", "Mars"], 2, "code-invalid", "timezone"),
        (["rotate-token", "unknown"], 1, "unknown-key", "code"),
    ],
)
def test_what_cannot_be_registered_says_why(
    run: Run, database: str, words: list[str], status: int, code: str, path: str
) -> None:
    with connect(database) as connection:
        organizations.add(connection, "taken", "T", "clinic", ["HIS"])
    told, [line] = run("organization", *words)
    assert (told, line["error"]["code"], line["error"]["path"]) == (status, code, path)
    assert not line["token"]
    with connect(database) as connection:
        assert [o.code for o in organizations.listing(connection)] == ["taken"]


@pytest.mark.parametrize(
    "words",
    [
        ["organization", "add", "n", "--name", "N", "--kind", "pharmacy"],
        ["organization", "add", "n", "--kind", "clinic"],
        ["organization", "add", "n", "--name", "N", "--kind", "clinic", "--department", "ENDO"],
        ["organization"],
        ["messages", "list", "--limit", "0"],
        ["messages", "list", "--since", "2026-05-01T08:00:00"],
        ["messages", "list", "--since", "yesterday"],
        ["messages", "list", "--status", "lost"],
    ],
)
def test_wrong_usage_is_exit_status_2(run: Run, words: list[str]) -> None:
    assert run(*words) == (2, [])


def test_messages_are_listed_and_shown(run: Run, database: str) -> None:
    raw = "MSH|^~\\&|HIS|甲\rPID|1\r".encode("gb18030")
    with connect(database) as connection:
        seeds = Seeds(connection)
        town = seeds.organization("Town")
        first = seeds.message(town, control_id="A", raw=raw, charset="GB 18030-2000")
        refused = seeds.message(None, control_id="B", status="rejected", raw=b"\xff\xfe\xfd", error={"code": "x"})
    status, lines = run("messages", "list")
    assert status == 0
    assert [line["id"] for line in lines] == [first, refused]
    assert set(lines[0]) == {
        "id", "received_at", "organization", "channel", "format", "type", "control_id", "status", "referral_id", "error"
    }  # fmt: skip
    assert (lines[0]["organization"], lines[1]["error"]) == ("Town", {"code": "x"})
    assert lines[0]["received_at"] == "2026-05-01T08:00:01Z"
    assert [m["id"] for m in run("messages", "list", "--after", first, "--limit", "5")[1]] == [refused]
    assert [m["id"] for m in run("messages", "list", "--since", "2026-05-01T16:00:02+08:00")[1]] == [refused]
    assert run("messages", "list", "--organization", "town", "--status", "rejected") == (0, [])

    [shown] = run("messages", "show", first)[1]
    assert shown["raw"] == "MSH|^~\\&|HIS|甲\rPID|1\r"
    assert b64decode(shown["raw_base64"]) == raw
    assert (shown["acknowledgement"], shown["bundle"], shown["ledger"]) == (None, None, None)
    [bytes_only] = run("messages", "show", refused)[1]
    assert bytes_only["raw"] is None
    assert b64decode(bytes_only["raw_base64"]) == b"\xff\xfe\xfd"


def test_an_unknown_message_is_told(run: Run) -> None:
    status, [line] = run("messages", "show", "nonsense")
    assert (status, line["error"]["code"]) == (1, "unknown-key")


def test_a_refused_message_takes_effect_when_it_is_replayed(run: Run, database: str) -> None:
    raw = referral("RP1", sender="TOWN", receiver="CITY")
    with connect(database) as connection:
        seeds = Seeds(connection)
        town, _ = organizations.add(connection, "town", "甲镇卫生院", "clinic", ["TOWN"])
        refused = seeds.message(town, control_id="RP1", status="rejected", raw=raw, charset="GB 18030-2000")
    status, [again] = run("messages", "replay", refused)
    assert (status, again["status"], again["error"]["code"]) == (1, "rejected", "unknown-key")
    with connect(database) as connection:
        organizations.add(connection, "city", "乙市医院", "hospital", ["CITY"])
    status, [replayed] = run("messages", "replay", refused)
    assert (status, replayed["status"], replayed["error"], replayed["repeated"]) == (0, "accepted", None, False)
    [shown] = run("messages", "show", refused)[1]
    assert shown["referral_id"] == replayed["referral_id"] is not None
    assert "MSA|AA|RP1" in shown["application_acknowledgement"]
    assert shown["bundle"]["resourceType"] == "Bundle"
    status, [accepted] = run("messages", "replay", refused)
    assert (status, accepted["error"]["code"]) == (1, "forbidden-state")
    assert run("messages", "replay", "nonsense")[0] == 1
    with connect(database) as connection:
        trail = [(e.actor, e.action) for e in audit.of_object(connection, "message", refused)]
    assert trail == [("command", "replay"), ("command", "replay"), ("command", "read")]
