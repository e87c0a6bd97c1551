"""A referral that a person entered, as the FHIR message Bundle that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters.forms.documents import document, file, note
from hub.domain.forms import ReferralForm
from hub.domain.fragments import Resource
from hub.domain.messages import Sender
from hub.domain.patients import INSURANCE, NATIONAL

FORM = "urn:referral-hub:form"
"""Identifier system of what people enter: the value is the draft's id."""

ORGANIZATION = "urn:referral-hub:organization"
_EVENT, _DIRECTION = "urn:referral-hub:event", "urn:referral-hub:direction"
_REFERRAL = {"coding": [{"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}]}


def bundle(form: ReferralForm, sender: Sender, receiver_name: str, at: datetime) -> Resource:
    """The message Bundle of a form that `adapters.forms.checking` finds no fault with.

    at: aware, when it was sent; the same arguments make the same document.
    """
    header, patient, request = (_name(form, part) for part in ("header", "patient", "request"))
    resources = [
        (header, _header(form, sender, request)),
        (request, _request(form, sender, receiver_name, patient, at)),
        (patient, _patient(form, sender)),
        *((_name(form, f"document-{n}"), made) for n, made in enumerate(_documents(form, patient, at))),
    ]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "identifier": {"system": FORM, "value": form.key},
        "timestamp": at.isoformat(),
        "entry": [{"fullUrl": name, "resource": resource} for name, resource in resources],
    }


def _name(form: ReferralForm, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{FORM}:{form.key}:{part}')}"


def _header(form: ReferralForm, sender: Sender, request: str) -> Resource:
    return {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": _EVENT, "code": "referral-request"},
        "sender": _organization(sender.code, sender.name),
        **({"author": {"type": "Practitioner", "display": form.author}} if form.author else {}),
        "source": {"name": "Referral Hub", "endpoint": FORM},
        "focus": [{"reference": request}],
    }


def _request(form: ReferralForm, sender: Sender, receiver_name: str, patient: str, at: datetime) -> Resource:
    requester = _organization(sender.code, " · ".join(filter(None, (sender.name, form.author))))
    return {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": FORM, "value": form.key}],
        **({"basedOn": [{"reference": f"ServiceRequest/{form.based_on}"}]} if form.based_on else {}),
        "status": "active",
        "intent": "order",
        **({"category": [{"coding": [{"system": _DIRECTION, "code": form.direction}]}]} if form.direction else {}),
        "priority": form.priority,
        "code": _REFERRAL,
        "subject": {"reference": patient},
        "authoredOn": at.isoformat(),
        "requester": requester,
        **({"performerType": {"text": form.department}} if form.department else {}),
        "performer": [_organization(form.receiver, receiver_name)],
        "reasonCode": [{"text": text} for text in dict.fromkeys(filter(None, (form.reason, form.question)))],
    }


def _organization(code: str, name: str) -> Resource:
    return {"type": "Organization", "identifier": {"system": ORGANIZATION, "value": code}, "display": name}


def _patient(form: ReferralForm, sender: Sender) -> Resource:
    numbers = (
        (NATIONAL, form.national_identifier),
        (INSURANCE, form.insurance_identifier),
        (f"urn:referral-hub:namespace:{sender.code}", form.local_identifier),
    )
    told: dict[str, Any] = {
        "identifier": [{"system": system, "value": value} for system, value in numbers if value],
        "name": [{"text": form.patient_name}],
        "telecom": [{"system": "phone", "value": form.phone}] if form.phone else [],
        "gender": form.gender,
        "birthDate": form.birth_date,
        "address": [{"text": form.address}] if form.address else [],
    }
    return {"resourceType": "Patient", **{name: value for name, value in told.items() if value}}


def _documents(form: ReferralForm, patient: str, at: datetime) -> Iterator[Resource]:
    if form.history:
        yield document("病史", patient, at, note(form.history))
    for attachment in form.attachments:
        yield document("附件", patient, at, *file(attachment))
