"""What the hub answers is FHIR R4: by the schema and the models; test_hapi.py has the judgement of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.fhir import acknowledgement, capability, code_systems, operation_outcome, resources
from adapters.fhir.validation import check_received
from hub.domain.errors import Cause, Refusal
from hub.domain.messages import Envelope, Ledger, Normalised, Outcome, ReferralStanding
from hub.domain.patients import Identifier, Identity
from hub.domain.referrals import TASK, State, state_of_task
from hub.views.fragments import StoredFragment
from hub.views.patients import Patient
from hub.views.referrals import Party, Referral

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
IDS = [f"00000000-0000-7000-8000-{n:012d}" for n in range(5)]
REFERRAL = Referral(
    id=IDS[0], version=3, state=State.SCHEDULED, direction="up", priority="urgent",
    sender=Party(1, "TOWN", "镇卫生院", "clinic"), receiver=Party(2, "CITY", "市医院", "hospital"),
    department="内分泌科",
    patient_id=IDS[1], question="请会诊", reason="请补充", based_on=IDS[2], cancellation_asked=True,
    details={"appointment": {"start": "2026-12-01T09:00:00+08:00", "end": "2026-12-01T09:15:00+08:00"}},
    service_request={"resourceType": "ServiceRequest", "id": "theirs", "status": "active", "intent": "order",
                     "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
                     "identifier": [{"system": "urn:a", "value": "R-1", "use": "official"}],
                     "requester": {"display": "龚小红"}, "reasonCode": [{"text": "请会诊"}]},
    task={"output": [{"type": {"text": "随访计划"}, "valueString": "三个月后复查"}], "status": "draft"},
    identifiers=(Identifier("urn:a", "R-1"),), requested_at=NOW, updated_at=NOW,
)  # fmt: skip
STANDING = ReferralStanding(IDS[0], 1, State.REQUESTED, REFERRAL.identifiers)
NORMALISED = Normalised(
    Envelope("fhir", "Bundle/transaction", "", "4.0.1", "UTF-8"), {}, Ledger(), Identity(), {}, (), None
)
SENT: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "message",
    "entry": [{"resource": {"resourceType": "MessageHeader", "id": "m", "source": {"endpoint": "urn:a"}}}],
}


def answers() -> Iterator[dict[str, Any]]:
    base = "http://hub/fhir"
    yield capability.statement(base, "2026-11-22", "0.1.0")
    yield from map(code_systems.code_system, code_systems.ALL)
    for state in State:
        referral = replace(REFERRAL, state=state)
        yield resources.task(referral)
        yield resources.service_request(referral)
    yield resources.service_request(replace(REFERRAL, service_request={"resourceType": "ServiceRequest"}))
    yield resources.patient(Patient(IDS[1], "王秀英", "female", "1956", (Identifier("urn:a", "1"),), None, NOW))
    yield resources.fragment(
        StoredFragment(IDS[3], IDS[4], IDS[1], "TOWN", None, 0, "fhir", "Condition",
                       {"resourceType": "Condition", "id": "x", "subject": {"reference": "#p"}}, "", None, NOW, None)
    )  # fmt: skip
    yield operation_outcome.of_refusals([Refusal(cause, "Task.status", "text") for cause in Cause])
    outcome = Outcome(IDS[4], referral=STANDING)
    for patient in (Identity(), Identity("王秀英", identifiers=(Identifier("", "1"),))):
        yield acknowledgement.message(SENT, base, NOW, patient)(outcome)[2]
    entries = [{"resource": {"resourceType": "ServiceRequest"}}, {"resource": {"resourceType": "Condition"}}]
    yield acknowledgement.bundle({"type": "transaction", "entry": entries}, [NORMALISED])(outcome)[2]
    yield acknowledgement.history(201, "kept")(outcome)[2]


def test_every_answer_is_fhir() -> None:
    for answer in answers():
        assert check_received(answer) == ()


def test_a_task_tells_its_state_and_what_writers_added() -> None:
    task = resources.task(REFERRAL)
    assert state_of_task(task["status"], task["businessStatus"]["coding"][0]["code"]) is State.SCHEDULED
    assert task["executionPeriod"]["start"] == "2026-12-01T09:00:00+08:00"
    assert task["output"][0]["valueString"] == "三个月后复查"
    assert task["owner"]["identifier"] == {"system": "urn:referral-hub:organization", "value": "CITY"}
    assert task["basedOn"] == [{"reference": f"ServiceRequest/{IDS[2]}"}]
    assert task["meta"] == {"versionId": "3", "lastUpdated": NOW.isoformat()}


def test_a_service_request_keeps_what_was_sent_under_the_hubs_id() -> None:
    request = resources.service_request(REFERRAL)
    assert (request["id"], request["subject"]) == (IDS[0], {"reference": f"Patient/{IDS[1]}"})
    assert request["identifier"] == [
        {"system": "urn:referral-hub:referral", "value": IDS[0]},
        {"system": "urn:a", "value": "R-1", "use": "official"},
    ]
    assert (request["requester"], request["reasonCode"]) == ({"display": "龚小红"}, [{"text": "请会诊"}])


def test_every_business_status_of_the_life_cycle_is_published() -> None:
    published = {c.code for codes in code_systems.ALL for c in codes.concepts}
    assert {business for _, business in TASK.values() if business} <= published


def test_an_answer_survives_being_stored() -> None:
    answer = acknowledgement.Answer(412, {"ETag": 'W/"3"'}, b'{"a":\n1}')
    assert acknowledgement.unpack(acknowledgement.pack(answer)) == answer
