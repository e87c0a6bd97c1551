"""`referral-hub terminology`: a site's own tables, what is suggested from them, and how faults are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.processes.commands import main

SYSTEM = "urn:example:county:symptoms"
TABLE = "code,display,aliases,kind\nX1,地方性头昏,脑壳打偏偏|打偏偏,symptom\nX2,腹泻,屙稀,symptom\n"


@pytest.fixture(autouse=True)
def home(model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own that has the prepared model of the others."""
    (model_home / "models").mkdir(exist_ok=True)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "models").symlink_to(model_home / "models")
    monkeypatch.setenv("REFERRAL_HUB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, Any]], str]:
    status = main(["terminology", *map(str, words)])
    out, err = capsys.readouterr()
    return status, [json.loads(line) for line in out.splitlines()], err


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(TABLE, "utf-8")
    return path


def test_a_table_is_loaded_listed_used_replaced_and_removed(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, [told], _ = run(capsys, "load", table, "--system", SYSTEM)
    assert (status, told["system"], told["terms"], told["wordings"]) == (0, SYSTEM, 2, 5)
    _, [listed], _ = run(capsys, "list")
    assert listed == told
    _, [first, second], _ = run(capsys, "suggest", "脑壳有点打偏偏", "腹泻", "--limit", "3")
    assert first["text"] == "脑壳有点打偏偏"
    assert len(first["suggestions"]) == 3
    assert first["suggestions"][0]["display"] == "地方性头昏"
    assert second["suggestions"][0] == {"system": SYSTEM, "code": "X2", "display": "腹泻", "score": 1.0}
    table.write_text("code,display\nY9,地方性头昏\n", "utf-8")
    run(capsys, "load", table, "--system", SYSTEM)
    _, [listed], _ = run(capsys, "list")
    assert listed["terms"] == 1
    assert run(capsys, "remove", "--system", SYSTEM)[:2] == (0, [{"system": SYSTEM, "removed": True}])
    assert run(capsys, "list")[:2] == (0, [])
    assert run(capsys, "remove", "--system", SYSTEM)[0] == 1


def test_shipped_terms_are_suggested_best_first_and_of_the_kind_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, [told], _ = run(capsys, "suggest", "拉肚子拉得凶")
    assert told["suggestions"][0]["display"] == "腹泻"
    scores = [s["score"] for s in told["suggestions"]]
    assert len(scores) == 10
    assert scores == sorted(scores, reverse=True)
    _, [told], _ = run(capsys, "suggest", "阿司匹林肠溶", "--kind", "medicine", "--limit", "1")
    assert [s["display"] for s in told["suggestions"]] == ["阿司匹林"]


def test_a_fault_of_a_file_is_told_with_its_line_and_keeps_what_was_loaded(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "load", table, "--system", SYSTEM)
    table.write_text(TABLE + "X3,\n", "utf-8")
    status, lines, err = run(capsys, "load", table, "--system", SYSTEM)
    assert (status, lines) == (1, [])
    assert "own.csv:4" in err
    assert run(capsys, "list")[1][0]["terms"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ["load", "x.csv"], ["load", "x.csv", "--system", "no uri"], ["suggest"], ["suggest", "x", "--limit", "0"],
        ["remove"], ["forget"],
    ],
)  # fmt: skip
def test_wrong_words_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["terminology", *words])
    assert error.value.code == 2
    assert capsys.readouterr().err


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, err = run(capsys, "load", tmp_path / "none.csv", "--system", SYSTEM)
    assert (status, lines) == (2, [])
    assert "none.csv" in err
