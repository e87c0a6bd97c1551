"""Events: past-tense facts as CloudEvents 1.0 in structured JSON, the form they have in every topic and feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

SOURCE = "urn:referral-hub"
SCHEMA = "urn:referral-hub:schema:{type}"

REFERRALS, FRAGMENTS, RECORDS, DEAD_LETTERS = "referrals.v1", "fragments.v1", "records.v1", "dead-letters.v1"


TOPICS = {"referral": REFERRALS, "fragment": FRAGMENTS, "patient": FRAGMENTS, "record": RECORDS,
          "dead-letter": DEAD_LETTERS}  # fmt: skip
"""The hub's own topic of each family of events."""


def organization_topic(code: str) -> str:
    """Topic of one organisation's own stream."""
    return f"org.{code.lower()}.v1"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. type: `referral.requested.v1`; subject, key: the referral's id (fragments, patients: the patient's)."""

    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]

    @property
    def topic(self) -> str:
        return TOPICS[self.type.split(".", 1)[0]]

    def cloudevent(self, sequence: int) -> dict[str, Any]:
        """The CloudEvent as published; sequence: its position, written with 19 digits so that text sorts as number."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": self.type,
            "subject": self.subject,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "dataschema": SCHEMA.format(type=self.type),
            "sequence": f"{sequence:019d}",
            "data": self.data,
        }
