"""`referral-hub summarize`: files of one patient as one continuous record. No database, no broker, no network."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from hub.domain.patients import Identifier
from hub.processes import models, received_files
from hub.processes.received_files import Received, Refusing
from hub.processes.settings import Settings
from hub.summarizer.model import ModelError
from hub.summarizer.record import summarize

DONE, REFUSED, USAGE = 0, 1, 2
_encode = msgspec.json.Encoder(decimal_format="number").encode


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="HL7 v2, FHIR JSON and .txt files")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="JSON Lines {path, organization, received_at}")
    parser.add_argument("--question", metavar="TEXT", help="what the specialist is asked; else what the referral says")
    parser.add_argument("--patient", type=_identifier, metavar="SYSTEM|VALUE", help="whose record, without a referral")
    parser.add_argument("--as-of", type=date.fromisoformat, metavar="DATE", help="else the newest date received")
    parser.add_argument(
        "--timezone", type=_zone, default="Asia/Shanghai", metavar="ZONE", help="of times without offset"
    )
    parser.add_argument("--format", choices=("json", "text", "fhir"), default="json",
                        help="the record, the record as text, or an IPS document Bundle")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the record here instead of standard output")


def _identifier(text: str) -> Identifier:
    system, bar, value = text.rpartition("|")
    if not bar or not value:
        raise argparse.ArgumentTypeError("expected SYSTEM|VALUE")
    return Identifier(system, value)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"unknown time zone {text!r}") from error
    return text


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        origins = received_files.manifest(arguments.manifest) if arguments.manifest else {}
        received = received_files.read(arguments.paths, origins, arguments.timezone)
        embedder = models.embedder(settings)
    except (OSError, ValueError, ModelError) as error:
        sys.stderr.write(f"referral-hub summarize: {error}\n")
        return USAGE
    record = summarize(
        received.fragments,
        referral_id=None,
        question=arguments.question,
        patient=arguments.patient,
        as_of=arguments.as_of or received_files.newest(received, arguments.timezone).date(),
        generated_at=datetime.now(UTC),
        embed=embedder,
        request_id=received_files.newest_referral(received),
        terminologies=models.shelf(settings, embedder),
    )
    record["unplaced"] += [_unplaced(refused) for refused in received.refused]
    _write(_formed(record, arguments.format, arguments.timezone), arguments.out)
    return _complain(received)


def _formed(record: dict[str, Any], form: str, timezone: str) -> str:
    """The record as it is written; what only one form needs is imported for it."""
    document = _encode(record).decode()
    if form == "text":
        from hub.web.page import Page
        from hub.web.plain import exported

        return exported(document, Page("zh", None, "", datetime.now(UTC), "", timezone=timezone), {}, {})
    if form == "fhir":
        from adapters.fhir.ips.document import summary

        return _encode(summary(record, software=version("referral-hub"))).decode() + "\n"
    return document + "\n"


def _write(line: str, out: Path | None) -> None:
    if out:
        out.write_text(line, "utf-8")
    else:
        sys.stdout.write(line)


def _unplaced(refused: Refusing) -> dict[str, Any]:
    reason = "refused: " + "; ".join(f"{r.cause.value} at {r.path}: {r.text}" for r in refused.refusals)
    name = Path(refused.file).name
    location = {"kind": refused.kind, "path": refused.path, "start": refused.start,
                "end": refused.start + len(refused.text)}  # fmt: skip
    source = {"fragment_id": f"{name}#{refused.index}", "message_id": refused.message_id,
              "organization": refused.organization, "received_at": refused.received_at.isoformat(),
              "recorded_at": None, "file": refused.file, "location": location, "text": refused.text}  # fmt: skip
    return {"text": f"{name}: message {refused.index}", "reason": reason, "sources": [source]}


def _complain(received: Received) -> int:
    for refused in received.refused:
        reasons = "; ".join(f"{r.cause.value} at {r.path}: {r.text}" for r in refused.refusals)
        sys.stderr.write(f"{refused.file}: message {refused.index} refused: {reasons}\n")
    return REFUSED if received.refused else DONE
