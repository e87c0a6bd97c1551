"""What a message Bundle asks of a referral."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.fhir import acknowledgement
from adapters.fhir.validation import check
from hub.domain.messages import Amend, Cancel, Claim, Move, Open, Outcome
from hub.domain.patients import Identifier, Identity
from hub.domain.referrals import State
from tests.unit.fhir.documents import NOW, WANG, bundle, finding, header, message, normalised, refused, request

HUB_ID = "00000000-0000-7000-8000-000000000001"
CODE = "urn:referral-hub:organization"


def opened(*resources: dict[str, Any], **elements: Any) -> Open:
    intent = normalised(message(WANG, request(**elements), *resources)).intent
    assert isinstance(intent, Open)
    return intent


def test_a_service_request_opens_a_referral() -> None:
    number = [{"system": "urn:a:referrals", "value": "R-1"}]
    content = opened(identifier=number, priority="urgent").content
    assert content.identifiers == (Identifier("urn:a:referrals", "R-1"),)
    assert (content.priority, content.question) == ("urgent", "请会诊")
    assert content.identifier_path == "Bundle.entry[2].resource.identifier"


@pytest.mark.parametrize("code", ["referral-request", "servicerequest-request", "anything-else"])
def test_any_event_with_a_new_service_request_is_a_referral(code: str) -> None:
    assert isinstance(normalised(message(WANG, request(), code=code)).intent, Open)


def test_claims_go_from_codes_to_facilities_to_names() -> None:
    performers = [
        {"display": "内分泌科"},
        {"identifier": {"system": "urn:ods", "value": "RYE"}},
        {"reference": "#o"},
    ]
    hospital = {"resourceType": "Organization", "id": "o", "name": "市医院", "identifier": [
        {"system": CODE, "value": "CITY"}]}  # fmt: skip
    place = "Bundle.entry[2].resource"
    assert opened(performer=performers, contained=[hospital]).content.receiver == (
        Claim("code", "CITY", f"{place}.contained[0].identifier.value"),
        Claim("facility", "RYE", f"{place}.performer[1].identifier.value"),
        Claim("name", "内分泌科", f"{place}.performer[0].display"),
        Claim("name", "市医院", f"{place}.contained[0].name"),
    )


def test_the_owner_of_the_task_is_a_receiver_too() -> None:
    owner = {"identifier": {"system": CODE, "value": "CITY"}}
    task = {"resourceType": "Task", "status": "requested", "intent": "order", "owner": owner}
    content = opened(task, performer=None).content
    assert content.receiver == (Claim("code", "CITY", "Bundle.entry[3].resource.owner.identifier.value"),)


def test_the_one_destination_of_the_message_is_a_receiver_after_those_the_request_names() -> None:
    clinic, city = ({"receiver": {"display": name}, "endpoint": "urn:b"} for name in ("镇卫生院", "市第一医院"))
    elsewhere = {"endpoint": "urn:c"}
    told = message(request(performer=None), WANG)
    told["entry"][0]["resource"]["destination"] = [elsewhere, city]
    place = "Bundle.entry[0].resource.destination[1].receiver.display"
    intent = normalised(told).intent
    assert isinstance(intent, Open) and intent.content.receiver == (Claim("name", "市第一医院", place),)
    told["entry"][1]["resource"] = request(performer=[{"display": "县医院"}])
    intent = normalised(told).intent
    assert isinstance(intent, Open) and [c.value for c in intent.content.receiver] == ["县医院", "市第一医院"]
    told["entry"][1]["resource"] = request(performer=None)
    told["entry"][0]["resource"]["destination"] = [clinic, city]
    assert refused(told) == [("required-missing", "Bundle.entry[1].resource.performer")]


def test_a_department_is_a_part_of_the_organisation() -> None:
    hospital = {"resourceType": "Organization", "id": "h", "identifier": [{"system": CODE, "value": "CITY"}]}
    department = {"resourceType": "Organization", "id": "d", "name": "内分泌科", "partOf": {"reference": "#h"}}
    content = opened(performer=[{"reference": "#d"}], contained=[hospital, department]).content
    assert (content.department, content.receiver[0].value) == ("内分泌科", "CITY")
    service = {"resourceType": "HealthcareService", "id": "s", "name": "肾内科", "providedBy": {"display": "市医院"}}
    content = opened(performer=[{"reference": "#s"}], contained=[service]).content
    assert (content.department, content.receiver[0].value) == ("肾内科", "市医院")
    assert opened(locationCode=[{"text": "心内科门诊"}]).content.department == "心内科门诊"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"reasonCode": [{"coding": [{"code": "E11", "display": "2型糖尿病"}]}]}, "2型糖尿病"),
        ({"reasonCode": [{"text": "一"}, {"text": "二"}]}, "一；二"),
        ({"reasonCode": None, "note": [{"text": "胸闷两天"}]}, "胸闷两天"),
        ({"reasonCode": None, "reasonReference": [{"display": "头晕"}]}, "头晕"),
        ({"reasonCode": None, "supportingInfo": [{"reference": "Observation/1"}]}, None),
    ],
)
def test_the_question_is_the_reason_in_the_senders_words(elements: dict[str, Any], expected: str | None) -> None:
    assert opened(**elements).content.question == expected


def test_reason_and_receiver_are_required_together() -> None:
    assert refused(message(WANG, request(reasonCode=None, performer=None))) == [
        ("required-missing", "Bundle.entry[2].resource.reasonCode"),
        ("required-missing", "Bundle.entry[2].resource.performer"),
    ]


def test_an_earlier_referral_is_named_by_the_hubs_id_or_its_own() -> None:
    based = [{"reference": f"ServiceRequest/{HUB_ID}"}, {"identifier": {"system": "urn:a", "value": "R-0"}},
             {"reference": "CarePlan/1"}]  # fmt: skip
    direction = [{"coding": [{"system": "urn:referral-hub:direction", "code": "down"}]}]
    content = opened(basedOn=based, category=direction).content
    assert content.based_on == (Identifier("urn:referral-hub:referral", HUB_ID), Identifier("urn:a", "R-0"))
    assert content.direction == "down"


NUMBER = [{"system": "urn:a", "value": "R-1"}]


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (message(WANG, request(identifier=NUMBER), code="referral-amend"), Amend),
        (message(WANG, request(identifier=NUMBER), code="referral-cancel"), Cancel),
        (message(WANG, request(identifier=NUMBER, status="revoked")), Cancel),
        (
            bundle("message", header("x", reason={"coding": [{"code": "update"}]}), WANG, request(identifier=NUMBER)),
            Amend,
        ),
        (
            bundle("message", header("x", reason={"coding": [{"code": "delete"}]}), WANG, request(identifier=NUMBER)),
            Cancel,
        ),
    ],
)
def test_a_known_referral_is_amended_or_cancelled(document: dict[str, Any], kind: type[Amend] | type[Cancel]) -> None:
    intent = normalised(document).intent
    assert isinstance(intent, kind)
    assert intent.identifiers == (Identifier("urn:a", "R-1"),)


def test_a_cancelled_task_cancels_with_its_reason() -> None:
    task = {"resourceType": "Task", "status": "cancelled", "intent": "order", "statusReason": {"text": "患者拒绝"},
            "focus": {"reference": f"ServiceRequest/{HUB_ID}"}}  # fmt: skip
    intent = normalised(message(task, code="x-request")).intent
    assert isinstance(intent, Cancel)
    assert (intent.reason, intent.identifiers) == ("患者拒绝", (Identifier("urn:referral-hub:referral", HUB_ID),))


def test_what_names_no_referral_cannot_change_one() -> None:
    assert refused(message(WANG, request(), code="referral-cancel")) == [
        ("required-missing", "Bundle.entry[2].resource.identifier")
    ]
    task = {"resourceType": "Task", "status": "accepted", "intent": "order"}
    assert refused(message(task, code="referral-status")) == [("required-missing", "Bundle.entry[1].resource.focus")]


def test_a_task_moves_the_referral_that_it_names() -> None:
    task = {"resourceType": "Task", "id": HUB_ID, "meta": {"versionId": "4"}, "status": "accepted", "intent": "order",
            "businessStatus": {"coding": [{"code": "scheduled"}]},
            "executionPeriod": {"start": "2026-12-01T09:00:00+08:00"}}  # fmt: skip
    intent = normalised(message(task, code="referral-status")).intent
    assert isinstance(intent, Move)
    assert (intent.referral_id, intent.target, intent.version) == (HUB_ID, State.SCHEDULED, 4)
    assert intent.details == {"appointment": {"start": "2026-12-01T09:00:00+08:00"}}
    assert intent.task == {}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (bundle("message", WANG), ("wrong-structure", "Bundle.entry[0].resource")),
        (message(WANG, code="booking-request"), ("unsupported-event", "Bundle.entry[0].resource.eventCoding")),
        (message(WANG, finding(), code="referral-request"), ("required-missing", "Bundle.entry")),
        (message(WANG, request(status="draft")), ("code-invalid", "Bundle.entry[2].resource.status")),
        (
            bundle("message", header(response={"identifier": "1", "code": "ok"}), WANG),
            ("unsupported-event", "Bundle.entry[0].resource.response"),
        ),
        (
            message(WANG, request(identifier=[{"system": "urn:referral-hub:referral", "value": HUB_ID}])),
            ("duplicate-key", "Bundle.entry[2].resource.identifier"),
        ),
    ],
)
def test_other_messages_are_refused_at_their_place(document: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refused(document) == [expected]


def test_a_message_without_request_is_history() -> None:
    found = normalised(message(WANG, finding(), code="observation-provide"))
    assert found.intent is None
    assert len(found.parts) == 2


@pytest.mark.parametrize(
    ("named", "told"),
    [({"id": "m-1"}, "m-1"), ({"identifier": {"value": "b-1"}}, "b-1"), ({"identifier": {"value": "甲/1"}}, "unnamed")],
)
def test_the_answer_names_the_message_by_what_may_be_an_id(named: dict[str, Any], told: str) -> None:
    sent = message(WANG, request())
    (sent["entry"][0]["resource"] if "id" in named else sent).update(named)
    _, _, answer = acknowledgement.message(sent, "http://h/fhir", NOW, Identity())(Outcome("o"))
    assert answer["entry"][0]["resource"]["response"]["identifier"] == told
    assert check(answer) == ()
