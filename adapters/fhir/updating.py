"""`PUT` and JSON Patch of a Task: they move its referral."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import jsonpatch
import msgspec
from fastapi import APIRouter, Depends, Request, Response

from adapters.fhir import tasks
from adapters.fhir.acknowledgement import acknowledger
from adapters.fhir.document import Key, decode, envelope, hub_id, read
from adapters.fhir.receiving import key_of
from adapters.fhir.requests import (
    Commands,
    FhirRoute,
    JsonWanted,
    Problem,
    accepted,
    body_of,
    respond,
    sender_of,
)  # fmt: skip
from adapters.fhir.resources import task as task_of
from adapters.fhir.times import recorded_at
from adapters.fhir.validation import check_received
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource, is_clinical, leaves, literal
from hub.domain.messages import Envelope, Ledger, Mapped, Move, Normalised, Outcome, Part, Sender, Submission
from hub.domain.patients import Identity
from hub.views.referrals import Referral
from hub.views.referrals import read as read_referral

PATCH = "application/json-patch+json"
_ETAG = re.compile(r'^\s*(?:W/)?"?([0-9]{1,9})"?\s*$')

Bases = dict[int, str]
"""JSON pointer in the received document of each contained resource that came with it, by its index."""


def router(commands: Commands) -> APIRouter:
    """`PUT Task/{id}` and `PATCH Task/{id}`."""
    routes = APIRouter(route_class=FhirRoute)
    caller = Annotated[Sender, Depends(sender_of(commands))]

    @routes.put("/Task/{task_id}")
    def put_task(task_id: str, request: Request, sender: caller,
                 raw: Annotated[bytes, Depends(body_of(commands))], _: JsonWanted) -> Response:  # fmt: skip
        """Move the referral to the state of the Task. `If-Match` is required."""
        return _update(commands, request, sender, task_id, raw)

    @routes.patch("/Task/{task_id}")
    def patch_task(task_id: str, request: Request, sender: caller,
                   raw: Annotated[bytes, Depends(body_of(commands, frozenset({PATCH})))],
                   _: JsonWanted) -> Response:  # fmt: skip
        """Move the referral to the state of the Task as patched (RFC 6902). `If-Match` is required."""
        return _update(commands, request, sender, task_id, raw)

    return routes


def _update(commands: Commands, request: Request, sender: Sender, task_id: str, raw: bytes) -> Response:
    version = _version(request.headers.get("if-match"))
    with commands.connection() as connection:
        referral = read_referral(connection, sender.id, task_id)
        if referral is None:
            commands.audit(connection, organization_id=sender.id, actor="token", action="update", object_type="Task",
                           object_id=task_id[:64], allowed=False)  # fmt: skip
    if referral is None:
        raise Problem(404, "not-found", "no such Task")
    at = commands.now()
    key = key_of(request, request.method.encode(), request.url.path.encode(), str(version).encode(), raw)
    head = envelope({"resourceType": "Task"}, key or Key("", ""))
    content_type = request.headers.get("content-type", "")

    normalised: list[Normalised] = []
    refusals: tuple[Refusal, ...] = ()
    try:  # here, in the request's own thread: the intake's is for all
        task, bases = _put(raw, content_type) if request.method == "PUT" else _patched(raw, referral, version)
        normalised.append(_normalised(task, bases, referral, version, head, ZoneInfo(sender.timezone)))
    except Refused as refused:
        refusals = refused.refusals

    def success(outcome: Outcome) -> tuple[int, dict[str, str], Resource]:
        standing, move = outcome.referral, normalised[0].intent
        assert standing is not None and isinstance(move, Move)
        moved = _after(replace(referral, version=standing.version, state=standing.state, updated_at=at), move)
        return 200, headers(moved), task_of(moved)

    acknowledge = acknowledger(success, unknown=404)
    submission = Submission("fhir", raw, at, sender, head, lambda: normalised[0], acknowledge, refusals)
    return respond(accepted(commands, submission)[1])


def _normalised(task: Resource, bases: Bases, referral: Referral, version: int, head: Envelope,
                zone: ZoneInfo) -> Normalised:  # fmt: skip
    move = _move(task, referral, version)
    parts = tuple(_parts(task, bases, referral, zone))
    told = tuple(Mapped(p, f"/entry/0/resource{p}", literal(v)) for p, v in leaves(task) if v is not None)
    name = f"urn:uuid:{uuid5(NAMESPACE_URL, referral.id)}"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": name, "resource": task}]}
    return Normalised(head, bundle, Ledger(told), Identity(), {}, parts, move)


def headers(referral: Referral) -> dict[str, str]:
    """The headers of an answer that holds a referral's Task or ServiceRequest."""
    return {"ETag": f'W/"{referral.version}"', "Last-Modified": format_datetime(referral.updated_at, usegmt=True)}


def _after(referral: Referral, move: Move) -> Referral:
    """The referral with what the move adds to it, beside version and state."""
    asked = {"ask": True, "refuse": False}.get(move.cancellation or "", referral.cancellation_asked)
    return replace(
        referral,
        reason=move.reason or referral.reason,
        details={**referral.details, **move.details},
        task={**referral.task, **move.task},
        cancellation_asked=asked,
    )


def _version(if_match: str | None) -> int:
    found = _ETAG.match(if_match or "")
    if found is None:
        text = 'If-Match with the version that was read is expected: If-Match: W/"3"'
        raise Problem(412, "conflict", text)
    return int(found.group(1))


def _put(raw: bytes, content_type: str) -> tuple[Resource, Bases]:
    task = read(raw, content_type)
    if task["resourceType"] != "Task":
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Task", "a Task is expected at this address"))
    contained = task.get("contained")
    count = len(contained) if isinstance(contained, list) else 0
    return task, {i: f"/contained/{i}" for i in range(count)}


def _patched(raw: bytes, referral: Referral, version: int) -> tuple[Resource, Bases]:
    """The Task as patched. Raises Refused: WRONG_STRUCTURE for what is no patch, STALE_VERSION or FORBIDDEN_STATE for
    one that does not fit."""
    try:
        operations: Any = decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Task", "not JSON")) from None
    try:
        task: Resource = jsonpatch.apply_patch(task_of(referral), operations)
    except (jsonpatch.JsonPatchConflict, jsonpatch.JsonPatchTestFailed, jsonpatch.JsonPointerException):
        if version != referral.version:
            text = f"the referral's version is {referral.version}"
            raise Refused(Refusal(Cause.STALE_VERSION, "Task.meta.versionId", text)) from None
        raise Refused(Refusal(Cause.FORBIDDEN_STATE, "Task", "the patch does not fit the Task as it is")) from None
    except (jsonpatch.InvalidJsonPatch, TypeError, KeyError, AttributeError):
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Task", "not a JSON Patch (RFC 6902)")) from None
    if not isinstance(task, dict) or task.get("resourceType") != "Task":
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Task", "the patch leaves no Task"))
    return task, _patched_bases(task, operations)


def _patched_bases(task: Resource, operations: list[Any]) -> Bases:
    """Where in the patch each contained resource was given."""
    given: list[tuple[object, str]] = []
    for number, operation in enumerate(operations):
        value = operation.get("value")
        given.append((value, f"/{number}/value"))
        given += [(v, f"/{number}/value/{i}") for i, v in enumerate(value if isinstance(value, list) else ())]
    contained = task.get("contained")
    return {
        i: base
        for i, resource in enumerate(contained if isinstance(contained, list) else ())
        for value, base in given
        if value == resource
    }


def _move(task: Resource, referral: Referral, version: int) -> Move:
    faults = list(check_received(task))
    if task.get("id") != referral.id:
        faults.append(Refusal(Cause.WRONG_STRUCTURE, "Task.id", "the id of the address is expected"))
    if faults:
        raise Refused(*faults)
    return tasks.move(task, "Task", referral.id, version, current=task_of(referral))


def _parts(task: Resource, bases: Bases, referral: Referral, zone: ZoneInfo) -> Iterator[Part]:
    """The clinical resources that the Task newly contains. Raises Refused for what is about somebody else."""
    before = referral.task.get("contained", ())
    for i, resource in enumerate(task.get("contained", ())):
        if i not in bases or resource in before or not is_clinical(resource):
            continue
        for name in ("subject", "patient"):
            about = hub_id(resource.get(name), "Patient")
            if about is not None and about != referral.patient_id:
                text = "the referral's patient is expected"
                raise Refused(Refusal(Cause.UNKNOWN_KEY, f"Task.contained[{i}].{name}", text))
        yield Part(resource, bases[i], recorded_at(resource, zone))
