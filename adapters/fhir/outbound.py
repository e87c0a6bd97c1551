"""A message Bundle to an organisation's own system: the referral as an event left it, and what came with it. Pure.

Each resource has a fullUrl of its own (`urn:uuid:`), and references between what the hub received are made to name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters.fhir.acknowledgement import ENDPOINT
from adapters.fhir.code_systems import AMEND, CANCEL, EVENT, REQUEST, STATUS
from adapters.fhir.document import Document, Place, index
from adapters.fhir.messages import referral_of
from adapters.fhir.parties import ORGANIZATION
from adapters.fhir.referral import REFERRAL
from adapters.fhir.resources import fragment, identifier_element, organization, patient, service_request, task
from hub.domain.fragments import ADMINISTRATIVE, Resource
from hub.domain.patients import Identifier
from hub.domain.referrals import State
from hub.views.fragments import StoredFragment
from hub.views.patients import Patient
from hub.views.referrals import Party, Referral

DELIVERY = "urn:referral-hub:delivery"
"""Identifier system of the Bundles that the hub sends: the value is the same in every try."""

_CODES = {"requested": REQUEST, "amended": AMEND, "information-supplied": AMEND, "cancelled": CANCEL,
          "cancellation-requested": CANCEL}  # fmt: skip
_BOOKED = {State.SCHEDULED: "booked", State.NO_SHOW: "noshow"}
"""Appointment.status of the states that have one."""

_NOWHERE = Place({"resourceType": "Basic"}, "", "")
"""Holder of what the hub says itself."""

_PERSONS = {"Practitioner", "PractitionerRole"}
_SUPPORT = ADMINISTRATIVE - {"Patient", "MessageHeader", "ServiceRequest", "Task", "OperationOutcome", "Parameters"}
"""Who and where: goes along with what names it."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a message is made of.

    event: `referral.accepted.v1`; data: of the event; appointment: as it was booked then (`start`, `end`, `location`,
    {} where it was not); code: MessageHeader.eventCoding where it is told (None: by the event); referral, patient: as
    the receiver of the message may see them now; order: the Bundle of the message that the ServiceRequest came in;
    brought, fragments: the Bundle of the message that made the event, and what the hub keeps of it; endpoint: where the
    message goes.
    """

    control_id: str
    at: datetime
    event: str
    occurred_at: datetime
    data: Mapping[str, Any]
    appointment: Mapping[str, Any]
    code: str | None
    referral: Referral
    patient: Patient
    order: Resource
    brought: Resource
    fragments: Sequence[StoredFragment]
    endpoint: str


def _as_of(material: Material) -> Referral:
    """The referral in the state that the event told, also where it has moved on since."""
    data = material.data
    return replace(
        material.referral,
        version=data["version"],
        state=State(data["state"]),
        priority=data["priority"],
        department=data["department"],
        reason=data.get("reason"),
        details={**material.referral.details, "appointment": material.appointment},
        updated_at=material.occurred_at,
    )


def bundle(material: Material) -> Resource:
    """The message Bundle."""
    referral = _as_of(material)
    order = _Source(index(material.order), "order", referral, material.fragments)
    same = material.brought is material.order
    brought = order if same else _Source(index(material.brought), "brought", referral, material.fragments)
    entries = [
        (_url("ServiceRequest", referral.id), order.rewritten(_request(order, referral), order.request)),
        (_url("Task", referral.id), brought.rewritten(task(referral), brought.task)),
        (_url("Patient", referral.patient_id), patient(material.patient)),
        *((_of(party), _organization(party)) for party in dict.fromkeys((referral.sender, referral.receiver))),
        *((_url(f.resource_type, f.id), brought.rewritten(fragment(f), brought.at(f.base))) for f in material.fragments
          if f.resource_type != "Patient" and not brought.is_referrals(f.base)),
        *_appointment(material, referral),
        *(order.support()),
        *(() if same else brought.support()),
    ]  # fmt: skip
    header = _header(material, referral)
    return {
        "resourceType": "Bundle",
        "id": material.control_id,
        "identifier": {"system": DELIVERY, "value": material.control_id},
        "type": "message",
        "timestamp": material.at.isoformat(),
        "entry": [{"fullUrl": url, "resource": resource}
                  for url, resource in ((_url("MessageHeader", material.control_id), header), *entries)],
    }  # fmt: skip


def _request(order: _Source, referral: Referral) -> Resource:
    """The ServiceRequest with the persons that it names: the message carries them, as no read of it alone does."""
    made = service_request(referral)
    sent = order.request.resource if order.request else {}
    named = partial(order.names_person, made.get("contained", ()))
    if named(sent.get("requester")):
        made["requester"] = sent["requester"]
    return made | {"performer": [*made["performer"], *filter(named, sent.get("performer", ()))]}


def _header(material: Material, referral: Referral) -> Resource:
    kind = material.event.removeprefix("referral.").removesuffix(".v1")
    code = material.code or _CODES.get(kind, STATUS)
    focus = ("Task", "ServiceRequest") if code == STATUS else ("ServiceRequest", "Task")
    return {
        "resourceType": "MessageHeader",
        "id": material.control_id,
        "eventCoding": {"system": EVENT, "code": code},
        "destination": [{"endpoint": material.endpoint}],
        "source": {"name": "Referral Hub", "endpoint": ENDPOINT},
        "reason": {"coding": [{"system": "urn:referral-hub:referral-event", "code": kind}]},
        "focus": [{"reference": _url(type_, referral.id)} for type_ in focus],
    }


class _Source:
    """A received Bundle, and what each of its resources is called in the message."""

    def __init__(self, document: Document, key: str, referral: Referral, fragments: Sequence[StoredFragment]) -> None:
        self._document = document
        self._key = f"{referral.id}/{key}"
        self.request, self.task = referral_of(document, document.places[0]) if document.places else (None, None)
        fragments_at = {f.base: f for f in fragments}
        self._places = {place.base: place for place in document.every()}
        self._urls: dict[str, str] = {}
        for place in document.every():
            kept = fragments_at.get(place.base)
            if place is self.request or place is self.task:
                self._urls[place.base] = _url(place.type, referral.id)
            elif place.type == "Patient":
                self._urls[place.base] = _url("Patient", referral.patient_id)
            elif kept is not None:
                self._urls[place.base] = _url(kept.resource_type, kept.id)
            elif place.type in _SUPPORT:
                self._urls[place.base] = _url(place.type, f"{self._key}{place.base}")
        own = (("ServiceRequest", referral.id), ("Task", referral.id), ("Patient", referral.patient_id))
        self._own = {f"{type_}/{id_}": _url(type_, id_) for type_, id_ in own}

    def at(self, base: str) -> Place | None:
        return self._places.get(base)

    def is_referrals(self, base: str) -> bool:
        """Whether the resource there is the referral's own ServiceRequest or a Patient."""
        place = self.at(base)
        return place is not None and (place is self.request or place.type == "Patient")

    def names_person(self, contained: Sequence[Resource], reference: object) -> bool:
        """Whether the referral's order names somebody there, no organisation, who is in the message or contained."""
        named = self._document.resolve(reference, self.request or _NOWHERE)
        if named is None or named.type not in _PERSONS:
            return False
        return named.base in self._urls or named.resource in contained

    def support(self) -> Iterator[tuple[str, Resource]]:
        for place in self._document.every():
            if place.type in _SUPPORT and place.base in self._urls and not self._is_of_header(place):
                yield self._urls[place.base], self.rewritten(place.resource, place)

    def _is_of_header(self, place: Place) -> bool:
        """Whether it tells of the received message as such, which is another one than that of the hub."""
        if place.type != "Provenance":
            return False
        targets = [self._document.resolve(one, place) for one in place.resource.get("target", ())]
        return all(one is not None and one.type == "MessageHeader" for one in targets)

    def rewritten(self, resource: Resource, holder: Place | None) -> Resource:
        """With references by the names of the message. holder: where the resource was received."""
        return {name: self._value(value, holder) for name, value in resource.items()}

    def _value(self, value: Any, holder: Place | None) -> Any:
        if isinstance(value, list):
            return [self._value(item, holder) for item in value]
        if not isinstance(value, dict):
            return value
        found = self.rewritten(value, holder)
        if isinstance(found.get("reference"), str):
            named = self._document.resolve(value, holder or _NOWHERE)
            received = self._urls.get(named.base) if named else None
            found["reference"] = self._own.get(found["reference"]) or received or found["reference"]
        return found


def _appointment(material: Material, referral: Referral) -> Iterator[tuple[str, Resource]]:
    """The booking that the event is about, unless its message brought one."""
    status = _BOOKED.get(referral.state)
    if status is None or any(f.resource_type == "Appointment" for f in material.fragments):
        return
    booked = material.appointment
    actors = [{"reference": _url("Patient", referral.patient_id)}]
    actors += [{"display": booked["location"]}] if booked.get("location") else []
    yield (
        _url("Appointment", referral.id),
        {
            "resourceType": "Appointment",
            "id": referral.id,
            "identifier": [identifier_element(Identifier(REFERRAL, referral.id))],
            "status": status if booked.get("start") else "proposed",
            "basedOn": [{"reference": _url("ServiceRequest", referral.id)}],
            **{name: booked[name] for name in ("start", "end") if booked.get(name)},
            "participant": [{"actor": actor, "status": "accepted"} for actor in actors],
        },
    )


def _organization(party: Party) -> Resource:
    reference = organization(party)
    return {"resourceType": "Organization", "identifier": [reference["identifier"]], "name": party.name}


def _of(party: Party) -> str:
    return _url("Organization", f"{ORGANIZATION}|{party.code}")


def _url(type_: str, name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:referral-hub:{type_}/{name}')}"
