"""Codes for `none known` are denials, codes for `no information` are nothing that is so of the patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adapters.fhir.ips.document import summary
from tests.unit.summarizer.clinical import note
from tests.unit.summarizer.conftest import Make

Record = Callable[..., dict[str, Any]]
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
SNOMED = "http://snomed.info/sct"


def resource(kind: str, system: str, code: str, display: str = "") -> dict[str, Any]:
    element = {"MedicationStatement": "medicationCodeableConcept", "Immunization": "vaccineCode"}.get(kind, "code")
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"resourceType": kind, "status": "completed", element: {"coding": [coding]}}


@pytest.mark.parametrize(
    ("kind", "system", "code", "section"),
    [
        ("Condition", SNOMED, "160245001", "problems"), ("Condition", IPS, "no-known-problems", "problems"),
        ("MedicationStatement", SNOMED, "787481004", "medications"),
        ("MedicationStatement", IPS, "no-known-medications", "medications"),
        ("Procedure", SNOMED, "787480003", "procedures"), ("Procedure", IPS, "no-known-procedures", "procedures"),
        ("Immunization", SNOMED, "787482006", "immunizations"),
        ("Immunization", IPS, "no-known-immunizations", "immunizations"),
        ("AllergyIntolerance", IPS, "no-known-allergies", "allergies"),
        ("AllergyIntolerance", IPS, "no-known-food-allergies", "allergies"),
    ],
)  # fmt: skip
def test_none_known_is_a_denial(make: Make, record: Record, kind: str, system: str, code: str, section: str) -> None:
    [item] = record(make(resource(kind, system, code)))["sections"][section]
    assert (item["assertion"], item["status"]) == ("absent", "unknown")
    assert not item["text"].startswith("未做")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("Condition", "no-problem-info"), ("MedicationStatement", "no-medication-info"),
        ("Procedure", "no-procedure-info"), ("Immunization", "no-immunization-info"),
        ("AllergyIntolerance", "no-allergy-info"),
    ],
)  # fmt: skip
def test_no_information_is_no_item_and_stays_readable(make: Make, record: Record, kind: str, code: str) -> None:
    found = record(make(resource(kind, IPS, code, "No information")))
    assert not any(found["sections"].values())
    assert any("No information" in one["text"] for one in found["unplaced"])


@pytest.mark.parametrize(
    ("kind", "system", "code", "says"),
    [
        ("Condition", SNOMED, "160245001", {"clinicalStatus", "code"}),
        ("MedicationStatement", IPS, "no-known-medications", {"unknown"}),
        ("Procedure", SNOMED, "787480003", {"unknown"}),
        ("Immunization", IPS, "no-known-immunizations", {"completed"}),
    ],
)
def test_a_summary_says_it_once_and_does_not_deny_it(make: Make, record: Record, kind: str, system: str, code: str,
                                                     says: set[str]) -> None:  # fmt: skip
    entries = summary(record(make(resource(kind, system, code))))["entry"]
    [made] = [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]
    assert "verificationStatus" not in made
    assert says <= {*made, made.get("status")}


@pytest.mark.parametrize("text", ["No information about allergies.", "Allergies: no data available."])
def test_words_for_no_information_deny_no_allergy(make: Make, record: Record, text: str) -> None:
    assert not [i for i in record(note(make, text))["sections"]["allergies"] if i["assertion"] == "absent"]
    [denied] = record(note(make, "No allergies."))["sections"]["allergies"]
    assert denied["assertion"] == "absent"
