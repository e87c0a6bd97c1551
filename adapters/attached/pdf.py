"""What a PDF says, read in a process of its own: PDFium takes one thread at a time, and a file may make it loop.

The child (`python -m adapters.attached.pdf`) reads the file from its standard input and writes the text in UTF-8.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a library of C that only the child needs
    import pypdfium2

PAGES, CHARACTERS, SECONDS = 60, 200_000, 3.0
"""How much of a file is read."""

KILLED_AFTER = 10.0
MEMORY = 2 * 2**30
AT_ONCE = 2
READ, BROKEN, LOCKED = 0, 3, 4

_FREE = threading.BoundedSemaphore(AT_ONCE)


class Unreadable(Exception):
    """No text can be had of the file. locked: it asks for a password."""

    def __init__(self, *, locked: bool) -> None:
        super().__init__("locked" if locked else "broken")
        self.locked = locked


def text_of(content: bytes) -> str:
    """What the first pages say, apart by a line feed; "" of a file that holds pictures only. Raises Unreadable."""
    command = [sys.executable, "-I", "-m", "adapters.attached.pdf"]
    with _FREE:
        try:
            done = subprocess.run(command, input=content, capture_output=True, timeout=KILLED_AFTER, check=False)
        except subprocess.TimeoutExpired:
            raise Unreadable(locked=False) from None
    if done.returncode != READ:
        raise Unreadable(locked=done.returncode == LOCKED)
    return done.stdout.decode()


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


def main() -> int:
    import pypdfium2

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(KILLED_AFTER), int(KILLED_AFTER)))
    try:
        text = extract(sys.stdin.buffer.read())
    except pypdfium2.PdfiumError as error:
        return LOCKED if "assword" in str(error) else BROKEN
    sys.stdout.buffer.write(text.encode())
    return READ


if __name__ == "__main__":
    sys.exit(main())
