"""MLLP over TCP: a listener that answers each connection in order, and a blocking client."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from adapters.hl7v2.connection import Connection
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.framing import Deframer, wrap

LIMIT = 16 * 2**20
LONGEST_ANSWER = 2**20
ACK, NAK = b"\x06", b"\x15"
"""What MLLP release 2 sends in a frame before the acknowledgement: that the message is stored; that it is not."""

Handle = Callable[[bytes, Connection], None]
Incomplete = Callable[[bytes, str], None]


class Listener:
    """A listening socket and its connections; made by `listen`. address: (host, port) as bound."""

    def __init__(self, handle: Handle, oversize: Handle | None, incomplete: Incomplete, limit: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.handle = handle
        self.oversize = oversize or self._drop_oversize
        self.incomplete = incomplete
        self.limit = limit
        self.connections: set[Connection] = set()
        self.address: tuple[str, int] = ("", 0)
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()

    async def start(self, host: str, port: int, frame_timeout: float, idle_timeout: float,
                    shared: bool) -> None:  # fmt: skip
        """Bind and begin. Raises OSError when the address is not free."""
        server = await self.loop.create_server(lambda: Connection(self), host, port, backlog=1024, reuse_port=shared)
        self._server = server
        self.address = server.sockets[0].getsockname()[:2]
        interval = min(1.0, frame_timeout / 4, idle_timeout / 4)

        def sweep() -> None:
            now = self.loop.time()
            for connection in tuple(self.connections):
                connection.sweep(now, frame_timeout, idle_timeout)
            self._sweep = self.loop.call_later(interval, sweep)

        sweep()

    async def close(self, timeout: float = 30.0) -> None:
        """Accept nothing more, answer what came (for `timeout` seconds at most), close every connection."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.finish()
        if self.connections:
            self._emptied.clear()
            try:
                await asyncio.wait_for(self._emptied.wait(), timeout)
            except TimeoutError:
                for connection in tuple(self.connections):
                    connection.abort()
        if self._sweep is not None:
            self._sweep.cancel()

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._emptied.set()

    def _drop_oversize(self, payload: bytes, connection: Connection) -> None:
        self.incomplete(payload, connection.peer)
        connection.answer(connection.slot, b"")


async def listen(host: str, port: int, handle: Handle, *, limit: int = LIMIT, frame_timeout: float = 60.0,
                 idle_timeout: float = 300.0, incomplete: Incomplete,
                 oversize: Handle | None = None, shared: bool = False) -> Listener:  # fmt: skip
    """Listen for MLLP frames.

    handle(payload, connection) is called in order of arrival and must answer `connection.slot` then or later;
    oversize(received, connection): the same for a frame over `limit` bytes, whose connection closes after the answer;
    incomplete(bytes, peer) gets what never became a frame. A frame without end for `frame_timeout` seconds, or silence
    for `idle_timeout`, closes the connection. port 0 takes a free one; shared: with other processes that say so too.
    Raises OSError when the address is not free.
    """
    listener = Listener(handle, oversize, incomplete, limit)
    await listener.start(host, port, frame_timeout, idle_timeout, shared)
    return listener


REFUSAL_SECONDS = 1.0
"""How long the first word of a TLS server is waited for that has none for most of its clients."""


class OtherMessage(TimeoutError):
    """Nothing but acknowledgements of other messages came in time."""


class TooLong(ConnectionError):
    """An answer over `LONGEST_ANSWER`."""


class Client:
    """A connection to an MLLP server; a context manager. Raises OSError when there is none or it breaks.

    tls: speak TLS, and to no other than `host`.
    """

    def __init__(self, host: str, port: int, timeout: float = 30.0, tls: ssl.SSLContext | None = None) -> None:
        self._timeout = timeout
        plain = socket.create_connection((host, port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        self._deframer = Deframer(LONGEST_ANSWER)
        self._received: list[bytes] = []
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.version() == "TLSv1.3":
            self._hear_refusal(self._socket)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _hear_refusal(self, secured: ssl.SSLSocket) -> None:
        """In TLS 1.3 a server judges its client's certificate after the handshake: before anything is sent, it has said
        so. Most say something at once, if only how the session is resumed."""
        if not select.select([secured], [], [], min(self._timeout, REFUSAL_SECONDS))[0]:
            return
        secured.settimeout(0)
        try:
            data = secured.recv(65536)
            if not data:
                raise ConnectionError("the connection was closed before anything was sent")
            self._received += self._deframer.feed(data)
        except ssl.SSLWantReadError:
            return
        except OSError:
            self.close()
            raise

    @property
    def quiet(self) -> bool:
        """Whether nothing has come since the last answer, not even the end of the connection; else it is of no use."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return not self._received
        except OSError:
            return False
        return False

    def exchange(self, payload: bytes) -> bytes:
        """Send one message and wait for its first answer; b"" for a message that asks for none (MSH-15, MSH-16 NE).

        Of MLLP release 2 `NAK` is one, and `ACK` where no other follows it. Later acknowledgements of earlier messages
        are passed over. Raises OtherMessage, TooLong, TimeoutError, ConnectionError.
        """
        envelope, _ = read_envelope(payload)
        self._socket.settimeout(self._timeout)
        self._socket.sendall(wrap(payload))
        if envelope.accept_acknowledgement == "NE" and envelope.application_acknowledgement in ("NE", ""):
            return b""
        control_id = envelope.header[10].strip().encode() if envelope.header else b""
        end, others, stored = time.monotonic() + self._timeout, 0, False
        while True:
            try:
                answer = self._next(end)
            except OSError as error:
                if stored:
                    return ACK
                if others and isinstance(error, TimeoutError):
                    raise OtherMessage(f"{others} acknowledgements of other messages came") from None
                raise
            if answer == ACK:
                stored = True
                continue
            named = acknowledged(answer)
            if not named or not control_id or named == control_id or not control_id.isascii():
                return answer
            others += 1

    def along(self) -> bytes:
        """What came together with the last answer, b"" where that was all."""
        return self._received.pop(0) if self._received else b""

    def _next(self, end: float) -> bytes:
        while not self._received:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no acknowledgement in time")
            self._socket.settimeout(left)
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the connection was closed before the acknowledgement")
            self._received += self._deframer.feed(data)
            if self._deframer.oversize is not None and not self._received:
                raise TooLong("the acknowledgement does not end")
        return self._received.pop(0)


def acknowledged(answer: bytes) -> bytes:
    """MSA-2 of an acknowledgement, b"" where there is none."""
    mark = answer[3:4]
    for line in answer.replace(b"\n", b"\r").split(b"\r")[1:]:
        if mark and line.startswith(b"MSA" + mark):
            fields = line.split(mark)
            return fields[2].strip(b' "') if len(fields) > 2 else b""
    return b""


def send(host: str, port: int, payloads: Iterable[bytes], timeout: float = 30.0) -> Iterator[bytes]:
    """The answer to each payload, in order, over one connection. Raises OSError (TimeoutError, ConnectionError)."""
    with Client(host, port, timeout) as client:
        for payload in payloads:
            yield client.exchange(payload)
