"""Submissions of HL7 v2 messages, as the listener takes them in, and of any kept message that goes through again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from adapters.fhir import acknowledgement as http
from adapters.fhir.normalise import normalise as normalise_fhir
from adapters.hl7v2.acknowledgement import Mode, acknowledge
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import identified
from adapters.hl7v2.normalise import normalise as normalise_hl7v2
from adapters.hl7v2.profile import taken
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Envelope, Normalised, Outcome, Sender, Submission
from hub.intake.kept import Kept
from hub.processes.validity import valid
from hub.store.directory import Directory


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """One HL7 v2 message, its header read and its sender looked up."""

    raw: bytes
    received_at: datetime
    envelope: Envelope
    sender: Sender | None
    refusals: tuple[Refusal, ...] = ()

    def answer(self, outcome: Outcome, mode: Mode) -> bytes:
        """The acknowledgement, without frame."""
        kind: Literal["ACK", "RRI"] = self.sender.referral_answer if self.sender else "ACK"
        charset = self.sender.charset if self.sender else None
        return acknowledge(self.envelope, outcome, mode=mode, answer=kind, now=datetime.now(UTC), charset=charset)

    def normalise(self) -> Normalised:
        """Raises Refused, also when what was made of the message is no FHIR: then at the place it was made of."""
        assert self.sender is not None
        return valid(identified(normalise_hl7v2(
            self.raw, self.envelope, charset=self.sender.charset, timezone=self.sender.timezone,
            received_at=self.received_at, profile=self.sender.profile,
        )))  # fmt: skip

    def submission(self, mode: Mode, *, channel: Literal["mllp", "file"] = "mllp") -> Submission:
        """mode `accept`: stored first, normalised later."""
        return Submission(
            channel=channel, raw=self.raw, received_at=self.received_at, sender=self.sender, envelope=self.envelope,
            normalise=self.normalise, acknowledge=lambda outcome: self.answer(outcome, mode),
            refusals=taken(self.envelope, self.refusals, self.sender.profile if self.sender else None),
            store_first=mode == "accept",
        )  # fmt: skip


def resubmit(directory: Directory) -> Callable[[Kept], Submission]:
    """How a kept message goes through again; the answer is the application's. Each may raise Unavailable, and Refused
    where it cannot be what it was."""

    def submission(kept: Kept) -> Submission:
        sender = directory.by_id(kept.organization_id) if kept.organization_id is not None else None
        return _of_fhir(kept, sender) if kept.format == "fhir" else _of_hl7v2(kept, sender, directory)

    return submission


def _of_hl7v2(kept: Kept, sender: Sender | None, directory: Directory) -> Submission:
    envelope, refusals = read_envelope(kept.raw)
    if sender is None and envelope.facility:
        sender = directory.by_facility(envelope.facility)
    mode: Mode = "application" if envelope.enhanced else "original"
    message = Hl7Message(kept.raw, kept.received_at, envelope, sender, refusals)
    return message.submission(mode, channel="file" if kept.channel == "file" else "mllp")


def _of_fhir(kept: Kept, sender: Sender | None) -> Submission:
    if kept.type == "Task":
        text = "a Task update is meant for the version of the referral that its sender read: it must be sent again"
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, "type", text))
    timezone = sender.timezone if sender else "Asia/Shanghai"
    envelope = Envelope("fhir", kept.type, kept.control_id, "4.0.1", "UTF-8", application=kept.application)
    return Submission(
        channel=kept.channel, raw=kept.raw, received_at=kept.received_at, sender=sender, envelope=envelope,
        normalise=lambda: normalise_fhir(
            kept.raw, timezone=timezone, received_at=kept.received_at, request_id=kept.control_id or None
        ),
        acknowledge=http.acknowledger(http.history(200, "the message was put through again")),
    )  # fmt: skip
