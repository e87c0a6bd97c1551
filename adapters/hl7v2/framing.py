"""MLLP framing: `VT payload FS CR`. Bytes in, payloads out; the character set is not this layer's business."""

from __future__ import annotations

START, END = b"\x0b", b"\x1c\r"
STRAY_LIMIT = 65536


def wrap(payload: bytes) -> bytes:
    """One frame."""
    return START + payload + END


class Deframer:
    """Cuts a byte stream into payloads.

    limit: bytes that a payload may have. broken: frames that another start block cut off; whoever feeds takes them
    away. stray: bytes between frames that are not blank (the first 64 KB). oversize: what came of a frame over the
    limit; from then on nothing more is cut.
    """

    __slots__ = ("_buffer", "_in_frame", "_searched", "broken", "limit", "oversize", "stray")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.broken: list[bytes] = []
        self.stray = bytearray()
        self.oversize: bytes | None = None
        self._buffer = bytearray()
        self._in_frame = False
        self._searched = 0

    @property
    def pending(self) -> bytes:
        """The bytes of the frame that has begun and not ended."""
        return bytes(self._buffer)

    @property
    def in_frame(self) -> bool:
        return self._in_frame

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that `data` completes, in order."""
        if self.oversize is not None:
            return []
        if not self._in_frame and data.startswith(START) and data.endswith(END) and data.count(END) == 1:
            return self._whole([data[1:-2]])
        self._buffer += data
        found: list[bytes] = []
        while self._begin() and (end := self._buffer.find(END, self._searched)) >= 0:
            found.append(bytes(self._buffer[:end]))
            del self._buffer[: end + 2]
            self._in_frame, self._searched = False, 0
        if self._in_frame:
            self._searched = max(0, len(self._buffer) - 1)
            if len(self._buffer) > self.limit + 1:
                found = self._whole(found)
                self.oversize = bytes(self._buffer)
                self._buffer.clear()
                return found
        return self._whole(found)

    def _begin(self) -> bool:
        """Move past the start block; what stands before it is stray."""
        if self._in_frame:
            return True
        start = self._buffer.find(START)
        end = start if start >= 0 else len(self._buffer)
        if end and self._buffer[:end].strip(b"\r\n\x1c\x00 "):
            self.stray += self._buffer[: min(end, STRAY_LIMIT - len(self.stray))]
        del self._buffer[: end + 1]
        self._in_frame = start >= 0
        return self._in_frame

    def _whole(self, payloads: list[bytes]) -> list[bytes]:
        """Without what is over the limit, and without a frame that lost its end before another began inside."""
        for index, payload in enumerate(payloads):
            again = payload.rfind(b"\x0bMSH")
            if again >= 0:
                self.broken += [part for part in payload[:again].split(START) if part]
                payloads[index] = payload = payload[again + 1 :]
            if len(payload) > self.limit:
                self.oversize = payload
                return payloads[:index]
        return payloads
