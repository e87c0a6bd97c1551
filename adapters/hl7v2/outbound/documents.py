"""DocumentReference to TXA with its OBX lines, or to the NTEs of a whole message."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from adapters.hl7v2.maps.documents import PRESENTATION
from adapters.hl7v2.maps.marks import AS_SENT, BREAKS, LINE_STATUS, VALUE_TYPE
from adapters.hl7v2.outbound.datatypes import Writing, back, concept
from adapters.hl7v2.outbound.graph import codes_of, extension, mark
from adapters.hl7v2.outbound.notes import apart
from adapters.hl7v2.outbound.observations import attachment
from adapters.hl7v2.outbound.parties import entity_identifier, practitioner
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Repetition, Segment
from hub.domain.fragments import Resource

_TEXTUAL = ("text/plain", "")


def txa(w: Writing, document: Resource, place: int) -> Segment:
    """TXA; what FHIR calls current is available."""
    made = Segment("TXA")
    made.put(1, str(place))
    apply(w, "TXA[DocumentReference]", document, made)
    if not made.has(2):
        made.put(2, {2: "Document"})
    first: Mapping[str, Any] = next((c["attachment"] for c in document.get("content", ()) if "attachment" in c), {})
    told = extension(document, PRESENTATION)
    made.put(3, told or "TX" if told or str(first.get("contentType", "text/plain")).startswith("text") else "AP")
    completed = back("document-status").get(str(document.get("docStatus", "")), "AU")
    made.put(17, mark(document, AS_SENT, "docStatus") or completed)
    made.put(19, back("document-availability").get(document.get("status", "current")))
    if not made.has(12):
        for one in document.get("identifier", ())[:1]:
            made.put(12, entity_identifier(w, one))
    if not made.has(12) and "id" in document:
        made.put(12, str(document["id"]))
    for one in document.get("relatesTo", ())[:1]:
        target = one.get("target", {})
        if "identifier" in target:
            made.put(13, entity_identifier(w, target["identifier"]))
    for one in document.get("context", {}).get("related", ()):
        kinds = codes_of(one.get("identifier", {}).get("type", {}))
        if kinds & {"PLAC", "FILL"}:
            made.put(14 if "PLAC" in kinds else 15, entity_identifier(w, one["identifier"]))
    return made


def lines(w: Writing, document: Resource) -> list[Segment]:
    """The OBX of a document: its text a line each, what is attached as ED, what is pointed to as RP."""
    made: list[Segment] = []
    types, states = (iter(mark(document, one).split()) for one in (VALUE_TYPE, LINE_STATUS))
    category = next(iter(document.get("category", ())), document.get("type", {}))
    for content in document.get("content", ()):
        held = content.get("attachment", {})
        said = text_of(held)
        pieces: list[tuple[str, list[Repetition | None]]]
        if said is not None:
            broken = apart(said, mark(held, BREAKS, "data"), "s")
            pieces = [("TX", [{1: line} for line in piece]) for piece in broken]
        elif "url" in held and "data" not in held:
            pieces = [("RP", [attachment(held, pointing=True)])]
        else:
            pieces = [("ED", [attachment(held)])] if {"data", "title"} & held.keys() else []
        for kind, repetitions in pieces:
            segment = Segment("OBX")
            segment.put(2, next(types, kind).strip("-") or kind)
            segment.put(3, concept(w, category) or {2: "Document"})
            segment.put(5, *repetitions)
            segment.put(11, next(states, "F").strip("-") or "F")
            made.append(segment)
    return made


def text_of(held: Mapping[str, Any]) -> str | None:
    """The text of a plain attachment; None of another."""
    if str(held.get("contentType", "")).partition(";")[0] not in _TEXTUAL or "data" not in held:
        return None
    try:
        return base64.b64decode(held["data"]).decode()
    except (binascii.Error, ValueError):
        return None


def notes(w: Writing, documents: list[Resource]) -> list[Segment]:
    """Documents in plain text as the NTEs of the whole message."""
    made: list[Segment] = []
    for document in documents:
        for content in document.get("content", ()):
            held = content.get("attachment", {})
            said = text_of(held)
            told = mark(held, BREAKS, "data")
            signed = [place == 0 or how == "S" for place, how in enumerate(told.translate(_WITHIN) or "s")]
            for place, piece in enumerate(apart(said, told, "s") if said else ()):
                segment = Segment("NTE")
                segment.put(3, *piece)
                apply(w, "NTE[DocumentReference]", document, segment)
                for who in document.get("author", ()) if place < len(signed) and signed[place] else ():
                    segment.put(5, practitioner(w, who))
                made.append(segment)
    return made


_WITHIN = str.maketrans("", "", "rb")
"""Letters of BREAKS that begin no segment."""


def is_note(document: Resource) -> bool:
    """Whether the NTEs of a message say it all: one plain text."""
    contents = document.get("content", ())
    return len(contents) == 1 and text_of(contents[0].get("attachment", {})) is not None


def is_of(w: Writing, document: Resource, request: Resource) -> bool:
    """Whether it is a document of that order."""
    related = document.get("context", {}).get("related", ())
    return any(w.graph.resolve(one, document) is request for one in related if "reference" in one)
