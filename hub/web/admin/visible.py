"""Texts as they are, made visible: what has no shape of its own gets one, what is too long for a page is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["", "control", "cut", "wrong"]

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_NAMES = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
    "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
"""Of the control characters, in their order."""
_LONGEST, _HEAD, _TAIL = 1_200, 600, 100


class Piece(NamedTuple):
    """Characters that are shown alike. control: a character without shape; cut: `text` is the number left out; wrong:
    the place of the error."""

    text: str
    kind: Kind = ""


def pieces(text: str, kind: Kind = "") -> Iterator[Piece]:
    """The text without what has no shape, and without its middle where it is long."""
    if len(text) > _LONGEST:
        yield from _shown(text[:_HEAD], kind)
        yield Piece(str(len(text) - _HEAD - _TAIL), "cut")
        text = text[-_TAIL:]
    yield from _shown(text, kind)


def plain(text: str) -> str:
    """The same as one text."""
    return "".join(f"…{piece.text}…" if piece.kind == "cut" else piece.text for piece in pieces(text))


def _shown(text: str, kind: Kind) -> Iterator[Piece]:
    start = 0
    for found in _UNSEEN.finditer(text):
        if found.start() > start:
            yield Piece(text[start : found.start()], kind)
        yield Piece(_picture(found[0]), "control")
        start = found.end()
    if start < len(text):
        yield Piece(text[start:], kind)


def _picture(character: str) -> str:
    code = ord(character)
    return _NAMES[code] if code < len(_NAMES) else f"U+{code:04X}"
