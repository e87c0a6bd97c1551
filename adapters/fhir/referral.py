"""What a ServiceRequest says of a referral: reason, receiver, department, identifiers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, cast

from adapters.fhir.code_systems import DIRECTION
from adapters.fhir.document import Document, Place, condition, hub_id
from adapters.fhir.parties import Addressee, addressee, concept_text
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Content
from hub.domain.patients import Identifier

REFERRAL = "urn:referral-hub:referral"
"""Identifier system of the hub's own referral ids."""

_UNFIT = {"draft": "not yet a request", "completed": "already completed", "unknown": "of unknown status"}


def content(document: Document, request: Place, task: Place | None) -> Content:
    """The referral that a ServiceRequest (with its Task, where one came) asks for."""
    resource = request.resource
    to = _receiver(document, request, task)
    identifiers = tuple(identified(resource)) or (tuple(identified(task.resource)) if task else ())
    return Content(
        identifiers=identifiers,
        identifier_path=f"{request.expression}.identifier",
        receiver=to.claims,
        receiver_path=to.claims[0].path if to.claims else f"{request.expression}.performer",
        department=_department(request, task, to),
        priority=resource.get("priority") or (task.resource.get("priority") if task else None) or "routine",
        question=question(document, request),
        direction=_direction(resource),
        based_on=tuple(_based_on(document, request)),
        service_request=resource,
    )


def require(document: Document, request: Place, said: Content, *, new: bool) -> None:
    """Raises Refused with all that a referral lacks: REQUIRED_MISSING reason and receiver, an unfit status."""
    found = list(_lacking(document, request, said))
    status = request.resource.get("status")
    if request.resource.get("doNotPerform"):
        text = "what is not to be performed is no referral"
        found.append(Refusal(Cause.CODE_INVALID, f"{request.expression}.doNotPerform", text))
    if status in _UNFIT:
        found.append(Refusal(Cause.CODE_INVALID, f"{request.expression}.status", f"the request is {_UNFIT[status]}"))
    if new and any(i.system == REFERRAL for i in said.identifiers):
        text = "a new referral has no id of the hub yet: amend it, or name the earlier one in basedOn"
        found.append(Refusal(Cause.DUPLICATE_KEY, said.identifier_path, text))
    if found:
        raise Refused(*found)


def identified(resource: dict[str, Any]) -> Iterator[Identifier]:
    """The business identifiers of a request or Task, each once."""
    seen: set[Identifier] = set()
    for item in resource.get("identifier", ()):
        identifier = Identifier(str(item.get("system", "")), str(item.get("value", "")))
        if identifier.value and identifier not in seen:
            seen.add(identifier)
            yield identifier


def question(document: Document, request: Place) -> str | None:
    """What the receiver is asked: the reasons in the sender's own words, else what they refer to, else the notes."""
    resource = request.resource
    texts = [concept_text(reason) for reason in resource.get("reasonCode", ())]
    texts += _referred(document, request)
    said = [t for t in texts if t] or [n["text"] for n in resource.get("note", ()) if n.get("text")]
    said = said or list(_planned(document, request))
    return "；".join(dict.fromkeys(said)) or None


def _planned(document: Document, request: Place) -> Iterator[str]:
    """The reasons of what the request is based on and of its visit: NHS BaRS tells them there."""
    named = (*request.resource.get("basedOn", ()), request.resource.get("encounter"))
    found = filter(None, (document.resolve(reference, request) for reference in named))
    for place in {place.base: place for place in found}.values():
        if place.type == "CarePlan":
            for activity in place.resource.get("activity", ()):
                yield from filter(None, map(_coded, activity.get("outcomeCodeableConcept", ())))
        elif place.type == "Encounter":
            yield from filter(None, map(concept_text, place.resource.get("reasonCode", ())))


def _coded(concept: dict[str, Any]) -> str | None:
    return concept_text(concept) if concept.get("coding") else None


def _referred(document: Document, request: Place) -> Iterator[str | None]:
    """What the reasons refer to, else the words beside the reference; a place is read once."""
    said: dict[str, str | None] = {}
    for reference in request.resource.get("reasonReference", ()):
        place = document.resolve(reference, request)
        if place and place.base not in said:
            code = place.resource.get("code")
            said[place.base] = concept_text(code) if isinstance(code, dict) else None
        yield (said[place.base] if place else None) or reference.get("display")


def _lacking(document: Document, request: Place, said: Content) -> Iterator[Refusal]:
    reasoned = said.question or request.resource.get("supportingInfo") or request.resource.get("reasonReference")
    if not reasoned and not document.of_type("Condition"):
        text = "a reason is expected: reasonCode, reasonReference, note or supportingInfo"
        yield Refusal(Cause.REQUIRED_MISSING, f"{request.expression}.reasonCode", text)
    if not said.receiver:
        text = "a receiving organisation is expected: an identifier or a display of performer, or of the destination"
        yield Refusal(Cause.REQUIRED_MISSING, said.receiver_path, text)


def _receiver(document: Document, request: Place, task: Place | None) -> Addressee:
    """Whom the request and its Task name, then whom the message is for, where it is for one alone."""
    named = [(request, f"{request.expression}.performer[{i}]", performer)
             for i, performer in enumerate(request.resource.get("performer", ()))]  # fmt: skip
    if task is not None and task.resource.get("owner"):
        named.append((task, f"{task.expression}.owner", task.resource["owner"]))
    header = document.places[0]
    destinations = [(header, f"{header.expression}.destination[{i}].receiver", destination["receiver"])
                    for i, destination in enumerate(header.resource.get("destination", ()))
                    if "receiver" in destination]  # fmt: skip
    asked = addressee(document, *named)
    sent = addressee(document, *(destinations if len(destinations) == 1 else ()))
    return Addressee(asked.claims + sent.claims, asked.departments + sent.departments)


def _department(request: Place, task: Place | None, to: Addressee) -> str | None:
    concepts = [*request.resource.get("locationCode", ()), request.resource.get("performerType", {})]
    concepts += task.resource.get("performerType", ()) if task else ()
    return next((text for text in (*to.departments, *map(concept_text, concepts)) if text), None)


def _direction(resource: dict[str, Any]) -> Literal["up", "down"] | None:
    codings = (c for category in resource.get("category", ()) for c in category.get("coding", ()))
    found = next((c.get("code") for c in codings if c.get("system") == DIRECTION), None)
    return cast(Literal["up", "down"], found) if found in ("up", "down") else None


def _based_on(document: Document, request: Place) -> Iterator[Identifier]:
    seen: set[str] = set()
    for reference in (*request.resource.get("basedOn", ()), *request.resource.get("replaces", ())):
        place = document.resolve(reference, request)
        if place is not None:
            yield from identified(place.resource) if place.type == "ServiceRequest" and place.base not in seen else ()
            seen.add(place.base)
            continue
        identifier, asked = reference.get("identifier", {}), condition(reference, "ServiceRequest")
        if asked is not None:
            yield asked
        elif identifier.get("value"):
            yield Identifier(str(identifier.get("system", "")), str(identifier["value"]))
        elif (known := hub_id(reference, "ServiceRequest")) is not None:
            yield Identifier(REFERRAL, known)
