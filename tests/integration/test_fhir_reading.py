"""What is read over FHIR: history, what came with a referral, searches and their pages."""

from __future__ import annotations

from typing import Any

from adapters.fhir.validation import check_received
from tests.integration.fhir_site import DIABETES, PATIENT, Site, bundle, issue

LOINC = "http://loinc.org"


def test_history_is_kept_and_read_by_its_sender(site: Site) -> None:
    kept = site.request("POST", "", "TOWN", bundle("collection", DIABETES, PATIENT, identifier="h-1"))
    assert (kept.status_code, kept.json()["resourceType"]) == (200, "OperationOutcome")
    transaction = bundle("transaction", DIABETES, PATIENT)
    for entry in transaction["entry"]:
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    answer = site.request("POST", "/", "TOWN", transaction)
    assert (answer.status_code, answer.json()["type"], len(answer.json()["entry"])) == (200, "transaction-response", 2)
    found = site.request("GET", "/Condition", "TOWN").json()
    assert found["total"] == 2
    assert check_received(found) == ()
    assert "entry" not in site.request("GET", "/Condition", "CITY").json()


def test_a_single_resource_is_created_under_an_address(site: Site) -> None:
    note = {
        "resourceType": "DocumentReference",
        "status": "current",
        "contained": [PATIENT | {"id": "p"}],
        "subject": {"reference": "#p"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "5aS05pmV"}}],
    }
    answer = site.request("POST", "/DocumentReference", "TOWN", note)
    assert answer.status_code == 201, answer.text
    address = answer.headers["location"].split("/fhir", 1)[1]
    assert site.request("GET", address, "TOWN").json()["content"] == note["content"]
    assert site.request("GET", address, "OTHER").status_code == 404
    assert site.request("POST", "/Observation", "TOWN", note).status_code == 400
    at_base = site.request("POST", "", "TOWN", note)
    assert (at_base.status_code, "/DocumentReference/" in at_base.headers["location"]) == (201, True)


def test_what_came_with_a_referral_is_read_by_the_receiver(site: Site) -> None:
    name = site.refer()
    found = site.request("GET", f"/Condition?based-on=ServiceRequest/{name}", "CITY").json()
    assert [e["resource"]["code"]["text"] for e in found["entry"]] == ["2型糖尿病"]
    patient = site.request("GET", f"/{site.task(name)['for']['reference']}", "CITY")
    assert patient.json()["birthDate"] == "1956-03-04"
    assert check_received(patient.json()) == ()
    assert site.request("GET", f"/{site.task(name)['for']['reference']}", "OTHER").status_code == 404


def test_referrals_are_searched(site: Site) -> None:
    first, second = site.refer("R-1"), site.refer("R-2")
    site.move(second, "CITY", "accepted", "scheduled")

    def ids(query: str, who: str = "CITY", kind: str = "Task") -> list[str]:
        answer = site.request("GET", f"/{kind}?{query}", who)
        assert answer.status_code == 200, answer.text
        assert check_received(answer.json()) == ()
        return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]

    assert ids("status=requested") == [first]
    assert ids("business-status=scheduled") == [second]
    assert ids("status=requested,accepted&_sort=_lastUpdated") == [first, second]
    assert ids("identifier=urn:town:referrals|R-2") == [second]
    assert ids("identifier=R-1", kind="ServiceRequest") == [first]
    assert ids(f"_id={first}") == [first]
    assert ids("owner:identifier=urn:referral-hub:organization|city") == [second, first]
    assert ids("owner=TOWN") == []
    assert ids("requester=TOWN") == [second, first]
    assert ids("status=active", kind="ServiceRequest") == [second, first]
    assert ids("_lastUpdated=ge2020-01-01&_lastUpdated=lt2021") == []
    assert ids(f"patient={site.task(first)['for']['reference']}") == [second, first]
    assert issue(site.request("GET", "/Task?nonsense=1", "CITY"))[0] == 400
    assert issue(site.request("GET", "/Task?_lastUpdated=2026-13", "CITY"))[0] == 400


def test_pages_follow_each_other_and_hold_no_number_of_a_patient(site: Site) -> None:
    names = [site.refer(f"R-{n}") for n in range(3)]
    number = "urn:oid:2.16.156.10011.1.3|110105195603040024"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    query = f"_count=2&patient:identifier={number}".encode()
    answer = site.request("POST", "/Task/_search", "CITY", query, **form).json()
    found = [e["resource"]["id"] for e in answer["entry"]]
    links = {link["relation"]: link["url"] for link in answer["link"]}
    assert "110105195603040024" not in str(links)
    following = site.request("GET", links["next"].split("/fhir", 1)[1], "CITY").json()
    found += [e["resource"]["id"] for e in following["entry"]]
    assert found == names[::-1]
    assert [link["relation"] for link in following["link"]] == ["self"]
    people = site.request("POST", "/Patient/_search", "CITY", f"identifier={number}".encode(), **form).json()
    assert people["total"] == 1


def test_a_patient_that_was_merged_says_who_it_is_now(site: Site) -> None:
    def told(number: str, control: str, *prior: str) -> str:
        """A message of TOWN's patient with the number, who replaces those with prior ones; the patient's id."""
        link = [{"other": {"reference": f"Patient/{one}"}, "type": "replaces"} for one in prior]
        people: list[dict[str, Any]] = [
            {"resourceType": "Patient", "id": one, "identifier": [{"system": "urn:town", "value": one}],
             "name": [{"text": "王秀英"}], **({"link": link} if one == number and link else {})}
            for one in (number, *prior)
        ]  # fmt: skip
        note = {**DIABETES, "subject": {"reference": f"Patient/{number}"}}
        entries = [{"resource": one} for one in (note, *people)]
        named = {"system": "urn:town", "value": control}
        document = {"resourceType": "Bundle", "type": "collection", "identifier": named, "entry": entries}
        assert site.request("POST", "", "TOWN", document).status_code == 200
        found = site.request("GET", f"/Patient?identifier=urn:town|{number}", "TOWN").json()
        return str(found["entry"][0]["resource"]["id"])

    first, second, third = told("1", "h-1"), told("2", "h-2"), told("3", "h-3")
    assert told("2", "h-4", "1") == second
    assert told("3", "h-5", "2") == third
    for old in (first, second):
        answer = site.request("GET", f"/Patient/{old}", "TOWN")
        assert (answer.status_code, answer.json()["id"], answer.json()["active"]) == (200, old, False)
        assert answer.json()["link"] == [{"other": {"reference": f"Patient/{third}"}, "type": "replaced-by"}]
        assert check_received(answer.json()) == ()
        again = site.request("GET", f"/Patient/{old}", "TOWN", If_None_Match=answer.headers["etag"])
        assert again.status_code == 304
        assert site.request("GET", f"/Patient/{old}", "CITY").status_code == 404
    assert "link" not in site.request("GET", f"/Patient/{third}", "TOWN").json()


def test_what_a_sender_said_of_its_resource_is_read_back(site: Site) -> None:
    meta = {"profile": ["urn:p"], "security": [{"system": "urn:s", "code": "R"}], "tag": [{"code": "t"}],
            "source": "urn:town:his", "extension": [{"url": "urn:e", "valueString": "x"}]}  # fmt: skip
    own = {"versionId": "7", "lastUpdated": "2020-01-01T00:00:00Z"}
    subject = {"reference": "Patient/p/_history/3", "type": "Patient", "display": "王秀英"}
    patient = {**PATIENT, "id": "p", "meta": {**meta, **own}}
    answer = site.request("POST", "", "TOWN", bundle("batch", patient, {**DIABETES, "subject": subject, "meta": meta}))
    told = {}
    for entry in answer.json()["entry"]:
        path = entry["response"]["location"].removeprefix("http://testserver/fhir")
        found = site.request("GET", path, "TOWN").json()
        told[found["resourceType"]] = found
        assert {name: value for name, value in found["meta"].items() if name not in own} == meta
        assert found["meta"].get("versionId") in (None, "1") and found["meta"]["lastUpdated"] > "2026"
    referred = site.request("GET", f"/ServiceRequest/{site.refer(meta={**meta, **own})}", "CITY").json()
    assert referred["meta"].items() >= meta.items() and referred["meta"]["versionId"] == "1"
    whose = f"Patient/{told['Patient']['id']}"
    assert told["Condition"]["subject"] == {"reference": whose, "type": "Patient", "display": "王秀英"}
