"""One fragment as evidence: its resource, and the sources that say where each of its values was received."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from hub.domain import attachments, rtf
from hub.domain.fragments import Citation, Fragment

_TELLING = ("/display", "/text", "/title", "/data", "/div", "/value", "/valueString", "/contentString", "/code")

_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_ENCODING = re.compile(r"-5\[\d+\]\.4$")
"""Where an ED value says how its data are encoded (OBX-5.4): no words of its sender."""

_NAMING = ("/resourceType", "/id", "/reference")
"""What only names a resource within its message: no words of its sender."""

_HEX = re.compile(r"[0-9A-Fa-f]+")

Source = dict[str, Any]
"""A `source` of the record contract."""


@dataclass(frozen=True, slots=True)
class _Carrier:
    """What an HL7 v2 field carries as base64 or hexadecimal digits. encoded: its characters; charset: of the text."""

    encoded: str
    charset: str
    hexadecimal: bool

    def carrying(self, text: str, start: int, end: int) -> tuple[int, int]:
        """Of the encoded characters, those that carry text[start:end): whole groups (base64: of four for 3 bytes)."""
        if len(self.encoded.split()) != 1:
            return 0, len(self.encoded)
        first, last = len(text[:start].encode(self.charset)), len(text[:end].encode(self.charset))
        if self.hexadecimal:
            return first * 2, last * 2
        return first // 3 * 4, min(-(-last // 3) * 4, len(self.encoded))


class Evidence:
    """A fragment with its citations by target; texts of base64 attachments are decoded."""

    __slots__ = ("_by_target", "_carriers", "_day", "_origin", "at", "fragment", "organization", "resource", "type")

    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.resource = fragment.resource
        self.type = str(fragment.resource.get("resourceType", ""))
        self.organization = fragment.organization
        self.at: datetime = fragment.recorded_at or fragment.received_at
        self._carriers: dict[str, _Carrier] = {}
        self._by_target: dict[str, list[Citation]] | None = None
        self._origin: Source | None = None
        self._day = ""

    @property
    def day(self) -> str:
        """The day on which it was told, as a FHIR date."""
        if not self._day:
            self._day = _iso_day(self.at.date())
        return self._day

    @property
    def targets(self) -> Iterable[str]:
        """The JSON pointers that are cited, each once, in document order."""
        return self._cited()

    def citations(self, target: str) -> list[Citation]:
        """The citations of exactly this JSON pointer, in document order."""
        return self._cited().get(target, [])

    def _cited(self) -> dict[str, list[Citation]]:
        found = self._by_target
        if found is None:
            found = self._by_target = {}
            for citation in self.fragment.citations:
                found.setdefault(citation.target, []).append(citation)
        return found

    def source(self, citation: Citation, start: int = 0, end: int | None = None) -> Source:
        """The source for characters [start, end) of the cited value.

        What an HL7 v2 field carries in base64 or hexadecimal is cited by the characters of the field that carry it; of
        RTF and PDF, whose bytes are no characters, those of the extracted text are.
        """
        end = len(citation.text) if end is None else end
        carrier = self._carriers.get(citation.path) if self._carriers else None
        if carrier is not None and citation.text != carrier.encoded:
            start, end = carrier.carrying(citation.text, start, end)
            citation = Citation(citation.target, citation.path, carrier.encoded)
        if self._origin is None:
            self._origin = _origin(self.fragment)
        location = {"kind": self.fragment.kind, "path": citation.path, "start": start, "end": end}
        return {**self._origin, "location": location, "text": citation.text[start:end]}

    def sources(self, *targets: str) -> list[Source]:
        """One source per citation of each target, in the order asked for; targets without citation give none."""
        cited = self._cited()
        return [self.source(c) for target in targets for c in cited.get(target, ()) if c.text]

    def any_source(self) -> list[Source]:
        """A source for the fragment as a whole: its most telling value (a display, a text), else any."""
        cited = [c for c in self.fragment.citations if c.text and not c.target.endswith(_NAMING)]
        telling = (c for end in _TELLING for c in cited if c.target.endswith(end))
        for citation in (*telling, *cited):
            found = self.decoded(citation.target)
            if found:
                return [self.source(found[0])]
        return [self.source(c) for c in self.fragment.citations[:1]]

    def decoded(self, target: str) -> list[Citation]:
        """Citations of a text that may be a base64 attachment: `/data` stands for its decoded text ([] if not text)."""
        found = self.citations(target)
        if not target.endswith("/data"):
            return found
        raw = _compact(str(self.value(target) or ""))
        content_type = str(self.value(target.removesuffix("data") + "contentType") or "text/plain")
        data = {c.path for c in found}
        texts: list[Citation] = []
        for citation in found:
            if _ENCODING.search(citation.path) and citation.path[:-1] + "5" in data:
                continue
            base64 = _compact(citation.text) == raw and _BASE64.fullmatch(raw) is not None
            if not base64 and not _is_hexadecimal(citation.text, raw):
                texts.append(_extracted(citation))
                continue
            read = attachments.read(raw, content_type)
            if read is None:
                continue
            if self.fragment.kind == "hl7v2" and read.charset:
                self._carriers[citation.path] = _Carrier(citation.text, read.charset, not base64)
            texts.append(Citation(target, citation.path, read.text))
        return texts

    def value(self, pointer: str) -> Any:
        """The value at a JSON pointer of the resource, None where there is none."""
        return lookup(self.resource, pointer)


def _origin(fragment: Fragment) -> Source:
    """What all sources of a fragment have in common."""
    return {
        "fragment_id": fragment.id,
        "message_id": fragment.message_id,
        "organization": fragment.organization,
        "received_at": fragment.received_at.isoformat(),
        "recorded_at": fragment.recorded_at.isoformat() if fragment.recorded_at else None,
        "file": fragment.file,
    }


@lru_cache(maxsize=16384)
def _iso_day(day: date) -> str:
    """One string for a day, so that equal ones are found equal at once."""
    return day.isoformat()


def _compact(encoded: str) -> str:
    return "".join(encoded.split()).rstrip("=")


def _is_hexadecimal(text: str, raw: str) -> bool:
    """Whether the characters are hexadecimal digits of the same bytes as the base64 data."""
    digits = "".join(text.split())
    if len(digits) % 2 or not _HEX.fullmatch(digits):
        return False
    return bytes.fromhex(digits) == attachments.decoded(raw)


def _extracted(citation: Citation) -> Citation:
    """The citation of text that stands as it is; of RTF in a field, what it says."""
    said = rtf.text_of(citation.text.encode()) if citation.text.startswith("{\\rtf") else None
    return citation if said is None else citation._replace(text=said)


def lookup(value: Any, pointer: str) -> Any:
    """The value at a JSON pointer, None where there is none."""
    for name, index in _steps(pointer):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list):
            value = value[index] if 0 <= index < len(value) else None
        else:
            return None
        if value is None:
            return None
    return value


@lru_cache(maxsize=4096)
def _steps(pointer: str) -> tuple[tuple[str, int], ...]:
    """Of a pointer, each step as the name of a member and as an index, -1 where it is none."""
    steps = pointer.split("/")[1:]
    return tuple((s.replace("~1", "/").replace("~0", "~"), int(s) if s.isdecimal() else -1) for s in steps)
