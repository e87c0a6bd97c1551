"""What a message Bundle asks: to open, amend, cancel or move a referral; of anything else it brings history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.fhir import tasks
from adapters.fhir.code_systems import AMEND, CANCEL, REQUEST, STATUS
from adapters.fhir.document import Document, Place, condition, hub_id
from adapters.fhir.parties import concept_text
from adapters.fhir.referral import REFERRAL, content, identified, require
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource
from hub.domain.messages import Amend, Cancel, Intent, Move, Open
from hub.domain.patients import Identifier

_EVENTS = frozenset({REQUEST, AMEND, CANCEL, STATUS})
_REASONS = {"update": AMEND, "delete": CANCEL}
"""MessageHeader.reason of NHS BaRS (message-reason-bars)."""

_WITHDRAWN = frozenset({"revoked", "entered-in-error"})
_BEFORE_RECEIPT = frozenset({"draft", "requested", "ready", "cancelled", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message Bundle as understood. request: the referral's ServiceRequest, where the Bundle has it."""

    header: Place
    request: Place | None
    task: Place | None
    intent: Intent | None


def read(document: Document) -> Message:
    """What the message Bundle asks. Raises Refused."""
    header = document.places[0]
    if header.type != "MessageHeader":
        text = "a message begins with its MessageHeader"
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Bundle.entry[0].resource", text))
    if "response" in header.resource:
        text = "answers to messages are not taken: the hub sends none that need one"
        raise Refused(Refusal(Cause.UNSUPPORTED_EVENT, f"{header.expression}.response", text))
    request, task = referral_of(document, header)
    action = _action(header.resource, request, task)
    if action is None:
        return Message(header, request, task, None)
    return Message(header, request, task, _INTENTS[action](document, header, request, task))


def lone_task(task: Place) -> Move:
    """The move that a Task alone asks for. Raises Refused where it names no referral of the hub."""
    return _move_by(task)


def referral_of(document: Document, header: Place) -> tuple[Place | None, Place | None]:
    """The ServiceRequest and the Task that a message is about."""
    focus = [document.resolve(reference, header) for reference in header.resource.get("focus", ())]
    named = {place.type: place for place in reversed(focus) if place is not None}
    task = named.get("Task") or next(iter(document.of_type("Task")), None)
    asked = document.resolve(task.resource.get("focus"), task) if task else None
    of_task = asked if asked is not None and asked.type == "ServiceRequest" else None
    request = named.get("ServiceRequest") or of_task or next(iter(document.of_type("ServiceRequest")), None)
    return request, task


def _action(header: Resource, request: Place | None, task: Place | None) -> str | None:
    event = str(header.get("eventCoding", {}).get("code") or header.get("eventUri", "").rsplit("/", 1)[-1])
    status = task.resource.get("status") if task else None
    withdrawn = (request and request.resource.get("status") in _WITHDRAWN) or status in (
        "cancelled",
        "entered-in-error",
    )
    if event in _EVENTS:
        return CANCEL if withdrawn and event == REQUEST else event
    if request is None and task is None:
        if event.endswith("-request"):
            text = "the hub takes requests for referrals (a ServiceRequest) and messages that bring history"
            raise Refused(Refusal(Cause.UNSUPPORTED_EVENT, "Bundle.entry[0].resource.eventCoding", text))
        return None
    reasons = [c.get("code") for c in header.get("reason", {}).get("coding", ())]
    told = next((_REASONS[code] for code in reasons if code in _REASONS), None)
    if told:
        return told
    if withdrawn:
        return CANCEL
    moved = task is not None and status not in _BEFORE_RECEIPT and _hub_name(task.resource) is not None
    return STATUS if moved or request is None else REQUEST


def _open(document: Document, header: Place, request: Place | None, task: Place | None) -> Open:
    request = _required(request)
    said = content(document, request, task)
    require(document, request, said, new=True)
    return Open(said)


def _amend(document: Document, header: Place, request: Place | None, task: Place | None) -> Amend:
    request = _required(request)
    said = content(document, request, task)
    return Amend(_names(request, task), f"{request.expression}.identifier", said)


def _cancel(document: Document, header: Place, request: Place | None, task: Place | None) -> Cancel:
    named = request or task
    if named is None:
        text = "the ServiceRequest or Task to cancel is expected"
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "Bundle.entry", text))
    return Cancel(_names(request, task), f"{named.expression}.identifier", _reason(header, request, task))


def _move(document: Document, header: Place, request: Place | None, task: Place | None) -> Move:
    if task is None:
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "Bundle.entry", "the Task that tells the status is expected"))
    return _move_by(task, request)


_INTENTS: dict[str, Callable[[Document, Place, Place | None, Place | None], Intent]] = {
    REQUEST: _open,
    AMEND: _amend,
    CANCEL: _cancel,
    STATUS: _move,
}


def _move_by(task: Place, request: Place | None = None) -> Move:
    referral_id = _hub_name(task.resource) or (_hub_name(request.resource) if request else None)
    if referral_id is None:
        text = "the hub's referral is expected: a reference ServiceRequest/{id}, or an identifier of system "
        raise Refused(Refusal(Cause.REQUIRED_MISSING, f"{task.expression}.focus", text + REFERRAL))
    version = str(task.resource.get("meta", {}).get("versionId", ""))
    return tasks.move(task.resource, task.expression, referral_id, int(version) if version.isdigit() else None)


def _required(request: Place | None) -> Place:
    if request is None:
        raise Refused(Refusal(Cause.REQUIRED_MISSING, "Bundle.entry", "a ServiceRequest is expected"))
    return request


def _names(request: Place | None, task: Place | None) -> tuple[Identifier, ...]:
    """How a message names a referral that the hub has. Raises Refused where it does not."""
    named = [place for place in (request, task) if place is not None]
    found = [i for place in named for i in identified(place.resource)]
    found += [Identifier(REFERRAL, name) for place in named if (name := _hub_name(place.resource))]
    if not found:
        text = "the identifier under which the referral was sent, or the hub's own id, is expected"
        raise Refused(Refusal(Cause.REQUIRED_MISSING, f"{named[0].expression}.identifier", text))
    return tuple(dict.fromkeys(found))


def _hub_name(resource: Resource) -> str | None:
    """The hub's id of a referral, as its ServiceRequest or Task may carry it."""
    return next(filter(_is_uuid, _hub_names(resource)), None)


def _hub_names(resource: Resource) -> Iterator[str]:
    focus: Any = resource.get("focus", {})
    for identifier in (*resource.get("identifier", ()), focus.get("identifier", {})):
        if identifier.get("system") == REFERRAL and identifier.get("value"):
            yield str(identifier["value"])
    asked = condition(focus, "ServiceRequest")
    yield asked.value if asked and asked.system == REFERRAL else ""
    yield hub_id(focus, "ServiceRequest") or ""
    yield str(resource.get("id", ""))


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _reason(header: Place, request: Place | None, task: Place | None) -> str | None:
    said = concept_text(task.resource.get("statusReason", {})) if task else None
    notes = [n.get("text") for place in (task, request) if place for n in place.resource.get("note", ())]
    return said or next((n for n in notes if n), None) or concept_text(header.resource.get("reason", {}))
