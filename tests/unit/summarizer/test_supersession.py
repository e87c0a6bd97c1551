"""Corrections, withdrawals and amendments, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.fragments import ORDER_CONTROL, ORDER_EFFECTIVE, Fragment
from tests.unit.summarizer.clinical import measured, on, prescribed

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


@pytest.mark.parametrize(("status", "told", "text"), [
    ("preliminary", "active", "肌酐 123 umol/L 初步 2025-05-01"), ("final", "completed", "肌酐 123 umol/L 2025-05-01"),
])  # fmt: skip
def test_a_result_that_is_not_final_says_so(record: Record, make: Make, status: str, told: str, text: str) -> None:
    [item] = record(make(measured("肌酐", "123", "2025-05-01", status=status)))["sections"]["results"]
    assert (item["status"], item["text"]) == (told, text)


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


_NUMBER = {"identifier": [{"system": "urn:his:PLAC", "value": "P1"}]}


def _told(control: str, **more: Any) -> dict[str, Any]:
    """What ORC alone says of an order."""
    said = {"url": ORDER_CONTROL, "valueCodeableConcept": {"coding": [{"code": control}]}}
    return {"resourceType": "ServiceRequest", "status": "revoked", "intent": "order", **_NUMBER,
            "authoredOn": "2025-05-09T07:00:00+08:00", "extension": [said], **more}  # fmt: skip


@pytest.mark.parametrize("in_full", [False, True])
def test_a_medicine_whose_order_is_discontinued_was_taken_until_then(record: Record, make: Make, in_full: bool) -> None:
    stop = _told("DC") | (prescribed("硝苯地平", 20) | {"status": "stopped"} if in_full else {})
    made = record(make(prescribed("硝苯地平", 20, **_NUMBER)), make(stop, message_id="M2", received_at=on(10)))
    [item] = made["sections"]["medications"]
    assert (item["status"], item["start"], item["end"]) == ("stopped", None, "2025-05-09")
    assert {s["message_id"] for s in item["sources"]} == {"M1", "M2"}
    assert made["unplaced"] == []


def test_a_discontinuation_holds_from_the_time_that_it_says(record: Record, make: Make) -> None:
    stop = _told("DC")
    stop["extension"].append({"url": ORDER_EFFECTIVE, "valueDateTime": "2025-05-12"})
    made = record(make(prescribed("硝苯地平", 20, **_NUMBER)), make(stop, message_id="M2", received_at=on(10)))
    assert [i["end"] for i in made["sections"]["medications"]] == ["2025-05-12"]


def test_a_medicine_whose_order_is_cancelled_was_never_to_be(record: Record, make: Make) -> None:
    made = record(make(prescribed("硝苯地平", 20, **_NUMBER)), make(_told("CA"), message_id="M2", received_at=on(10)))
    assert made["sections"]["medications"] == []
    assert made["unplaced"][0]["reason"].startswith("superseded by message M2")


def test_what_is_ordered_after_its_discontinuation_is_taken(record: Record, make: Make) -> None:
    made = record(make(_told("DC"), message_id="M2", recorded_at=on(10)),
                  make(prescribed("硝苯地平", 20, **_NUMBER), message_id="M3", recorded_at=on(11)))  # fmt: skip
    assert [i["status"] for i in made["sections"]["medications"]] == ["active"]
