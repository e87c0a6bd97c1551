"""The command line as a stranger meets it: help, exit statuses, quiet pipes, running from any folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hub.processes.commands import COMMANDS
from tests.conftest import free_port

PROGRAM = Path(sys.executable).with_name("referral-hub")


def environment(home: Path, **settings: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")}
    return inherited | {"REFERRAL_HUB_HOME": str(home)} | {f"REFERRAL_HUB_{k}": v for k, v in settings.items()}


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], env=environment(home, **settings), cwd=home.parent, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands") / "home"


def test_help_comes_at_once(home: Path) -> None:
    """In time of the processor: how long one waits for that is the machine's."""
    took = []
    for _ in range(3):
        before = os.times()
        done = run(home, "--help")
        after = os.times()
        took.append(after.children_user - before.children_user + after.children_system - before.children_system)
        assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
    assert min(took) < 0.3


@pytest.mark.parametrize("command", [*COMMANDS])
def test_every_command_explains_itself(home: Path, command: str) -> None:
    done = run(home, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: referral-hub {command}")


def test_wrong_usage_is_2(home: Path) -> None:
    assert run(home).returncode == 2
    assert run(home, "nonsense").returncode == 2
    assert run(home, "organization", "add").returncode == 2
    bad = run(home, "migrate", HTPP="x")
    assert (bad.returncode, "REFERRAL_HUB_HTPP" in bad.stderr) == (2, True)


def test_a_service_that_is_not_there_is_69(home: Path) -> None:
    away = f"postgresql://hub@127.0.0.1:{free_port()}/hub"
    for command in (("migrate",), ("serve",), ("mllp",), ("organization", "list"), ("messages", "list")):
        done = run(home, *command, DATABASE=away)
        assert (done.returncode, done.stdout) == (69, ""), command
        assert "Traceback" not in done.stderr


def test_a_database_that_is_not_migrated_is_69(home: Path, postgres: str) -> None:
    done = run(home, "serve", DATABASE=postgres)
    assert done.returncode == 69
    assert "referral-hub migrate" in done.stderr


def test_the_worker_without_a_broker_is_69(home: Path) -> None:
    done = run(home, "worker")
    assert done.returncode == 69
    assert "referral-hub all" in done.stderr


def test_an_address_in_use_is_69(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = run(home, "serve", HTTP=f"127.0.0.1:{port}")
        listened = run(home, "mllp", MLLP=f"127.0.0.1:{port}")
    assert (served.returncode, f"127.0.0.1:{port}" in served.stderr) == (69, True)
    assert (listened.returncode, "Traceback" in listened.stderr) == (69, False)


def test_a_closed_pipe_is_quiet(home: Path) -> None:
    for number in range(3):
        run(home, "organization", "add", f"P{number}", "--name", "x", "--kind", "clinic")
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {PROGRAM} organization list | true"],
        env=environment(home), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_sigterm_stops_a_process_with_0(home: Path) -> None:
    process = subprocess.Popen(
        [PROGRAM, "serve"],
        env=environment(home, HTTP="127.0.0.1:0"),
        cwd=home.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["ready"] == "serve"
    assert ready["http"].startswith("http://127.0.0.1:")
    assert (home / "serve.ready").exists()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not (home / "serve.ready").exists()
