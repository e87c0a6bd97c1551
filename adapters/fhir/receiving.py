"""What comes in by POST: message Bundles, history Bundles, single resources."""

from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from adapters.fhir import acknowledgement, resources
from adapters.fhir.acknowledgement import Answer, Success, acknowledger
from adapters.fhir.document import Key, envelope, request_key
from adapters.fhir.normalise import normalise_resource
from adapters.fhir.parsing import decode, encode, read, root_name
from adapters.fhir.patients import Register
from adapters.fhir.requests import (
    Commands,
    FhirRoute,
    JsonWanted,
    Problem,
    accepted,
    base_url,
    body_of,
    respond,
    sender_of,
)  # fmt: skip
from adapters.fhir.validation import known_types
from hub.domain.errors import Cause, Refusal, Refused, Unavailable
from hub.domain.fragments import ADMINISTRATIVE, Resource
from hub.domain.messages import MOST_LEAVES, Normalised, Receipt, Sender, Submission
from hub.domain.patients import Identifier, Identity
from hub.views import fragments, patients, referrals

_SEVERAL = 20
"""Patients and resources looked at for a condition: more than one is too many already."""

_NOT_CREATED = ADMINISTRATIVE - {"Patient", "ServiceRequest"}


def router(commands: Commands) -> APIRouter:
    """`POST $process-message`, `POST` of a Bundle at the base, `POST {type}`."""
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]
    content = Annotated[bytes, Depends(body_of(commands))]

    @routes.post("/$process-message")
    def process_message(request: Request, sender: caller, raw: content, _: JsonWanted) -> Response:
        """A message Bundle; the answer is a message Bundle with MessageHeader.response."""
        return respond(_submit(commands, request, sender, raw, "message")[1])

    @routes.post("")
    @routes.post("/")
    def post_bundle(request: Request, sender: caller, raw: content, _: JsonWanted) -> Response:
        """A transaction, batch, collection or document Bundle of history, a message Bundle, or a single resource."""
        return _created(commands, request, sender, raw, None)

    @routes.post("/{kind}")
    def create(kind: str, request: Request, sender: caller, raw: content, _: JsonWanted) -> Response:
        """A single resource of the patient's history."""
        if kind == "Task":
            text = "a Task comes with its referral: update it by PUT or PATCH of Task/{id}"
            raise Problem(405, "not-supported", text, Allow="GET, HEAD")
        if kind not in known_types():
            raise Problem(404, "not-found", "no resource type of FHIR R4")
        return _created(commands, request, sender, raw, kind)

    return routes


def register(commands: Commands, sender: Sender) -> Register:
    """What the sender may know of the hub's own patients and referrals."""

    def patient(patient_id: str) -> Identity | None:
        with commands.connection() as connection:
            known = patients.read(connection, sender.id, patient_id)
        return Identity(known.name, known.gender, known.birth_date, known.identifiers) if known else None

    def patient_of(referral_id: str) -> str | None:
        with commands.connection() as connection:
            known = referrals.read(connection, sender.id, referral_id)
        return known.patient_id if known else None

    def existing(kind: str, identifier: Identifier, whose: Identity) -> list[str]:
        tokens = [(i.system, i.value) for i in whose.identifiers]
        with commands.connection() as connection:
            known = patients.search(connection, sender.id, limit=_SEVERAL, identifiers=tokens) if tokens else []
            asked = fragments.Criteria(patient_ids=[p.id for p in known], types=(kind,), identifier=identifier)
            found = fragments.search(connection, sender.id, asked, limit=_SEVERAL) if known else []
        return [f.id for f in found if f.organization == sender.code]

    return Register(patient, patient_of, existing)


def key_of(request: Request, *of: bytes) -> Key | None:
    """The request's own key. If-None-Exist is kept as a digest: it may hold a patient's number."""
    condition = request.headers.get("if-none-exist", "")
    if condition:
        return Key(f"If-None-Exist:{request.url.path}", sha256(condition.encode()).hexdigest())
    return request_key("X-Request-ID", request.headers.get("x-request-id", ""), *of)


def _created(commands: Commands, request: Request, sender: Sender, raw: bytes, expected: str | None) -> Response:
    """The answer to what was posted, with the address of what is new (without, where the hub cannot look it up)."""
    receipt, answer, kind = _submit(commands, request, sender, raw, expected)
    with suppress(Unavailable):
        if answer.status == 201:
            answer = _new(commands, request, sender, receipt, kind, answer)
        elif answer.status == 200 and kind == "Bundle" and not receipt.outcome.refusals:
            answer = _located(commands, request, sender, receipt, answer)
    return respond(answer)


def _submit(commands: Commands, request: Request, sender: Sender, raw: bytes,
            expected: str | None) -> tuple[Receipt, Answer, str]:  # fmt: skip
    """The receipt, its answer and the type of what came. expected: `message` (a message Bundle), the type of resource
    that the address asks for, or None for any."""
    at = commands.now()
    content_type = request.headers.get("content-type", "")
    resource, refusals = _opened(raw, content_type, expected)
    head = envelope(resource, key_of(request, request.url.path.rstrip("/").encode(), raw))
    normalised: list[Normalised] = []
    if resource is not None and not refusals:
        try:  # here, in the request's own thread: the intake's is for all
            normalised.append(
                normalise_resource(
                    resource, head, timezone=sender.timezone, received_at=at, register=register(commands, sender)
                )
            )
        except Refused as refused:
            refusals = refused.refusals
    acknowledge = acknowledger(
        _success(resource or {}, base_url(request), at, normalised), refusing=acknowledgement.refused(resource or {})
    )
    submission = Submission("fhir", raw, at, sender, head, lambda: normalised[0], acknowledge, refusals)
    return *accepted(commands, submission), (resource or {}).get("resourceType", "")


def _opened(raw: bytes, content_type: str, expected: str | None) -> tuple[Resource | None, tuple[Refusal, ...]]:
    try:
        resource = read(raw, content_type, limited=True)
    except Refused as refused:
        return None, refused.refusals
    return resource, _unexpected(resource, expected)


def _success(resource: Resource, base: str, at: datetime, normalised: list[Normalised]) -> Success:
    kind = resource.get("type") if resource.get("resourceType") == "Bundle" else None
    if kind == "message":
        patient = normalised[0].patient if normalised else Identity()
        return acknowledgement.message(resource, base, at, patient)
    if kind in ("transaction", "batch"):
        return acknowledgement.bundle(resource, normalised)
    if kind:
        return acknowledgement.history(200, "kept as history of the patient", resource)
    if resource.get("resourceType") == "ServiceRequest":
        return acknowledgement.history(201, acknowledgement.NO_REFERRAL, resource)
    return acknowledgement.history(201, "kept as history of the patient", resource)


def _unexpected(resource: Resource, expected: str | None) -> tuple[Refusal, ...]:
    kind = resource["resourceType"]
    expected = expected or kind
    if expected == "message" and (kind != "Bundle" or resource.get("type") != "message"):
        return (Refusal(Cause.WRONG_STRUCTURE, "Bundle.type", "a Bundle of type message is expected"),)
    if expected not in ("message", kind):
        return (Refusal(Cause.WRONG_STRUCTURE, root_name(resource), f"a {expected} is expected at this address"),)
    if expected in _NOT_CREATED:
        text = f"a {expected} is taken within a Bundle, not by itself"
        return (Refusal(Cause.UNSUPPORTED_TYPE, expected, text),)
    return ()


def _located(commands: Commands, request: Request, sender: Sender, receipt: Receipt, answer: Answer) -> Answer:
    """The response to a transaction or batch with the addresses of what is new."""
    body = decode(answer.body)
    if not body.get("type", "").endswith("-response"):
        return answer
    asked = fragments.Criteria(message_ids=(receipt.outcome.message_id,))
    with commands.connection() as connection:
        stored = fragments.search(connection, sender.id, asked, limit=MOST_LEAVES)
    addresses = {f.base: f"{f.resource_type}/{f.patient_id if f.resource_type == 'Patient' else f.id}" for f in stored}
    for number, entry in enumerate(body["entry"]):
        address = addresses.get(f"/entry/{number}/resource")
        if address and entry["response"]["status"].startswith("201"):
            entry["response"] |= {"location": f"{base_url(request)}/{address}", "etag": 'W/"1"'}
    return answer._replace(body=encode(body))


def _new(commands: Commands, request: Request, sender: Sender, receipt: Receipt, kind: str, answer: Answer) -> Answer:
    """The answer to a new resource with its address, and with what `Prefer: return` asks for in place of the outcome:
    nothing, or the resource as the hub has it."""
    preferred = {part.strip() for part in request.headers.get("prefer", "").replace(";", ",").split(",")}
    if "return=minimal" in preferred:
        answer = answer._replace(body=b"")
    asked = fragments.Criteria(message_ids=(receipt.outcome.message_id,), types=(kind,))
    with commands.connection() as connection:
        found = next(iter(fragments.search(connection, sender.id, asked, limit=1)), None)
        whom = patients.read(connection, sender.id, found.patient_id) if found and kind == "Patient" else None
    if found is None:
        return answer
    if "return=representation" in preferred:
        answer = answer._replace(body=encode(resources.patient(whom) if whom else resources.fragment(found)))
    address = f"{base_url(request)}/{kind}/{found.patient_id if kind == 'Patient' else found.id}"
    return answer._replace(headers={**answer.headers, "Location": address, "ETag": 'W/"1"'})
