"""Answers to what was sent, as bytes that are stored with the message: a repeat gets the first answer again.

The bytes are one line `[status, {header: value}]` and the body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from adapters.fhir import operation_outcome
from adapters.fhir.code_systems import EVENT, RESPONSE
from adapters.fhir.entries import by_entry
from adapters.fhir.parsing import encode
from adapters.fhir.referral import REFERRAL
from adapters.fhir.resources import identifier_element, request_status, status_elements
from adapters.fhir.validation import MOST, resources
from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Resource
from hub.domain.messages import Normalised, Outcome, ReferralStanding
from hub.domain.patients import Identifier, Identity

ENDPOINT = "urn:referral-hub"
RETRY_SECONDS = 5
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
NO_REFERRAL = "kept as history of the patient; a referral is sent as a message Bundle to $process-message"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Success = Callable[[Outcome], tuple[int, dict[str, str], Resource]]
"""The answer to what was accepted: status, headers, body."""


def pack(answer: Answer) -> bytes:
    return msgspec.json.encode([answer.status, answer.headers]) + b"\n" + answer.body


def unpack(stored: bytes) -> Answer:
    head, _, body = stored.partition(b"\n")
    status, headers = msgspec.json.decode(head, type=tuple[int, dict[str, str]])
    return Answer(status, headers, body)


Refusing = Callable[[Outcome], Resource | None]
"""An answer of its own, of status 200, to what was refused; None: as everything else."""


def acknowledger(success: Success, *, unknown: int = 422, refusing: Refusing = lambda _: None
                 ) -> Callable[[Outcome], bytes]:  # fmt: skip
    """`Submission.acknowledge`. unknown: status where a key that the request names does not exist."""

    def acknowledge(outcome: Outcome) -> bytes:
        if outcome.unavailable:
            return pack(unavailable())
        if outcome.refusals:
            own = refusing(outcome)
            if own is not None:
                return pack(Answer(200, {}, encode(own)))
            code = operation_outcome.status(outcome.refusals)
            if code == 422 and outcome.refusals[0].cause is Cause.UNKNOWN_KEY:
                code = unknown
            return pack(Answer(code, {}, encode(operation_outcome.of_refusals(outcome.refusals))))
        status, headers, body = success(outcome)
        return pack(Answer(status, headers, encode(body)))

    return acknowledge


def unavailable() -> Answer:
    """The hub cannot store now."""
    body = operation_outcome.told("error", "transient", "the hub cannot store now: send again")
    return Answer(503, {"Retry-After": str(RETRY_SECONDS)}, encode(body))


def message(sent: Resource, base: str, at: datetime, patient: Identity) -> Success:
    """The message Bundle that answers a message Bundle: the referral's Task, and its ServiceRequest where the message
    says of whom it is. base: the server's, without slash at its end."""

    def success(outcome: Outcome) -> tuple[int, dict[str, str], Resource]:
        header: Resource = {
            "resourceType": "MessageHeader",
            "id": outcome.message_id,
            "eventCoding": {"system": EVENT, "code": RESPONSE},
            **_destination(sent),
            "source": {"name": "Referral Hub", "endpoint": ENDPOINT},
            "response": {"identifier": _name(sent), "code": "ok"},
        }
        entries: list[tuple[str, Resource]] = [(f"MessageHeader/{outcome.message_id}", header)]
        if outcome.referral is not None:
            told = [_task(outcome.referral, base, at), *_request(outcome.referral, patient)]
            entries += [(f"{resource['resourceType']}/{outcome.referral.id}", resource) for resource in told]
            header["focus"] = [{"reference": f"{base}/{name}"} for name, _ in entries[1:]]
        bundle: Resource = {
            "resourceType": "Bundle",
            "id": outcome.message_id,
            "identifier": {"system": "urn:referral-hub:message", "value": outcome.message_id},
            "type": "message",
            "timestamp": at.isoformat(),
            "entry": [{"fullUrl": f"{base}/{name}", "resource": resource} for name, resource in entries],
        }
        return 200, {}, bundle

    return success


def bundle(sent: Resource, normalised: Sequence[Normalised]) -> Success:
    """transaction-response or batch-response, an entry each. normalised: what was made of it, once it is made."""

    def success(outcome: Outcome) -> tuple[int, dict[str, str], Resource]:
        return 200, {}, _responses(sent, outcome.message_id, by_entry(normalised[0].warnings))

    return success


def refused(sent: Resource) -> Refusing:
    """The batch-response to a batch of which nothing stands, where each of its entries is what is wrong."""

    def refusing(outcome: Outcome) -> Resource | None:
        told, entries = by_entry(outcome.refusals), sent.get("entry")
        if sent.get("type") != "batch" or not isinstance(entries, list) or not entries:
            return None
        each = all(number in told for number in range(len(entries)))
        return _responses(sent, outcome.message_id, told) if each else None

    return refusing


def _responses(sent: Resource, name: str, told: Mapping[int | None, tuple[Refusal, ...]]) -> Resource:
    responses = [_entry_response(entry, told.get(number, ())) for number, entry in enumerate(sent["entry"])]
    return {
        "resourceType": "Bundle",
        "id": name,
        "type": f"{sent['type']}-response",
        "entry": [{"response": response} for response in responses],
    }


def _entry_response(entry: Resource, faults: Sequence[Refusal]) -> Resource:
    """Who sends a referral this way by mistake is told how it is done."""
    if faults and all(fault.cause is Cause.DUPLICATE_KEY for fault in faults):
        return {"status": "200 OK", "outcome": operation_outcome.told("information", "informational", faults[0].text)}
    if faults:
        status = HTTPStatus(operation_outcome.status(faults))
        return {"status": f"{status.value} {status.phrase}", "outcome": operation_outcome.of_refusals(faults)}
    if entry.get("resource", {}).get("resourceType") in ("ServiceRequest", "Task"):
        return {"status": "201 Created", "outcome": operation_outcome.told("information", "informational", NO_REFERRAL)}
    return {"status": "201 Created"}


def history(status: int, text: str, sent: Resource | None = None) -> Success:
    """An OperationOutcome that tells what was kept, and of what was sent the profiles that it names."""

    def success(outcome: Outcome) -> tuple[int, dict[str, str], Resource]:
        kept = operation_outcome.told("information", "informational", text)
        kept["issue"] += _profiles(sent) if sent else ()
        return status, {}, kept

    return success


def _profiles(sent: Resource) -> Iterator[Resource]:
    named: set[str] = set()
    for place, resource in resources(sent):
        for number, profile in enumerate(resource.get("meta", {}).get("profile", ())):
            if profile not in named and len(named) < MOST:
                named.add(profile)
                where = f"{place}.meta.profile[{number}]"
                told = operation_outcome.told("information", "informational", f"named, not enforced: {profile}", where)
                yield from told["issue"]


def _task(referral: ReferralStanding, base: str, at: datetime) -> Resource:
    return {
        "resourceType": "Task",
        "id": referral.id,
        "meta": {"versionId": str(referral.version)},
        "identifier": _identifiers(referral),
        **status_elements(referral.state),
        "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": f"{base}/ServiceRequest/{referral.id}"},
        "lastModified": at.isoformat(),
    }


def _request(referral: ReferralStanding, patient: Identity) -> Iterator[Resource]:
    if patient.identifiers or patient.name:
        first = next(iter(patient.identifiers), None)
        yield {
            "resourceType": "ServiceRequest",
            "id": referral.id,
            "meta": {"versionId": str(referral.version)},
            "identifier": _identifiers(referral),
            "status": request_status(referral.state),
            "intent": "order",
            "subject": {
                "type": "Patient",
                **({"identifier": identifier_element(first)} if first else {}),
                **({"display": patient.name} if patient.name else {}),
            },
        }


def _identifiers(referral: ReferralStanding) -> list[Resource]:
    return [identifier_element(i) for i in (Identifier(REFERRAL, referral.id), *referral.identifiers)]


def _destination(sent: Resource) -> Resource:
    endpoint = _header(sent).get("source", {}).get("endpoint")
    return {"destination": [{"endpoint": endpoint}]} if endpoint else {}


def _header(sent: Resource) -> Resource:
    header: Resource = sent["entry"][0]["resource"]
    return header


def _name(sent: Resource) -> str:
    """What MessageHeader.response.identifier, which is an id, repeats: MessageHeader.id, else what names the Bundle."""
    named = (_header(sent).get("id"), sent.get("id"), sent.get("identifier", {}).get("value"))
    return next((name for name in named if name and _ID.match(name)), "unnamed")
