"""Places of a received HL7 v2 message, found again in its text: the citations of a record, turned round."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from adapters.attached import texts
from adapters.hl7v2 import charsets, er7
from adapters.hl7v2.er7 import HEADERS, Message, Segment
from hub.domain import attachments, rtf
from hub.domain.quotations import Line, Original, Place, Quotation, Span, painted, quotation

_PATH = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\]-(\d+)\[(\d+)\](?:\.(\d+)(?:\.(\d+))?)?")
_ENCODED = (4, 5)
"""Components of an ED value: how its data are encoded, the data."""

_SHOWN = re.compile(r"\s*(?:data:[^,]*,)?(?=JVBER|e1xyd)")
"""What stands before base64 whose first bytes are those of PDF or RTF, whatever its field is called."""


class _Found(NamedTuple):
    """A place in a segment's text: where the raw value begins, and the raw value."""

    segment: int
    start: int
    raw: str


def quote(raw: bytes, charset: str | None, places: Sequence[Place]) -> Original:
    """The message, a line a segment, with the places marked in it.

    charset: for what names none in MSH-18. Raises Refused for bytes that are no message of their character set.
    """
    text, name = charsets.decode(raw, charsets.declared(raw), charset)
    message = er7.parse(text, charsets.codec(name) or "utf-8")
    at = {(s.name, s.occurrence): number for number, s in enumerate(message.segments)}
    values: dict[int, list[Span]] = {}
    cited: dict[int, list[Span]] = {}
    quotations: list[Quotation | None] = []
    for place in places:
        found = _find(message, at, place.path)
        quotations.append(_quotation(message, found, place) if found else None)
        if found and quotations[-1] is not None:
            values.setdefault(found.segment, []).append((found.start, found.start + len(found.raw)))
            cited.setdefault(found.segment, []).extend(_cited(message, found, place))
    lines = tuple(
        Line(painted(_text(message, segment), values.get(number, ()), cited.get(number, ())))
        for number, segment in enumerate(message.segments)
    )
    return Original(lines, tuple(quotations))


def _text(message: Message, segment: Segment) -> str:
    mark = message.separators.field
    if segment.name in HEADERS:
        return segment.name + mark + mark.join(segment.fields[2:])
    return mark.join(segment.fields)


def _find(message: Message, at: dict[tuple[str, int], int], path: str) -> _Found | None:
    match = _PATH.fullmatch(path)
    number = at.get((match[1], int(match[2]))) if match else None
    if match is None or number is None:
        return None
    segment, field = message.segments[number], int(match[3])
    first = 2 if segment.name in HEADERS else 1
    if not first <= field < len(segment.fields):
        return None
    start = len(segment.name) + 1 + sum(len(segment.fields[n]) + 1 for n in range(first, field))
    marks = (message.separators.repetition, message.separators.component, message.separators.subcomponent)
    raw = segment.fields[field]
    for mark, position in zip(marks, match.groups()[3:], strict=True):
        if position is None:
            break
        parts = raw.split(mark)
        if not 1 <= int(position) <= len(parts):
            return None
        start += sum(len(part) + 1 for part in parts[: int(position) - 1])
        raw = parts[int(position) - 1]
    return _Found(number, start, raw)


def _quotation(message: Message, found: _Found, place: Place) -> Quotation | None:
    value = er7.unescape(found.raw, message.separators)
    data = _data(message, found, place, value)
    if data is not None and (extracted := _extracted(data.content)):
        return quotation(extracted, place.start, place.end)
    meaning = _meaning(data, place.start, place.end, len(value)) if data else ""
    return quotation(value, place.start, place.end, meaning)


class _Data(NamedTuple):
    """The data of an ED value, or of a text that is a file. encoding: "" where its characters stand for themselves."""

    content: bytes
    encoding: Literal["base64", "hex", ""]


def _data(message: Message, found: _Found, place: Place, value: str) -> _Data | None:
    match = _PATH.fullmatch(place.path)
    if (shown := _SHOWN.match(value)) and (file := attachments.decoded(value[shown.end() :])) and _extracted(file):
        return _Data(file, "base64")
    if match is None or match[5] != str(_ENCODED[1]):
        return None
    segment = message.segments[found.segment]
    encoding = er7.value(message, segment, int(match[3]), int(match[4]), _ENCODED[0]).strip().lower()
    if encoding == "base64":
        content = attachments.decoded(value)
        return _Data(content, "base64") if content is not None else None
    if encoding == "hex":
        try:
            return _Data(bytes.fromhex(value), "hex")
        except ValueError:
            return None
    return _Data(value.encode(), "") if value.startswith("{\\rtf") else None


def _extracted(content: bytes) -> str | None:
    """What RTF or PDF says, whose bytes are no characters."""
    return texts.pdf_text(content) if attachments.is_pdf(content) else rtf.text_of(content)


def _meaning(data: _Data, start: int, end: int, length: int) -> str:
    """The text that characters [start, end) of an ED value carry; characters cut at their edges are left out."""
    read = attachments.of_bytes(data.content, "text/plain") if data.encoding else None
    if read is None:
        return ""
    whole = start == 0 and end == length
    first, last = (start * 3 // 4, end * 3 // 4) if data.encoding == "base64" else (start // 2, end // 2)
    before = data.content[:first].decode(read.charset, "ignore")
    begins = len(before) + (len(before.encode(read.charset)) < first)
    ends = len(data.content[:last].decode(read.charset, "ignore"))
    return read.text if whole else read.text[begins:ends]


def _cited(message: Message, found: _Found, place: Place) -> list[Span]:
    """The raw characters that the cited ones were read from; of an escape sequence all."""
    data = _data(message, found, place, er7.unescape(found.raw, message.separators))
    if data is not None and _extracted(data.content):
        return [(found.start, found.start + len(found.raw))]
    if message.separators.escape not in found.raw:
        return [(found.start + place.start, found.start + place.end)]
    spans: list[Span] = []
    here, position = found.start, 0
    for raw, decoded in er7.pieces(found.raw, message.separators):
        first, last = max(place.start, position), min(place.end, position + len(decoded))
        if first < last and raw == decoded:
            spans.append((here + first - position, here + last - position))
        elif first < last:
            spans.append((here, here + len(raw)))
        here += len(raw)
        position += len(decoded)
    return spans
