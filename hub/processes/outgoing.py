"""What a receiver of HL7 v2 would get of a Bundle: `referral-hub convert --to hl7v2`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.hl7v2 import charsets
from adapters.hl7v2.acknowledgement import ANSWERS
from adapters.hl7v2.outbound.writer import write
from hub.domain.delivery import Outbound
from hub.domain.errors import Refusal, Refused
from hub.domain.fragments import Resource

_CARRIES = (("Appointment", "SIU^S12"), ("ServiceRequest", "REF^I12"), ("DiagnosticReport", "ORU^R01"),
            ("DocumentReference", "MDM^T02"))  # fmt: skip
"""The kind of message that carries a Bundle with such a resource; the first that is there."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets it: the kind of message ("" for that of the Bundle), HL7 version (`2.5.1+2.8`: with the
    segments of a later one), character set, time zone."""

    kind: str
    version: str
    charset: str
    timezone: str


def kind_of(bundle: Resource) -> str:
    """The kind of message that a Bundle is: its MessageHeader's event where that is one of HL7 v2, else what carries
    what it holds."""
    resources = [one["resource"] for one in bundle.get("entry", ()) if "resource" in one]
    header: Resource = next((one for one in resources if one["resourceType"] == "MessageHeader"), {})
    event = header.get("eventCoding", {})
    tags = header.get("meta", {}).get("tag", ())
    family = next((t.get("code") for t in tags if str(t.get("system", "")).endswith("v2-0076")), None)
    if family and str(event.get("system", "")).endswith("v2-0003"):
        return f"{family}^{event.get('code', '')}"
    held = {one["resourceType"] for one in resources}
    return next((kind for name, kind in _CARRIES if name in held), "REF^I12")


def outgoing(bundle: Resource, receiver: Receiver, now: datetime) -> Outbound:
    """The message as it would be sent, under the name of the Bundle where MSH-10 can hold it."""
    whole: Resource = bundle
    if bundle["resourceType"] != "Bundle":
        whole = {"resourceType": "Bundle", "entry": [{"resource": bundle}]}
    resources = [one["resource"] for one in whole.get("entry", ()) if "resource" in one]
    header: Resource = next((one for one in resources if one["resourceType"] == "MessageHeader"), {})
    destination: Resource = next(iter(header.get("destination", ())), {})
    named = str(whole.get("identifier", {}).get("value") or header.get("id") or "")
    return Outbound(
        kind=receiver.kind or kind_of(whole),
        bundle=whole,
        control_id=named if 0 < len(named) <= 20 else "PREVIEW",
        sent_at=now,
        version=receiver.version,
        charset=receiver.charset,
        sending=("REFERRAL-HUB", str(header.get("source", {}).get("name", ""))),
        receiving=(str(destination.get("name", "")), ""),
        timezone=receiver.timezone,
    )


def line(source: str, index: int, bundle: Resource, receiver: Receiver, now: datetime) -> dict[str, Any]:
    """One line of the contract: the message as text, or why it cannot be written."""
    message = outgoing(bundle, receiver, now)
    told: dict[str, Any] = {
        "source": source, "index": index, "format": "hl7v2", "type": message.kind,
        "version": message.version.partition("+")[0], "charset": message.charset,
    }  # fmt: skip
    try:
        text = write(message).decode(charsets.codec(message.charset) or "utf-8")
    except Refused as error:
        return {**told, "status": "rejected", "message": None, "error": _error(error.refusals[0])}
    return {**told, "status": "converted", "message": text, "error": None}


def _error(one: Refusal) -> dict[str, str]:
    return {"code": ANSWERS[one.cause][1], "path": one.path, "text": one.text}


def rejected(source: str, index: int, receiver: Receiver, refusal: Refusal) -> dict[str, Any]:
    """The line of what could not be read in the first place."""
    return {"source": source, "index": index, "format": "hl7v2", "type": receiver.kind, "version": receiver.version,
            "charset": receiver.charset, "status": "rejected", "message": None, "error": _error(refusal)}  # fmt: skip
