"""One MLLP connection of the listener, as an `asyncio.Protocol`.

Per message it costs one call of `handle`; the answers of one turn of the event loop leave in one write.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from adapters.hl7v2.framing import Deframer, wrap

if TYPE_CHECKING:
    from adapters.hl7v2.mllp import Listener

OUTSTANDING = 256
"""Answers that one connection may wait for before its reading pauses."""

LINGER = 5.0
"""Seconds for which input over the limit is still swallowed after its answer, so that the answer is not reset."""


class Connection(asyncio.Protocol):
    """One sender's connection. peer: `address:port`; slot: of the payload that `handle` is called with at the moment.

    `handle` notes the slot and calls `answer` with it, at once or later and in any order, on the event loop's thread
    (from others through `loop.call_soon_threadsafe`); answers leave in the order of arrival.
    """

    __slots__ = ("_deframer", "_finishing", "_flushing", "_followers", "_heard", "_listener", "_out", "_oversize",
                 "_paused", "_ready", "_since", "_stopped", "_transport", "_unsent", "closed", "peer",
                 "slot")  # fmt: skip

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._deframer = Deframer(listener.limit)
        self._transport: asyncio.Transport | None = None
        self._ready: dict[int, bytes] = {}
        self._followers: dict[int, list[bytes]] = {}
        self._out: list[bytes] = []
        self._unsent = 0
        self._flushing = self._paused = self._stopped = self._finishing = self._oversize = False
        self._heard = self._since = 0.0
        self.closed = False
        self.peer = ""
        self.slot = -1

    @property
    def outstanding(self) -> int:
        """Payloads that have not been answered yet."""
        return self.slot + 1 - self._unsent

    def answer(self, slot: int, payload: bytes) -> None:
        """The answer to the payload of that slot; b"" when it gets none."""
        self._ready[slot] = payload
        if slot != self._unsent:
            return
        while (ready := self._ready.pop(self._unsent, None)) is not None:
            if ready:
                self._out.append(wrap(ready))
            if self._followers:
                self._out += self._followers.pop(self._unsent, ())
            self._unsent += 1
        self._flush_soon()

    def send(self, payload: bytes, after: int | None = None) -> None:
        """A message of the hub's own (an application acknowledgement), not before the answer of slot `after`."""
        if after is not None and after >= self._unsent:
            self._followers.setdefault(after, []).append(wrap(payload))
            return
        self._out.append(wrap(payload))
        self._flush_soon()

    def finish(self) -> None:
        """Take no more messages, answer those that came, then close."""
        self._finishing = True
        self._flush_soon()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.peer = f"{host}:{port}"
        self._heard = self._listener.loop.time()
        self._listener.connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._finishing:
            return
        deframer, listener = self._deframer, self._listener
        self._heard = now = listener.loop.time()
        continued = deframer.in_frame
        payloads = deframer.feed(data)
        for payload in payloads:
            self.slot += 1
            listener.handle(payload, self)
        if deframer.in_frame and (payloads or not continued):
            self._since = now
        if deframer.broken:
            self._keep(deframer.broken)
            deframer.broken = []
        if deframer.oversize is not None:
            self.slot += 1
            self._finishing = self._oversize = True
            listener.oversize(deframer.oversize, self)
            deframer.oversize = b""
        if self.outstanding > OUTSTANDING:
            self._regulate()

    def eof_received(self) -> bool:
        self.finish()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._listener.forget(self)
        self._keep([bytes(self._deframer.stray), self._deframer.pending])

    def pause_writing(self) -> None:
        self._stopped = True
        self._regulate()

    def resume_writing(self) -> None:
        self._stopped = False
        self._regulate()

    def sweep(self, now: float, frame_timeout: float, idle_timeout: float) -> None:
        """Close what has begun a frame and not ended it, what is silent, and what does not take its answers."""
        if self._transport is None:
            return
        silent = now - self._heard > idle_timeout
        if self._stopped and silent:
            self._transport.abort()
        elif not self._paused and (
            (self._deframer.in_frame and not self._oversize and now - self._since > frame_timeout)
            or (silent and not self.outstanding)
        ):
            self._transport.close()

    def abort(self) -> None:
        """Close at once; answers that have not left are not sent."""
        if self._transport is not None:
            self._transport.abort()

    def _keep(self, parts: list[bytes]) -> None:
        for part in parts:
            if part:
                self._listener.incomplete(part, self.peer)

    def _flush_soon(self) -> None:
        if not self._flushing and not self.closed:
            self._flushing = True
            self._listener.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        transport = self._transport
        if self.closed or transport is None:
            return
        if self._out:
            self._heard = self._listener.loop.time()
            transport.write(b"".join(self._out))
            self._out.clear()
        if self._paused:
            self._regulate()
        if self._finishing and not self.outstanding:
            self._end(transport)

    def _end(self, transport: asyncio.Transport) -> None:
        """A transport closed with input unread would reset the connection, and its last answer with it."""
        if self._oversize and transport.can_write_eof() and not transport.is_closing():
            transport.write_eof()
            self._listener.loop.call_later(LINGER, transport.close)
        else:
            transport.close()

    def _regulate(self) -> None:
        """Read only while answers keep up; while finishing, everything is read and dropped."""
        transport = self._transport
        if transport is None or self.closed or transport.is_closing():
            return
        full = self._stopped or self.outstanding > (OUTSTANDING // 2 if self._paused else OUTSTANDING)
        if full and not self._paused:
            self._paused = True
            transport.pause_reading()
        elif self._paused and not full:
            self._paused = False
            self._heard = self._since = self._listener.loop.time()
            transport.resume_reading()
