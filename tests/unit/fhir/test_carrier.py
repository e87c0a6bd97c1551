"""What responses of a FHIR server mean to who sent a message."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from adapters.fhir.carrier import LARGEST_ANSWER, Carrier, read
from hub.domain.delivery import Route, Verdict

DELIVERED, REFUSED, AGAIN = Verdict.DELIVERED, Verdict.REFUSED, Verdict.AGAIN


def outcome(code: str, *places: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": code, "diagnostics": "王秀英", "expression": list(places)}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def response(code: str, *more: dict[str, Any]) -> dict[str, Any]:
    header = {"resourceType": "MessageHeader", "response": {"identifier": "x", "code": code}}
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in (header, *more)]}


@pytest.mark.parametrize(
    ("status", "body", "verdict", "code", "path"),
    [
        (200, b"", DELIVERED, "", ""),
        (202, b"not JSON", DELIVERED, "", ""),
        (200, response("ok"), DELIVERED, "", ""),
        (200, response("transient-error", outcome("timeout")), AGAIN, "timeout", ""),
        (200, response("fatal-error", outcome("invalid", "Bundle.entry[2]")), REFUSED, "invalid", "Bundle.entry[2]"),
        (400, outcome("invalid", "Patient.name[0]"), REFUSED, "invalid", "Patient.name[0]"),
        (422, outcome("王秀英", "王秀英 is unknown"), REFUSED, "", ""),
        (404, b"<html>", REFUSED, "", ""),
        (400, b"[" * 100_000, REFUSED, "", ""),
        (400, {"resourceType": "OperationOutcome", "issue": 7}, REFUSED, "", ""),
        (400, {"resourceType": "Bundle", "entry": [7, {"resource": 8}]}, REFUSED, "", ""),
        *((status, b"", AGAIN, "", "") for status in (100, 301, 401, 403, 408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_each_response_has_its_meaning(status: int, body: Any, verdict: Verdict, code: str, path: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = read(status, {}, raw)
    assert (found.outcome, found.verdict, found.code, found.path) == (str(status), verdict, code, path)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("7", 7, 7),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-3", 0, 0),
        ("9" * 5000, 1, 10**10),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 1, 3600),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0, 0),
        ("Mon, 99 Foo 2026", 0, 0),
    ],
    ids=["seconds", "nothing", "a word", "negative", "huge", "a time", "a past time", "no time"],
)
def test_retry_after_is_seconds_or_a_time(text: str, least: float, most: float) -> None:
    assert least <= read(503, {"retry-after": text}, b"").wait <= most


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIPPED = HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10]
Server = Callable[[socket.socket], None]


def dripping(first: bytes, more: bytes, pause: float = 0.05) -> Server:
    """Says `first`, then `more` again and again."""

    def say(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(more)
            time.sleep(pause)

    return say


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@contextlib.contextmanager
def answering(say: Server) -> Iterator[Carrier]:
    """A carrier to a server that has read the request when it begins to say something."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = listening.accept()[0]
                connection.recv(65536)
                with contextlib.suppress(OSError), connection:
                    say(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        carrier = Carrier(Route("fhir", address, "fhir", timeout=0.4), None, ssl.create_default_context())
        yield carrier
        carrier.close()
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "say",
    [
        silent,
        dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        dripping(HEAD, b"X-More: 1\r\n"),
        dripping(CHUNKED, b"0"),
        dripping(HEAD + b"\r\n", b"."),
        dripping(GZIPPED, b"\x00\x00\x00\xff\xff"),
    ],
    ids=["silent", "processing", "headers", "chunks", "body", "gzip"],
)
def test_an_answer_that_does_not_end_is_waited_for_no_longer_than_told(say: Server) -> None:
    with answering(say) as carrier:
        for _ in range(2):
            begun = time.monotonic()
            assert carrier.deliver(b"{}", "one").outcome == "timeout"
            assert time.monotonic() - begun < 5
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_of_a_long_answer_only_its_beginning_is_read() -> None:
    with answering(dripping(HEAD + b"\r\n", b"." * LARGEST_ANSWER, 0)) as carrier:
        found = carrier.deliver(b"{}", "one")
    assert (found.outcome, found.verdict, len(found.raw)) == ("200", DELIVERED, LARGEST_ANSWER)
