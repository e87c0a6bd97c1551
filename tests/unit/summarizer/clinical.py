"""Resources as the tests of the summarizer need them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.domain.fragments import Citation, Fragment

Make = Callable[..., Fragment]
LOINC = "http://loinc.org"


def on(day: int, month: int = 5) -> datetime:
    return datetime(2025, month, day, tzinfo=UTC)


def condition(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": {"text": name}, **more}


def measured(name: str, number: str, when: str, unit: str = "umol/L", loinc: str = "", **more: Any) -> dict[str, Any]:
    code: dict[str, Any] = {"text": name}
    if loinc:
        code["coding"] = [{"system": LOINC, "code": loinc, "display": name}]
    return {"resourceType": "Observation", "status": "final", "code": code, "effectiveDateTime": when,
            "valueQuantity": {"value": Decimal(number), "unit": unit}, **more}  # fmt: skip


def prescribed(name: str, dose: int, unit: str = "mg", often: str = "QD", **more: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": "urn:x", "code": "1", "display": name}]},
            "dosageInstruction": [{"timing": {"code": {"text": often}}, "route": {"text": "口服"},
                                   "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit}}]}],
            **more}  # fmt: skip


def patient(value: str, name: str = "周建国", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"text": name}], "gender": "male", "birthDate": "1959-10-30",
            "identifier": [{"system": "urn:mrn", "value": value}], **more}  # fmt: skip


def allergy(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "code": {"text": name}, **more}


def kinds(record: dict[str, Any]) -> list[str]:
    return [c["kind"] for c in record["conflicts"]]


def note(make: Make, text: str) -> Fragment:
    data = "/content/0/attachment/data"
    resource = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "eA=="}}]}
    return make(resource, kind="text", citations=(Citation(data, "", text),), organization="卫生室")
