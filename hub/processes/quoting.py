"""What a citation of a record stands for, whatever the format of the message that it cites."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.fhir import quoting as fhir
from adapters.hl7v2 import quoting as hl7v2
from hub.domain.messages import Format
from hub.domain.quotations import Line, Original, Place, Span, painted, quotation


def quote(raw: bytes, kind: Format, charset: str | None, places: Sequence[Place],
          scope: Sequence[str] | None = ()) -> Original:  # fmt: skip
    """A received message with its cited places marked.

    charset: for HL7 v2 that names none itself; scope: of FHIR, JSON pointers of the resources to show (empty: those
    cited; None: all). Raises Refused for bytes that cannot be read.
    """
    if kind == "hl7v2":
        return hl7v2.quote(raw, charset, places)
    return fhir.quote(raw, places, scope) if kind == "fhir" else _note(raw, places)


def _note(raw: bytes, places: Sequence[Place]) -> Original:
    text = _decoded(raw)
    quotations = tuple(quotation(text, place.start, place.end) for place in places)
    lines, start = [], 0
    for line in text.splitlines(keepends=True):
        end = start + len(line.rstrip("\r\n"))
        spans: list[Span] = [(max(p.start, start) - start, min(p.end, end) - start) for p in places
                             if p.start < end and p.end > start]  # fmt: skip
        lines.append(Line(painted(line.rstrip("\r\n"), (), spans)))
        start += len(line)
    return Original(tuple(lines), quotations)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
