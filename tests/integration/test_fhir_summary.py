"""`$summary`: who gets the IPS document of which record, and what the trail says of it."""

from __future__ import annotations

from hashlib import sha256

import psycopg
from psycopg.types.json import Json
from uuid_utils import uuid7

from adapters.fhir.validation import check_received
from tests.integration.fhir_site import DIABETES, PATIENT, Site, bundle
from tests.unit.fhir.records import item, record


def patient_of(site: Site, referral: str) -> str:
    return str(site.task(referral)["for"]["reference"]).removeprefix("Patient/")


def store(site: Site, referral: str, text: str, *, whole: bool) -> None:
    document = {**record(problems=[item("p", "problem", text)]), "referral_id": referral}
    person = {"name": "王秀英", "gender": "female", "birth_date": "1956-03-04", "identifiers": [], "sources": []}
    kept = {**document, "patient": person}
    with psycopg.connect(site.url) as connection:
        connection.execute(
            "INSERT INTO records (id, referral_id, version, whole, record, sha256, generated_at) "
            "VALUES (%s, %s, 1, %s, %s, %s, now())",
            (str(uuid7()), referral, whole, Json(kept), sha256(text.encode()).digest()),
        )


def test_the_receiver_gets_a_valid_document_of_what_it_may_read(site: Site) -> None:
    referral = site.refer()
    patient = patient_of(site, referral)
    store(site, referral, "随转诊而来", whole=False)
    store(site, referral, "全部病史", whole=True)
    answer = site.request("GET", f"/Patient/{patient}/$summary", "CITY")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    assert "随转诊而来" in answer.text
    assert "全部病史" not in answer.text
    assert check_received(answer.json()) == ()
    assert answer.json()["type"] == "document"
    site.move(referral, "CITY", "accepted")
    answer = site.request("GET", f"/Patient/{patient}/$summary", "CITY")
    assert "全部病史" in answer.text
    again = site.request("GET", f"/Patient/{patient}/$summary", "CITY", If_None_Match=answer.headers["etag"])
    assert again.status_code == 304
    custodian = [e["resource"].get("identifier") for e in answer.json()["entry"]
                 if e["resource"]["resourceType"] == "Organization"]  # fmt: skip
    assert [{"system": "urn:referral-hub:organization", "value": "CITY"}] in custodian


def test_nobody_else_gets_it(site: Site) -> None:
    referral = site.refer()
    patient = patient_of(site, referral)
    store(site, referral, "随转诊而来", whole=False)
    for who in ("TOWN", "OTHER"):
        answer = site.request("GET", f"/Patient/{patient}/$summary", who)
        assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
        assert "随转诊而来" not in answer.text
    assert site.request("GET", f"/Patient/{patient}/$summary", None).status_code == 401
    for name in ("00000000-0000-0000-0000-000000000000", "x", "%00", "a'b"):
        assert site.request("GET", f"/Patient/{name}/$summary", "CITY").status_code == 404


def test_a_record_that_is_being_made_is_awaited(site: Site) -> None:
    answer = site.request("GET", f"/Patient/{patient_of(site, site.refer())}/$summary", "CITY")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (202, "incomplete")
    assert answer.headers["retry-after"]


def test_a_patient_of_whom_one_only_sent_something_has_no_summary(site: Site) -> None:
    site.request("POST", "", "CITY", bundle("collection", DIABETES, PATIENT, identifier="h-1"))
    [name] = [e["resource"]["id"] for e in site.request("GET", "/Patient", "CITY").json()["entry"]]
    assert site.request("GET", f"/Patient/{name}/$summary", "CITY").status_code == 404


def test_of_several_referrals_the_whole_history_is_told(site: Site) -> None:
    first, second = site.refer("R-1"), site.refer("R-2")
    patient = patient_of(site, first)
    assert patient_of(site, second) == patient
    site.move(first, "CITY", "accepted")
    store(site, first, "全部病史", whole=True)
    store(site, second, "随第二次转诊而来", whole=False)
    assert "全部病史" in site.request("GET", f"/Patient/{patient}/$summary", "CITY").text


def test_it_is_audited_as_an_export(site: Site) -> None:
    referral = site.refer()
    patient = patient_of(site, referral)
    assert site.request("GET", f"/Patient/{patient}/$summary", "CITY").status_code == 202
    store(site, referral, "随转诊而来", whole=False)
    for who in ("CITY", "OTHER"):
        site.request("GET", f"/Patient/{patient}/$summary", who)
    lines = site.rows("SELECT object_type, object_id, allowed FROM audit WHERE action = 'export' ORDER BY id")
    assert lines == [("record", referral, True), ("Patient", patient, False)]


def test_the_capability_statement_names_the_operation(site: Site) -> None:
    [rest] = site.request("GET", "/metadata", None).json()["rest"]
    [patient] = [r for r in rest["resource"] if r["type"] == "Patient"]
    assert patient["operation"][0]["definition"] == "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"
