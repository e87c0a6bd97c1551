"""A message on its way out: what a writer of one wire format is given to write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.domain.fragments import Resource


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message for one receiver.

    kind: MSH-9 as `REF^I12`, `RRI^I12`, `OSU^O51`, ...; bundle: the canonical FHIR message Bundle: ServiceRequest, Task
    (both in their new state), Patient, the organisations, and what came with the referral or is its outcome;
    control_id: MSH-10, the same however often it is sent; sent_at: aware; version: MSH-12; charset: MSH-18 (HL7 table
    0211); sending, receiving: (application, facility); answers: the control id of the message that an RRI answers;
    timezone: IANA name of the receiver's, in which times are written.
    """

    kind: str
    bundle: Resource
    control_id: str
    sent_at: datetime
    version: str
    charset: str
    sending: tuple[str, str]
    receiving: tuple[str, str]
    answers: str | None = None
    timezone: str = "Asia/Shanghai"
