"""A step by form is a Task that any FHIR server would take, and that the hub reads as the same step."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.fhir import tasks
from adapters.fhir.parsing import decode, encode
from adapters.fhir.validation import check, check_received
from adapters.forms.step import AUTHOR, task
from hub.domain.forms import Action, Attachment, StepForm
from hub.domain.referrals import State
from hub.domain.steps import ACTIONS, EVENTS, TARGETS

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
PATIENT = "019376c0-0000-7000-8000-00000000000a"
REFERRAL = "019376c0-0000-7000-8000-000000000001"
PDF = Attachment("报告.pdf", "application/pdf", b"%PDF-1.7", "肌酐 146")
ODD = "第一行\r\n <b>x</b> & 🩺 \u3000"
CURRENT: dict[str, Any] = {
    "resourceType": "Task",
    "id": REFERRAL,
    "meta": {"versionId": "3"},
    "status": "in-progress",
    "statusReason": {"text": "an earlier reason"},
    "intent": "order",
    "executionPeriod": {"start": "2026-11-25T09:00:00+08:00"},
    "for": {"reference": f"Patient/{PATIENT}"},
    "authoredOn": "2026-11-20T08:00:00+00:00",
}


def step(action: Action, **fields: Any) -> StepForm:
    return StepForm("key", REFERRAL, 3, action, author="李医生", **{"text": ODD, **fields})


def contained(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {r["type"]["text"] if "type" in r else r["title"]: r for r in made["contained"]}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_step_is_valid_and_read_as_what_it_is(action: Action) -> None:
    made = task(step(action, plan=ODD, attachments=(PDF,), start=AT, end=AT.replace(hour=9), location="门诊 3"),
                CURRENT, PATIENT, AT)  # fmt: skip
    received = decode(encode(made))
    assert check(received) == () == check_received(received)
    move = tasks.move(received, "Task", REFERRAL, 3, current=CURRENT)
    asks = {"ask-cancellation": "ask", "refuse-cancellation": "refuse"}.get(action)
    assert move.cancellation == asks
    if asks != "refuse":
        assert move.target is TARGETS.get(EVENTS[action], State.CANCELLED)
    assert made["extension"] == [{"url": AUTHOR, "valueString": "李医生"}]


def test_a_reason_is_told_and_an_earlier_one_is_not_repeated() -> None:
    assert task(step("reject"), CURRENT, PATIENT, AT)["statusReason"] == {"text": ODD.strip()}
    assert "statusReason" not in task(step("accept", text=""), CURRENT, PATIENT, AT)


def test_an_outcome_carries_its_exact_words_the_plan_and_the_files() -> None:
    made = task(step("outcome", plan="每2周测血压", attachments=(PDF,)), CURRENT, PATIENT, AT)
    held = contained(made)
    assert b64decode(held["会诊结论"]["content"][0]["attachment"]["data"]).decode() == ODD
    assert held["随访计划"]["description"] == "每2周测血压"
    assert [c["attachment"].get("title") for c in held["附件"]["content"]] == ["报告.pdf", None]
    assert [o["valueReference"]["reference"] for o in made["output"]] == ["#v3-1", "#v3-2", "#v3-3"]
    assert {r["author"]["display"] if isinstance(r["author"], dict) else r["author"][0]["display"]
            for r in (held["会诊结论"], held["随访计划"], held["附件"])} == {"李医生"}  # fmt: skip


def test_a_later_outcome_replaces_the_earlier_one_and_keeps_what_the_task_held() -> None:
    first = task(step("outcome"), CURRENT, PATIENT, AT)
    assert "relatesTo" not in first["contained"][0]
    now = CURRENT | {"contained": first["contained"], "output": first["output"], "meta": {"versionId": "4"}}
    again = task(StepForm("k2", REFERRAL, 4, "outcome", text="改正"), now, PATIENT, AT)
    assert [r["id"] for r in again["contained"]] == ["v3-1", "v4-1"]
    assert again["contained"][1]["relatesTo"][0]["target"]["identifier"] == first["contained"][0]["identifier"][0]
    assert len(again["output"]) == 2
    assert check_received(decode(encode(again))) == ()


def test_a_step_without_documents_sends_none_again() -> None:
    now = CURRENT | {"contained": [{"resourceType": "DocumentReference", "id": "x"}], "output": [{}]}
    made = task(step("arrive", text=""), now, PATIENT, AT)
    assert not {"contained", "output", "input"} & set(made)


def test_an_answer_goes_in_and_an_appointment_has_its_place() -> None:
    assert [i["type"]["text"] for i in task(step("supply"), CURRENT, PATIENT, AT)["input"]] == ["补充资料"]
    booked = task(step("book", text="", start=AT, location=" 门诊 3 "), CURRENT, PATIENT, AT)
    assert booked["executionPeriod"] == {"start": AT.isoformat()}
    assert booked["location"] == {"display": "门诊 3"}
    assert "executionPeriod" not in task(step("arrive"), CURRENT, PATIENT, AT)
