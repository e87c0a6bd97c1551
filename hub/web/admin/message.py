"""What the page of one message shows, made of its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.views.messages import Message
from hub.web.admin import documents, segments
from hub.web.admin.visible import plain

MOST_FIELDS = 150


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason of a refusal. anchor: of the segment that it stands in."""

    code: str
    path: str
    text: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the ledger. target: pointer into the Bundle (mapped); value, reason: why it is in none."""

    path: str
    anchor: str | None
    target: str = ""
    value: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """received, answers: by name, laid out in lines; document: of FHIR JSON as received; faults: first the cause;
    fault: the kind of a failure of the hub's own; more_*: fields that are not shown."""

    received: segments.Segments
    document: documents.Document | None
    answers: dict[str, segments.Segments]
    bundle: documents.Document | None
    mapped: Sequence[Field]
    more_mapped: int
    unmapped: Sequence[Field]
    more_unmapped: int
    warnings: Sequence[Fault]
    faults: Sequence[Fault]
    fault: str


def view(message: Message, codec: Callable[[str], str | None]) -> View:
    error: dict[str, Any] = message.error or {}
    told = [error, *error.get("others", ())] if "code" in error else []
    faults = [_fault(refusal) for refusal in told]
    places = [fault.path for fault in faults]
    ledger: dict[str, Any] = message.ledger or {}
    mapped, unmapped = ledger.get("mapped", ()), ledger.get("unmapped", ())
    python = codec(message.charset or "UTF-8")
    answers = {"acknowledgement": message.acknowledgement,
               "application_acknowledgement": message.application_acknowledgement}  # fmt: skip
    shown = [_field(field) for field in mapped[:MOST_FIELDS]]
    leading = {field.target for field in shown}
    return View(
        received=segments.lay_out(message.raw, python, places),
        document=_document(message.raw, places) if message.format == "fhir" else None,
        answers={name: segments.lay_out(answer, python, ()) for name, answer in answers.items() if answer},
        bundle=documents.lay_out(message.bundle, (), leading) if message.bundle is not None else None,
        mapped=shown,
        more_mapped=max(0, len(mapped) - MOST_FIELDS),
        unmapped=[_field(field) for field in unmapped[:MOST_FIELDS]],
        more_unmapped=max(0, len(unmapped) - MOST_FIELDS),
        warnings=[_fault(warning) for warning in ledger.get("warnings", ())],
        faults=faults,
        fault=str(error.get("fault", "")),
    )


def _document(raw: bytes, places: Sequence[str]) -> documents.Document | None:
    """None where the bytes are no JSON: they are shown as they are."""
    try:
        return documents.lay_out(documents.parse(raw), places)
    except ValueError:
        return None


def _fault(refusal: dict[str, Any]) -> Fault:
    code, path, text = (plain(str(refusal.get(name, ""))) for name in ("code", "path", "text"))
    return Fault(code, path, text, segments.anchor(path))


def _field(field: dict[str, Any]) -> Field:
    path, target, value, reason = (str(field.get(name, "")) for name in ("path", "target", "value", "reason"))
    return Field(plain(path), segments.anchor(path), plain(target), plain(value), reason)
