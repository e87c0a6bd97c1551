"""Referrals, patients and fragments of the hub as FHIR resources. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.fhir.code_systems import BUSINESS_STATUS
from adapters.fhir.parties import ORGANIZATION
from adapters.fhir.referral import REFERRAL
from adapters.fhir.tasks import COMPUTED
from hub.domain.fragments import Resource
from hub.domain.patients import TYPES, Identifier
from hub.domain.referrals import TASK, State
from hub.views.fragments import StoredFragment
from hub.views.patients import Patient, Replaced
from hub.views.referrals import Party, Referral

PATIENT = "urn:referral-hub:patient"
"""Identifier system of the hub's own patient ids."""

CANCELLATION_REQUESTED = "urn:referral-hub:cancellation-requested"
"""Extension of a Task: the sender asks the receiver to cancel."""

_REQUEST_STATUS: dict[State, str] = {
    State.DRAFT: "draft",
    State.OUTCOME_SENT: "completed",
    State.CLOSED: "completed",
    State.REFERRED_ONWARD: "completed",
    State.REJECTED: "revoked",
    State.CANCELLED: "revoked",
    State.EXPIRED: "revoked",
}
"""ServiceRequest.status of a state; active in all others."""


def status_elements(state: State) -> Resource:
    """Task.status and Task.businessStatus of a state."""
    status, business = TASK[state]
    elements: Resource = {"status": status}
    if business:
        elements["businessStatus"] = {"coding": [{"system": BUSINESS_STATUS, "code": business}]}
    return elements


def request_status(state: State) -> str:
    """ServiceRequest.status of a state."""
    return _REQUEST_STATUS.get(state, "active")


def task(referral: Referral) -> Resource:
    """The Task of a referral: what the hub computes, and what writers added (output, note, contained...)."""
    kept = {name: value for name, value in referral.task.items() if name not in COMPUTED}
    extensions = [e for e in kept.pop("extension", ()) if e.get("url") != CANCELLATION_REQUESTED]
    if referral.cancellation_asked:
        extensions.append({"url": CANCELLATION_REQUESTED, "valueBoolean": True})
    appointment = referral.details.get("appointment", {})
    period = {name: appointment[name] for name in ("start", "end") if appointment.get(name)}
    return {
        "resourceType": "Task",
        "id": referral.id,
        "meta": _meta(str(referral.version), referral.updated_at),
        **({"extension": extensions} if extensions else {}),
        "identifier": _identifiers(referral),
        **_based_on(referral),
        **status_elements(referral.state),
        **({"statusReason": {"text": referral.reason}} if referral.reason else {}),
        "intent": "order",
        "priority": referral.priority,
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": f"ServiceRequest/{referral.id}"},
        "for": {"reference": f"Patient/{referral.patient_id}"},
        **({"executionPeriod": period} if period else {}),
        "authoredOn": referral.requested_at.isoformat(),
        "lastModified": referral.updated_at.isoformat(),
        "requester": organization(referral.sender),
        "owner": organization(referral.receiver),
        **kept,
    }


def service_request(referral: Referral) -> Resource:
    """The ServiceRequest as received, under the hub's id, with the state, the parties and the hub's patient."""
    sent = referral.service_request
    return {
        "intent": "order",
        **{name: value for name, value in sent.items() if name not in ("performer", "meta", "encounter")},
        "resourceType": "ServiceRequest",
        "id": referral.id,
        "meta": {**_kept_meta(sent), **_meta(str(referral.version), referral.updated_at)},
        "identifier": _identifiers(referral, sent.get("identifier", [])),
        **_based_on(referral),
        "status": request_status(referral.state),
        "priority": referral.priority,
        "subject": {"reference": f"Patient/{referral.patient_id}"},
        "authoredOn": sent.get("authoredOn") or referral.requested_at.isoformat(),
        "requester": sent["requester"] if _says(sent.get("requester")) else organization(referral.sender),
        "performer": [organization(referral.receiver)],
    }


def patient(known: Patient) -> Resource:
    """The Patient under the hub's id, with the identifiers that the viewer may know."""
    resource = dict(known.resource or {})
    if known.name and not resource.get("name"):
        resource["name"] = [{"text": known.name}]
    for element, value in (("gender", known.gender), ("birthDate", known.birth_date)):
        if value and element not in resource:
            resource[element] = value
    identifiers = [identifier_element(i) for i in (Identifier(PATIENT, known.id, "PI"), *known.identifiers)]
    return resource | {
        "resourceType": "Patient",
        "id": known.id,
        "meta": {**_kept_meta(resource), "lastUpdated": known.updated_at.isoformat()},
        "identifier": identifiers,
    }


def replaced_patient(known: Replaced) -> Resource:
    """What is left of a Patient that was merged into another: its id, and whose it is now."""
    return {
        "resourceType": "Patient",
        "id": known.id,
        "meta": {"lastUpdated": known.merged_at.isoformat()},
        "active": False,
        "link": [{"other": {"reference": f"Patient/{known.by}"}, "type": "replaced-by"}],
    }


def fragment(stored: StoredFragment) -> Resource:
    """A clinical resource under the hub's id, of the hub's patient."""
    resource: Resource = stored.resource | {
        "resourceType": stored.resource_type,
        "id": stored.id,
        "meta": {**_kept_meta(stored.resource), **_meta("1", stored.received_at)},
    }
    for name in ("subject", "patient"):
        if isinstance(resource.get(name), dict):
            said = {part: resource[name][part] for part in ("type", "display") if part in resource[name]}
            resource[name] = {"reference": f"Patient/{stored.patient_id}", **said}
    return resource


def organization(party: Party) -> Resource:
    """A logical reference to an organisation."""
    return {
        "type": "Organization",
        "identifier": {"system": ORGANIZATION, "value": party.code},
        "display": party.name,
    }


def _says(reference: Resource | None) -> bool:
    """Whether a reference tells who it is also outside of the message that it came in."""
    return bool(reference and (reference.get("display") or reference.get("identifier")))


def _meta(version: str, updated: datetime) -> Resource:
    return {"versionId": version, "lastUpdated": updated.isoformat()}


def _kept_meta(resource: Resource) -> Resource:
    """What a sender said of its resource; version and time are the hub's."""
    meta: dict[str, Any] = resource.get("meta", {})
    return {name: value for name, value in meta.items() if name.strip("_") not in ("versionId", "lastUpdated")}


def _identifiers(referral: Referral, sent: list[Resource] | None = None) -> list[Resource]:
    """The hub's own id first, then those of the sender, as sent where they are known in full."""
    full = {(str(i.get("system", "")), i.get("value")): i for i in sent or ()}
    own = Identifier(REFERRAL, referral.id)
    known = [i for i in referral.identifiers if i != own]
    plain = [full.get((i.system, i.value)) or identifier_element(i) for i in known]
    return [identifier_element(own), *plain]


def identifier_element(identifier: Identifier) -> Resource:
    """An Identifier, without system or type where there is none."""
    kind = {"type": {"coding": [{"system": TYPES, "code": identifier.type}]}} if identifier.type else {}
    return kind | ({"system": identifier.system} if identifier.system else {}) | {"value": identifier.value}


def _based_on(referral: Referral) -> Resource:
    return {"basedOn": [{"reference": f"ServiceRequest/{referral.based_on}"}]} if referral.based_on else {}
