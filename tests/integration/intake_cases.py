"""Submissions for the tests of intake: tiny messages that normalise themselves, and what the database then holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import psycopg

from hub.domain.errors import Refused
from hub.domain.fragments import Citation
from hub.domain.messages import (
    Amend,
    Cancel,
    Claim,
    Content,
    Envelope,
    Inquire,
    Intent,
    Ledger,
    Move,
    Normalised,
    Open,
    Outcome,
    Part,
    Receipt,
    Sender,
    Submission,
)
from hub.domain.patients import NATIONAL, Identifier, Identity
from hub.domain.referrals import State
from hub.intake.accept import Intake
from hub.store.connections import pool
from hub.store.directory import Directory

WANG = Identity("王秀英", "female", "1956-03-04", (Identifier(NATIONAL, "110105195603040024"),))
SYSTEM = "urn:referral-hub:namespace:TOWN"
ORGANIZATIONS = (("TOWN", "Township", "clinic"), ("CITY", "City Hospital", "hospital"), ("OTHER", "Other", "hospital"))


@dataclass
class Hub:
    """A database with three organisations and an Intake on it."""

    url: str
    intake: Intake
    directory: Directory
    senders: dict[str, Sender]

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, *parameters: object) -> Any:
        return self.rows(sql, *parameters)[0][0]

    def send(self, message: Message, **changes: Any) -> Receipt:
        return self.intake.accept(self.submission(message, **changes))

    def submission(self, message: Message, **changes: Any) -> Submission:
        return submission(replace(message, **changes), self.senders)

    def events(self, referral_id: str) -> list[tuple[str, int, str]]:
        """(type, version, state) of a referral's events, in order."""
        found = self.rows("SELECT type, data FROM outbox WHERE subject = %s ORDER BY id", referral_id)
        return [(kind.removeprefix("referral.").removesuffix(".v1"), d["version"], d["state"]) for kind, d in found]


@contextmanager
def hub(url: str) -> Iterator[Hub]:
    with psycopg.connect(url) as connection:
        for code, name, kind in ORGANIZATIONS:
            sql = "INSERT INTO organizations (code, name, kind) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
            connection.execute(sql, (code, name, kind))
            facility = "INSERT INTO facilities SELECT %s, id FROM organizations WHERE code = %s ON CONFLICT DO NOTHING"
            connection.execute(facility, (f"{code}-HIS", code))
    connections = pool(url, 2, name="directory")
    directory = Directory(connections)
    intake = Intake(url, directory)
    senders = {code: sender for code, _, _ in ORGANIZATIONS if (sender := directory.by_code(code))}
    try:
        yield Hub(url, intake, directory, senders)
    finally:
        intake.close()
        connections.close()


@dataclass(frozen=True)
class Message:
    """What a test wants to say; `submission` makes it one. notes: texts of its DocumentReferences."""

    control_id: str
    sender: str = "TOWN"
    intent: Intent | None = None
    patient: Identity = WANG
    notes: tuple[str, ...] = ()
    body: str = ""
    format: str = "hl7v2"
    store_first: bool = False
    refused: Refused | None = None
    fault: Exception | None = None
    normalised: list[str] = field(default_factory=list)


def submission(message: Message, senders: dict[str, Sender]) -> Submission:
    envelope = Envelope(
        format=message.format, type="REF^I12", control_id=message.control_id, version="2.5.1", charset="UNICODE UTF-8",
        application="HIS", facility=f"{message.sender}-HIS",
    )  # fmt: skip

    def normalise() -> Normalised:
        message.normalised.append(message.control_id)
        if message.refused:
            raise message.refused
        if message.fault:
            raise message.fault
        return normalised(message, envelope)

    raw = f"MSH|{message.control_id}|{message.patient}|{message.intent}|{message.notes}|{message.body}".encode()
    return Submission(
        channel="mllp", raw=raw, received_at=datetime.now(UTC), sender=senders.get(message.sender), envelope=envelope,
        normalise=normalise, acknowledge=acknowledge, store_first=message.store_first,
    )  # fmt: skip


def acknowledge(outcome: Outcome) -> bytes:
    positive, negative = ("CA", "CE") if outcome.stored else ("AA", "AE")
    cause = outcome.refusals[0].cause.value if outcome.refusals else ""
    referral = f"{outcome.referral.id}^{outcome.referral.state}" if outcome.referral else ""
    return f"MSH|x\rMSA|{positive if outcome.accepted else negative}|{cause}|{outcome.message_id}|{referral}\r".encode()


def normalised(message: Message, envelope: Envelope) -> Normalised:
    who = message.patient
    resource: dict[str, Any] = {"resourceType": "Patient", "id": "p"}
    resource |= {"gender": who.gender} if who.gender else {}
    resource |= {"name": [{"text": who.name}]} if who.name else {}
    notes = [{"resourceType": "DocumentReference", "status": "current", "description": n} for n in message.notes]
    resources = [resource, *notes]
    content = message.intent.content if isinstance(message.intent, Open | Amend) else None
    if content is not None:
        resources.append(content.service_request)
    bundle = {"resourceType": "Bundle", "type": "message", "entry": [{"resource": r} for r in resources]}
    parts = tuple(Part(r, f"/entry/{i}/resource", None, (), 0 if i else None) for i, r in enumerate(resources))
    targets = [Citation(f"/entry/{i + 1}/resource/description", f"NTE[{i + 1}]-3[1]", n)
               for i, n in enumerate(message.notes)]  # fmt: skip
    return Normalised(envelope, bundle, Ledger((("", targets),)), who, resource, parts, message.intent)


def content(number: str, receiver: str = "CITY", **changes: Any) -> Content:
    made = Content(
        identifiers=(Identifier(SYSTEM, number),), identifier_path="RF1[1]-6[1]",
        receiver=(Claim("code", receiver, "PRD[1]-7[1]"),), receiver_path="PRD[1]-7[1]", department="endocrinology",
        priority="routine", question="blood sugar", service_request={"resourceType": "ServiceRequest", "id": "s"},
    )  # fmt: skip
    return replace(made, **changes)


def opening(control_id: str, number: str, receiver: str = "CITY", **changes: Any) -> Message:
    return Message(control_id, intent=Open(content(number, receiver)), **changes)


def amendment(control_id: str, number: str, **changes: Any) -> Message:
    amended = replace(content(number, priority="urgent"), receiver=())
    return Message(control_id, intent=Amend((Identifier(SYSTEM, number),), "RF1[1]-6[1]", amended), **changes)


def cancellation(control_id: str, number: str, reason: str | None = None) -> Message:
    return Message(control_id, intent=Cancel((Identifier(SYSTEM, number),), "RF1[1]-6[1]", reason))


def inquiry(control_id: str, number: str) -> Message:
    return Message(control_id, intent=Inquire((Identifier(SYSTEM, number),), "RF1[1]-6[1]"))


def task(control_id: str, referral_id: str, target: State, version: int | None = None, *, sender: str = "CITY",
         reason: str | None = None, **changes: Any) -> Message:  # fmt: skip
    intent = Move(referral_id, target, version, reason, **changes)
    return Message(control_id, sender=sender, intent=intent, patient=Identity(), format="fhir")


def causes(receipt: Receipt) -> list[tuple[str, str]]:
    """(cause, place) of each refusal."""
    return [(r.cause.value, r.path) for r in receipt.outcome.refusals]


def referral_of(receipt: Receipt) -> str:
    assert receipt.outcome.referral is not None, receipt.outcome
    return receipt.outcome.referral.id
