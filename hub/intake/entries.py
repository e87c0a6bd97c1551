"""A submission made ready to be written: normalised, hashed and encoded outside of any transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
import uuid_utils
from msgspec import Raw
from msgspec.json import decode

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource, leaves
from hub.domain.messages import Normalised, Open, Part, Submission
from hub.domain.patients import NATIONAL, valid_national_identifier
from hub.identity.matching import identity_of
from hub.store.connections import encode

log = structlog.get_logger()

SENDER_PATHS = {"hl7v2": "MSH[1]-4[1]"}
KEY_PATHS = {"hl7v2": "MSH[1]-10[1]", "fhir": "Bundle.identifier"}
WHOLE_PATHS = {"hl7v2": "MSH[1]", "fhir": "Bundle", "text": ""}
LONGEST_CONTROL_ID, LONGEST_NAME = 250, 1000
"""Characters of a control id; bytes of an identifier's system and of its value: what an index can hold."""
NOT_PROCESSED = "the hub could not process the message; it is kept, and need not be sent again"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A normalised message with its JSON as it is stored; parts: (resource, citations, "" where they follow) each."""

    normalised: Normalised
    bundle: bytes
    ledger: bytes
    bundle_sha256: str
    parts: tuple[tuple[bytes, bytes], ...]

    def warned(self, warnings: tuple[Refusal, ...]) -> bytes:
        """The ledger with further warnings."""
        if not warnings:
            return self.ledger
        ledger = decode(self.ledger)
        ledger["warnings"] += map(described, warnings)
        return _storable(encode(ledger))


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One submission on its way into the database.

    key: digest of its control id (None: no dedup); content: None when stored first, refused or faulty; fault: the
    class of an unexpected error while normalising, which parks the message; again: its row is there already (the second
    half of store-first, or a replay); incomplete: bytes of a frame that never ended, kept and not answered.
    """

    submission: Submission
    message_id: str
    sha256: bytes
    key: bytes | None
    content: Encoded | None = None
    refusals: tuple[Refusal, ...] = ()
    fault: str | None = None
    again: bool = False
    incomplete: bool = False
    size: int = 0


def prepare(submission: Submission, *, message_id: str | None = None) -> Entry:
    """Normalise and encode. message_id: of a message whose row is there already. Never raises for what was sent."""
    given = message_id or str(uuid_utils.uuid7())
    digest = hashlib.sha256(submission.raw).digest()
    key = _key(submission)
    content, refusals, fault = None, _refusals(submission), None
    if not refusals and not submission.store_first:
        try:
            content = _encode(submission.normalise())
            refusals = _unstorable(content)
        except Refused as error:
            refusals = error.refusals
        except Exception as error:  # noqa: BLE001  a fault of ours parks this message, not the process
            fault = type(error).__name__
            log.error("message cannot be normalised and is parked", message_id=given, fault=fault)
    return Entry(
        submission, given, digest, key, None if refusals else content, refusals, fault,
        again=message_id is not None, size=len(submission.raw) + (len(content.bundle) if content else 0),
    )  # fmt: skip


def incomplete(submission: Submission) -> Entry:
    """Bytes that never became a message, to be kept."""
    digest = hashlib.sha256(submission.raw).digest()
    return Entry(submission, str(uuid_utils.uuid7()), digest, None, incomplete=True, size=len(submission.raw))


def _key(submission: Submission) -> bytes | None:
    envelope, sender = submission.envelope, submission.sender
    if sender is None or not envelope.control_id:
        return None
    named = (envelope.format, envelope.application, envelope.facility, envelope.control_id)
    text = f"{sender.id}|" + "|".join(f"{len(part)}:{part}" for part in named)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=24).digest()


def _refusals(submission: Submission) -> tuple[Refusal, ...]:
    if submission.refusals:
        return submission.refusals
    envelope = submission.envelope
    if submission.sender is None:
        path = SENDER_PATHS.get(envelope.format, "")
        return (Refusal(Cause.UNKNOWN_SENDER, path, "no organisation is registered under this sending facility"),)
    if "\x00" in envelope.control_id:
        path = KEY_PATHS.get(envelope.format, "")
        return (Refusal(Cause.WRONG_DATATYPE, path, "a NUL character is no text"),)
    if len(envelope.control_id) > LONGEST_CONTROL_ID:
        path = KEY_PATHS.get(envelope.format, "")
        return (Refusal(Cause.TOO_LARGE, path, f"a control id has at most {LONGEST_CONTROL_ID} characters"),)
    return ()


def _encode(normalised: Normalised) -> Encoded:
    """Each resource is encoded once, for its fragment and for the Bundle."""
    parts = tuple((encode(part.resource), _citations(normalised, part)) for part in normalised.parts)
    encoded = {id(part.resource): Raw(text) for part, (text, _) in zip(normalised.parts, parts, strict=True)}
    bundle = encode(_with_encoded(normalised.bundle, encoded))
    ledger = normalised.ledger
    kept = {
        "mapped": [
            {"path": path, "target": base + target} for base, found in ledger.carried for target, path, _ in found
        ],
        "unmapped": [{"path": path, "value": value, "reason": reason} for path, value, reason in ledger.unmapped],
        "warnings": [described(w) for w in (*normalised.warnings, *_check_digits(normalised))],
    }
    return Encoded(normalised, bundle, _storable(encode(kept)), hashlib.sha256(bundle).hexdigest(), parts)


def _with_encoded(bundle: Resource, encoded: Mapping[int, Raw]) -> Resource:
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return bundle
    told = [entry | {"resource": encoded.get(id(resource), resource)} if (resource := entry.get("resource")) else entry
            for entry in entries]  # fmt: skip
    return bundle | {"entry": told}


def _citations(normalised: Normalised, part: Part) -> bytes:
    if normalised.envelope.format == "fhir" and not part.citations:
        return b""
    return _storable(encode(part.citations))


def _storable(text: bytes) -> bytes:
    """JSON that PostgreSQL takes: it stores no NUL character."""
    return text.replace(b"\\u0000", b"\\ufffd")


def _check_digits(normalised: Normalised) -> tuple[Refusal, ...]:
    """A warning for each national identifier with a wrong check digit; the number is kept and matched all the same."""
    wrong = any(i.system == NATIONAL and not valid_national_identifier(i.value) for i in normalised.patient.identifiers)
    if not wrong or any(w.cause is Cause.CODE_INVALID for w in normalised.warnings):
        return ()
    return (Refusal(Cause.CODE_INVALID, "Patient.identifier", "the national identifier's check digit is wrong"),)


def _unstorable(content: Encoded) -> tuple[Refusal, ...]:
    """PostgreSQL stores no NUL character in a text and indexes no endless one; who sends one is told where."""
    normalised = content.normalised
    nul = b"\\u0000" in content.bundle
    long = any(map(_too_long, _names(normalised)))
    if not nul and not long:
        return ()
    places = {m.target: m.path for m in normalised.ledger.mapped}
    endless = f"an identifier has at most {LONGEST_NAME} bytes"
    found = []
    for pointer, value in leaves(normalised.bundle):
        if nul and isinstance(value, str) and "\x00" in value:
            found.append(Refusal(Cause.WRONG_DATATYPE, places.get(pointer, pointer), "a NUL character is no text"))
        elif long and isinstance(value, str) and "/identifier/" in pointer and _too_long(value):
            found.append(Refusal(Cause.TOO_LARGE, places.get(pointer, pointer), endless))
    if long and not found:
        found.append(Refusal(Cause.TOO_LARGE, WHOLE_PATHS[normalised.envelope.format], endless))
    return tuple(dict.fromkeys(found))


def _names(normalised: Normalised) -> Iterator[str]:
    """Systems and values by which patients and the referral are looked up later."""
    intent = normalised.intent
    identifiers = [*normalised.patient.identifiers, *(intent.content.identifiers if isinstance(intent, Open) else ())]
    for part in normalised.parts:
        if part.resource.get("resourceType") == "Patient" and part.resource is not normalised.patient_resource:
            identifiers += identity_of(part.resource).identifiers
    for identifier in identifiers:
        yield identifier.system
        yield identifier.value


def _too_long(text: str) -> bool:
    return len(text) > LONGEST_NAME // 4 and len(text.encode("utf-8", "replace")) > LONGEST_NAME


def described(refusal: Refusal) -> dict[str, Any]:
    """A refusal as `{code, path, text}`, the form in which messages keep it."""
    return {"code": refusal.cause.value, "path": refusal.path, "text": refusal.text}


def error_json(refusals: tuple[Refusal, ...], fault: str | None = None) -> bytes:
    """What a message row keeps of why it was refused or parked: the first refusal, the others below it."""
    if not refusals:
        return b""
    first, *others = map(described, refusals)
    kept = first | ({"others": others} if others else {}) | ({"fault": fault} if fault else {})
    return _storable(encode(kept))
