"""An HL7 v2 message as a FHIR R4 message Bundle with its loss ledger and citations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from adapters.attached import texts
from adapters.hl7v2 import charsets, er7, validation
from adapters.hl7v2.maps import ledger, messages, referral, segments_merge
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.dialect import standard
from adapters.hl7v2.maps.placing import Placed, place
from adapters.hl7v2.maps.systems import namespace
from adapters.hl7v2.maps.times import Clock
from adapters.hl7v2.profile import read as read_profile
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Citation, Resource, is_clinical
from hub.domain.messages import Envelope, Normalised, Part
from hub.domain.patients import NATIONAL, Identifier, Identity, type_of, valid_national_identifier

_HOLDERS = texts.HOLDERS - {"DiagnosticReport"}
"""A report holds again what its result does."""


def normalise(raw: bytes, envelope: Envelope, *, charset: str | None, timezone: str, received_at: datetime,
              profile: str | None = None) -> Normalised:  # fmt: skip
    """The message as FHIR, what it asks of a referral, and where each of its fields went.

    Of a referral the patient must be known; other messages without one are converted all the same, see `identified`.

    charset, timezone: of the sender, for a message that names none; profile: the sender's, YAML. Raises Refused:
    UNDECODABLE, TOO_LARGE, WRONG_DATATYPE, WRONG_STRUCTURE, REQUIRED_MISSING, each with its HL7 path.
    """
    dialect = read_profile(profile) if profile else standard()
    text, name = charsets.decode(raw, envelope.charset, charset or dialect.charset)
    message = er7.parse(text, charsets.codec(name) or "utf-8")
    faults = validation.oversize(message, len(text)) or validation.validate(message)
    if faults:
        raise Refused(*faults)
    kind, _, event = dialect.messages.get(envelope.type, envelope.type).partition("^")
    header = message.segments[0]
    sent = er7.value(message, header, 7)
    clock = Clock(dialect.timezone or timezone, sent)
    moment = clock.moment(sent) or received_at
    instant = clock.instant(sent) or received_at.isoformat(timespec="seconds")
    control_id = envelope.control_id or sha256(raw).hexdigest()
    c = messages.convert(message, clock, dialect, facility=_owner(envelope), control_id=control_id, kind=kind,
                         event=event, sent=instant)  # fmt: skip
    missing = referral.missing(c)
    if missing:
        raise Refused(*missing)
    intent = referral.intent(c, envelope)
    carried, parts = _settle(c, moment)
    patient = c.patients[0].resource if c.patients else {}
    known = _identity(patient)
    return texts.cited(Normalised(
        envelope=replace(envelope, charset=name),
        bundle=_bundle(c, envelope),
        ledger=ledger.write(c, carried),
        patient=known,
        patient_resource=patient,
        parts=tuple(parts),
        intent=intent,
        warnings=(*_warnings(known), *segments_merge.unnamed(c)),
        identities=segments_merge.identities(c.merges, parts),
    ), _HOLDERS)  # fmt: skip


def identified(normalised: Normalised) -> Normalised:
    """The same, for who files it under its patient. Raises Refused(REQUIRED_MISSING) where none is named."""
    faults = referral.nobody(normalised.patient_resource)
    if faults:
        raise Refused(*faults)
    return normalised


def _settle(c: Conversion, sent: datetime) -> tuple[list[tuple[str, Placed]], list[Part]]:
    """Plain values in the resources; what each entry of the Bundle carries, and the parts with what they cite."""
    carried = [("", [Citation(pointer, leaf.path, leaf.text) for leaf, pointer in c.headers])]
    parts: list[Part] = []
    chosen = [entry for entry in c.entries if _is_part(c, entry)]
    positions = {id(entry): position for position, entry in enumerate(chosen)}
    for index, entry in enumerate(c.entries):
        base = f"/entry/{index}/resource"
        found: Placed = []
        place(entry.resource, "", found)
        if id(entry) in positions:
            about = positions.get(id(entry.patient))
            parts.append(Part(entry.resource, base, _recorded(c, entry, sent), tuple(found), about))
        for pointer, twin in entry.twins:
            place(twin, pointer, found)
        found += [Citation(pointer, leaf.path, leaf.text) for leaf, pointer in entry.also]
        carried.append((base, found))
    return carried, parts


def _is_part(c: Conversion, entry: Entry) -> bool:
    resource = entry.resource
    if not entry.part:
        return False
    if resource["resourceType"] == "Patient" or entry is c.referral:
        return True
    return is_clinical(resource, c.referral.resource if c.referral else None)


def _recorded(c: Conversion, entry: Entry, sent: datetime) -> datetime:
    for leaf in entry.recorded:
        found = c.clock.moment(leaf.text) if leaf else None
        if found:
            return found
    return sent


def _bundle(c: Conversion, envelope: Envelope) -> Resource:
    key = envelope.control_id
    return {
        "resourceType": "Bundle",
        **({"identifier": {"system": namespace(_owner(envelope)), "value": key}} if key else {}),
        "type": "message",
        "timestamp": c.sent,
        "entry": [{"fullUrl": entry.url, "resource": entry.resource} for entry in c.entries],
    }


def _owner(envelope: Envelope) -> str:
    """Whose numbers and codes the message uses: the facility's; of a sender that names none its application's."""
    return envelope.facility or envelope.application


def _identity(patient: Resource) -> Identity:
    """Who the patient is by a Patient resource that this module made."""
    names = [*patient.get("name", ()), {}]
    return Identity(
        name=_name(names[0]),
        gender=patient.get("gender"),
        birth_date=patient.get("birthDate"),
        identifiers=tuple(
            Identifier(str(i.get("system", "")), str(i["value"]), type_of(i))
            for i in patient.get("identifier", ())
            if i.get("use") != "old"
        ),
    )


def _name(name: dict[str, Any]) -> str | None:
    if name.get("text"):
        return str(name["text"])
    return " ".join([*name.get("given", ()), *([name["family"]] if "family" in name else [])]) or None


def _warnings(patient: Identity) -> Iterator[Refusal]:
    for identifier in patient.identifiers:
        if identifier.system == NATIONAL and not valid_national_identifier(identifier.value):
            yield Refusal(Cause.CODE_INVALID, "PID[1]-3", "the check digit of the national identifier is wrong")
