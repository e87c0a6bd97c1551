"""The CapabilityStatement: what the FHIR routes do, in the words of FHIR."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.fhir.code_systems import ALL, EVENT
from adapters.fhir.document import VERSION
from hub.domain.fragments import Resource

_CLINICAL = (
    "AllergyIntolerance", "CarePlan", "Composition", "Condition", "DiagnosticReport", "DocumentReference", "Encounter",
    "Immunization", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement",
    "Observation", "Procedure",
)  # fmt: skip
"""Named as examples: every clinical resource type of R4 is taken, kept, read and searched alike."""

_PARTY = "Organisation, as urn:referral-hub:organization|CODE with the modifier :identifier, or as CODE"
_REFERRAL_SEARCH = (
    ("_id", "token", "Id of the referral"),
    ("identifier", "token", "The referral's own identifiers, the hub's id among them"),
    ("status", "token", "Status"),
    ("patient", "reference", "The hub's Patient; with :identifier a number of the patient (use POST _search)"),
    ("requester", "reference", _PARTY),
    ("based-on", "reference", "The referral that this one follows"),
    ("_lastUpdated", "date", "Last change"),
)

_INSTRUCTIONS = (
    "A referral is sent as a message Bundle to $process-message: MessageHeader, ServiceRequest, Patient, and what "
    "comes with it, also as a document Bundle within it. It is for whom performer or Task.owner names, else for the "
    "one receiver of MessageHeader.destination. Transaction, batch, collection and document Bundles and single "
    "resources become history of the patient; a transaction, collection or document is stored whole or not at all, of "
    "a batch each entry by itself. "
    "Entries are stored by POST or PUT; ifNoneExist and conditional references name one thing by its identifier. "
    "Profiles of meta.profile are kept as named and not enforced; an unknown modifierExtension and implicitRules are "
    "refused. Bodies may be gzip; of a new resource Prefer: return=minimal or representation is heeded. "
    "A Task (its id is the referral's) is moved by PUT or JSON Patch with If-Match; clinical resources that it newly "
    "contains belong to the referral; elements that the hub computes "
    "(focus, for, requester, owner, identifier, priority) are not changed by it. A repeat with the same "
    "Bundle.identifier, MessageHeader.id, If-None-Exist, or X-Request-ID with an equal body gets the first answer "
    "again. A search parameter that is not listed is refused."
)


SUMMARY = "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"
_SUMMARY = (
    "GET Patient/{id}/$summary: the IPS document of the newest continuous record of a referral of this patient that "
    "the caller receives; before acceptance of what came with the referral, then of the whole history. 202 with an "
    "OperationOutcome while the record is being made."
)

_MESSAGING = (
    "Events: " + ", ".join(concept.code for codes in ALL if codes.url == EVENT for concept in codes.concepts)
    + f" of {EVENT}; another event code that comes with a ServiceRequest is a new referral, without one history."
)  # fmt: skip


def statement(base: str, date: str, software: str) -> Resource:
    """The CapabilityStatement. base: the server's; date: ISO 8601, of the software's build or start."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "referral-hub",
        "url": f"{base}/metadata",
        "name": "ReferralHub",
        "title": "Referral Hub",
        "status": "active",
        "experimental": False,
        "date": date,
        "publisher": "Referral Hub",
        "description": "Referrals between clinics and hospitals, their histories, states and outcomes.",
        "kind": "instance",
        "software": {"name": "Referral Hub", "version": software},
        "implementation": {"description": "Referral Hub", "url": base},
        "fhirVersion": VERSION,
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [_rest()],
        "messaging": [{"documentation": _MESSAGING}],
    }


def _rest() -> Resource:
    return {
        "mode": "server",
        "documentation": _INSTRUCTIONS,
        "security": {
            "cors": False,
            "description": "Authorization: Bearer TOKEN of an organisation; it sees what it takes part in.",
        },
        "resource": [_task(), _request(), _patient(), *map(_clinical, _CLINICAL), _codes()],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
        "operation": [
            {
                "name": "process-message",
                "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
            }
        ],
    }


def _task() -> Resource:
    parameters = (
        *_REFERRAL_SEARCH,
        ("owner", "reference", _PARTY),
        ("business-status", "token", "Code of urn:referral-hub:business-status"),
        ("focus", "reference", "The referral's ServiceRequest"),
    )
    return {
        **_resource("Task", ("read", "search-type", "update", "patch"), parameters),
        "versioning": "versioned-update",
        "updateCreate": False,
    }


def _request() -> Resource:
    parameters = (*_REFERRAL_SEARCH, ("performer", "reference", _PARTY))
    return {
        **_resource("ServiceRequest", ("read", "search-type", "create"), parameters),
        "documentation": "Referrals under the hub's id. A ServiceRequest created by itself is an order of the history.",
        "versioning": "versioned",
    }


def _patient() -> Resource:
    parameters = (
        ("_id", "token", "The hub's id"),
        ("identifier", "token", "A number of the patient: use POST _search"),
    )
    summary = {"name": "summary", "definition": SUMMARY, "documentation": _SUMMARY}
    return {**_resource("Patient", ("read", "search-type", "create"), parameters), "operation": [summary]}


def _clinical(kind: str) -> Resource:
    parameters = (
        ("_id", "token", "The hub's id"),
        ("patient", "reference", "The hub's Patient"),
        ("based-on", "reference", "The referral (ServiceRequest) that it came with"),
    )
    return {**_resource(kind, ("read", "search-type", "create"), parameters), "conditionalCreate": True}


def _codes() -> Resource:
    parameters = (("_id", "token", "Id"), ("url", "uri", "The system of the codes"))
    return _resource("CodeSystem", ("read", "search-type"), parameters)


def _resource(kind: str, interactions: Iterable[str], parameters: Iterable[tuple[str, str, str]]) -> Resource:
    return {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "searchParam": [{"name": n, "type": t, "documentation": d} for n, t, d in parameters],
    }
