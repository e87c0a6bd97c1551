"""Referrals on their way out: destinations of the FHIR site's hospital, receivers of a test's own, real deliverers."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg

from adapters.hl7v2.framing import Deframer, wrap
from hub.delivery import destinations
from hub.domain.delivery import Outbound, Route
from hub.domain.messages import Sender
from hub.processes.delivering import deliver
from hub.store.connections import connect
from hub.stream.outbox import Outbox
from tests.integration.fhir_site import Site

SILENT, HANG_UP = b"silent", b"hang up"
"""Behaviours of a receiver beside the bytes that it answers."""


def write(message: Outbound) -> bytes:
    """A small message with what a receiver looks at first: real segments, of the Bundle's real content."""
    resources = {entry["resource"]["resourceType"]: entry["resource"] for entry in message.bundle["entry"]}
    patient, request, task = resources["Patient"], resources["ServiceRequest"], resources["Task"]
    sent_at = message.sent_at.strftime("%Y%m%d%H%M%S%z")
    names = "|".join("^".join(filter(None, (name,))) for pair in (message.sending, message.receiving) for name in pair)
    header = f"MSH|^~\\&|{names}|{sent_at}||{message.kind}|{message.control_id}|P|{message.version}"
    number = request["identifier"][0]["value"]
    segments = [
        f"{header}||||||{message.charset}",
        f"RF1|{task['status']}||||||{number}",
        f"PRD|RT||||||{task['owner']['identifier']['value']}",
        f"PID|1||{patient['identifier'][0]['value']}||{patient['name'][0]['text']}",
    ]
    codec = {"GB 18030-2000": "gb18030"}.get(message.charset, "utf-8")
    return "".join(f"{segment}\r" for segment in segments).encode(codec)


def control_id(message: bytes) -> str:
    return message.split(b"|")[9].decode()


def acknowledgement(code: str, message: bytes, error: str = "", *, of: str = "") -> bytes:
    """error: ERR-3; of: another control id than the message's."""
    header = f"MSH|^~\\&|HIS|CITY|REFERRAL-HUB|TOWN|20261120100000||ACK|A{time.monotonic_ns()}|P|2.5.1\r"
    err = f"ERR||RF1^1^6|{error}^told|E\r" if error else ""
    return f"{header}MSA|{code}|{of or control_id(message)}\r{err}".encode()


Behaviour = Callable[[bytes, int], bytes]
"""What is answered to a message, the nth that came (0 the first); SILENT, HANG_UP."""


def accepting(message: bytes, _: int) -> bytes:
    return acknowledgement("AA", message)


@dataclass
class Receiver:
    """An MLLP server. received: every message in order; most: connections with a message in work at once."""

    behaviour: Behaviour = accepting
    pause: float = 0.0
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    most: int = 0
    _working: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    @property
    def ids(self) -> list[str]:
        return [control_id(message) for message in self.received]

    @property
    def types(self) -> list[str]:
        return [message.split(b"|")[8].decode() for message in self.received]

    def serve(self, connection: socket.socket) -> None:
        self.connections += 1
        deframer = Deframer(2**24)
        while data := connection.recv(65536):
            for message in deframer.feed(data):
                with self._lock:
                    self._working += 1
                    self.most = max(self.most, self._working)
                    number = len(self.received)
                    self.received.append(message)
                time.sleep(self.pause)
                with self._lock:
                    self._working -= 1
                answer = self.behaviour(message, number)
                if answer == HANG_UP:
                    return
                if answer != SILENT:
                    connection.sendall(answer if answer.startswith(b"raw:") else wrap(answer))


@contextlib.contextmanager
def listening(receiver: Receiver, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                if tls is not None:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                receiver.serve(self.request)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", port), Handler) as server:
        receiver.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()


def destination(site: Site, address: str, code: str = "CITY", name: str = "main", **route: Any) -> None:
    """Register where an organisation's messages go."""
    put(site.url, site.senders[code], address, name, **route)


def put(url: str, organization: Sender, address: str, name: str = "main", *, plain: bool = False, **route: Any) -> None:
    protocol = "fhir" if address.startswith("http") else "mllp"
    given = {"dialect": "fhir" if protocol == "fhir" else "ref", "timeout": 1.0, "facility": organization.code, **route}
    with connect(url) as connection:
        made = Route(protocol=protocol, address=address, **given)  # type: ignore[arg-type]
        destinations.put(connection, organization.id, name, made, plain=plain)


def place(url: str) -> None:
    """Give the events their positions in the organisations' streams, as the relay does before it sends them."""
    with connect(url, autocommit=True) as connection:
        outbox = Outbox(connection)
        outbox.topics()
        entries = outbox.advance([])
        while entries:
            entries = outbox.advance(entries)


@contextlib.contextmanager
def delivering(url: str, writer: Callable[[Outbound], bytes] = write,
               keep: timedelta = timedelta(days=90)) -> Iterator[threading.Event]:  # fmt: skip
    """A deliverer in a thread; set the event to stop it."""
    stop = threading.Event()
    thread = threading.Thread(target=lambda: deliver(url, writer, keep, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(40)
        assert not thread.is_alive()


def deliveries(url: str) -> list[tuple[str, str, int, str | None]]:
    """kind, status, attempts, cause of each, in order."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT kind, status, attempts, cause FROM deliveries ORDER BY id").fetchall()


def outcomes(url: str) -> list[str]:
    """Of the attempts, in the order in which they began."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT outcome FROM delivery_attempts ORDER BY at, delivery_id, number")
        return [row[0] for row in rows]


def settled(url: str, count: int) -> bool:
    """Whether so many deliveries are there and none waits."""
    found = [status for _, status, _, _ in deliveries(url)]
    return len(found) == count and "waiting" not in found


def fields(message: bytes, segment: str, charset: str = "utf-8") -> list[str]:
    found = re.search(rb"(?:^|\r)(" + segment.encode() + rb"\|[^\r]*)", message)
    assert found, f"no {segment}"
    return found[1].decode(charset).split("|")
