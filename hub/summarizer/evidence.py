"""One fragment as evidence: its resource, and the sources that say where each of its values was received."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from hub.domain.attachments import text_of
from hub.domain.fragments import Citation, Fragment

_TELLING = ("/display", "/text", "/title", "/data", "/div", "/value", "/valueString", "/code")

_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_ENCODING = re.compile(r"-5\[\d+\]\.4$")
"""Where an ED value says how its data are encoded (OBX-5.4): no words of its sender."""

_NAMING = ("/resourceType", "/id", "/reference")
"""What only names a resource within its message: no words of its sender."""

Source = dict[str, Any]
"""A `source` of the record contract."""


class Evidence:
    """A fragment with its citations by target; texts of base64 attachments are decoded."""

    __slots__ = ("_carriers", "_cited", "_origin", "at", "fragment", "organization", "resource", "type")

    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.resource = fragment.resource
        self.type = str(fragment.resource.get("resourceType", ""))
        self.organization = fragment.organization
        self.at: datetime = fragment.recorded_at or fragment.received_at
        self._carriers: dict[str, str] = {}
        self._cited: dict[str, list[Citation]] | None = None
        self._origin = {
            "fragment_id": fragment.id,
            "message_id": fragment.message_id,
            "organization": fragment.organization,
            "received_at": fragment.received_at.isoformat(),
            "recorded_at": fragment.recorded_at.isoformat() if fragment.recorded_at else None,
            "file": fragment.file,
        }

    def citations(self, target: str) -> list[Citation]:
        """The citations of exactly this JSON pointer, in document order."""
        if self._cited is None:
            self._cited = {}
            for citation in self.fragment.citations:
                self._cited.setdefault(citation.target, []).append(citation)
        return self._cited.get(target, [])

    def source(self, citation: Citation, start: int = 0, end: int | None = None) -> Source:
        """The source for characters [start, end) of the cited value.

        What an HL7 v2 field carries in base64 is cited by the characters of the field that carry it.
        """
        end = len(citation.text) if end is None else end
        carrier = self._carriers.get(citation.path)
        if carrier is not None and citation.text != carrier:
            start, end = _carrying(citation.text, carrier, start, end)
            citation = Citation(citation.target, citation.path, carrier)
        location = {"kind": self.fragment.kind, "path": citation.path, "start": start, "end": end}
        return {**self._origin, "location": location, "text": citation.text[start:end]}

    def sources(self, *targets: str) -> list[Source]:
        """One source per citation of each target, in the order asked for; targets without citation give none."""
        return [self.source(c) for target in targets for c in self.citations(target) if c.text]

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
            if _compact(citation.text) != raw or not _BASE64.fullmatch(raw):
                texts.append(citation)
                continue
            if self.fragment.kind == "hl7v2":
                self._carriers[citation.path] = citation.text
            text = text_of(raw, content_type)
            texts += [Citation(target, citation.path, text)] if text is not None else []
        return texts

    def value(self, pointer: str) -> Any:
        """The value at a JSON pointer of the resource, None where there is none."""
        return lookup(self.resource, pointer)


def _compact(encoded: str) -> str:
    return "".join(encoded.split()).rstrip("=")


def _carrying(text: str, carrier: str, start: int, end: int) -> tuple[int, int]:
    """Of base64 characters, those that carry text[start:end) in UTF-8: whole groups of four for three bytes."""
    if len(carrier.split()) != 1:
        return 0, len(carrier)
    first, last = len(text[:start].encode()), len(text[:end].encode())
    return first // 3 * 4, min(-(-last // 3) * 4, len(carrier))


def lookup(value: Any, pointer: str) -> Any:
    """The value at a JSON pointer, None where there is none."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(step.replace("~1", "/").replace("~0", "~"))
        else:
            return None
    return value
