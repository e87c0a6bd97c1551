"""The hub's own codes, published as FHIR CodeSystems."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain import referrals
from hub.domain.fragments import Resource

BUSINESS_STATUS = referrals.BUSINESS_STATUS
EVENT = "urn:referral-hub:event"
DIRECTION = "urn:referral-hub:direction"

REQUEST, AMEND, CANCEL, STATUS = "referral-request", "referral-amend", "referral-cancel", "referral-status"
RESPONSE = "referral-response"
ASK, REFUSE = referrals.ASK_CANCELLATION, referrals.REFUSE_CANCELLATION


@dataclass(frozen=True, slots=True)
class Concept:
    code: str
    display: str
    definition: str


@dataclass(frozen=True, slots=True)
class Codes:
    """One code system. id: of its CodeSystem resource; url: the `system` of its codings."""

    id: str
    url: str
    title: str
    description: str
    concepts: tuple[Concept, ...]


ALL: tuple[Codes, ...] = (
    Codes(
        "business-status",
        BUSINESS_STATUS,
        "Business status of a referral",
        "Task.businessStatus.coding: where a referral stands within its Task.status.",
        (
            Concept("awaiting-information", "Awaiting information", "With status received: the receiver asked back."),
            Concept("scheduled", "Scheduled", "With status accepted: booked, executionPeriod says for when."),
            Concept("no-show", "No show", "With status accepted: the patient did not come."),
            Concept("arrived", "Arrived", "With status in-progress: the patient is there."),
            Concept("outcome-sent", "Outcome sent", "With status completed: the outcome is with the sender."),
            Concept("referred-onward", "Referred onward", "With status completed: another referral follows."),
            Concept("expired", "Expired", "With status failed: nobody acted in time."),
            Concept("closed", "Closed", "With status completed: the sender has read the outcome."),
            Concept(ASK, "Cancellation requested", "Written by the sender after arrival: asks the receiver to cancel."),
            Concept(REFUSE, "Cancellation refused", "Written by the receiver: the referral goes on."),
        ),
    ),
    Codes(
        "event",
        EVENT,
        "Message events",
        "MessageHeader.eventCoding of the message Bundles that $process-message takes and answers.",
        (
            Concept(REQUEST, "Referral request", "A new referral: its ServiceRequest, Patient, history."),
            Concept(AMEND, "Referral amendment", "Changes a referral that the ServiceRequest's identifier names."),
            Concept(CANCEL, "Referral cancellation", "Cancels a referral, or asks to after arrival."),
            Concept(STATUS, "Referral status", "Its Task moves the referral, with what belongs to the move."),
            Concept(RESPONSE, "Referral response", "The hub's answer: the referral's id and state."),
        ),
    ),
    Codes(
        "direction",
        DIRECTION,
        "Direction of a referral",
        "ServiceRequest.category.coding: up to a higher institution or back down.",
        (
            Concept("up", "Up-referral", "From primary care to a hospital, or to a higher one."),
            Concept("down", "Down-referral", "Back to the institution that goes on with the care."),
        ),
    ),
)


def code_system(codes: Codes) -> Resource:
    """The CodeSystem resource."""
    return {
        "resourceType": "CodeSystem",
        "id": codes.id,
        "url": codes.url,
        "version": "1.0.0",
        "name": "".join(word.capitalize() for word in codes.id.split("-")) + "Codes",
        "title": codes.title,
        "status": "active",
        "experimental": False,
        "date": "2026-11-22",
        "publisher": "Referral Hub",
        "description": codes.description,
        "caseSensitive": True,
        "content": "complete",
        "count": len(codes.concepts),
        "concept": [{"code": c.code, "display": c.display, "definition": c.definition} for c in codes.concepts],
    }
