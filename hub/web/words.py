"""The code words of the hub as texts for people; each is the msgid of its translation."""

from __future__ import annotations

from hub.domain.referrals import State


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown."""
    return text


_STATES = {
    State.DRAFT: N_("Draft"),
    State.REQUESTED: N_("Requested"),
    State.RECEIVED: N_("Received"),
    State.INFORMATION_REQUESTED: N_("Information requested"),
    State.ACCEPTED: N_("Accepted"),
    State.SCHEDULED: N_("Scheduled"),
    State.NO_SHOW: N_("No-show"),
    State.ARRIVED: N_("Arrived"),
    State.IN_PROGRESS: N_("In progress"),
    State.OUTCOME_SENT: N_("Outcome sent"),
    State.REJECTED: N_("Rejected"),
    State.REFERRED_ONWARD: N_("Referred onward"),
    State.CANCELLED: N_("Cancelled"),
    State.EXPIRED: N_("Expired"),
    State.CLOSED: N_("Closed"),
}

_EVENTS = {
    "referral.requested": N_("Referral sent"),
    "referral.received": N_("Referral received"),
    "referral.amended": N_("Referral amended"),
    "referral.accepted": N_("Referral accepted"),
    "referral.rejected": N_("Referral rejected"),
    "referral.information-requested": N_("Information asked for"),
    "referral.information-supplied": N_("Information supplied"),
    "referral.referred-onward": N_("Patient referred onward"),
    "referral.scheduled": N_("Appointment booked"),
    "referral.arrived": N_("Patient arrived"),
    "referral.no-show": N_("Patient did not come"),
    "referral.started": N_("Treatment started"),
    "referral.outcome-sent": N_("Outcome reported"),
    "referral.closed": N_("Referral closed"),
    "referral.cancelled": N_("Referral cancelled"),
    "referral.cancellation-requested": N_("Cancellation asked for"),
    "referral.cancellation-refused": N_("Cancellation refused"),
    "referral.expired": N_("Referral expired"),
    "fragment.received": N_("History received"),
    "record.ready": N_("Record made"),
    "dead-letter.parked": N_("Event parked"),
}

_PRIORITIES = {"stat": N_("Emergency"), "asap": N_("As soon as possible"), "urgent": N_("Urgent"),
               "routine": N_("Routine")}  # fmt: skip
_ROLES = {"clinician": N_("Clinician"), "administrator": N_("Administrator")}
_KINDS = {"clinic": N_("Clinic"), "hospital": N_("Hospital")}
_GENDERS = {"male": N_("Male"), "female": N_("Female"), "other": N_("Other"), "unknown": N_("Unknown")}


def state_word(state: State | str) -> str:
    """Raises ValueError where it is no state."""
    return _STATES[State(state)]


def event_word(kind: str) -> str:
    """Of an event's type with or without `.v1`; an unknown type is its own word."""
    return _EVENTS.get(kind.removesuffix(".v1"), kind)


def priority_word(code: str) -> str:
    """Of a FHIR request-priority."""
    return _PRIORITIES.get(code, code)


def role_word(role: str) -> str:
    return _ROLES[role]


def kind_word(kind: str) -> str:
    """Of a kind of organisation."""
    return _KINDS[kind]


def gender_word(code: str | None) -> str:
    """Of a FHIR gender; none is unknown."""
    return _GENDERS.get(code or "unknown", code or "")
