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
    "patient.merged": N_("Patients merged"),
    "patient.separated": N_("Patients separated again"),
    "dead-letter.parked": N_("Event parked"),
}

_PRIORITIES = {"stat": N_("Emergency"), "asap": N_("As soon as possible"), "urgent": N_("Urgent"),
               "routine": N_("Routine")}  # fmt: skip
_ACTIONS = {
    "read": N_("Read it"), "search": N_("Searched"), "export": N_("Exported"), "download": N_("Downloaded"),
    "log-in": N_("Logged in"), "log-out": N_("Logged out"), "log-out-everywhere": N_("Logged out everywhere"),
    "lock": N_("Log-in locked"), "set-password": N_("Password set"), "issue-token": N_("Token issued"),
    "rotate-token": N_("Token replaced"), "end-sessions": N_("Sessions ended"), "add": N_("Added"),
    "edit": N_("Changed"), "enable": N_("Enabled"), "disable": N_("Disabled"), "replay": N_("Replayed"),
    "publish-requirements": N_("Requirements published"), "refer": N_("Sent a referral"), "update": N_("Updated"),
    "mark": N_("Marked a statement"), "merge": N_("Merged patients"), "separate": N_("Separated patients"),
    "set": N_("Set"), "pause": N_("Paused it"), "resume": N_("Resumed it"), "remove": N_("Removed"),
    "skip": N_("Skipped it"), "profile-set": N_("Profile set"), "profile-remove": N_("Profile removed"),
}  # fmt: skip
_OBJECTS = {
    "record": N_("Record of the patient"), "referral": N_("Referral form"), "message": N_("Message"),
    "list": N_("List"),
    "attachment": N_("Attached file"), "patient": N_("Patient"), "user": N_("User"), "organization": N_("Organization"),
    "audit": N_("Audit"), "marks": N_("Marks on statements"), "dead-letter": N_("Dead letter"),
    "delivery": N_("Delivery"), "destination": N_("Destination"),
}  # fmt: skip
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


def action_word(code: str) -> str:
    """Of a verb of the audit trail; the step of a referral and what is unknown are their own words."""
    return _ACTIONS.get(code, code)


def object_word(code: str) -> str:
    """Of a type of object in the audit trail."""
    return _OBJECTS.get(code, code)
