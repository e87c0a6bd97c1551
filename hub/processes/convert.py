"""`referral-hub convert`: HL7 v2 and FHIR files as FHIR Bundles with a ledger. No database, no network."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from adapters.fhir import normalise as fhir
from adapters.fhir import operation_outcome
from adapters.fhir.document import envelope as fhir_envelope
from adapters.fhir.parsing import read as read_fhir
from adapters.fhir.patients import Register
from adapters.fhir.resources import PATIENT
from adapters.fhir.validation import check_received
from adapters.hl7v2 import acknowledgement, charsets, files
from adapters.hl7v2 import profile as profiles
from adapters.hl7v2.envelope import read_envelope, unreadable
from adapters.hl7v2.normalise import normalise
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource
from hub.domain.messages import Envelope, Format, Normalised
from hub.domain.patients import Identifier, Identity
from hub.processes import outgoing
from hub.processes.settings import Settings
from hub.processes.validity import valid

DONE, REFUSED, USAGE = 0, 1, 2
_BOM = b"\xef\xbb\xbf"
encoded = msgspec.json.Encoder(decimal_format="number").encode


_BELIEVED = Register(patient=lambda name: Identity(identifiers=(Identifier(PATIENT, name),)))
"""No hub is asked here: a patient that a document names by an id of the hub is whom it names."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What one message became: normalised, or the first of its refusals."""

    format: Format
    type: str
    version: str
    charset: str
    normalised: Normalised | None = None
    refusal: Refusal | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="HL7 v2 or FHIR JSON files; - is standard input")
    parser.add_argument("--charset", type=_charset, metavar="NAME", help="of HL7 v2 messages whose MSH-18 is empty")
    parser.add_argument(
        "--timezone", type=_zone, default="Asia/Shanghai", metavar="ZONE", help="of times without offset"
    )
    parser.add_argument("--profile", type=_profile, metavar="FILE", help="of the sender of HL7 v2 messages: YAML")
    parser.add_argument("--to", choices=("fhir", "hl7v2"), default="fhir", help="what to write; fhir unless told")
    parser.add_argument("--kind", default="", metavar="TYPE", help="with --to hl7v2: REF^I12 and the like")
    parser.add_argument(
        "--version", default="2.5.1", metavar="NUMBER", help="with --to hl7v2: HL7 version, 2.5.1, or 2.5.1+2.8"
    )


def _charset(text: str) -> str:
    if charsets.codec(text) is None:
        raise argparse.ArgumentTypeError(f"unknown character set {text!r}: a name of HL7 table 0211 is expected")
    return text


def _profile(path: str) -> str:
    """The text of a profile that can be used."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        profiles.read(text)
    except (OSError, UnicodeError) as error:
        raise argparse.ArgumentTypeError(f"{path}: cannot be read as UTF-8 text") from error
    except Refused as error:
        told = "; ".join(f"{r.path}: {r.text}" if r.path else r.text for r in error.refusals)
        raise argparse.ArgumentTypeError(f"{path}: {told}") from error
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"unknown time zone {text!r}") from error
    return text


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """A line per message, in order. 1: some were refused; 2: a file cannot be read."""
    status = DONE
    now = datetime.now(UTC)
    for source in arguments.paths:
        try:
            data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        except OSError as error:
            sys.stderr.write(f"referral-hub convert: {source}: {error.strerror or error}\n")
            status = USAGE
            continue
        shown = os.fsencode(source).decode("utf-8", "backslashreplace")
        for told in _lines(arguments, shown, data, now):
            sys.stdout.write(encoded(told).decode() + "\n")
            if told["error"] and status == DONE:
                status = REFUSED
    return status


def _lines(arguments: argparse.Namespace, shown: str, data: bytes, now: datetime) -> Iterator[dict[str, Any]]:
    if arguments.to == "fhir":
        found = convert(data, arguments.charset, arguments.timezone, now, arguments.profile)
        yield from (line(shown, index, one) for index, one in enumerate(found))
        return
    charset = arguments.charset or "UNICODE UTF-8"
    receiver = outgoing.Receiver(arguments.kind, arguments.version, charset, arguments.timezone)
    for index, read in enumerate(_to_write(arguments, data, now)):
        if isinstance(read, Refusal):
            yield outgoing.rejected(shown, index, receiver, read)
        else:
            yield outgoing.line(shown, index, read, receiver, now)


def _to_write(arguments: argparse.Namespace, data: bytes, now: datetime) -> Iterator[Resource | Refusal]:
    """What is to be written as HL7 v2. FHIR need only be valid: what a hub asks of what it receives is not asked."""
    if _is_json(data):
        try:
            resource = read_fhir(data.removeprefix(_BOM), limited=True)
        except Refused as error:
            yield error.refusals[0]
            return
        yield next(iter(check_received(resource)), resource)
        return
    for found in convert(data, arguments.charset, arguments.timezone, now, arguments.profile):
        if found.normalised:
            yield found.normalised.bundle
        elif found.refusal:
            yield found.refusal


def convert(
    data: bytes, charset: str | None, timezone: str, received_at: datetime, profile: str | None = None
) -> Iterator[Converted]:
    """The messages of a file: FHIR JSON when it looks like JSON, else HL7 v2. profile: of their sender."""
    if _is_json(data):
        yield _fhir(data.removeprefix(_BOM), timezone, received_at)
        return
    messages = files.split(data)
    if not messages:
        text = "neither an HL7 v2 message (MSH) nor FHIR JSON was found"
        yield Converted("hl7v2", "", "", "", refusal=Refusal(Cause.NO_HEADER, "MSH[1]", text))
    for raw in messages:
        yield _hl7v2(raw, charset, timezone, received_at, profile)


def _is_json(data: bytes) -> bool:
    return data.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[")


def _hl7v2(raw: bytes, charset: str | None, timezone: str, received_at: datetime, profile: str | None) -> Converted:
    envelope, found = read_envelope(raw)
    refusals = profiles.taken(envelope, unreadable(found), profile)
    name = envelope.charset or charset or "UNICODE UTF-8"
    try:
        if refusals:
            raise Refused(*refusals)
        normalised = valid(normalise(
            raw, envelope, charset=charset, timezone=timezone, received_at=received_at, profile=profile
        ))  # fmt: skip
    except Refused as error:
        return Converted("hl7v2", envelope.type, envelope.version, name, refusal=error.refusals[0])
    return Converted("hl7v2", envelope.type, envelope.version, normalised.envelope.charset, normalised)


def _fhir(raw: bytes, timezone: str, received_at: datetime) -> Converted:
    head: Envelope | None = None
    try:
        resource = read_fhir(raw, limited=True)
        head = fhir_envelope(resource, None)
        normalised = fhir.normalise_resource(resource, head, timezone=timezone, received_at=received_at,
                                             register=_BELIEVED)  # fmt: skip
    except Refused as error:
        kind = head.type if head else ""
        return Converted("fhir", kind, head.version if head else "", "UTF-8", refusal=error.refusals[0])
    return Converted("fhir", head.type, head.version, "UTF-8", normalised)


def line(source: str, index: int, found: Converted) -> dict[str, Any]:
    """One line of the contract. code: ERR-3 for HL7 v2, the issue type for FHIR."""
    normalised = found.normalised
    ledger = normalised.ledger if normalised else None
    return {
        "source": source,
        "index": index,
        "format": found.format,
        "type": found.type,
        "version": found.version,
        "charset": found.charset,
        "status": "converted" if normalised else "rejected",
        "bundle": normalised.bundle if normalised else None,
        "ledger": {
            "mapped": [{"path": m.path, "target": m.target} for m in ledger.mapped] if ledger else [],
            "unmapped": [{"path": u.path, "value": u.value, "reason": u.reason} for u in ledger.unmapped]
            if ledger
            else [],
        },
        "error": _error(found.format, found.refusal) if found.refusal else None,
    }


def _error(kind: Format, refusal: Refusal) -> dict[str, str]:
    if kind == "hl7v2":
        _, code, place = acknowledgement.ANSWERS[refusal.cause]
        return {"code": code, "path": refusal.path or place, "text": refusal.text}
    return {"code": operation_outcome.ANSWERS[refusal.cause].code, "path": refusal.path, "text": refusal.text}
