"""Messages that say who is who, as HL7 v2 through the adapter, and what the database then holds."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from adapters.fhir import normalise as fhir
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from hub.domain.messages import Receipt, Submission
from hub.intake.accept import Intake
from tests.integration.intake_cases import Hub, acknowledge, hub

NATIONAL = "110105195603040024^^^MPS^NI"
OTHER_NATIONAL = "11010519491231002X^^^MPS^NI"


class Registry(Hub):
    """A hub that is told who is who. Patients are named by their numbers: `100` is `100^^^MR`."""

    counter = itertools.count(1)

    def submission_of(self, event: str, *segments: str, sender: str = "CITY", kind: str = "ADT") -> Submission:
        control_id = f"{sender}-{next(self.counter)}"
        head = f"MSH|^~\\&|HIS|{sender}-HIS|||20260301080000||{kind}^{event}|{control_id}|P|2.5.1"
        raw = "\r".join([head, "EVN||20260301080000", *segments, ""]).encode()
        envelope, refusals = read_envelope(raw)
        assert not refusals
        return Submission(
            channel="mllp", raw=raw, received_at=datetime.now(UTC), sender=self.senders[sender], envelope=envelope,
            normalise=lambda: normalise(raw, envelope, charset=None, timezone="Asia/Shanghai",
                                        received_at=datetime.now(UTC)),
            acknowledge=acknowledge,
        )  # fmt: skip

    def tell(self, event: str, *segments: str, **where: str) -> Receipt:
        receipt = self.intake.accept(self.submission_of(event, *segments, **where))
        assert receipt.outcome.accepted, receipt.outcome.refusals
        return receipt

    def tell_fhir(self, *resources: dict[str, Any], sender: str = "CITY") -> Receipt:
        """A collection of resources."""
        document = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
        raw, now = json.dumps(document).encode(), datetime.now(UTC)
        normalised = fhir.normalise(raw, timezone="Asia/Shanghai", received_at=now)
        receipt = self.intake.accept(
            Submission(channel="fhir", raw=raw, received_at=now, sender=self.senders[sender],
                       envelope=normalised.envelope, normalise=lambda: normalised, acknowledge=acknowledge)
        )  # fmt: skip
        assert receipt.outcome.accepted, receipt.outcome.refusals
        return receipt

    def seen(self, number: str, text: str, person: str = "Wang^Xiuying||19560304|F", **where: str) -> Receipt:
        """An observation of a patient under a number, `text`."""
        return self.tell("R01", pid(number, person), "OBR|1|||GEN", f"OBX|1|ST|N^Note||{text}||||||F", kind="ORU",
                         **where)  # fmt: skip

    def notes(self, number: str, sender: str = "CITY") -> set[str]:
        """The observations of whoever has the number of this sender (national: of everybody)."""
        found = self.rows(
            "SELECT DISTINCT f.resource->>'valueString' FROM patient_identifiers i "
            "LEFT JOIN organizations o ON o.id = i.organization_id "
            "LEFT JOIN fragments f ON f.patient_id = i.patient_id AND f.resource_type = 'Observation' "
            "WHERE i.value = %s AND (o.code = %s OR o.code IS NULL)", number.partition("^")[0], sender,
        )  # fmt: skip
        return {text for (text,) in found if text}

    def patient(self, number: str, sender: str = "CITY") -> str:
        """The id of whoever has the number, which only one patient may have."""
        [(patient_id,)] = self.rows(
            "SELECT patient_id::text FROM patient_identifiers i LEFT JOIN organizations o ON o.id = organization_id "
            "WHERE i.value = %s AND (o.code = %s OR o.code IS NULL)", number.partition("^")[0], sender,
        )  # fmt: skip
        return str(patient_id)

    def warnings(self) -> list[str]:
        """Paths of what the newest message was warned of."""
        newest: list[dict[str, Any]] = self.one("SELECT ledger->'warnings' FROM messages ORDER BY id DESC LIMIT 1")
        return [warning["path"] for warning in newest]

    def told(self) -> list[tuple[str, str]]:
        """(type, scope) of the events on who is who."""
        return self.rows("SELECT type, data->>'scope' FROM outbox WHERE type LIKE 'patient.%%' ORDER BY id")


def pid(number: str, person: str = "Wang^Xiuying||19560304|F", account: str = "") -> str:
    numbers = "~".join(n if "^" in n else f"{n}^^^MR" for n in number.split("~"))
    return f"PID|1||{numbers}||{person}||||||||||{account}".rstrip("|")


def mrg(number: str = "", account: str = "", visit: str = "", name: str = "") -> str:
    prior = number if "^" in number or not number else f"{number}^^^MR"
    return f"MRG|{prior}||{account}||{visit}||{name}".rstrip("|")


@contextmanager
def registry(database: str) -> Iterator[Registry]:
    with hub(database) as h:
        yield Registry(h.url, h.intake, h.directory, h.senders)


def another(h: Registry, database: str) -> Intake:
    """A second process on the same database."""
    return Intake(database, h.directory)
