"""Rows for tests of what reads the database; the intake writes the same through its own way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg import Connection
from psycopg.types.json import Json, Jsonb
from uuid_utils import uuid7

from hub.domain.messages import Sender
from hub.domain.referrals import State
from hub.security import organizations

START = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class Seeds:
    """Inserts rows on one connection; ids are given in order of insertion, times count up by a second."""

    connection: Connection[Any]
    _count: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    def organization(self, code: str, kind: Any = "hospital") -> Sender:
        sender, self.tokens[code] = organizations.add(self.connection, code, f"Name of {code}", kind)
        return sender

    def patient(self, name: str = "王芳") -> str:
        identifier = str(uuid7())
        self.connection.execute(
            "INSERT INTO patients (id, name, gender, birth_date, resource) VALUES (%s, %s, 'female', '1958', %s)",
            (identifier, name, Jsonb({"resourceType": "Patient", "name": [{"text": name}]})),
        )
        return identifier

    def patient_identifier(self, patient: str, system: str, value: str, owner: Sender | None = None) -> None:
        self.connection.execute(
            "INSERT INTO patient_identifiers (patient_id, organization_id, system, value) VALUES (%s, %s, %s, %s)",
            (patient, owner.id if owner else None, system, value),
        )

    def referral(self, sender: Sender, receiver: Sender, patient: str, state: State = State.REQUESTED, *,
                 version: int = 1, based_on: str | None = None,
                 identifiers: tuple[tuple[str, str], ...] = ()) -> str:  # fmt: skip
        identifier, now = str(uuid7()), self._now()
        self.connection.execute(
            "INSERT INTO referrals (id, version, state, direction, priority, sender_id, receiver_id, patient_id, "
            "question, based_on, service_request, requested_at, updated_at) "
            "VALUES (%s, %s, %s, 'up', 'routine', %s, %s, %s, 'why?', %s, %s, %s, %s)",
            (identifier, version, state.value, sender.id, receiver.id, patient, based_on,
             Jsonb({"resourceType": "ServiceRequest"}), now, now),
        )  # fmt: skip
        for system, value in identifiers:
            self.connection.execute(
                "INSERT INTO referral_identifiers VALUES (%s, %s, %s, %s)", (identifier, sender.id, system, value)
            )
        return identifier

    def message(self, sender: Sender | None, *, status: str = "accepted", control_id: str = "C1",
                raw: bytes = b"MSH|^~\\&|", charset: str = "", error: Any = None) -> str:  # fmt: skip
        identifier = str(uuid7())
        self.connection.execute(
            "INSERT INTO messages (id, received_at, organization_id, channel, format, type, version, charset, "
            "application, facility, control_id, status, raw, sha256, error) "
            "VALUES (%s, %s, %s, 'mllp', 'hl7v2', 'REF^I12', '2.5', %s, '', '', %s, %s, %s, %s, %s)",
            (identifier, self._now(), sender.id if sender else None, charset, control_id, status, raw,
             sha256(raw).digest(), Json(error) if error else None),
        )  # fmt: skip
        return identifier

    def fragment(self, sender: Sender, patient: str, referral: str | None = None, *, resource_type: str = "Observation",
                 message: str | None = None, **content: Any) -> str:  # fmt: skip
        identifier = str(uuid7())
        self.connection.execute(
            "INSERT INTO fragments (id, message_id, patient_id, organization_id, referral_id, position, kind, "
            "resource_type, resource, base, received_at) VALUES (%s, %s, %s, %s, %s, 0, 'hl7v2', %s, %s, '', %s)",
            (identifier, message or self.message(sender), patient, sender.id, referral, resource_type,
             Jsonb({"resourceType": resource_type, **content}), self._now()),
        )  # fmt: skip
        return identifier

    def record(self, referral: str, *, version: int = 1, whole: bool = False, text: str = "") -> str:
        identifier, document = str(uuid7()), {"schema": "continuous-record/1", "text": text}
        self.connection.execute(
            "INSERT INTO records (id, referral_id, version, whole, record, sha256, generated_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (identifier, referral, version, whole, Json(document), sha256(text.encode()).digest(), self._now()),
        )
        return identifier

    def _now(self) -> datetime:
        self._count += 1
        return START + timedelta(seconds=self._count)
