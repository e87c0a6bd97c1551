"""Corrections, withdrawals and amendments, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.fragments import Fragment
from tests.unit.summarizer.clinical import measured, on

Record = Callable[..., dict[str, Any]]
Make = Callable[..., Fragment]


def test_a_correction_supersedes_and_the_first_result_stays_visible(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "132", "2025-05-01", **order)),
        make(
            measured("肌酐", "123", "2025-05-01", **order) | {"status": "corrected"}, message_id="M2", received_at=on(2)
        ),
    )
    [item] = made["sections"]["results"]
    assert item["value"]["number"] == 123
    assert len(item["series"]) == 1
    [gone] = made["unplaced"]
    assert gone["reason"].startswith("superseded by message M2")
    assert "肌酐 132" in gone["text"]
    assert {"132", "肌酐"} <= {source["text"] for source in gone["sources"]}


@pytest.mark.parametrize("status", ["corrected", "entered-in-error"])
def test_a_correction_that_overtakes_its_original_holds(record: Record, make: Make, status: str) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "123", "2025-05-01", **order) | {"status": status}, message_id="M2", received_at=on(2)),
        make(measured("肌酐", "132", "2025-05-01", **order), received_at=on(9)),
    )
    assert [i["value"]["number"] for i in made["sections"]["results"]] == [123] * (status == "corrected")
    assert any(u["reason"].endswith("by message M2 of 2025-05-02T00:00:00+00:00") for u in made["unplaced"])


def test_what_is_recorded_after_a_withdrawal_holds(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "123", "2025-05-01", **order) | {"status": "entered-in-error"}, recorded_at=on(2)),
        make(measured("肌酐", "132", "2025-05-01", **order), message_id="M2", recorded_at=on(3)),
    )
    assert [i["value"]["number"] for i in made["sections"]["results"]] == [132]


def test_a_late_preliminary_result_gives_way(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "123", "2025-05-01", **order), received_at=on(2)),
        make(measured("肌酐", "1", "2025-05-01", **order) | {"status": "preliminary"}, message_id="M2",
             received_at=on(3)),
    )  # fmt: skip
    assert [i["value"]["number"] for i in made["sections"]["results"]] == [123]


def test_a_withdrawn_result_is_no_item(record: Record, make: Make) -> None:
    order = {"identifier": [{"system": "urn:lab", "value": "7"}]}
    made = record(
        make(measured("肌酐", "132", "2025-05-01", **order)),
        make(measured("肌酐", "132", "2025-05-01", **order) | {"status": "entered-in-error"}, message_id="M2"),
    )
    assert made["sections"]["results"] == []
    assert len(made["unplaced"]) == 2


def test_an_amended_referral_is_one_referral(record: Record, make: Make) -> None:
    asked = {"resourceType": "ServiceRequest", "status": "active", "code": {"text": "心血管内科"},
             "identifier": [{"system": "urn:rf", "value": "7"}]}  # fmt: skip
    first = make(asked | {"reasonCode": [{"text": "胸闷"}]})
    second = make(asked | {"reasonCode": [{"text": "胸闷加重"}]}, message_id="M2", received_at=on(2))
    made = record(first, second, request_id=second.id)
    assert made["question"]["text"] == "胸闷加重"
    assert made["sections"]["plans"] == []
    assert [u["reason"] for u in made["unplaced"]] == ["amended by message M2 of 2025-05-02T00:00:00+00:00"]


def test_an_order_told_by_its_number_alone_that_is_cancelled_takes_back_the_medicine(
    record: Record, make: Make
) -> None:
    number = {"identifier": [{"system": "urn:order", "value": "7"}], "intent": "order"}
    medicine = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medicationCodeableConcept": {"text": "阿司匹林"},
    }
    cancelled = {"resourceType": "ServiceRequest", "status": "revoked"}
    made = record(make(medicine | number), make(cancelled | number, message_id="M2", received_at=on(2)))
    assert made["sections"]["medications"] == []
    assert any(u["reason"].startswith("superseded by message M2") for u in made["unplaced"])
