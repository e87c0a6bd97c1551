"""Pages with 10,000 referrals in the database: time at 20 readers, bytes and requests of a first look, queries."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import psycopg
from fastapi.testclient import TestClient
from psycopg.types.json import Json
from uuid_utils import uuid7

from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.security import sessions, users
from hub.store.connections import pool
from hub.store.directory import Directory
from hub.summarizer.embedding import SentenceTransformerEmbedder
from hub.summarizer.model import prepare
from hub.summarizer.record import summarize
from tests.benchmarks import record, servers
from tests.benchmarks.seeding import seed

READERS = 20
THINK_SECONDS = 1.0
MANY, FEW, FRAGMENTS = 10_000, 50, 500
_LINKED = re.compile(r'<(?:link rel="(?:stylesheet|icon)"|script|img)[^>]*?(?:href|src)="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Reader:
    """A clinician of a hospital that has referrals; pages: name -> path."""

    cookie: str
    pages: dict[str, str]


def measure() -> dict[str, float | str]:
    figures: dict[str, float | str] = {}
    with servers.postgres() as url:
        reader = _fill(url, MANY)
        with servers.hub("serve", url) as ready:
            for name, path in reader.pages.items():
                figures |= _first_look(ready["http"], reader.cookie, name, path)
                figures |= _times(ready["http"], reader.cookie, name, path)
        many = dict(_queries(url, reader))
    with servers.postgres() as url:
        few = dict(_queries(url, _fill(url, FEW)))
    for name, count in many.items():
        figures[f"page_{name}_queries_at_{MANY}_referrals"] = count
        figures[f"page_{name}_queries_at_{FEW}_referrals"] = few[name]
    return figures


def _fill(url: str, referrals: int) -> Reader:
    """Referrals, a reader in one of the hospitals, and a record of 500 fragments of one of its patients."""
    with psycopg.connect(url) as connection:
        code = seed(connection, referrals).hospitals[0]
        person, _ = users.add(connection, "reader", organization=code, role="clinician")
        cookie = sessions.open(connection, person.id)
        [(referral, version)] = connection.execute(
            "SELECT r.id::text, r.version FROM referrals r JOIN organizations o ON o.id = r.receiver_id "
            "WHERE o.code = %s AND r.state = 'accepted' ORDER BY r.id LIMIT 1", (code,),
        ).fetchall()  # fmt: skip
        document = _record(referral)
        connection.execute(
            "INSERT INTO records (id, referral_id, version, whole, record, sha256, generated_at) "
            "VALUES (%s, %s, %s, true, %s, %s, now())",
            (str(uuid7()), referral, version, Json(document), sha256(b"").digest()),
        )
    pages = {"worklist": "/worklist", "referral": f"/referrals/{referral}", "record": f"/referrals/{referral}/record"}
    return Reader(f"session={cookie}", pages)


@cache
def _record(referral: str) -> dict[str, Any]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    home = Path(os.environ.get("REFERRAL_HUB_HOME", "~/.referral-hub")).expanduser()
    model = SentenceTransformerEmbedder(prepare(home))
    return summarize(record.fragments(FRAGMENTS), referral_id=referral, question=record.QUESTION, patient=None,
                     as_of=date(2025, 1, 1), generated_at=record.START, embed=model)  # fmt: skip


def _times(base: str, cookie: str, name: str, path: str) -> dict[str, float | str]:
    """Of 20 readers who think, and of 20 who do not."""
    calm = _read(base, cookie, path, seconds=8, think=THINK_SECONDS)
    hurried = _read(base, cookie, path, seconds=5, think=0)
    return {
        f"page_{name}_{READERS}_readers_p50_ms": _percentile(calm, 50),
        f"page_{name}_{READERS}_readers_p95_ms": _percentile(calm, 95),
        f"page_{name}_{READERS}_readers_per_s": round(len(calm) / 8, 1),
        f"page_{name}_saturated_p95_ms": _percentile(hurried, 95),
        f"page_{name}_saturated_per_s": round(len(hurried) / 5, 1),
    }


def _read(base: str, cookie: str, path: str, *, seconds: float, think: float) -> list[float]:
    host, port = base.removeprefix("http://").split(":")
    command = [sys.executable, "-m", "tests.benchmarks.readers", host, port, path, "--readers", str(READERS),
               "--seconds", str(seconds), "--think", str(think)]  # fmt: skip
    done = subprocess.run(command, input=cookie, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def _percentile(times: list[float], percent: int) -> float:
    return round(quantiles(times, n=100, method="inclusive")[percent - 1], 1)


def _first_look(base: str, cookie: str, name: str, path: str) -> dict[str, float | str]:
    """What a browser with an empty cache fetches: the page and what it names, compressed as sent."""
    headers = {"Cookie": cookie, "Accept": "text/html", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
        page = client.get(path)
        if page.status_code != 200:
            raise AssertionError(f"{path}: {page.status_code}")
        fetched = [page, *(client.get(link) for link in dict.fromkeys(_LINKED.findall(page.text)))]
    return {
        f"page_{name}_first_load_bytes": sum(answer.num_bytes_downloaded for answer in fetched),
        f"page_{name}_first_load_requests": len(fetched),
        f"page_{name}_html_bytes": page.num_bytes_downloaded,
    }


def _queries(url: str, reader: Reader) -> Iterator[tuple[str, int]]:
    """Statements that the server sends to PostgreSQL for one look."""
    with pool(url, 4, name="count") as connections:
        intake = Intake(url, Directory(connections))
        app = serve.application(Settings(home=Path("/nowhere"), database=url, kafka="127.0.0.1:1"), connections, intake)
        with TestClient(app, headers={"Cookie": reader.cookie, "Accept": "text/html"}) as client:
            for name, path in reader.pages.items():
                client.get(path)
                with _counted() as statements:
                    status = client.get(path).status_code
                if status != 200:
                    raise AssertionError(f"{path}: {status}")
                yield name, len(statements)
        intake.close()


@contextlib.contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements of all connections, without the pool's own (empty) ones."""
    found: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        if str(query).strip():
            found.append(str(query))
        return execute(self, query, *arguments, **options)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    try:
        yield found
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
