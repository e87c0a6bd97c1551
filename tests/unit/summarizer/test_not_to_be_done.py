"""FHIR `doNotPerform`: what somebody asks not to be done is told as that, and is no order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adapters.fhir.ips.resources import built
from hub.domain import readable
from hub.summarizer.referral import is_referral
from tests.unit.summarizer.conftest import Make

Record = Callable[..., dict[str, Any]]
SCAN = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "增强CT"}}
ASPIRIN = {
    "resourceType": "MedicationRequest", "status": "active", "intent": "order",
    "medicationCodeableConcept": {"text": "阿司匹林"},
    "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 100, "unit": "mg"}}]}],
}  # fmt: skip
PLAN = {"resourceType": "CarePlan", "status": "active", "intent": "plan",
        "activity": [{"detail": {"status": "not-started", "description": "增强CT", "doNotPerform": True}}]}  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ({**SCAN, "doNotPerform": True}, "不可：增强CT"),
        ({**ASPIRIN, "doNotPerform": True}, "不可：阿司匹林 100mg"),
        ({**ASPIRIN, "intent": "plan", "doNotPerform": True}, "不可：阿司匹林 100mg"),
        (PLAN, "不可：增强CT"),
    ],
)
def test_it_stands_in_the_plans_as_not_to_be_done(make: Make, record: Record, resource: Any, text: str) -> None:
    found = record(make(resource))
    [item] = found["sections"]["plans"]
    assert (item["text"], item["assertion"], item["status"]) == (text, "absent", "unknown")
    assert any(source["location"]["path"].endswith("/doNotPerform") for source in item["sources"])
    assert found["sections"]["medications"] == [] and found["follow_up"] == []
    [plan] = built("plans", item, {"reference": "Patient/1"})
    assert plan["activity"][0]["detail"]["doNotPerform"] is True and plan["title"] == text


@pytest.mark.parametrize("asked", [SCAN, ASPIRIN])
def test_false_changes_nothing(make: Make, record: Record, asked: dict[str, Any]) -> None:
    told, usual = (record(make(one))["sections"] for one in ({**asked, "doNotPerform": False}, asked))
    assert [[i["text"] for i in told[name]] for name in told] == [[i["text"] for i in usual[name]] for name in usual]


@pytest.mark.parametrize("asked", [SCAN, ASPIRIN])
def test_it_contradicts_who_orders_the_same_and_not_oneself(make: Make, record: Record, asked: dict[str, Any]) -> None:
    forbidden = make({**asked, "doNotPerform": True}, message_id="M2")
    [conflict] = record(make(asked, organization="卫生院"), forbidden)["conflicts"]
    assert (conflict["kind"], len(conflict["item_ids"])) == ("assertion", 2)
    assert record(make(asked), forbidden)["conflicts"] == []


def test_what_was_done_before_contradicts_nothing(make: Make, record: Record) -> None:
    done = {"resourceType": "Procedure", "status": "completed", "code": {"text": "增强CT"},
            "performedDateTime": "2024-03-01"}  # fmt: skip
    found = record(make(done, organization="卫生院"), make({**SCAN, "doNotPerform": True}, message_id="M2"))
    assert found["conflicts"] == []


def test_it_is_no_referral() -> None:
    request = {"resourceType": "ServiceRequest", "code": {"text": "转诊"}}
    assert is_referral(request) and not is_referral({**request, "doNotPerform": True})


def test_a_line_of_it_says_so() -> None:
    assert readable.line({**ASPIRIN, "doNotPerform": True}) == "不可：阿司匹林 100 mg"
    assert readable.document_text(PLAN) == "不可：增强CT"


@pytest.mark.parametrize(
    "elements",
    [{"resourceType": "Communication", "status": "not-done"},
     {"resourceType": "CommunicationRequest", "status": "active", "doNotPerform": True}],
)  # fmt: skip
def test_what_was_not_told_or_is_not_to_be_told_is_read_for_no_fact(make: Make, record: Record, elements: Any) -> None:
    told = {**elements, "payload": [{"contentString": "青霉素过敏，请注意。"}]}
    found = record(make(told))
    assert not any(found["sections"].values()) and found["passages"] == []
    assert [one["text"] for one in found["unplaced"]] == ["青霉素过敏，请注意。"]
    done = record(make({**told, "status": "completed", "doNotPerform": False}))
    assert done["sections"]["allergies"]
