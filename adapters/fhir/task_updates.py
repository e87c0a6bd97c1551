"""A Task that was sent to move its referral, as a submission: by PUT, by JSON Patch or by a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import jsonpatch
import msgspec

from adapters.fhir import tasks
from adapters.fhir.acknowledgement import acknowledger
from adapters.fhir.document import Key, envelope, hub_id
from adapters.fhir.parsing import decode, read
from adapters.fhir.resources import task as task_of
from adapters.fhir.times import recorded_at
from adapters.fhir.validation import check_received
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Citation, Resource, is_clinical, leaves, literal
from hub.domain.messages import Channel, Envelope, Ledger, Move, Normalised, Outcome, Part, Sender, Submission
from hub.domain.patients import Identity
from hub.views.referrals import Referral

Bases = dict[int, str]
"""JSON pointer in the received document of each contained resource that came with it, by its index."""

Placed = tuple[Resource, Bases]


@dataclass(frozen=True, slots=True)
class Update:
    """What was sent. version: of the referral that its writer read (If-Match), None: whatever it is; key: what an equal
    update is known by; referral: as it stands."""

    channel: Channel
    raw: bytes
    sender: Sender
    at: datetime
    referral: Referral
    version: int | None
    key: Key | None

    def submission(self, task: Callable[[], Placed]) -> Submission:
        """task: reads what was sent, may raise Refused. The answer is the Task as it then stands."""
        head = envelope({"resourceType": "Task"}, self.key)
        normalised: list[Normalised] = []
        refusals: tuple[Refusal, ...] = ()
        try:  # here, in the caller's own thread: the intake's is for all
            zone = ZoneInfo(self.sender.timezone)
            normalised.append(_normalised(*task(), self.referral, self.version, head, zone))
        except Refused as refused:
            refusals = refused.refusals

        def success(outcome: Outcome) -> tuple[int, dict[str, str], Resource]:
            standing, move = outcome.referral, normalised[0].intent
            assert standing is not None and isinstance(move, Move)
            moved = replace(self.referral, version=standing.version, state=standing.state, updated_at=self.at)
            moved = _after(moved, move)
            return 200, headers(moved), task_of(moved)

        acknowledge = acknowledger(success, unknown=404)
        return Submission(
            self.channel, self.raw, self.at, self.sender, head, lambda: normalised[0], acknowledge, refusals
        )


def headers(referral: Referral) -> dict[str, str]:
    """The headers of an answer that holds a referral's Task or ServiceRequest."""
    return {"ETag": f'W/"{referral.version}"', "Last-Modified": format_datetime(referral.updated_at, usegmt=True)}


def put(raw: bytes, content_type: str = "") -> Placed:
    """The Task of a PUT. Raises Refused WRONG_STRUCTURE."""
    task = read(raw, content_type)
    if task["resourceType"] != "Task":
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Task", "a Task is expected at this address"))
    contained = task.get("contained")
    count = len(contained) if isinstance(contained, list) else 0
    return task, {i: f"/contained/{i}" for i in range(count)}


def patched(raw: bytes, referral: Referral, version: int) -> Placed:
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


def _move(task: Resource, referral: Referral, version: int | None) -> Move:
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


def _normalised(task: Resource, bases: Bases, referral: Referral, version: int | None, head: Envelope,
                zone: ZoneInfo) -> Normalised:  # fmt: skip
    move = _move(task, referral, version)
    parts = tuple(_parts(task, bases, referral, zone))
    told = [Citation(p, p, literal(v)) for p, v in leaves(task) if v is not None]
    name = f"urn:uuid:{uuid5(NAMESPACE_URL, referral.id)}"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": name, "resource": task}]}
    return Normalised(head, bundle, Ledger((("/entry/0/resource", told),)), Identity(), {}, parts, move)


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
