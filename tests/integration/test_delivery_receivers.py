"""Receivers that answer AE, AR, nothing, garbage, for another message, late, or hang up; each by its policy."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import psycopg
import pytest

from tests.conftest import SHARED, free_port, wait_for_port
from tests.integration.delivery_site import (
    HANG_UP,
    SILENT,
    Behaviour,
    Receiver,
    accepting,
    acknowledgement,
    deliveries,
    delivering,
    destination,
    listening,
    outcomes,
    place,
    settled,
)
from tests.integration.fhir_site import Site, referral
from tests.integration.streams import eventually
from tests.integration.test_delivery import fhir_server

HAPI = SHARED / "peers" / "hapi-hl7v2" / "receive"


def once(first: bytes) -> Behaviour:
    """`first`, which may name %(id)s, to the first message that comes, AA after it."""
    return lambda message, number: first if number == 0 else accepting(message, number)


def rejecting(code: str, error: str) -> Behaviour:
    """To the first message."""
    return lambda message, n: acknowledgement(code, message, error) if n == 0 else accepting(message, n)


def refer(site: Site, receiver: Receiver, **route: object) -> None:
    destination(site, f"127.0.0.1:{receiver.port}", **route)
    site.refer("R-1")
    place(site.url)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (once(SILENT), "timeout"),
        (once(HANG_UP), "hung-up"),
        (once(b"MSH|^~\\&|what\rNONSENSE"), "garbage"),
        (once(b"\xff\xfe\x00 no HL7 at all"), "garbage"),
        (once(b"raw: HTTP/1.1 400 Bad Request\r\n\r\n"), "timeout"),
        (lambda m, n: acknowledgement("AA", m, of="SOMETHING-ELSE") if n == 0 else accepting(m, n), "other-message"),
        (rejecting("AR", "207"), "AR"),
        (rejecting("CR", ""), "CR"),
        (once(b"\x15"), "NAK"),
    ],
)
def test_without_a_certain_answer_the_same_bytes_are_sent_again(site: Site, behaviour: Behaviour,
                                                               outcome: str) -> None:  # fmt: skip
    with listening(Receiver(behaviour)) as city, delivering(site.url):
        refer(site, city, timeout=1.0)
        eventually(lambda: settled(site.url, 1))
    assert outcomes(site.url) == [outcome, "AA"]
    assert len(city.received) == 2
    assert city.received[0] == city.received[1]


@pytest.mark.parametrize(("code", "error"), [("AE", "101"), ("AE", "207"), ("CE", ""), ("AR", "200"), ("AR", "203")])
def test_what_is_refused_becomes_a_dead_letter_at_once(site: Site, code: str, error: str) -> None:
    with listening(Receiver(rejecting(code, error))) as city, delivering(site.url):
        refer(site, city)
        eventually(lambda: settled(site.url, 1))
    assert deliveries(site.url) == [("REF^I12", "dead", 1, f"{code} {error} RF1^1^6" if error else code)]
    assert len(city.received) == 1


def test_behind_a_dead_letter_its_own_referral_waits_and_no_other(site: Site) -> None:
    with listening(Receiver(rejecting("AE", "101"))) as city, delivering(site.url):
        refer(site, city)
        site.request("POST", "/$process-message", "TOWN", referral("R-1", event="referral-amend", control="C-2"))
        site.refer("R-2")
        place(site.url)
        eventually(lambda: len(city.received) == 2)
        time.sleep(1.5)
    assert [status for _, status, *_ in deliveries(site.url)] == ["dead", "waiting", "delivered"]
    assert city.types == ["REF^I12", "REF^I12"]


def test_a_late_acknowledgement_is_not_taken_for_the_next_message(site: Site) -> None:
    """The first is answered after its time, together with a refusal of the second try."""
    answered: list[bytes] = []

    def late(message: bytes, number: int) -> bytes:
        if number == 0:
            answered.append(message)
            time.sleep(0.7)
            return acknowledgement("AA", message)
        return acknowledgement("AE", message, "101") if message == answered[0] else accepting(message, number)

    with listening(Receiver(late)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", timeout=0.4)
        site.refer("R-1")
        site.refer("R-2")
        place(site.url)
        eventually(lambda: settled(site.url, 2))
    found = deliveries(site.url)
    assert [(status, attempts) for _, status, attempts, _ in found] == [("dead", 2), ("delivered", 1)]
    assert city.connections >= 2  # the late answer went to a connection that was closed


def test_an_answer_left_on_the_connection_is_not_read_for_the_next_message(site: Site) -> None:
    def doubling(message: bytes, number: int) -> bytes:
        if number == 1:
            return acknowledgement("AE", message, "101")
        again = acknowledgement("AA", message)
        return again + b"\x1c\r\x0b" + again  # two frames

    with listening(Receiver(doubling)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        for number in ("R-1", "R-2", "R-3"):
            site.refer(number)
        place(site.url)
        eventually(lambda: settled(site.url, 3))
    assert [status for _, status, *_ in deliveries(site.url)] == ["delivered", "dead", "delivered"]


def test_a_receiver_that_closes_after_each_answer_costs_no_try(site: Site) -> None:
    class Closing(Receiver):
        def serve(self, connection):  # type: ignore[no-untyped-def]
            data = connection.recv(65536)
            message = data[1:-2]
            self.received.append(message)
            connection.sendall(b"\x0b" + acknowledgement("AA", message) + b"\x1c\r")

    with listening(Closing()) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        for number in range(5):
            site.refer(f"R-{number}")
        place(site.url)
        eventually(lambda: settled(site.url, 5))
    assert outcomes(site.url) == ["AA"] * 5


def test_where_nobody_listens_messages_wait_and_go_in_order_when_somebody_does(site: Site) -> None:
    port = free_port()
    with delivering(site.url):
        destination(site, f"127.0.0.1:{port}", most_tries=1)
        for number in range(4):
            site.refer(f"R-{number}")
        place(site.url)
        eventually(lambda: outcomes(site.url)[:1] == ["unreachable"])
        assert [row[1] for row in deliveries(site.url)] == ["waiting"] * 4
        with listening(Receiver(), port) as city:
            eventually(lambda: settled(site.url, 4))
            assert len(city.received) == 4
    with psycopg.connect(site.url) as connection:
        ids = connection.execute("SELECT control_id FROM deliveries ORDER BY id").fetchall()
    assert sorted(city.ids) == sorted(row[0] for row in ids)
    assert outcomes(site.url).count("AA") == 4


def test_after_the_last_try_it_is_a_dead_letter(site: Site) -> None:
    with listening(Receiver(lambda *_: HANG_UP)) as city, delivering(site.url):
        refer(site, city, most_tries=2)
        eventually(lambda: settled(site.url, 1))
    assert deliveries(site.url) == [("REF^I12", "dead", 2, "given up after 2 tries: hung-up")]


def test_a_message_that_its_receiver_cannot_bear_does_not_hold_up_the_others(site: Site) -> None:
    poison: list[bytes] = []

    def choking(message: bytes, number: int) -> bytes:
        if not poison:
            poison.append(message)
        return HANG_UP if message == poison[0] else accepting(message, number)

    with listening(Receiver(choking)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        for number in range(6):
            site.refer(f"R-{number}")
        place(site.url)
        eventually(lambda: outcomes(site.url).count("AA") == 5)
    assert [row[1] for row in deliveries(site.url)] == ["waiting", *["delivered"] * 5]
    assert outcomes(site.url)[0] == "hung-up"
    others = [message for message in city.received if message != poison[0]]
    assert len(others) == len(set(others)) == 5


def test_what_cannot_be_expressed_becomes_a_dead_letter_with_its_place(site: Site) -> None:
    from hub.domain.errors import Cause, Refusal, Refused

    def refusing(_: object) -> bytes:
        raise Refused(Refusal(Cause.WRONG_DATATYPE, "Patient.name", "no character of GB 18030"))

    def failing(_: object) -> bytes:
        raise KeyError("王秀英")

    with listening(Receiver()) as city:
        for count, writer in enumerate((refusing, failing), 1):
            with delivering(site.url, writer):
                destination(site, f"127.0.0.1:{city.port}")
                site.refer(f"R-{writer.__name__}")
                place(site.url)
                eventually(lambda count=count: settled(site.url, count))  # type: ignore[misc]
    causes = [row[3] or "" for row in deliveries(site.url)]
    assert causes[0] == "inexpressible wrong-datatype Patient.name"
    assert causes[1].startswith("hub-fault KeyError test_delivery_receivers.py:")
    assert city.received == []


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(400, "dead"), (404, "dead"), (409, "dead"), (422, "dead"), (401, "again"), (408, "again"), (429, "again"),
     (302, "again"), (500, "again"), (503, "again")],
)  # fmt: skip
def test_http_answers(site: Site, status: int, verdict: str) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid",
               "diagnostics": "王秀英", "expression": ["Bundle.entry[1]"]}]}  # fmt: skip
    first = status, {"Location": "/"}, json.dumps(outcome).encode()
    with fhir_server(first, (200, {}, b"")) as (url, got), delivering(site.url):
        destination(site, url)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    [(_, found, attempts, cause)] = deliveries(site.url)
    if verdict == "dead":
        assert (found, cause) == ("dead", f"{status} invalid Bundle.entry[1]")
    else:
        assert (found, attempts) == ("delivered", 2)
        assert got[0][1] == got[1][1]


@pytest.mark.parametrize("dated", [False, True])
def test_retry_after_is_waited_for(site: Site, dated: bool) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=6), usegmt=True) if dated else "4"
    with fhir_server((503, {"Retry-After": until}, b""), (200, {}, b"")) as (url, _), delivering(site.url):
        destination(site, url)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    with psycopg.connect(site.url) as connection:
        [first, second] = connection.execute("SELECT at FROM delivery_attempts ORDER BY number").fetchall()
    assert second[0] - first[0] > timedelta(seconds=3)


@contextlib.contextmanager
def hapi(code: str, charset: str) -> Iterator[tuple[int, list[str]]]:
    """HAPI's MLLP server; its port and the lines that it printed so far."""
    if not HAPI.exists():
        pytest.skip("HAPI is not there")
    port, lines = free_port(), list[str]()
    folder = tempfile.mkdtemp(prefix="hub-tests-")  # HAPI leaves a file where it runs
    process = subprocess.Popen([str(HAPI), str(port), charset, code], stdout=subprocess.PIPE, text=True, cwd=folder,
                               stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    try:
        wait_for_port(port, process)  # type: ignore[arg-type]
        yield port, lines
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        assert process.stdout is not None
        lines += process.stdout.read().splitlines()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(("code", "status"), [("AA", "delivered"), ("AE", "dead")])
def test_hapis_server(site: Site, code: str, status: str) -> None:
    with hapi(code, "GB18030") as (port, lines), delivering(site.url):
        destination(site, f"127.0.0.1:{port}", charset="GB 18030-2000", timeout=20.0)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1), 60)
    assert [row[1] for row in deliveries(site.url)] == [status]
    received = [json.loads(line)["text"] for line in lines if line.startswith("{")]
    assert len(received) == 1
    assert "王秀英" in received[0]
