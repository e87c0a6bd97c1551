"""A message on its way out: where it goes, what a writer is given to write it, and what its receiver answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from hub.domain.fragments import Resource

Protocol = Literal["mllp", "fhir"]
Dialect = Literal["ref", "360x", "fhir"]

ACKNOWLEDGED: Mapping[Protocol, str] = {"mllp": "MSA", "fhir": "MessageHeader.response"}
"""What a receiver's application acknowledges a referral by; so is called the kind of key of the step that follows."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message for one receiver.

    kind: MSH-9 as `REF^I12`, `RRI^I12`, `OSU^O51`, ...; bundle: the canonical FHIR message Bundle: ServiceRequest, Task
    (both in their new state), Patient, the organisations, and what came with the referral or is its outcome;
    control_id: MSH-10, the same however often it is sent; sent_at: aware; version: MSH-12, and behind a `+` the later
    one whose segments the receiver takes (`2.5.1+2.8`); charset: MSH-18 (HL7 table 0211); sending, receiving:
    (application, facility); timezone: IANA name of the receiver's, in which times are written.
    """

    kind: str
    bundle: Resource
    control_id: str
    sent_at: datetime
    version: str
    charset: str
    sending: tuple[str, str]
    receiving: tuple[str, str]
    timezone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Route:
    """How an organisation's system is reached and what it understands.

    address: `host:port` (mllp) or the URL that messages are posted to (fhir); version, charset: as in Outbound;
    application, facility: MSH-5, MSH-6; timeout: seconds for one exchange; authorities: certificates in PEM form that
    sign the other side's, None: the system's; certificate: file of the certificate and key by which the hub shows who
    it is; token: where the bearer token of fhir is (`file:PATH`; what was set before that was possible is the token);
    most_tries, most_hours: after so many tries that reached the receiver, or so long after the first, a message is
    given up.
    """

    protocol: Protocol
    address: str
    dialect: Dialect
    version: str = "2.5.1"
    charset: str = "UNICODE UTF-8"
    application: str = ""
    facility: str = ""
    timeout: float = 30.0
    tls: bool = False
    authorities: str | None = None
    certificate: str | None = None
    token: str | None = field(default=None, repr=False)
    most_tries: int = 20
    most_hours: int = 72


class Verdict(StrEnum):
    """What an answer says of the message."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """Sending it again as it is would not help."""
    AGAIN = "again"
    """The receiver cannot now, or nothing certain was heard."""


UNANSWERED = frozenset({"unreachable", "untrusted", "tls-failed", "timeout", "hung-up", "garbage", "other-message",
                        "unconfigured", "inexpressible", "hub-fault"})  # fmt: skip
"""Outcomes of tries that the receiver gave no answer to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try.

    outcome: MSA-1, the HTTP status, or a word of `UNANSWERED`; code, path: of the receiver's first error, as far as
    they are plain codes; wait: seconds that the receiver asked for; reached: whether it may have got the message;
    taken: whether its application says that it has it, not only what carries messages to it; raw: as received.
    """

    outcome: str
    verdict: Verdict
    code: str = ""
    path: str = ""
    wait: float = 0.0
    reached: bool = True
    taken: bool = False
    raw: bytes = b""
