"""Events become messages at the other side's system: once each, in order, to nobody's own."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg

from adapters.fhir.validation import check_received
from tests.integration.delivery_site import (
    Receiver,
    deliveries,
    delivering,
    destination,
    fields,
    listening,
    outcomes,
    place,
    settled,
)
from tests.integration.fhir_site import Site, referral
from tests.integration.streams import eventually


def test_a_referral_reaches_the_receivers_system_and_its_answer_the_senders(site: Site) -> None:
    with listening(Receiver()) as city, listening(Receiver()) as town, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        destination(site, f"127.0.0.1:{town.port}", "TOWN", charset="GB 18030-2000")
        one = site.refer("R-1", control="C-1")
        assert site.move(one, "CITY", "accepted").status_code == 200
        place(site.url)
        eventually(lambda: settled(site.url, 2))
    assert city.types == ["REF^I12"]
    assert town.types == ["RRI^I12"]
    assert fields(city.received[0], "PID")[5] == "王秀英"
    header = fields(city.received[0], "MSH")
    assert (header[2], header[3], header[5]) == ("REFERRAL-HUB", "TOWN", "CITY")
    assert "王秀英".encode("gb18030") in town.received[0]
    assert b"\rMSA|" not in town.received[0], "what names a message that it answers gets no answer itself"
    assert deliveries(site.url) == [("REF^I12", "delivered", 1, None), ("RRI^I12", "delivered", 1, None)]
    assert outcomes(site.url) == ["AA", "AA"]


def test_what_happened_before_the_destination_was_set_is_not_sent(site: Site) -> None:
    site.refer("R-1")
    place(site.url)
    with listening(Receiver()) as city, delivering(site.url):
        destination(site, f"127.0.0.1:{city.port}")
        site.refer("R-2")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert len(city.received) == 1


def test_a_change_does_not_go_back_to_who_made_it(site: Site) -> None:
    with listening(Receiver()) as town, delivering(site.url):
        destination(site, f"127.0.0.1:{town.port}", "TOWN", dialect="360x")
        one = site.refer("R-1")
        site.request("POST", "/$process-message", "TOWN", referral("R-1", event="referral-amend", control="C-2"))
        assert site.move(one, "CITY", "accepted").status_code == 200
        assert site.move(one, "CITY", "accepted", "scheduled").status_code == 200
        assert site.move(one, "TOWN", "cancelled").status_code == 200
        place(site.url)
        eventually(lambda: settled(site.url, 3))
    assert town.types == ["OSU^O51", "OSU^O51", "SIU^S12"]  # received, accepted, scheduled


def test_the_states_of_a_referral_arrive_as_the_events_told_them(site: Site) -> None:
    """Also where it has moved on before the messages are written."""
    one = ""
    with listening(Receiver()) as town:
        destination(site, f"127.0.0.1:{town.port}", "TOWN", dialect="360x")
        one = site.refer("R-1")
        for status in ("received", "accepted", "in-progress"):
            assert site.move(one, "CITY", status).status_code == 200
        place(site.url)
        with delivering(site.url):
            eventually(lambda: settled(site.url, 3))
    assert [fields(message, "RF1")[1] for message in town.received] == ["received", "accepted", "in-progress"]


Got = list[tuple[dict[str, str], Any]]


@contextmanager
def fhir_server(
    *answers: tuple[int, dict[str, str], bytes], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, Got]]:
    """A server that answers in turn, the last answer for ever; its base and what it got: headers and JSON."""
    got: Got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers) | {"path": self.path}, json.loads(body)))
            status, headers, content = answers[min(len(got), len(answers)) - 1]
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/fhir/$process-message", got
        finally:
            server.shutdown()


def test_a_fhir_server_gets_valid_message_bundles_with_everything_that_came(site: Site) -> None:
    with fhir_server((200, {}, b"")) as (city, of_city), fhir_server((202, {}, b"")) as (town, of_town):
        destination(site, city, token="the-token-of-city")
        destination(site, town, "TOWN")
        with delivering(site.url):
            one = site.refer("R-1", control="C-1")
            text = {"attachment": {"contentType": "text/plain", "data": "5L2P6Zmi"}}
            outcome = {"resourceType": "DocumentReference", "id": "o", "status": "current", "content": [text]}
            sent = {"contained": [outcome], "output": [{"type": {"text": "x"}, "valueReference": {"reference": "#o"}}]}
            assert site.move(one, "CITY", "completed", "outcome-sent", **sent).status_code == 200
            place(site.url)
            eventually(lambda: settled(site.url, 6))
    [(headers, request)] = of_city
    assert headers["Authorization"] == "Bearer the-token-of-city"
    assert headers["path"] == "/fhir/$process-message"
    kinds = [entry["resource"]["resourceType"] for entry in request["entry"]]
    assert kinds == ["MessageHeader", "ServiceRequest", "Task", "Patient", "Organization", "Organization", "Condition"]
    assert request["entry"][0]["resource"]["eventCoding"]["code"] == "referral-request"
    statuses = [bundle["entry"][2]["resource"]["status"] for _, bundle in of_town]
    assert statuses == ["received", "accepted", "in-progress", "in-progress", "completed"]
    last = of_town[-1][1]
    assert [e["resource"]["resourceType"] for e in last["entry"]].count("DocumentReference") == 1
    for bundle in (request, *(found for _, found in of_town)):
        assert not list(check_received(bundle))
        assert unresolved(bundle) == []
    assert all(entry["resource"].get("token") is None for entry in request["entry"])


def test_a_booking_goes_along_with_the_events_that_are_about_it(site: Site) -> None:
    first, second = (
        {"start": f"2026-12-0{day}T09:00:00+08:00", "end": f"2026-12-0{day}T09:30:00+08:00"} for day in (1, 2)
    )
    with fhir_server((200, {}, b"")) as (town, got), delivering(site.url):
        destination(site, town, "TOWN")
        one = site.refer("R-1")
        where = {"location": {"display": "门诊3楼"}}
        assert site.move(one, "CITY", "accepted", "scheduled", executionPeriod=first, **where).status_code == 200
        assert site.move(one, "CITY", "accepted", "no-show").status_code == 200
        assert site.move(one, "CITY", "accepted", "scheduled", executionPeriod=second).status_code == 200
        place(site.url)
        eventually(lambda: settled(site.url, 5))
    bundles = [bundle for _, bundle in got]
    assert all(not list(check_received(bundle)) and not unresolved(bundle) for bundle in bundles)
    booked = [resource for bundle in bundles for resource in resources(bundle, "Appointment")]
    assert [(a["status"], a["start"][:10]) for a in booked] == [
        ("booked", "2026-12-01"), ("noshow", "2026-12-01"), ("booked", "2026-12-02"),
    ]  # fmt: skip
    assert [p["actor"].get("display") for p in booked[0]["participant"]] == [None, "门诊3楼"]


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def unresolved(bundle: dict[str, Any]) -> list[str]:
    """References that name nothing in the Bundle; those within a resource (`#`) aside."""
    names = {entry["fullUrl"] for entry in bundle["entry"]}

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            yield from references(item)

    return [name for name in references(bundle["entry"]) if name not in names and not name.startswith("#")]


def test_each_event_is_planned_once_however_often(site: Site) -> None:
    destination(site, "127.0.0.1:1")
    site.refer("R-1")
    place(site.url)
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute("UPDATE destinations SET paused_at = now()")
        with delivering(site.url):
            eventually(lambda: len(deliveries(site.url)) == 1)
        connection.execute("UPDATE destinations SET position = 0")  # as if the process had died before it told how far
        with delivering(site.url):
            eventually(lambda: connection.execute("SELECT position FROM destinations").fetchone() == (1,))
    assert [kind for kind, *_ in deliveries(site.url)] == ["REF^I12"]
