"""What is no FHIR R4 is told with its place and without its value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.fhir.validation import MOST, check, check_models, check_received, known_types
from hub.domain.errors import Cause

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "肌酐"}}


@pytest.mark.parametrize(
    ("elements", "cause", "path"),
    [
        ({"status": "秘密"}, Cause.CODE_INVALID, "Observation.status"),
        ({"secret": 1}, Cause.WRONG_STRUCTURE, "Observation.secret"),
        ({"code": []}, Cause.WRONG_DATATYPE, "Observation.code"),
        ({"effectiveDateTime": "昨天"}, Cause.WRONG_DATATYPE, "Observation.effectiveDateTime"),
        ({"valueQuantity": {"value": "175"}}, Cause.WRONG_DATATYPE, "Observation.valueQuantity.value"),
        ({"valueInteger": Decimal("1.5")}, Cause.WRONG_DATATYPE, "Observation.valueInteger"),
        ({"component": [{"valueString": "x"}]}, Cause.REQUIRED_MISSING, "Observation.component[0].code"),
        ({"identifier": [{}, {"value": 7}]}, Cause.WRONG_DATATYPE, "Observation.identifier[1].value"),
    ],
)
def test_a_fault_is_told_with_its_fhirpath(elements: dict[str, Any], cause: Cause, path: str) -> None:
    (refusal,) = check(OBSERVATION | elements)
    assert (refusal.cause, refusal.path) == (cause, path)


@pytest.mark.parametrize(
    ("elements", "cause", "path"),
    [
        ({"effectiveDateTime": "2026-02-31"}, Cause.WRONG_DATATYPE, "Observation.effectiveDateTime"),
        ({"valueString": "a", "valueInteger": 1}, Cause.WRONG_STRUCTURE, "Observation"),
        ({"status": None}, Cause.REQUIRED_MISSING, "Observation.status"),
    ],
)
def test_the_models_find_what_the_schema_cannot(elements: dict[str, Any], cause: Cause, path: str) -> None:
    resource = {name: value for name, value in (OBSERVATION | elements).items() if value is not None}
    assert check(resource) == ()
    (refusal,) = check_models(resource)
    assert (refusal.cause, refusal.path) == (cause, path)


@pytest.mark.parametrize("value", [{"valueDate": "2026"}, {}])
def test_the_value_of_an_extension_has_extensions_of_its_own(value: dict[str, Any]) -> None:
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    own = {"url": "urn:example:since", **value, "_valueDate": {"extension": [absent]}}
    assert check_received(OBSERVATION | {"extension": [own]}) == ()
    (refusal,) = check_received(OBSERVATION | {"extension": [own | {"_valueDay": {"id": "a"}}]})
    assert (refusal.cause, refusal.path) == (Cause.WRONG_STRUCTURE, "Observation.extension[0]._valueDay")


def test_a_place_is_told_once_by_both_judges() -> None:
    found = check_received(OBSERVATION | {"effectiveDateTime": "昨天", "code": None})
    assert len({refusal.path for refusal in found}) == len(found) == 2


def test_what_a_resource_holds_is_judged_at_its_place() -> None:
    wrong = OBSERVATION | {"status": "?"}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": wrong}]}],
    }
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": OBSERVATION | {"contained": [wrong]}}, {"resource": parameters}, {"resource": {}}],
    }
    assert [refusal.path for refusal in check(bundle)] == [
        "Bundle.entry[0].resource.contained[0].status",
        "Bundle.entry[1].resource.parameter[0].part[0].resource.status",
        "Bundle.entry[2].resource",
    ]


def test_texts_hold_no_value_and_no_more_than_fifty_are_told() -> None:
    secret = "110105195603040024"
    names = [{"family": 7, "given": secret, secret: secret} for _ in range(60)]
    found = check_received({"resourceType": "Patient", "name": names, "birthDate": secret, "gender": secret})
    assert len(found) == MOST
    assert secret not in str(found)


def test_decimals_are_numbers() -> None:
    assert check_received(OBSERVATION | {"valueQuantity": {"value": Decimal("2.10"), "unit": "mmol/L"}}) == ()


@pytest.mark.parametrize(
    "resource",
    [{}, {"resourceType": "Nonsense"}, {"resourceType": 7}, {"resourceType": "Element"}, {"resourceType": "Project"}],
)
def test_what_is_no_resource_is_refused(resource: dict[str, Any]) -> None:
    (refusal,) = check_received(resource)
    assert refusal.cause is Cause.WRONG_STRUCTURE


def test_the_types_are_those_of_the_specification_and_each_is_judged() -> None:
    assert len(known_types()) == 146
    for kind in known_types():
        assert all(refusal.cause is Cause.REQUIRED_MISSING for refusal in check({"resourceType": kind}))


def test_a_fault_that_is_nested_deeper_than_the_schemas_judge_follows_is_refused() -> None:
    nested: Any = "final"
    for _ in range(300):
        nested = [nested]
    (refusal,) = check(OBSERVATION | {"status": nested})
    assert (refusal.cause, refusal.path) == (Cause.WRONG_STRUCTURE, "Observation")
