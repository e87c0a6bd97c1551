"""`referral-hub profile`: set while the listener runs, in force for the next message, told in the audit."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from adapters.hl7v2.mllp import send
from hub.processes import commands
from hub.security import audit
from hub.store.connections import connect
from tests.integration.intake_cases import hub
from tests.integration.test_intake_mllp import listening, msa, rows

PROFILE = """profile: hl7v2/1
charset: GB 18030-2000
messages: {ZPT^Z01: ADT^A08}
sheets:
  ZPI[Patient]:
    into: patient
    rules: [{field: 1, to: "identifier[]", as: number, space: archive}]
"""
MESSAGE = "MSH|^~\\&|HIS|TOWN-HIS|||20260310||ZPT^Z01|{}|P|2.4\rPID|1||7^^^TOWN^MR||A^B\rZPI|A77\r"


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    capsys.readouterr()
    status = commands.main(["profile", *words])
    lines = capsys.readouterr().out.splitlines()
    return status, json.loads(lines[0]) if lines else {}


def test_a_profile_is_in_force_for_the_next_message_until_it_is_removed(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", database)
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(tmp_path / "home"))
    file = tmp_path / "town.yaml"
    file.write_text(PROFILE, encoding="utf-8")
    with hub(database), listening(database, tmp_path) as address:
        assert msa(next(send(*address, [MESSAGE.format(1).encode()]))).startswith("MSA|AR|1")
        assert _run(capsys, "set", "TOWN", str(file)) == (0, {"organization": "TOWN", "profile": True})
        time.sleep(1.5)
        assert msa(next(send(*address, [MESSAGE.format(2).encode()]))) == "MSA|AA|2"
        assert _run(capsys, "remove", "town")[0] == 0
        time.sleep(1.5)
        assert msa(next(send(*address, [MESSAGE.format(3).encode()]))).startswith("MSA|AR|3")
    found = rows(database, "SELECT value FROM patient_identifiers WHERE system LIKE '%:archive'")
    assert found == [("A77",)]
    assert rows(database, "SELECT charset FROM messages WHERE control_id = '2'") == [("GB 18030-2000",)]
    with connect(database) as connection:
        actions = [entry.action for entry in audit.of_object(connection, "organization", "TOWN")]
    assert actions[-2:] == ["profile-set", "profile-remove"]


def test_show_and_list_give_what_was_set_and_bad_files_are_refused(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", database)
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(tmp_path / "home"))
    file = tmp_path / "town.yaml"
    file.write_text(PROFILE, encoding="utf-8")
    with hub(database):
        assert _run(capsys, "set", "NOBODY", str(file))[0] == 1
        assert _run(capsys, "show", "TOWN")[0] == 1
        assert _run(capsys, "set", "TOWN", str(file))[0] == 0
        assert _run(capsys, "show", "TOWN")[1]["source"] == PROFILE
        assert _run(capsys, "list")[1]["organization"] == "TOWN"
        file.write_text("profile: hl7v2/1\ncharset: KOI9\n", encoding="utf-8")
        status, refused = _run(capsys, "set", "TOWN", str(file))
        assert status == 2 and "KOI9" in str(refused["error"])
        assert _run(capsys, "show", "TOWN")[1]["source"] == PROFILE
        file.write_text("profile: hl7v2/1\ntables: {gender: {codes: {女性: female}}}\n", encoding="gb18030")
        assert _run(capsys, "set", "TOWN", str(file)) == (2, {})
        assert _run(capsys, "show", "TOWN")[1]["source"] == PROFILE
        assert _run(capsys, "check", str(tmp_path / "none.yaml"))[0] == 2
