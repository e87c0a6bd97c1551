"""Why the hub refuses something.

    HubError
    ├── Refused       the sender's content: one or more Refusals, each with its cause and place
    └── Unavailable   the hub's own trouble: the sender may try again

Texts name fields and codes, never patient data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Cause(Enum):
    """What is wrong with an input; CONTRACTS.md gives each its HL7 answer, `adapters.*` its wire form."""

    NO_HEADER = "no-header"
    UNSUPPORTED_TYPE = "unsupported-type"
    UNSUPPORTED_EVENT = "unsupported-event"
    UNSUPPORTED_PROCESSING_ID = "unsupported-processing-id"
    UNSUPPORTED_VERSION = "unsupported-version"
    UNKNOWN_SENDER = "unknown-sender"
    UNDECODABLE = "undecodable"
    WRONG_DATATYPE = "wrong-datatype"
    WRONG_STRUCTURE = "wrong-structure"
    CODE_INVALID = "code-invalid"
    TOO_LARGE = "too-large"
    REQUIRED_MISSING = "required-missing"
    UNKNOWN_KEY = "unknown-key"
    DUPLICATE_KEY = "duplicate-key"
    FORBIDDEN_STATE = "forbidden-state"
    STALE_VERSION = "stale-version"
    NOT_PERMITTED = "not-permitted"
    UNKNOWN_MODIFIER = "unknown-modifier"
    SEVERAL_MATCHES = "several-matches"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One fault and its place: an HL7 path (`RF1[1]-6[1]`), a FHIRPath expression (`Task.status`) or a line."""

    cause: Cause
    path: str
    text: str


class HubError(Exception):
    """Root of the errors that callers handle."""


class Refused(HubError):
    """The input is refused; nothing of it took effect."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(f"{r.cause.value} at {r.path}: {r.text}" for r in refusals))
        self.refusals = refusals


class Unavailable(HubError):
    """A service that the hub needs is not there; nothing was stored; the sender should send again."""
