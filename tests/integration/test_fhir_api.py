"""The FHIR routes against the real intake and PostgreSQL."""

from __future__ import annotations

import pytest

from adapters.fhir.validation import check_received
from tests.integration.fhir_site import DIABETES, PATIENT, Site, bundle, issue, referral

LOINC = "http://loinc.org"


def test_a_message_opens_a_referral_and_the_answer_names_it(site: Site) -> None:
    answer = site.request("POST", "/$process-message", "TOWN", referral())
    header, task, request = (entry["resource"] for entry in answer.json()["entry"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    assert header["response"] == {"identifier": "m-R-1", "code": "ok"}
    assert header["focus"][0]["reference"].endswith(f"/Task/{task['id']}")
    assert (task["status"], task["meta"]["versionId"]) == ("requested", "1")
    assert (request["id"], request["status"]) == (task["id"], "active")
    assert check_received(answer.json()) == ()
    assert site.rows("SELECT type FROM outbox ORDER BY id") == [("referral.requested.v1",), ("fragment.received.v1",)]


def test_both_parties_read_the_referral_and_nobody_else(site: Site) -> None:
    name = site.refer()
    for kind in ("Task", "ServiceRequest"):
        for who, expected in (("TOWN", 200), ("CITY", 200), ("OTHER", 404), (None, 401), ("nonsense", 401)):
            answer = site.request("GET", f"/{kind}/{name}", who)
            assert answer.status_code == expected
            assert check_received(answer.json()) == ()
    assert site.request("GET", "/Task", "OTHER").json().get("entry", []) == []
    assert issue(site.request("PUT", f"/Task/{name}", "OTHER", {}, If_Match='W/"1"'))[0] == 404


def test_a_read_changes_no_state_and_is_audited(site: Site) -> None:
    name = site.refer()
    assert site.task(name)["status"] == "requested"
    assert site.task(name)["meta"]["versionId"] == "1"
    assert site.rows("SELECT action, object_type, allowed FROM audit WHERE object_id = %s LIMIT 1", name) == [
        ("read", "Task", True)
    ]


def test_the_receiver_moves_the_task_from_opening_to_outcome(site: Site) -> None:
    name = site.refer()
    assert site.move(name, "CITY", "received").status_code == 200
    booked = site.move(name, "CITY", "accepted", "scheduled", executionPeriod={"start": "2026-12-01T09:00:00+08:00"})
    assert booked.json()["executionPeriod"] == {"start": "2026-12-01T09:00:00+08:00"}
    assert booked.headers["etag"] == f'W/"{booked.json()["meta"]["versionId"]}"'
    plan = {
        "resourceType": "CarePlan",
        "id": "plan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": site.task(name)["for"]["reference"]},
        "description": "二甲双胍减量，三个月后复查",
    }
    output = [{"type": {"text": "随访计划"}, "valueReference": {"reference": "#plan"}}]
    done = site.move(name, "CITY", "completed", "outcome-sent", contained=[plan], output=output)
    assert done.status_code == 200, done.text
    assert check_received(done.json()) == ()
    seen = site.task(name, "TOWN")
    assert seen["output"] == output
    assert seen["contained"] == [plan]
    kinds = [row[0] for row in site.rows("SELECT type FROM outbox WHERE subject = %s ORDER BY id", name)]
    assert [kind.split(".")[1] for kind in kinds] == [
        "requested", "received", "accepted", "scheduled", "arrived", "started", "outcome-sent",
    ]  # fmt: skip
    stored = site.rows("SELECT base, referral_id::text FROM fragments WHERE resource_type = 'CarePlan'")
    assert stored == [("/contained/0", name)]
    closed = site.move(name, "TOWN", "completed", "closed")
    assert (closed.status_code, closed.json()["businessStatus"]["coding"][0]["code"]) == (200, "closed")
    assert len(site.rows("SELECT 1 FROM fragments WHERE resource_type = 'CarePlan'")) == 1


def test_json_patch_moves_the_task(site: Site) -> None:
    name = site.refer()
    patch = [{"op": "replace", "path": "/status", "value": "accepted"}]
    answer = site.request(
        "PATCH", f"/Task/{name}", "CITY", patch, If_Match='W/"1"', Content_Type="application/json-patch+json"
    )
    assert (answer.status_code, answer.json()["status"], answer.headers["etag"]) == (200, "accepted", 'W/"3"')
    observation = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2160-0"}]},
    }
    patch = [
        {"op": "replace", "path": "/status", "value": "completed"},
        {"op": "add", "path": "/contained", "value": [observation]},
    ]
    answer = site.request(
        "PATCH", f"/Task/{name}", "CITY", patch, If_Match='W/"3"', Content_Type="application/json-patch+json"
    )
    assert answer.status_code == 200, answer.text
    assert site.rows("SELECT base FROM fragments WHERE resource_type = 'Observation'") == [("/1/value/0",)]


def test_a_stale_or_missing_version_is_412_and_a_forbidden_move_422(site: Site) -> None:
    name = site.refer()
    task = site.task(name)
    for headers in ({}, {"If_Match": 'W/"7"'}, {"If_Match": "*"}):
        answer = site.request("PUT", f"/Task/{name}", "CITY", task | {"status": "received"}, **headers)
        assert issue(answer)[:2] == (412, "conflict")
    assert issue(site.move(name, "TOWN", "accepted"))[:2] == (422, "business-rule")
    assert issue(site.move(name, "CITY", "rejected")) == (422, "required", ["Task.statusReason"])
    assert issue(site.move(name, "CITY", "failed", "scheduled")) == (422, "code-invalid", ["Task.businessStatus"])
    assert issue(site.move(name, "CITY", "accepted", id="another")) == (400, "structure", ["Task.id"])
    assert site.task(name)["meta"]["versionId"] == "1"


def test_information_is_requested_and_supplied(site: Site) -> None:
    name = site.refer()
    asked = site.move(name, "CITY", "received", "awaiting-information", statusReason={"text": "请补充肾功能"})
    assert (asked.status_code, asked.json()["statusReason"]) == (200, {"text": "请补充肾功能"})
    result = {"resourceType": "Observation", "status": "final", "code": {"text": "血肌酐"}, "valueString": "175"}
    supplied = site.move(name, "TOWN", "received", contained=[result])
    assert supplied.status_code == 200, supplied.text
    kinds = [row[0] for row in site.rows("SELECT type FROM outbox WHERE subject = %s ORDER BY id", name)]
    assert kinds[-1] == "referral.information-supplied.v1"


def test_a_message_cancels_and_amends(site: Site) -> None:
    name = site.refer()
    amended = referral(event="referral-amend", control="a-1", priority="urgent")
    assert site.request("POST", "/$process-message", "TOWN", amended).status_code == 200
    assert site.task(name)["priority"] == "urgent"
    cancelled = referral(event="servicerequest-request", control="c-1", status="revoked", note=[{"text": "患者转院"}])
    answer = site.request("POST", "/$process-message", "TOWN", cancelled)
    assert answer.status_code == 200, answer.text
    assert site.task(name)["status"] == "cancelled"
    unknown = referral("R-9", event="referral-cancel", control="c-2")
    assert issue(site.request("POST", "/$process-message", "TOWN", unknown))[:2] == (422, "not-found")


def test_a_repeat_gets_the_first_answer_and_no_second_effect(site: Site) -> None:
    sent = referral(control="B-1")
    first = site.request("POST", "/$process-message", "TOWN", sent)
    again = site.request("POST", "/$process-message", "TOWN", sent)
    assert first.content == again.content
    assert site.rows("SELECT count(*) FROM referrals") == [(1,)]
    other = referral(control="B-1", priority="stat")
    assert issue(site.request("POST", "/$process-message", "TOWN", other))[:2] == (409, "duplicate")
    same_number = referral(control="B-2")
    assert issue(site.request("POST", "/$process-message", "TOWN", same_number)) == (
        409, "duplicate", ["Bundle.entry[2].resource.identifier"],
    )  # fmt: skip


def test_an_update_repeated_under_its_request_id_gets_the_first_answer(site: Site) -> None:
    name = site.refer()
    task = site.task(name) | {"status": "accepted"}
    headers = {"If_Match": 'W/"1"', "X_Request_ID": "q-1"}
    first = site.request("PUT", f"/Task/{name}", "CITY", task, **headers)
    again = site.request("PUT", f"/Task/{name}", "CITY", task, **headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.headers["etag"] == again.headers["etag"] == 'W/"3"'
    assert site.request("PUT", f"/Task/{name}", "CITY", task, If_Match='W/"1"').status_code == 412


def test_a_down_referral_names_the_hubs_patient_and_the_first_referral(site: Site) -> None:
    name = site.refer()
    site.move(name, "CITY", "completed")
    patient = site.task(name)["for"]["reference"]
    down = referral(
        "D-1", receiver="TOWN", subject={"reference": patient}, basedOn=[{"reference": f"ServiceRequest/{name}"}],
        category=[{"coding": [{"system": "urn:referral-hub:direction", "code": "down"}]}],
    )  # fmt: skip
    down["entry"] = [down["entry"][0], down["entry"][2]]
    answer = site.request("POST", "/$process-message", "CITY", down)
    assert answer.status_code == 200, answer.text
    task = site.task(answer.json()["entry"][1]["resource"]["id"], "TOWN")
    assert task["for"]["reference"] == patient
    assert task["basedOn"] == [{"reference": f"ServiceRequest/{name}"}]
    assert site.rows("SELECT direction FROM referrals WHERE id = %s", task["id"]) == [("down",)]
    assert site.rows("SELECT count(*) FROM patients") == [(1,)]


def test_an_outcome_travels_as_a_message(site: Site) -> None:
    name = site.refer()
    task = {
        "resourceType": "Task",
        "status": "completed",
        "intent": "order",
        "focus": {"reference": f"ServiceRequest/{name}"},
    }
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "urn:referral-hub:event", "code": "referral-status"},
        "source": {"endpoint": "urn:city"},
    }
    report = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": site.task(name)["for"]["reference"]},
        "content": [{"attachment": {"contentType": "text/plain", "data": "5aS05pmV"}}],
    }
    answer = site.request("POST", "/$process-message", "CITY", bundle("message", header, task, report))
    assert answer.status_code == 200, answer.text
    assert answer.json()["entry"][1]["resource"]["businessStatus"]["coding"][0]["code"] == "outcome-sent"
    assert site.rows("SELECT referral_id::text FROM fragments WHERE resource_type = 'DocumentReference'") == [(name,)]


def test_cancellation_after_arrival_is_asked_for_and_refused(site: Site) -> None:
    name = site.refer()
    site.move(name, "CITY", "in-progress", "arrived")
    assert site.move(name, "TOWN", "cancelled", statusReason={"text": "患者要求"}).status_code == 200
    asked = site.task(name)
    assert asked["status"] == "in-progress"
    assert asked["extension"] == [{"url": "urn:referral-hub:cancellation-requested", "valueBoolean": True}]
    refused = site.move(name, "CITY", "in-progress", "cancellation-refused")
    assert refused.status_code == 200, refused.text
    assert "extension" not in refused.json()
    assert "extension" not in site.task(name)


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"{", "application/fhir+json", (400, "structure", ["Resource"])),
        (
            b'{"resourceType": "Observation", "status": "final"}',
            "application/json",
            (422, "required", ["Observation.code"]),
        ),
        (b"\xff\xfe", "application/fhir+json", (400, "structure", ["Resource"])),
        (b"<Bundle/>", "application/fhir+xml", (415, "not-supported", [])),
        (b"{}", "application/fhir+json", (400, "structure", ["Resource"])),
    ],
)
def test_what_is_no_fhir_is_refused(site: Site, body: bytes, kind: str, expected: tuple[int, str, list[str]]) -> None:
    answer = site.request("POST", "", "TOWN", body, Content_Type=kind)
    assert issue(answer) == expected
    assert check_received(answer.json()) == ()


def test_refusals_name_their_places_and_are_kept(site: Site) -> None:
    lacking = referral(reasonCode=[], performer=[])
    lacking["entry"][2]["resource"] = {
        k: v for k, v in lacking["entry"][2]["resource"].items() if k not in ("reasonCode", "performer")
    }
    del lacking["entry"][3]
    answer = site.request("POST", "/$process-message", "TOWN", lacking)
    found = [i["expression"][0] for i in answer.json()["issue"]]
    assert answer.status_code == 422
    assert found == ["Bundle.entry[2].resource.reasonCode", "Bundle.entry[2].resource.performer"]
    nobody = site.request("POST", "/$process-message", "TOWN", referral("R-5", receiver="NOBODY"))
    assert issue(nobody) == (422, "not-found", ["Bundle.entry[2].resource.performer[0].identifier.value"])
    wrong = site.request("POST", "/$process-message", "TOWN", referral("R-6", authoredOn="昨天"))
    assert issue(wrong) == (400, "value", ["Bundle.entry[2].resource.authoredOn"])
    assert "昨天" not in wrong.text
    assert site.rows("SELECT status, count(*) FROM messages GROUP BY 1") == [("rejected", 3)]


def test_a_nul_character_is_told_at_its_place(site: Site) -> None:
    written = referral("R-9", reasonCode=[{"text": "a\0b"}])
    answer = site.request("POST", "/$process-message", "TOWN", written)
    assert issue(answer) == (400, "value", ["Bundle.entry[2].resource.reasonCode[0].text"])
    assert issue(site.request("GET", "/Task?identifier=%00", "TOWN"))[:2] == (400, "value")


def test_a_request_is_the_same_with_and_without_a_slash_at_its_end(site: Site) -> None:
    sent = bundle("collection", PATIENT)
    answers = [site.request("POST", path, "TOWN", sent, **{"X-Request-ID": "r-1"}) for path in ("", "/")]
    assert answers[0].content == answers[1].content
    assert site.rows("SELECT count(*) FROM messages") == [(1,)]


def test_a_document_over_the_limit_is_413(site: Site) -> None:
    answer = site.request("POST", "", "TOWN", b" " * (16 * 2**20 + 1))
    assert issue(answer)[:2] == (413, "too-long")


def test_unknown_addresses_answer_as_fhir(site: Site) -> None:
    assert issue(site.request("GET", "/Nonsense", "TOWN"))[0] == 404
    assert issue(site.request("GET", "/Task/1/2/3", "TOWN"))[0] == 404
    assert issue(site.request("DELETE", "/Task/1", "TOWN"))[0] == 405
    assert issue(site.request("POST", "/Task", "TOWN", {}))[0] == 405
    assert issue(site.request("GET", "/Task/1/2/3", None))[0] == 401
    refused = site.request("GET", "/Task", "TOWN", Accept="application/fhir+xml")
    assert refused.status_code == 406


def test_a_patient_named_by_a_number_alone_is_cited_where_the_number_stands(site: Site) -> None:
    named = DIABETES | {"subject": {"identifier": {"system": "urn:town", "value": "7"}, "display": "王秀英"}}
    assert site.request("POST", "/Condition", "TOWN", named).status_code == 201
    stored = site.rows("SELECT base, citations FROM fragments WHERE resource_type = 'Patient'")
    assert stored[0][0] == "/subject"
    assert ["/identifier/0/value", "/subject/identifier/value", "7"] in stored[0][1]
