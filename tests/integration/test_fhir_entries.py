"""Transactions, batches and conditional creates against the real intake and PostgreSQL; wrong bytes over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.fhir.validation import check_received
from tests.integration.fhir_site import DIABETES, PATIENT, Site, bundle, issue

RESULT: dict[str, Any] = {
    "resourceType": "Observation",
    "identifier": [{"system": "urn:town:results", "value": "7"}],
    "status": "final",
    "code": {"text": "血肌酐"},
    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
}


def sent(kind: str, *resources: dict[str, Any], conditions: dict[int, str] | None = None) -> dict[str, Any]:
    document = bundle(kind, *resources)
    for number, entry in enumerate(document["entry"]):
        asked = {"ifNoneExist": conditions[number]} if conditions and number in conditions else {}
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"], **asked}
    return document


def responses(site: Site, document: dict[str, Any]) -> list[dict[str, Any]]:
    answer = site.request("POST", "", "TOWN", document)
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == f"{document['type']}-response"
    assert check_received(answer.json()) == ()
    return [entry["response"] for entry in answer.json()["entry"]]


def test_a_transaction_is_answered_with_the_addresses_of_what_it_made(site: Site) -> None:
    practitioner = {"resourceType": "Practitioner", "name": [{"text": "李医生"}]}
    patient, result, doctor = responses(site, sent("transaction", PATIENT, RESULT, practitioner))
    assert [r["status"] for r in (patient, result, doctor)] == ["201 Created"] * 3
    for response, kind in ((patient, "Patient"), (result, "Observation")):
        path = response["location"].partition("/fhir")[2]
        assert path.startswith(f"/{kind}/")
        assert site.request("GET", path, "TOWN").json()["resourceType"] == kind
    assert "location" not in doctor


def test_a_transaction_with_one_fault_stores_nothing(site: Site) -> None:
    answer = site.request("POST", "", "TOWN", sent("transaction", PATIENT, RESULT, RESULT | {"status": "?"}))
    assert issue(answer) == (422, "code-invalid", ["Bundle.entry[2].resource.status"])
    assert site.rows("SELECT count(*) FROM fragments") == [(0,)]


def test_a_batch_stores_what_stands_and_tells_the_rest(site: Site) -> None:
    stranger = {"subject": {"reference": "urn:uuid:00000000-0000-4000-8000-00000000dead"}}
    document = sent("batch", PATIENT, RESULT, RESULT | {"status": "?"}, DIABETES | stranger)
    patient, result, wrong, nobodys = responses(site, document)
    assert [r["status"] for r in (patient, result)] == ["201 Created"] * 2
    assert wrong["outcome"]["issue"][0]["expression"] == ["Bundle.entry[2].resource.status"]
    assert nobodys["outcome"]["issue"][0]["expression"] == ["Bundle.entry[3].resource.subject"]
    assert site.rows("SELECT resource_type FROM fragments ORDER BY position") == [("Patient",), ("Observation",)]
    ((ledger, stored),) = site.rows("SELECT ledger, bundle FROM messages")
    assert {u["path"].rpartition("/resource/")[0] for u in ledger["unmapped"]} == {"/entry/2", "/entry/3"}
    assert [w["path"] for w in ledger["warnings"]] == [
        "Bundle.entry[2].resource.status", "Bundle.entry[3].resource.subject",
    ]  # fmt: skip
    assert "resource" not in stored["entry"][2]


def test_a_batch_of_which_nothing_stands_is_kept_as_refused(site: Site) -> None:
    (wrong,) = responses(site, sent("batch", RESULT | {"status": "?"}))
    assert wrong["status"] == "422 Unprocessable Entity"
    assert site.rows("SELECT status FROM messages") == [("rejected",)]


def test_a_conditional_create_makes_one(site: Site) -> None:
    document = sent("transaction", PATIENT, RESULT, conditions={1: "identifier=urn:town:results|7"})
    first, again = responses(site, document)[1], responses(site, document)[1]
    assert (first["status"], again["status"]) == ("201 Created", "200 OK")
    assert again["outcome"]["issue"][0]["details"]["text"].endswith(first["location"].rpartition("/")[2])
    assert site.rows("SELECT count(*) FROM fragments WHERE resource_type = 'Observation'") == [(1,)]
    other = [{"system": "urn:town:results", "value": "8"}]
    condition = {1: "identifier=urn:town:results%7C8"}
    (_, new) = responses(site, sent("transaction", PATIENT, RESULT | {"identifier": other}, conditions=condition))
    assert new["status"] == "201 Created"


def test_a_condition_that_several_fulfil_is_412(site: Site) -> None:
    responses(site, sent("transaction", PATIENT, RESULT, RESULT))
    document = sent("transaction", PATIENT, RESULT, conditions={1: "identifier=urn:town:results|7"})
    answer = site.request("POST", "", "TOWN", document)
    assert issue(answer) == (412, "multiple-matches", ["Bundle.entry[1].request.ifNoneExist"])


def test_another_senders_resource_fulfils_no_condition(site: Site) -> None:
    responses(site, sent("transaction", PATIENT, RESULT))
    document = sent("transaction", PATIENT, RESULT, conditions={1: "identifier=urn:town:results|7"})
    answer = site.request("POST", "", "CITY", document)
    assert [entry["response"]["status"] for entry in answer.json()["entry"]] == ["201 Created"] * 2


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"resourceType": "Patient", "x": NaN}', "application/fhir+json", (400, "structure", ["Resource"])),
        (b'{"resourceType": "Patient", "active": true, "active": false}', "application/json",
         (400, "structure", ["Patient"])),
        (b'{"resourceType": "Patient", "multipleBirthInteger": 1e999999}', "application/json",
         (400, "value", ["Resource"])),
        (b'{"resourceType": "Basic", "x": ' + b"[" * 50_000, "application/json", (400, "structure", ["Resource"])),
        ('{"resourceType": "Patient", "name": "王"}'.encode("gb18030"), "application/fhir+json",
         (400, "structure", ["Resource"])),
        (b'{"resourceType": "Patient"}', "application/fhir+json; charset=gb18030", (400, "structure", ["Resource"])),
        (b'{"resourceType": "Patient"}', "text/plain", (415, "not-supported", [])),
        (b"<Patient/>", "application/xml", (415, "not-supported", [])),
        (b'{"resourceType": "List", "x": [' + b"1," * 100_000 + b"1]}", "application/json",
         (413, "too-long", ["List"])),
        (json.dumps({**RESULT, "modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}).encode(),
         "application/json", (422, "extension", ["Observation.modifierExtension[0]"])),
    ],
)  # fmt: skip
def test_wrong_bytes_are_told_as_what_they_are(
    site: Site, body: bytes, kind: str, expected: tuple[int, str, list[str]]
) -> None:
    answer = site.request("POST", "", "TOWN", body, Content_Type=kind)
    assert issue(answer) == expected
    assert check_received(answer.json()) == ()
    assert site.request("POST", "", "TOWN", PATIENT, Accept="application/xml").status_code == 406


def test_a_byte_order_mark_and_exact_decimals_are_kept(site: Site) -> None:
    measured = {**RESULT, "subject": {"identifier": {"system": "urn:town", "value": "7"}}}
    raw = json.dumps({**measured, "valueQuantity": {"value": "@"}}).replace('"@"', "2.100").encode()
    answer = site.request("POST", "/Observation", "TOWN", b"\xef\xbb\xbf" + raw)
    assert answer.status_code == 201, answer.text
    path = answer.headers["location"].partition("/fhir")[2]
    assert '"value":2.100' in site.request("GET", path, "TOWN").text
