"""Records made of outbox rows."""

import json
from datetime import UTC, datetime
from typing import Any

from hub.stream.outbox import _Draft, _event
from hub.stream.producer import RECORD_BYTES


def _row(**data: object) -> tuple[Any, ...]:
    return (7, "e1", "referral.rejected.v1", "r1", datetime(2026, 3, 2, tzinfo=UTC), json.dumps(data).encode(), True)


def test_a_record_carries_the_data_as_stored_and_its_sequence() -> None:
    record = _Draft.of(_event(_row(version=1, dose=2.10))).record(12, "org.a.v1", 0)
    value = json.loads(record.value)
    assert (record.key, record.partition, value["sequence"]) == (b"r1", 0, "0000000000000000012")
    assert value["data"] == {"version": 1, "dose": 2.1}


def test_values_too_long_for_kafka_are_left_out_by_name() -> None:
    record = _Draft.of(_event(_row(version=1, reason="因" * 2_000_000))).record(1, "referrals.v1")
    assert len(record.value) < RECORD_BYTES
    assert json.loads(record.value)["data"] == {"version": 1, "omitted": ["reason"]}
