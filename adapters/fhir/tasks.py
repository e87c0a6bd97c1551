"""A Task as a writer sends it, read as a move of its referral."""

from __future__ import annotations

from typing import Any, Literal

from adapters.fhir.code_systems import ASK, BUSINESS_STATUS, REFUSE
from adapters.fhir.parties import concept_text
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource
from hub.domain.messages import Move
from hub.domain.referrals import TASK, State, state_of_task

COMPUTED = frozenset(
    {"resourceType", "id", "meta", "status", "businessStatus", "statusReason", "intent", "priority", "code", "focus",
     "for", "authoredOn", "lastModified", "requester", "owner", "executionPeriod", "identifier", "basedOn"}
)  # fmt: skip
"""Elements that the hub computes from the referral; the others of a Task are kept as sent."""

LARGEST_HELD = 64 * 1024
"""Characters of base64 data of a document that a Task holds."""


def move(task: Resource, expression: str, referral_id: str, version: int | None,
         current: Resource | None = None) -> Move:  # fmt: skip
    """The move that a Task asks for. version: the one that the writer read; current: the Task before, if known.

    A businessStatus left as it was while the status changed is stale and is not read. Raises Refused CODE_INVALID
    for a status that no referral has.
    """
    status = str(task.get("status", ""))
    business = business_status(task)
    if current and current.get("status") != status and business == business_status(current):
        business = None
    asks: Literal["ask", "refuse"] | None = "ask" if business == ASK else "refuse" if business == REFUSE else None
    target = State.CANCELLED if asks == "ask" else state_of_task(status, None if asks else business)
    if target is None:
        raise Refused(_unknown(status, business, expression))
    return Move(
        referral_id=referral_id,
        target=target,
        version=version,
        reason=concept_text(task.get("statusReason", {})),
        details=_details(task, target),
        task={name: _held(name, value) for name, value in task.items() if name not in COMPUTED},
        cancellation=asks,
    )


def business_status(task: Resource) -> str | None:
    """The code of the hub's own system, else the first code of any."""
    codings = task.get("businessStatus", {}).get("coding", ())
    own = [c.get("code") for c in codings if c.get("system") == BUSINESS_STATUS]
    code = next((c for c in own if c), None) or next((c["code"] for c in codings if c.get("code")), None)
    return str(code) if code else None


def _held(name: str, value: Any) -> Any:
    """An element as the referral keeps it: files that a Task contains stay with their message and their fragment, which
    is read as a DocumentReference, so that not everyone who reads the referral reads them; the Task names them."""
    return [_named(resource) for resource in value] if name == "contained" else value


def _named(resource: Resource) -> Resource:
    if resource.get("resourceType") != "DocumentReference":
        return resource
    contents = [{**c, "attachment": _light(c.get("attachment", {}))} for c in resource.get("content", ())]
    return {**resource, "content": contents}


def _light(attachment: Resource) -> Resource:
    if len(attachment.get("data", "")) <= LARGEST_HELD:
        return attachment
    return {name: value for name, value in attachment.items() if name != "data"}


def _unknown(status: str, business: str | None, expression: str) -> Refusal:
    known = sorted({s for s, _ in TASK.values()})
    if status not in known:
        return Refusal(Cause.CODE_INVALID, f"{expression}.status", f"a referral's Task is one of {' | '.join(known)}")
    fitting = sorted(b for s, b in TASK.values() if s == status and b)
    text = f"with status {status} it is one of {' | '.join(fitting)}" if fitting else f"status {status} has none"
    return Refusal(Cause.CODE_INVALID, f"{expression}.businessStatus", text)


def _details(task: Resource, target: State) -> dict[str, Any]:
    if target is not State.SCHEDULED:
        return {}
    booked: Resource = next((c for c in task.get("contained", ()) if c.get("resourceType") == "Appointment"), {})
    period = task.get("executionPeriod") or booked
    appointment = {name: period[name] for name in ("start", "end") if period.get(name)}
    if task.get("location", {}).get("display"):
        appointment["location"] = task["location"]["display"]
    return {"appointment": appointment} if appointment else {}
