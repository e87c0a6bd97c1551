"""Answers that break off, do not end or come in pieces, what is shown of them, and what they make of a referral."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from hub.delivery import courier
from hub.delivery.queue import Delivery
from hub.domain.delivery import Outbound
from hub.domain.errors import Unavailable
from hub.processes.delivering import Taking
from hub.views import history, referrals
from hub.web.step_words import CHANNELS
from tests.integration.delivery_site import (
    Receiver,
    acknowledgement,
    deliveries,
    delivering,
    destination,
    listening,
    outcomes,
    place,
    put,
    settled,
    write,
)
from tests.integration.fhir_site import Site
from tests.integration.streams import eventually
from tests.integration.test_delivery import fhir_server

Say = Callable[[socket.socket, bytes], None]


class Peculiar(Receiver):
    """Answers the first message in its own way and then hangs up, all others with AA. say: gets connection, message."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self.say = say

    def serve(self, connection: socket.socket) -> None:
        if self.received:
            super().serve(connection)
            return
        message = connection.recv(65536)[1:-2]
        self.received.append(message)
        self.say(connection, message)


def half(connection: socket.socket, message: bytes) -> None:
    connection.sendall(b"\x0b" + acknowledgement("AA", message)[:-4])


def endless(connection: socket.socket, message: bytes) -> None:
    connection.sendall(b"\x0b" + acknowledgement("AA", message))
    while True:
        connection.sendall(b"NTE|1||" + b"x" * 65536 + b"\r")


def stray(connection: socket.socket, _: bytes) -> None:
    while True:
        connection.sendall(b"no frame begins " * 4096)


def others(connection: socket.socket, message: bytes) -> None:
    while True:
        connection.sendall(b"\x0b" + acknowledgement("AA", message, of="ANOTHER") + b"\x1c\r")
        time.sleep(0.01)


def dripping(connection: socket.socket, message: bytes) -> None:
    for byte in b"\x0b" + acknowledgement("AA", message) * 100:
        connection.sendall(bytes((byte,)))
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("say", "outcome"),
    [(half, "hung-up"), (endless, "garbage"), (stray, "timeout"), (others, "other-message"), (dripping, "timeout")],
)
def test_an_answer_that_is_none_is_waited_for_no_longer_than_told(site: Site, say: Say, outcome: str) -> None:
    with listening(Peculiar(say)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", timeout=1.0)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert outcomes(site.url) == [outcome, "AA"]
    assert city.received[0] == city.received[1]
    [(began, ended)] = site.rows("SELECT at, ended_at FROM delivery_attempts WHERE number = 1")
    assert ended - began < timedelta(seconds=3)
    assert site.rows("SELECT fault, answer FROM destinations") == [(outcome, "AA")]


def test_an_answer_in_pieces_is_an_answer(site: Site) -> None:
    def pieces(connection: socket.socket, message: bytes) -> None:
        whole = b"\x0b" + acknowledgement("AA", message) + b"\x1c\r"
        for start in range(0, len(whole), 7):
            connection.sendall(whole[start : start + 7])
            time.sleep(0.005)

    with listening(Peculiar(pieces)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert outcomes(site.url) == ["AA"]


def test_the_last_answer_stays_where_a_later_try_gets_none(site: Site) -> None:
    def busy_then_gone(message: bytes, number: int) -> bytes:
        return acknowledgement("AR", message, "207") if number == 0 else b"hang up"

    with listening(Receiver(busy_then_gone)) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}", most_tries=2)
        site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert outcomes(site.url) == ["AR", "hung-up"]
    [(answer, cause)] = site.rows("SELECT answer, cause FROM deliveries")
    assert b"MSA|AR|" in answer
    assert cause == "given up after 2 tries: hung-up"


def moved(site: Site, referral_id: str) -> list[tuple[str, str]]:
    """Events of a referral, with who caused each."""
    return site.rows(
        "SELECT o.type, g.code FROM outbox o LEFT JOIN messages m ON m.id = (o.data->>'message_id')::uuid "
        "LEFT JOIN organizations g ON g.id = m.organization_id WHERE o.subject = %s AND o.type LIKE 'referral.%%' "
        "ORDER BY o.id", referral_id,
    )  # fmt: skip


def by_what(site: Site, referral_id: str) -> str:
    """As the page says it of the last step."""
    with psycopg.connect(site.url) as connection:
        viewer = site.senders["CITY"].id
        referral = referrals.read(connection, viewer, referral_id)
        assert referral is not None
        return CHANNELS[history.read(connection, viewer, referral).events[-1].channel or ""]


RECEIVED = ("referral.received.v1", "CITY")


@pytest.mark.parametrize(("code", "follows"), [("AA", [RECEIVED]), ("CA", []), ("AE", [])])
def test_what_the_receivers_application_acknowledges_is_received(
    site: Site, code: str, follows: list[tuple[str, str]]
) -> None:
    answering = Receiver(lambda message, _: acknowledgement(code, message))
    with listening(answering) as city, fhir_server((200, {}, b"")) as (town, told), delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        destination(site, town, "TOWN")
        one = site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
        place(site.url)
        eventually(lambda: settled(site.url, 1 + len(follows)))
    assert moved(site, one) == [("referral.requested.v1", "TOWN"), *follows]
    assert site.task(one)["status"] == ("received" if follows else "requested")
    assert by_what(site, one) == ("HL7 acknowledgement (AA)" if follows else "FHIR message")
    assert len(told) == len(follows), "the sender is told, and nobody else"


@pytest.mark.parametrize(("faults", "status"), [(1, "received"), (9, "requested")])
def test_what_has_arrived_is_not_sent_again_where_the_hub_cannot_store_that(
    site: Site, monkeypatch: pytest.MonkeyPatch, faults: int, status: str
) -> None:
    tell, left = Taking.__call__, [Unavailable("the database is not there")] * faults

    def failing(taking: Taking, delivery: Delivery) -> None:
        if left:
            raise left.pop()
        tell(taking, delivery)

    monkeypatch.setattr(Taking, "__call__", failing)
    monkeypatch.setattr(courier, "TELL_SECONDS", (0.1, 0.1))
    with listening(Receiver()) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        one = site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert site.task(one)["status"] == status
    assert outcomes(site.url) == ["AA"]
    assert len(city.received) == 1


def test_the_next_message_is_written_but_not_sent_while_the_hub_notes_that_the_last_was_received(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, written, seen = Taking.__call__, list[str](), list[tuple[bool, int]]()

    def writer(message: Outbound) -> bytes:
        written.append(message.control_id)
        return write(message)

    def slow(taking: Taking, delivery: Delivery) -> None:
        eventually(lambda: len(written) == 2)
        time.sleep(0.2)
        seen.append((delivery.control_id == written[0], len(city.received)))
        tell(taking, delivery)

    monkeypatch.setattr(Taking, "__call__", slow)
    with listening(Receiver()) as city:
        destination(site, f"127.0.0.1:{city.port}")
        one, two = site.refer("R-1"), site.refer("R-2")
        place(site.url)
        with delivering(site.url, writer):
            eventually(lambda: settled(site.url, 2))
    assert seen == [(True, 1), (False, 2)]
    assert [site.task(referral)["status"] for referral in (one, two)] == ["received", "received"]
    assert outcomes(site.url) == ["AA", "AA"]


@pytest.mark.parametrize(("body", "status"), [({}, "requested"), ({"code": "ok"}, "received")])
def test_of_fhir_a_response_says_that_it_is_received_and_a_status_does_not(
    site: Site, body: dict[str, str], status: str
) -> None:
    header = {"resourceType": "MessageHeader", "response": {"identifier": "x", **body}}
    answer = json.dumps({"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}]}).encode()
    with fhir_server((200, {}, answer)) as (city, _), delivering(site.url):
        destination(site, city)
        one = site.refer("R-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert site.task(one)["status"] == status
    assert by_what(site, one) == ("FHIR response (ok)" if status == "received" else "FHIR message")


def test_what_has_moved_on_before_its_message_was_acknowledged_stays_so(site: Site) -> None:
    with listening(Receiver()) as city, listening(Receiver()) as second, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        put(site.url, site.senders["CITY"], f"127.0.0.1:{second.port}", "second")
        accepted, plain = site.refer("R-1"), site.refer("R-2")
        assert site.move(accepted, "CITY", "accepted").status_code == 200
        place(site.url)
        eventually(lambda: settled(site.url, 4))
    assert site.task(accepted)["status"] == "accepted"
    assert [event for event, _ in moved(site, plain)] == ["referral.requested.v1", "referral.received.v1"]


def test_what_was_delivered_is_forgotten_in_time_and_a_dead_letter_is_not(site: Site) -> None:
    choosy = Receiver(lambda message, n: acknowledgement("AE" if n == 0 else "AA", message))
    with listening(choosy) as city:
        with delivering(site.url):
            destination(site, f"127.0.0.1:{city.port}")
            for number in ("R-1", "R-2", "R-3"):
                site.refer(number)
            place(site.url)
            eventually(lambda: settled(site.url, 3))
        site.rows("UPDATE deliveries SET settled_at = settled_at - interval '2 days' WHERE id <> 3 RETURNING id")
        with delivering(site.url, keep=timedelta(days=1)):
            eventually(lambda: len(deliveries(site.url)) == 2)
    assert site.rows("SELECT id, status FROM deliveries ORDER BY id") == [(1, "dead"), (3, "delivered")]
    assert site.rows("SELECT DISTINCT delivery_id FROM delivery_attempts ORDER BY 1") == [(1,), (3,)]
    assert site.rows("SELECT delivered, failed FROM destinations") == [(2, 1)], "what is counted stays counted"
