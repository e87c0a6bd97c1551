"""`referral-hub merges`: what was merged is listed and taken back, the last first."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from hub.domain.errors import Refused
from hub.intake import merges
from hub.processes import commands
from hub.store.connections import connect
from tests.integration.merge_cases import mrg, pid, registry


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    status = commands.main(["merges", *words])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_merges_are_taken_back_the_last_first(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", database)
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(tmp_path / "home"))
    with registry(database) as h:
        for number in ("1", "2", "3"):
            h.seen(number, f"of {number}")
        h.tell("A40", pid("2"), mrg("1"))
        h.tell("A40", pid("3"), mrg("2"))
        h.seen("1", "late")
        status, (second, first) = _run(capsys, "list", "--organization", "city")
        assert status == 0
        assert (first["patient_id"], first["organization"], first["scope"]) == (
            second["prior_patient_id"],
            "CITY",
            "patient",
        )
        assert _run(capsys, "undo", first["id"])[0] == 1
        assert _run(capsys, "undo", second["id"])[0] == 0
        assert h.notes("3") == {"of 3"}
        assert h.notes("2") == {"of 1", "of 2", "late"}
        assert _run(capsys, "undo", first["id"])[0] == 0
        assert (h.notes("1"), h.notes("2")) == ({"of 1", "late"}, {"of 2"})
        assert _run(capsys, "undo", first["id"])[0] == 1
        assert h.told()[-1] == ("patient.separated.v1", "patient")
        actors = h.rows("SELECT actor, action FROM audit WHERE action = 'separate'")
        assert actors == [("command", "separate")] * 2


def test_of_two_who_take_the_same_merge_back_one_does(database: str) -> None:
    with registry(database) as h:
        h.seen("1", "of 1")
        h.seen("2", "of 2")
        h.tell("A40", pid("2"), mrg("1"))
        [(merge,)] = h.rows("SELECT id::text FROM merges")
        with connect(database) as first, connect(database) as second, ThreadPoolExecutor(1) as other:
            merges.undo(first, merge)
            waiting = other.submit(merges.undo, second, merge)
            assert not wait([waiting], 0.5).done, "it waits for the first"
            first.commit()
            with pytest.raises(Refused, match="unknown-key at id"):
                waiting.result(20)
            second.rollback()
        assert (h.notes("1"), h.notes("2")) == ({"of 1"}, {"of 2"})


def test_what_is_no_merge_is_refused(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", database)
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(tmp_path / "home"))
    for name in ("nothing", "019aab3c-2222-7000-8000-000000000001"):
        status, [line] = _run(capsys, "undo", name)
        assert status == 1
        assert "there is no such merge" in line["error"]["text"]
