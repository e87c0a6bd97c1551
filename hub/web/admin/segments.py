"""The bytes of a message as lines: an HL7 v2 segment each, decoded where they can be, with the place of its errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.web.admin.visible import Piece, pieces

MOST_LINES = 250
_HEX_BYTES = 16
_MOST_HEX = 32

_ENDS = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.\d+)*)?")


@dataclass(frozen=True, slots=True)
class Line:
    """anchor: of an HL7 v2 segment, `PID-1` for the first PID; hexadecimal: rows of bytes that are not of the
    character set, where they are not; wrong: an error stands in it."""

    anchor: str
    pieces: tuple[Piece, ...]
    hexadecimal: tuple[str, ...] = ()
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Segments:
    """left: lines that are not shown; undecodable: lines whose bytes are not of the character set."""

    lines: tuple[Line, ...]
    left: int
    undecodable: int


def lay_out(raw: bytes, codec: str | None, places: Sequence[str]) -> Segments:
    """codec: Python's, None where it is not known; places: of the errors, as `PID[1]-5[1].2`."""
    parts = _ENDS.findall(raw)
    shown = parts[:MOST_LINES]
    wanted = [found for place in places if (found := _PLACE.fullmatch(place))]
    counts: dict[str, int] = {}
    separators = "|", "~"
    lines: list[Line] = []
    for part in shown:
        try:
            text = part.decode(codec or "utf-8")
        except (UnicodeDecodeError, LookupError):
            lines.append(Line("", (), tuple(_hexadecimal(part))))
            continue
        name = text.lstrip("\x0b\ufeff")[:3]
        if name == "MSH" and len(text) > 5:
            separators = _separators(text)
        counts[name] = counts.get(name, 0) + 1
        anchor = f"{name}-{counts[name]}"
        spans = sorted(_span(text, place, separators) for place in wanted if _names(place, name, counts[name]))
        lines.append(Line(anchor, tuple(_marked(text, spans)), wrong=bool(spans)))
    return Segments(tuple(lines), len(parts) - len(shown), sum(bool(line.hexadecimal) for line in lines))


def anchor(path: str) -> str | None:
    """The anchor of the segment that a location names; None where it names none."""
    found = _PLACE.fullmatch(path)
    return f"{found[1]}-{found[2] or 1}" if found else None


def _names(place: re.Match[str], name: str, occurrence: int) -> bool:
    return place[1] == name and int(place[2] or 1) == occurrence


def _separators(header: str) -> tuple[str, str]:
    at = header.index("MSH")
    encoding = header[at + 4 : at + 8].split(header[at + 3], 1)[0]
    return header[at + 3], encoding[1] if len(encoding) > 1 else "~"


def _span(text: str, place: re.Match[str], separators: tuple[str, str]) -> tuple[int, int]:
    """Of the field, or of its repetition; of the segment's name where it has no such field."""
    start = text.find(place[1])
    whole = start, start + 3
    if place[3] is None or int(place[3]) == 0:
        return whole
    fields = text[start:].rstrip("\r\n").split(separators[0])
    index = int(place[3]) - (1 if place[1] == "MSH" else 0)
    if not 0 < index < len(fields) or not fields[index]:
        return whole
    begin = start + sum(len(f) + 1 for f in fields[:index])
    repetitions = fields[index].split(separators[1])
    number = int(place[4] or 1)
    if place[4] and place[1] != "MSH" and 0 < number <= len(repetitions) and repetitions[number - 1]:
        begin += sum(len(r) + 1 for r in repetitions[: number - 1])
        return begin, begin + len(repetitions[number - 1])
    return begin, begin + len(fields[index])


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, end in spans:
        if start < at:
            continue
        yield from pieces(text[at:start])
        yield from pieces(text[start:end], "wrong")
        at = end
    yield from pieces(text[at:])


def _hexadecimal(part: bytes) -> Iterator[str]:
    for offset in range(0, min(len(part), _HEX_BYTES * _MOST_HEX), _HEX_BYTES):
        row = part[offset : offset + _HEX_BYTES]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{offset:06x}  {row.hex(' '):<{3 * _HEX_BYTES}} {shown}"
    if len(part) > _HEX_BYTES * _MOST_HEX:
        yield f"… {len(part)}"
