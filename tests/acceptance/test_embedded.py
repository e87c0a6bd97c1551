"""The embedded services: shared by commands, and found again after whatever happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from hub.domain.errors import Unavailable
from hub.processes import embedded, embedded_kafka, embedded_postgres
from hub.processes.settings import Settings


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM organizations").fetchone() is not None


def gone(pid: int, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "home"


def test_the_last_user_stops_the_server(home: Path) -> None:
    with embedded_postgres.running(home) as url:
        server = postmaster(home)
        with embedded_postgres.running(home) as other:
            assert other == url
        assert not gone(server, 0.5)
        with psycopg.connect(url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert gone(server)


def test_the_data_are_not_for_other_users(home: Path) -> None:
    with embedded_postgres.running(home):
        assert (home / "postgres").stat().st_mode & 0o077 == 0


def test_a_killed_user_does_not_hold_the_server(home: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from hub.processes import embedded_postgres
with embedded_postgres.running(Path({str(home)!r})):
    print("up", flush=True)
    time.sleep(60)
"""
    user = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert user.stdout is not None
    assert b"up\n" in iter(user.stdout.readline, b"")
    server = postmaster(home)
    user.kill()
    user.wait()
    with embedded_postgres.running(home):
        assert postmaster(home) == server
    assert gone(server)


def test_it_recovers_after_kill_9_of_the_server(home: Path) -> None:
    with embedded.started(Settings(home)) as settings:
        server = postmaster(home)
        os.kill(server, signal.SIGKILL)
        assert gone(server)
        embedded_postgres.ensure_running(home)
        assert answers(settings.database)


def test_a_stale_pid_file_that_names_another_process_is_passed_over(home: Path) -> None:
    with embedded_postgres.running(home):
        lines = (home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[1]
    stale = home / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{lines}")
    with embedded.started(Settings(home)) as settings:
        assert answers(settings.database)
        assert postmaster(home) != os.getpid()


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    with embedded.started(Settings(tmp_path)) as settings:
        assert answers(settings.database)


def test_a_home_with_a_long_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("a-long-name-" * 8)
    with embedded.started(Settings(home)) as settings:
        assert answers(settings.database)


def test_a_broker_is_joined_and_its_absence_told(home: Path) -> None:
    with pytest.raises(Unavailable, match="referral-hub all"):
        embedded_kafka.wait(home, 0.2)
    with embedded_kafka.running(home) as first:
        assert embedded_kafka.address(home) == first
        with embedded_kafka.running(home) as joined:
            assert joined == first
    assert embedded_kafka.address(home) is None
    with embedded_kafka.running(home) as second:
        assert second == first


def test_a_dead_broker_is_started_again_on_its_port(home: Path) -> None:
    owned = embedded_kafka.own(home)
    assert owned is not None
    with owned:
        before = owned.address
        assert not owned.restarted()
        owned._process.kill()
        owned._process.wait()
        assert owned.restarted()
        assert owned.address == before


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_does_not_outlive_a_killed_parent() -> None:
    code = """
import time
from hub.processes import children
print(children.start(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert gone(child)
