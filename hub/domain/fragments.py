"""A fragment: one clinical resource or note with its provenance, and where each of its values was received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

Kind = Literal["hl7v2", "fhir", "text"]
Resource = dict[str, Any]

ADMINISTRATIVE = frozenset(
    {"Patient", "MessageHeader", "ServiceRequest", "Task", "Organization", "Practitioner", "PractitionerRole",
     "Location", "Provenance", "Device", "RelatedPerson", "HealthcareService", "Endpoint", "OperationOutcome",
     "Parameters", "Coverage", "Account", "EpisodeOfCare", "ChargeItem", "Basic", "CareTeam", "Person", "Group",
     "Schedule", "Slot"}
)  # fmt: skip
"""Resource types that say who and where, not what is so of the patient: they come with a message, they are no fragment.

A ServiceRequest that is an order of another kind than the referral (`Fragment`s of intent, such as an OMG order) is
added by `is_clinical`."""


class Citation(NamedTuple):
    """Where one value of a resource stands in the received document.

    target: JSON pointer inside the resource; path: `location.path` in the document; text: the whole decoded value
    there. Values made of several places (TX lines joined to one document) have one citation each, in order.
    """

    target: str
    path: str
    text: str


CORRECTS = "urn:referral-hub:extension:corrects"
"""Extension of a resource that HL7 v2 sent to stand in an earlier one's place where FHIR has no status for that: an
encounter after its discharge was cancelled (A13), an allergy that is updated (IAM-6 U). Value: the event or code."""


PRELIMINARY = frozenset({"registered", "preliminary", "partial"})
"""Statuses of results and reports that the laboratory is still at work on."""

ORDER_CONTROL = "urn:referral-hub:extension:order-control"
ORDER_EFFECTIVE = "urn:referral-hub:extension:order-effective-time"
"""Extensions of an order that HL7 v2 sent: what becomes of it (ORC-1, table 0119), and from when (ORC-15)."""

_DISCONTINUED = frozenset({"DC", "DR", "OD"})
"""ORC-1; DC is what ORC-5 (table 0038) says, too."""


UNIT = "urn:referral-hub:extension:unit"
"""Extension of an Observation whose value is a string and was sent with a unit (OBX-6 beside an ST): that unit, as a
Quantity without value."""


INGREDIENT = "urn:referral-hub:extension:component"
"""Extension of what HL7 v2 orders or dispenses as a mixture: one RXC, as `code`, `amount`, `strength` and `type`."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One clinical resource as received.

    message_id: the hub's id of the message (in `summarize`: MSH-10, Bundle.identifier.value, or the file's name);
    organization: who sent it; received_at, recorded_at: aware; file: as given to `summarize`, else None;
    patient: the id of the Patient fragment of the same message that it is about ("": a note that names none);
    Patient fragments and the referral's ServiceRequest travel with the clinical ones, see `is_clinical`.
    """

    id: str
    message_id: str
    patient: str
    organization: str
    received_at: datetime
    recorded_at: datetime | None
    file: str | None
    kind: Kind
    resource: Resource
    citations: tuple[Citation, ...]

    def cite(self, target: str) -> tuple[Citation, ...]:
        """The citations of the value at `target` and below it, in document order."""
        prefix = target + "/"
        return tuple(c for c in self.citations if c.target == target or c.target.startswith(prefix))


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    """Each (JSON pointer, scalar) of a JSON value, in document order. However deep it stands, each costs the same."""
    waiting: list[Iterator[tuple[str, object]]] = [iter([(pointer, value)])]
    while waiting:
        for place, child in waiting[-1]:
            if isinstance(child, _HOLDERS):
                waiting.append(_children(child, place))
                break
            yield place, child
        else:
            waiting.pop()


_HOLDERS = (dict, list, tuple)


def _children(value: dict[str, object] | Sequence[object], pointer: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", child
    else:
        for index, child in enumerate(value):
            yield f"{pointer}/{index}", child


def cite_document(resource: Resource, base: str) -> tuple[Citation, ...]:
    """Citations of a resource that was itself received as FHIR JSON at JSON pointer `base`."""
    return tuple(Citation(p, base + p, literal(v)) for p, v in leaves(resource))


def literal(value: object) -> str:
    """The JSON scalar as its characters: strings as they are, numbers and booleans as written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def is_clinical(resource: Resource, referral: Resource | None = None) -> bool:
    """Whether a resource says something of the patient (a ServiceRequest other than the referral is an order)."""
    kind = resource.get("resourceType")
    if kind == "ServiceRequest":
        return resource is not referral
    return kind not in ADMINISTRATIVE


def withdrawn(resource: Resource) -> bool:
    """Whether the resource takes back what it identifies (OBX-11 D, W, X; TXA cancel; FHIR status)."""
    verification = [c.get("code") for c in resource.get("verificationStatus", {}).get("coding", [])]
    return resource.get("status") in ("entered-in-error", "cancelled") or "entered-in-error" in verification


def denied(resource: Resource) -> bool:
    """Whether the resource says that something is not so: not done, not to be done, not taken, ruled out."""
    verification = [c.get("code") for c in resource.get("verificationStatus", {}).get("coding", [])]
    return (
        resource.get("doNotPerform") is True
        or resource.get("status") in ("not-done", "not-taken")
        or "refuted" in verification
    )


def corrects(resource: Resource) -> bool:
    """Whether the resource replaces an earlier one under the same key."""
    status = resource.get("status")
    revoked = resource.get("resourceType") == "ServiceRequest" and status == "revoked"
    return withdrawn(resource) or status in ("corrected", "amended") or revoked or (
        "relatesTo" in resource and any(r.get("code") == "replaces" for r in resource["relatesTo"])
    ) or any(e.get("url") == CORRECTS for e in resource.get("extension", ()))  # fmt: skip


def discontinues(resource: Resource) -> bool:
    """Whether an HL7 v2 order is stopped that was carried out until then, not one that never was to be."""
    controls = [
        e.get("valueCodeableConcept", {}) for e in resource.get("extension", ()) if e.get("url") == ORDER_CONTROL
    ]
    told = [c.get("code") for control in controls for c in control.get("coding", ())]
    told += [e.get("valueString") for e in resource.get("_status", {}).get("extension", ()) if controls]
    return not _DISCONTINUED.isdisjoint(told)


def keys(resource: Resource) -> tuple[str, ...]:
    """Names under which a later message may correct or withdraw this resource, most specific first.

    Business identifiers, then (for results) code and effective time: a laboratory that gives no filler number still
    corrects "potassium of 07:30". An allergy that has neither identifier nor id is known by what it is of. An order
    that is told by its numbers alone (an ORC that cancels) may be one of a medicine.
    """
    kind = str(resource.get("resourceType"))
    identified = [*_identifiers(resource.get("identifier")), *_identifiers(resource.get("masterIdentifier"))]
    found = [f"{kind}|{system}|{value}" for system, value in identified]
    if kind == "ServiceRequest" and "code" not in resource:
        found += [f"MedicationRequest|{system}|{value}" for system, value in identified]
    found += [f"{kind}|{s}|{v}" for r in resource.get("relatesTo", ()) if r.get("code") == "replaces"
              for s, v in _identifiers(r.get("target", {}).get("identifier"))]  # fmt: skip
    when = resource.get("effectiveDateTime") or resource.get("effectivePeriod", {}).get("start")
    if kind == "Observation" and when:
        codings: Iterable[Mapping[str, Any]] = resource.get("code", {}).get("coding", ())
        found += [f"{kind}|{c.get('system', '')}|{c.get('code', '')}|{when}" for c in codings if c.get("code")]
    if kind == "AllergyIntolerance" and not found and "id" not in resource:
        said = resource.get("code", {})
        found = [f"{kind}|{c.get('system', '')}|{c['code']}" for c in said.get("coding", ()) if c.get("code")]
        found = found or ([f"{kind}||{said['text']}"] if said.get("text") else [])
    return tuple(found)


def _identifiers(value: object) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
        if item.get("value"):
            yield str(item.get("system", "")), str(item["value"])
