"""Small FHIR documents for the unit tests, and what normalising them gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from adapters.fhir.normalise import normalise
from adapters.fhir.parsing import encode
from adapters.fhir.patients import Register
from hub.domain.errors import Refused
from hub.domain.messages import Normalised

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WANG: dict[str, Any] = {"resourceType": "Patient", "id": "wang", "identifier": [{"system": "urn:a", "value": "1"}]}
LI: dict[str, Any] = {"resourceType": "Patient", "id": "li", "identifier": [{"system": "urn:a", "value": "2"}]}


def finding(subject: object = "Patient/wang", **elements: Any) -> dict[str, Any]:
    reference = {"reference": subject} if isinstance(subject, str) else subject
    about = {} if subject is None else {"subject": reference}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "血压"}, **about, **elements}


def request(**elements: Any) -> dict[str, Any]:
    asked = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/wang"},
        "reasonCode": [{"text": "请会诊"}],
        "performer": [{"display": "市第一医院"}],
    }
    return {name: value for name, value in (asked | elements).items() if value is not None}


def header(code: str = "referral-request", **elements: Any) -> dict[str, Any]:
    event = {"system": "urn:referral-hub:event", "code": code}
    return {"resourceType": "MessageHeader", "eventCoding": event, "source": {"endpoint": "urn:a"}, **elements}


def bundle(kind: str, *resources: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, **elements, "entry": [{"resource": r} for r in resources]}


def message(*resources: dict[str, Any], code: str = "referral-request") -> dict[str, Any]:
    return bundle("message", header(code), *resources)


def normalised(document: dict[str, Any], register: Register | None = None, **options: Any) -> Normalised:
    return normalise(
        encode(document), timezone="Asia/Shanghai", received_at=NOW, register=register or Register(), **options
    )


def refused(document: dict[str, Any], register: Register | None = None) -> list[tuple[str, str]]:
    """(cause, place) of each refusal; [] where the document is accepted."""
    try:
        normalised(document, register)
    except Refused as error:
        return [(refusal.cause.value, refusal.path) for refusal in error.refusals]
    return []
