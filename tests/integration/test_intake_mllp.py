"""The MLLP process over a real socket: both modes, bad input, what is kept."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.hl7v2.mllp import Client, send
from hub.intake import totals
from hub.processes import mllp
from hub.processes.settings import Address, Settings
from tests.benchmarks.messages import referral
from tests.integration.intake_cases import hub


@contextmanager
def listening(database: str, home: Path, **changes: Any) -> Iterator[tuple[str, int]]:
    """The address of a listener of its own."""
    stop, started, address = threading.Event(), threading.Event(), dict[str, str]()
    settings = replace(Settings(home=home, database=database, mllp=Address("127.0.0.1", 0)), **changes)

    def ready(addresses: dict[str, Any]) -> None:
        address.update(addresses)
        started.set()

    thread = threading.Thread(target=mllp.run, args=(settings,), kwargs={"stop": stop, "ready": ready})
    thread.start()
    assert started.wait(60)
    host, port = address["mllp"].rsplit(":", 1)
    try:
        yield host, int(port)
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def message(control_id: str, *, enhanced: str = "|", receiver: str = "CITY", sender: str = "TOWN-HIS") -> bytes:
    made = referral(control_id, int(control_id), enhanced=False, sender=sender, receiver=receiver)
    head, rest = made.split(b"\r", 1)
    return head.replace(b"|||||CHN", f"|||{enhanced}|CHN".encode()) + b"\r" + rest


def rows(database: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute(sql).fetchall()


def msa(answer: bytes) -> str:
    return answer.decode().split("\r")[1]


def test_a_referral_is_acknowledged_after_it_took_effect_and_a_repeat_like_it(database: str, tmp_path: Path) -> None:
    with hub(database), listening(database, tmp_path) as (host, port):
        first, again, unknown = send(host, port, [message("1"), message("1"), message("2", receiver="NOBODY")])
        assert msa(first) == "MSA|AA|1" and again == first
        assert msa(unknown) == "MSA|AE|2" and b"204" in unknown
        assert rows(database, "SELECT state, department IS NULL, priority FROM referrals")[0][0] == "requested"
        kept = "SELECT status, code, type, control_id FROM messages ORDER BY id"
        assert rows(database, kept) == [("accepted", "AA", "REF^I12", "1"), ("rejected", "AE", "REF^I12", "2")]


def test_in_enhanced_mode_the_applications_answer_follows_on_the_same_connection(database: str, tmp_path: Path) -> None:
    with hub(database), listening(database, tmp_path) as (host, port), Client(host, port) as client:
        assert msa(client.exchange(message("1", enhanced="AL|AL"))) == "MSA|CA|1"
        assert msa(client._next(time.monotonic() + 20)) == "MSA|AA|1"
        assert msa(client.exchange(message("2", enhanced="AL|ER", receiver="NOBODY"))) == "MSA|CA|2"
        assert msa(client._next(time.monotonic() + 20)) == "MSA|AE|2"
        assert msa(client.exchange(message("3", enhanced="NE|AL"))) == "MSA|AA|3"
        again = client.exchange(message("1", enhanced="AL|AL"))
        assert msa(again) == "MSA|CA|1"
        assert msa(client._next(time.monotonic() + 20)) == "MSA|AA|1"
        assert rows(database, "SELECT count(*) FROM referrals") == [(2,)]


def test_what_is_no_message_is_answered_and_kept(database: str, tmp_path: Path) -> None:
    with hub(database), listening(database, tmp_path, max_message_bytes=4096) as (host, port):
        answers = list(send(host, port, [b"hello", message("1", sender="STRANGER")]))
        assert msa(answers[0]).startswith("MSA|AR") and b"100" in answers[0]
        assert msa(answers[1]) == "MSA|AR|1" and b"204" in answers[1]
        with Client(host, port) as client:
            large = client.exchange(message("2") + b"NTE|1||" + b"x" * 9000 + b"\r")
            assert msa(large) == "MSA|AE|2" and b"104" in large
        with socket.create_connection((host, port)) as half:
            half.sendall(b"\x0b" + message("3")[:200])
        end = time.monotonic() + 10
        while len(rows(database, "SELECT FROM messages")) < 4 and time.monotonic() < end:
            time.sleep(0.05)
        kept = rows(database, "SELECT status, control_id FROM messages ORDER BY id")
        assert sorted(kept) == [("incomplete", "3"), ("rejected", ""), ("rejected", "1"), ("rejected", "2")]


@pytest.mark.parametrize(("kind", "segments", "answer", "error"), [
    ("MFN^M02^MFN_M02", ["MFI|PRA^Staff^HL70175||UPD|||NE", "MFE|MAD|1|20260310|D7|CWE", "STF|D7||Wang^Li"], "AE",
     "PID^1^3^1|101^"),
    ("PMU^B01^PMU_B01", ["EVN|B01|20260310", "STF|D8||Li^Na"], "AE", "PID^1^3^1|101^"),
    ("ADT^A60^ADT_A60", ["EVN|A60|20260310", "PID|1||9^^^A^MR||Zhao^Yi", "IAM|1|DA|PEN^Penicillin|SV||A"], "AA", ""),
    ("ADT^A31^ADT_A05", ["EVN|A31|20260310", "PID|1||10^^^A^MR||Qian^Er", "PV1|1|N"], "AA", ""),
    ("oru^r01", ["PID|1||7^^^A^MR||Doe^Jo", "OBR|1||F1|c", "OBX|1|NM|k||5.9||||||F"], "AR", "MSH^1^9^1^1|200^"),
])  # fmt: skip
def test_whatever_is_answered_is_kept_and_counted(
    kind: str, segments: list[str], answer: str, error: str, database: str, tmp_path: Path
) -> None:
    """Messages of staff name no patient, others one whom nobody knows yet; HL7 writes its codes in capitals."""
    raw = "\r".join([f"MSH|^~\\&|HIS|TOWN-HIS|||20260310||{kind}|1|P|2.5.1", *segments]).encode()
    with hub(database), listening(database, tmp_path) as (host, port):
        (told,) = send(host, port, [raw])
    assert msa(told) == f"MSA|{answer}|1" and error in told.decode()
    status = {"AA": "accepted"}.get(answer, "rejected")
    assert rows(database, "SELECT status, raw FROM messages") == [(status, raw)]
    with psycopg.connect(database) as connection:
        totals.count(connection, 10)  # unless the hub itself has counted it already
    counted = rows(database, "SELECT type, converted, refused FROM message_totals")
    name = "other" if answer == "AR" else kind[:7]
    assert counted == [(name, int(answer == "AA"), int(answer != "AA"))]


def test_a_database_that_is_away_is_told_with_207(database: str, tmp_path: Path) -> None:
    with hub(database) as h, listening(database, tmp_path) as (host, port), Client(host, port) as client:
        assert msa(client.exchange(message("1"))) == "MSA|AA|1"
        name = h.one("SELECT current_database()")
        maintenance = database.replace(f"/{name}?", "/postgres?")
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            refused = client.exchange(message("2"))
            assert msa(refused) == "MSA|AR|2" and b"207" in refused
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        end = time.monotonic() + 20
        while (answer := client.exchange(message("2"))) and b"207" in answer and time.monotonic() < end:
            time.sleep(0.1)
        assert msa(answer) == "MSA|AA|2"
