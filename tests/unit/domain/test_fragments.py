"""Citations of a received document, and what supersedes what."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hub.domain.fragments import Fragment, cite_document, corrects, is_clinical, keys, leaves, literal, withdrawn

RESULT = {
    "resourceType": "Observation",
    "status": "final",
    "identifier": [{"system": "urn:lab", "value": "9/K"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
    "effectiveDateTime": "2025-01-02",
    "valueQuantity": {"value": Decimal("5.20"), "unit": "mmol/L"},
}


def test_every_leaf_is_cited_under_its_place_in_the_document_with_its_characters() -> None:
    cited = {c.target: (c.path, c.text) for c in cite_document(RESULT, "/entry/1/resource")}
    assert cited["/valueQuantity/value"] == ("/entry/1/resource/valueQuantity/value", "5.20")
    assert len(cited) == len(list(leaves(RESULT)))


def test_pointers_escape_tilde_and_slash() -> None:
    assert [pointer for pointer, _ in leaves({"a/b": {"c~d": [1]}})] == ["/a~1b/c~0d/0"]


def test_what_lies_deeper_than_python_recurses_is_a_leaf_too() -> None:
    nested: object = 1
    for _ in range(20_000):
        nested = [nested]
    assert [value for _, value in leaves(nested)] == [1]


def test_numbers_and_booleans_are_cited_as_written() -> None:
    assert [literal(v) for v in (Decimal("2.10"), 7, True, None)] == ["2.10", "7", "true", "null"]


def test_citing_an_element_gives_what_lies_below_it_and_nothing_beside() -> None:
    fragment = Fragment("f", "m", "p", "o", datetime.now(UTC), None, None, "fhir", RESULT, cite_document(RESULT, ""))
    assert [c.text for c in fragment.cite("/code")] == ["http://loinc.org", "2823-3"]
    assert fragment.cite("/cod") == ()


def test_a_result_is_found_by_its_identifier_and_by_code_and_time() -> None:
    assert keys(RESULT) == ("Observation|urn:lab|9/K", "Observation|http://loinc.org|2823-3|2025-01-02")


def test_corrections_and_withdrawals_are_told_from_first_statements() -> None:
    assert not corrects(RESULT)
    assert corrects({**RESULT, "status": "corrected"})
    assert not withdrawn({**RESULT, "status": "corrected"})
    assert withdrawn({**RESULT, "status": "entered-in-error"})
    assert corrects({"resourceType": "ServiceRequest", "status": "revoked"})
    assert not corrects({"resourceType": "ServiceRequest", "status": "active"})
    assert corrects({"resourceType": "DocumentReference", "status": "current", "relatesTo": [{"code": "replaces"}]})


def test_orders_are_clinical_and_the_referral_itself_is_not() -> None:
    referral, order = {"resourceType": "ServiceRequest"}, {"resourceType": "ServiceRequest"}
    assert is_clinical(order, referral)
    assert not is_clinical(referral, referral)
    assert not is_clinical({"resourceType": "Patient"})
    assert is_clinical(RESULT)
