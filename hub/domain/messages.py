"""A message on its way in: its envelope, its normalised form, what it asks of a referral, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from hub.domain.errors import Refusal
from hub.domain.fragments import Citation, Resource
from hub.domain.patients import Identifier, Identity
from hub.domain.referrals import State

Format = Literal["hl7v2", "fhir", "text"]
Channel = Literal["mllp", "fhir", "file", "form"]

MOST_LEAVES, MOST_SEGMENTS = 40_000, 12_000
"""Values of a message or document that is answered at once, and its segments or resources: within two seconds and
within the memory. A result of a laboratory has some fifteen values, the whole life of a patient some twenty thousand in
a thousand resources."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The organisation that a message comes from, as registered. charset, timezone: for what says none; profile: how
    its HL7 v2 differs from the standard's, as YAML."""

    id: int
    code: str
    name: str
    kind: Literal["clinic", "hospital"]
    charset: str | None = None
    timezone: str = "Asia/Shanghai"
    referral_answer: Literal["ACK", "RRI"] = "ACK"
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message without normalising it.

    type: `REF^I12`, `Bundle/message`; control_id: MSH-10, or Bundle.identifier.value, else MessageHeader.id, else
    X-Request-ID ("" where there is none: no dedup by key); application, facility: MSH-3.1 and MSH-4.1 ("" for FHIR);
    accept_acknowledgement, application_acknowledgement: MSH-15, MSH-16 (enhanced mode when either is given);
    header: HL7 v2: the MSH fields as sent, header[n] is MSH-n, for the acknowledgement to answer in kind.
    """

    format: Format
    type: str
    control_id: str
    version: str
    charset: str
    application: str = ""
    facility: str = ""
    receiving_facility: str = ""
    accept_acknowledgement: str = ""
    application_acknowledgement: str = ""
    header: tuple[str, ...] = ()

    @property
    def enhanced(self) -> bool:
        return bool(self.accept_acknowledgement or self.application_acknowledgement)


class Mapped(NamedTuple):
    """A field of the input and the JSON pointer in the Bundle that carries it; text: its whole decoded value."""

    path: str
    target: str
    text: str


class Unmapped(NamedTuple):
    """A field that the Bundle does not carry, with its value and why."""

    path: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where each non-empty leaf of a message went. carried: a JSON pointer in the Bundle, as of a resource, and what
    stands below it, with targets from there."""

    carried: tuple[tuple[str, Sequence[Citation]], ...] = ()
    unmapped: tuple[Unmapped, ...] = ()

    @property
    def mapped(self) -> tuple[Mapped, ...]:
        """What is carried, with targets from the Bundle."""
        return tuple(Mapped(path, base + target, text) for base, found in self.carried for target, path, text in found)


@dataclass(frozen=True, slots=True)
class Claim:
    """One way in which a message names an organisation. kind: which register it is looked up in."""

    kind: Literal["code", "facility", "name"]
    value: str
    path: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a referral says. identifiers: its own (RF1-6, RF1-11, ServiceRequest.identifier).

    receiver: claims in the order in which they are tried, the first that is registered wins; priority: FHIR
    request-priority; index: of the ServiceRequest in the Bundle's entries (None for a Task alone).
    """

    identifiers: tuple[Identifier, ...]
    identifier_path: str
    receiver: tuple[Claim, ...]
    receiver_path: str
    department: str | None
    priority: str
    question: str | None
    direction: Literal["up", "down"] | None = None
    based_on: tuple[Identifier, ...] = ()
    service_request: Resource = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """REF^I12, ServiceRequest in a message Bundle: a new referral."""

    content: Content


@dataclass(frozen=True, slots=True)
class Amend:
    """REF^I13: the referral of the same sender with one of these identifiers, its state kept, its version raised.

    In state information-requested an amendment supplies what was asked for.
    """

    identifiers: tuple[Identifier, ...]
    identifier_path: str
    content: Content


@dataclass(frozen=True, slots=True)
class Cancel:
    """REF^I14: the sender cancels (or, after arrival, asks to)."""

    identifiers: tuple[Identifier, ...]
    identifier_path: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Inquire:
    """REF^I15: asks the status, changes nothing."""

    identifiers: tuple[Identifier, ...]
    identifier_path: str


@dataclass(frozen=True, slots=True)
class Move:
    """A Task update: `referral_id` to `target`. version: that the writer read (If-Match).

    details: what the move carries into the event (`appointment`, ...); task: the Task as sent;
    fragments of the same Bundle or contained in the Task become part of the referral (outcome, follow-up plan).
    """

    referral_id: str
    target: State
    version: int | None
    reason: str | None
    details: dict[str, Any] = field(default_factory=dict)
    task: Resource = field(default_factory=dict)
    cancellation: Literal["ask", "refuse"] | None = None


Intent = Open | Amend | Cancel | Inquire | Move


@dataclass(frozen=True, slots=True)
class Merge:
    """What was told of `prior` is from now on of the Patient at `surviving` in `Normalised.parts`.

    Only numbers that are the sender's own name the prior patient, see `hub.intake.identities`. part: of the Patient
    that says who was prior, where a part does; numbers: of the accounts or visits; path: of what names the prior
    patient.
    scope: patient: everything, messages that still come under the prior number, too; identifier: one patient whose
    number changed; chart: what was told under the prior number, and no more; account, visit: encounters of `numbers`
    and what refers to them.
    """

    scope: Literal["patient", "identifier", "chart", "account", "visit"]
    surviving: int
    prior: Identity
    part: int | None = None
    numbers: tuple[Identifier, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Separate:
    """Two Patients in `Normalised.parts` that the sender had merged or linked are two again."""

    one: int
    other: int
    path: str = ""


class Part(NamedTuple):
    """One resource of a message: each Patient, the referral's ServiceRequest, and every clinical resource.

    base: its JSON pointer in the Bundle (FHIR: in the received document); citations: for HL7 v2 and text, of FHIR they
    follow from `base` (`cite_document`); patient: index in `Normalised.parts` of the Patient that it is about.
    """

    resource: Resource
    base: str
    recorded_at: datetime | None
    citations: tuple[Citation, ...] = ()
    patient: int | None = None


@dataclass(frozen=True, slots=True)
class Normalised:
    """A message as FHIR. bundle: R4 Bundle; parts: see Part; intent: None for plain history.

    envelope: with the character set that the message was read in, where MSH-18 names none, too;
    patient: of the message's subject; patient_resource: its FHIR Patient; warnings: told, not refused; identities:
    what it says of who is who, in its order.
    """

    envelope: Envelope
    bundle: Resource
    ledger: Ledger
    patient: Identity
    patient_resource: Resource
    parts: tuple[Part, ...]
    intent: Intent | None
    warnings: tuple[Refusal, ...] = ()
    identities: tuple[Merge | Separate, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferralStanding:
    """A referral after a message: what acknowledgements and events tell of it."""

    id: str
    version: int
    state: State
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message. stored: safely kept but not yet normalised (enhanced mode's CA)."""

    message_id: str
    refusals: tuple[Refusal, ...] = ()
    referral: ReferralStanding | None = None
    stored: bool = False
    unavailable: bool = False

    @property
    def accepted(self) -> bool:
        return not self.refusals and not self.unavailable


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a submission: the outcome and the acknowledgement bytes as stored (repeats get them again)."""

    outcome: Outcome
    acknowledgement: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """Something to accept. normalise raises Refused; acknowledge makes the answer's bytes from the outcome.

    sender: None when unknown (it is then refused and kept). refusals: found before normalising (envelope faults).
    store_first: enhanced mode: answer when stored, normalise later.
    """

    channel: Channel
    raw: bytes
    received_at: datetime
    sender: Sender | None
    envelope: Envelope
    normalise: Callable[[], Normalised]
    acknowledge: Callable[[Outcome], bytes]
    refusals: tuple[Refusal, ...] = ()
    store_first: bool = False
