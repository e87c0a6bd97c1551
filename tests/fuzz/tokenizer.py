"""`python -m tests.fuzz.tokenizer [libFuzzer's options] [corpus folder]`: atheris over the way from bytes to leaves.

Needs `pip install atheris`, which has wheels for Linux alone and is no dependency. What it finds goes to `kept`.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["adapters.hl7v2"]):
    from adapters.hl7v2 import charsets, er7, files
    from adapters.hl7v2.envelope import read_envelope
    from adapters.hl7v2.framing import Deframer
    from adapters.hl7v2.validation import oversize, validate

from hub.domain.errors import Refused


def one(data: bytes) -> None:
    """Frames, files, header, character set, tokens, escapes and leaves of some bytes; only Refused may be raised."""
    for part in [data, *Deframer(2**20).feed(data), *files.split(data)]:
        envelope, _ = read_envelope(part)
        with suppress(Refused):
            text, name = charsets.decode(part, envelope.charset, None)
            message = er7.parse(text, charsets.codec(name) or "utf-8")
            oversize(message, len(text))
            validate(message)
            for path, _value in er7.leaves(message):
                assert path


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
