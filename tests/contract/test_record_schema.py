"""The record's schema, its example, and the records of the sample agree."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema_rs
import pytest

from tests.contract.conftest import Reassembled

SCHEMAS = files("schemas.record")


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads((SCHEMAS / "continuous-record.v1.schema.json").read_text("utf-8")))


def test_the_example_is_valid(validator: jsonschema_rs.Validator) -> None:
    record = json.loads((SCHEMAS / "continuous-record.v1.example.json").read_text("utf-8"))
    assert [error.message for error in validator.iter_errors(record)] == []


def test_an_item_without_source_is_not_valid(validator: jsonschema_rs.Validator) -> None:
    record = json.loads((SCHEMAS / "continuous-record.v1.example.json").read_text("utf-8"))
    record["sections"]["problems"][0]["sources"] = []
    assert not validator.is_valid(record)


def test_the_records_of_the_sample_are_valid(
    validator: jsonschema_rs.Validator, reassembled: list[Reassembled]
) -> None:
    for one in reassembled:
        record = json.loads(json.dumps(one.record, default=float))
        assert [error.message for error in validator.iter_errors(record)] == []
