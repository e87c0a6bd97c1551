"""A step of a referral that a person entered, as the Task that a FHIR client would PUT."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from adapters.forms.documents import document, file, note
from hub.domain.forms import StepForm
from hub.domain.fragments import Resource
from hub.domain.referrals import ASK_CANCELLATION, BUSINESS_STATUS, REFUSE_CANCELLATION, TASK
from hub.domain.steps import EVENTS, TARGETS

AUTHOR = "urn:referral-hub:author"
"""Extension of a Task: the name of the person who moved it last by a form."""

OUTCOME = "urn:referral-hub:outcome"
"""Identifier system of a referral's outcome, which a later version replaces; the value is the referral's id."""

_KEPT = ("id", "identifier", "basedOn", "intent", "priority", "code", "focus", "for", "authoredOn",
         "requester", "owner")  # fmt: skip
_ASKS = {"ask-cancellation": ASK_CANCELLATION, "refuse-cancellation": REFUSE_CANCELLATION}
_INDEXED = ("supply", "outcome")
"""Actions whose text is a document of the referral; of the others it is the reason."""

_CONSULTATION = {"system": "http://loinc.org", "code": "11488-4", "display": "Consult note"}


class Held(NamedTuple):
    """A resource that the Task contains. kind: what it is, in words."""

    kind: str
    resource: Resource


def task(step: StepForm, current: Resource, patient_id: str, at: datetime) -> Resource:
    """The Task that moves the referral. current: the Task as it stands; at: aware.

    Only a step that brings documents carries contained, input and output, and then also those from before: what a
    writer leaves out the hub keeps, so that files are not sent again with each step.
    """
    reason = step.text.strip() if step.action not in _INDEXED else ""
    held = [*_held(step, patient_id, current, at)]
    return {
        "resourceType": "Task",
        **({"extension": [{"url": AUTHOR, "valueString": step.author}]} if step.author else {}),
        **{name: current[name] for name in _KEPT if name in current},
        **_status(step, current),
        **({"statusReason": {"text": reason}} if reason else {}),
        **_appointment(step),
        "lastModified": at.isoformat(),
        **(_documents(step, current, held) if held else {}),
    }


def _status(step: StepForm, current: Resource) -> Resource:
    asked = _ASKS.get(step.action)
    status, business = (current["status"], asked) if asked else TASK[TARGETS[EVENTS[step.action]]]
    if business is None:
        return {"status": status}
    return {"status": status, "businessStatus": {"coding": [{"system": BUSINESS_STATUS, "code": business}]}}


def _appointment(step: StepForm) -> Resource:
    if step.action != "book" or step.start is None:
        return {}
    period = {"start": step.start.isoformat(), **({"end": step.end.isoformat()} if step.end else {})}
    place = step.location.strip()
    return {"executionPeriod": period, **({"location": {"display": place}} if place else {})}


def _held(step: StepForm, patient_id: str, current: Resource, at: datetime) -> Iterator[Held]:
    patient = f"Patient/{patient_id}"
    if step.action == "supply" and step.text.strip():
        yield Held("补充资料", document("补充资料", patient, at, note(step.text), author=step.author))
    if step.action == "outcome":
        yield Held("会诊结论", _outcome(step, patient, current, at))
        if step.plan.strip():
            yield Held("随访计划", _plan(step, patient, at))
    for attachment in step.attachments:
        yield Held("附件", document("附件", patient, at, *file(attachment), author=step.author))


def _outcome(step: StepForm, patient: str, current: Resource, at: datetime) -> Resource:
    named: dict[str, Any] = {"system": OUTCOME, "value": step.referral_id}
    made = document("会诊结论", patient, at, note(step.text), author=step.author)
    made |= {"type": {"coding": [_CONSULTATION], "text": "会诊结论"}, "identifier": [named]}
    if _sent_before(current):
        made["relatesTo"] = [{"code": "replaces", "target": {"identifier": named}}]
    return made


def _sent_before(current: Resource) -> bool:
    identifiers = (i for held in current.get("contained", ()) for i in _list(held.get("identifier")))
    return any(i.get("system") == OUTCOME for i in identifiers if isinstance(i, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _plan(step: StepForm, patient: str, at: datetime) -> Resource:
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "title": "随访计划",
        "description": step.plan,
        "subject": {"reference": patient},
        "created": at.isoformat(),
        **({"author": {"type": "Practitioner", "display": step.author}} if step.author else {}),
    }


def _documents(step: StepForm, current: Resource, held: list[Held]) -> Resource:
    """contained, and what refers to it: what the sender supplies goes in, what the receiver found comes out."""
    slot = "input" if step.action == "supply" else "output"
    named = [(f"v{step.version}-{n}", kind, resource) for n, (kind, resource) in enumerate(held, 1)]
    made: Resource = {
        "contained": [*current.get("contained", ()), *({**resource, "id": name} for name, _, resource in named)]
    }
    for each in ("input", "output"):
        if current.get(each):
            made[each] = current[each]
    added = [{"type": {"text": kind}, "valueReference": {"reference": f"#{name}"}} for name, kind, _ in named]
    made[slot] = [*current.get(slot, ()), *added]
    return made
