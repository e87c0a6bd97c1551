"""What PDFs say, read in a process of their own: PDFium takes one thread at a time, and a file may make it loop.

The child (`python -m adapters.attached.pdf`) reads file after file from its standard input, each behind its length, and
writes of each what came of it, the length of its text, and the text in UTF-8. A file that it dies of costs the others
nothing: they are read by another.
"""

from __future__ import annotations

import resource
import signal
import struct
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # a library of C that only the child needs
    import pypdfium2

PAGES, CHARACTERS, SECONDS = 60, 200_000, 3.0
"""How much of a file is read."""

GIVEN_UP_AFTER, TOGETHER = 4.0, 10.0
"""Seconds for a file that ends at no page, and for all files of a message: others wait as long as its sender does."""

MEMORY = 2 * 2**30
AT_ONCE = 2

Why = Literal["broken", "locked", "late"]
_WHY: dict[int, Why] = {1: "broken", 2: "locked"}
_READ, _BROKEN, _LOCKED = 0, 1, 2
_LENGTH, _SAID = struct.Struct(">Q"), struct.Struct(">BQ")
_CHILD = (sys.executable, "-I", "-m", "adapters.attached.pdf")

_FREE = threading.BoundedSemaphore(AT_ONCE)


class Unreadable(Exception):
    """No text can be had of the file. why: it is broken, it asks for a password, there was no time left for it."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def text_of(content: bytes) -> str:
    """What the first pages say, apart by a line feed; "" of a file that holds pictures only. Raises Unreadable."""
    (found,) = texts_of([content])
    if isinstance(found, Unreadable):
        raise found
    return found


def texts_of(files: Sequence[bytes]) -> list[str | Unreadable]:
    """Of each file as `text_of`, all of them within `TOGETHER`."""
    found: list[str | Unreadable] = []
    with _FREE:
        end = time.monotonic() + TOGETHER
        while len(found) < len(files) and (left := end - time.monotonic()) > 0:
            said, died = _said_of(files[len(found) :], left)
            found += said
            if died and len(found) < len(files):
                found.append(Unreadable("broken"))
    return found + [Unreadable("late")] * (len(files) - len(found))


def _said_of(files: Sequence[bytes], seconds: float) -> tuple[list[str | Unreadable], bool]:
    """What a child said, of the first files or of all, and whether it ended by itself."""
    given = b"".join(part for content in files for part in (_LENGTH.pack(len(content)), content))
    try:
        said = subprocess.run(_CHILD, input=given, capture_output=True, timeout=seconds, check=False).stdout
    except subprocess.TimeoutExpired as late:
        return list(_answers(late.output or b"")), False
    return list(_answers(said)), True


def _answers(said: bytes) -> Iterator[str | Unreadable]:
    at = 0
    while at + _SAID.size <= len(said):
        outcome, length = _SAID.unpack_from(said, at)
        at += _SAID.size + length
        if at > len(said):
            return
        yield said[at - length : at].decode() if outcome == _READ else Unreadable(_WHY[outcome])


def extract(content: bytes, clock: Callable[[], float] = time.monotonic) -> str:
    """As `text_of`, in this process. Raises pypdfium2.PdfiumError."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(_pages(document, clock))[:CHARACTERS]
    finally:
        document.close()


def _pages(document: pypdfium2.PdfDocument, clock: Callable[[], float]) -> Iterator[str]:
    end, held = clock() + SECONDS, 0
    for number in range(min(len(document), PAGES)):
        if clock() > end or held > CHARACTERS:
            return
        page = document[number]
        text = page.get_textpage().get_text_range(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        shown = "".join(c for c in text if c in "\n\t" or _readable(c)).strip()
        held += len(shown)
        if shown:
            yield shown


def _readable(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs", "Cn")


def main() -> None:
    import pypdfium2

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while head := sys.stdin.buffer.read(_LENGTH.size):
        content = sys.stdin.buffer.read(*_LENGTH.unpack(head))
        signal.setitimer(signal.ITIMER_REAL, GIVEN_UP_AFTER)  # the signal ends the process, also within PDFium
        outcome, text = _READ, ""
        try:
            text = extract(content)
        except pypdfium2.PdfiumError as error:
            outcome = _LOCKED if "assword" in str(error) else _BROKEN
        said = text.encode()
        sys.stdout.buffer.write(_SAID.pack(outcome, len(said)) + said)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
