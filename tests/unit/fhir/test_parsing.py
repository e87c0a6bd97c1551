"""Bytes as JSON: exact, or refused with the place."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from adapters.fhir.parsing import encode, read
from adapters.fhir.validation import check_received
from hub.domain.errors import Cause, Refused
from hub.domain.messages import MOST_LEAVES, MOST_SEGMENTS


def refused(raw: bytes, **options: bool) -> list[tuple[Cause, str]]:
    with pytest.raises(Refused) as error:
        read(raw, **options)
    return [(refusal.cause, refusal.path) for refusal in error.value.refusals]


@pytest.mark.parametrize("number", ["2.10", "0.1000", "-0.00", "12345678901234567890.123456789", "1E+2", "1e-7"])
def test_a_decimal_keeps_its_digits(number: str) -> None:
    raw = f'{{"resourceType": "Observation", "valueQuantity": {{"value": {number}}}}}'.encode()
    read_back = json.loads(encode(read(raw)), parse_float=Decimal, parse_int=Decimal)["valueQuantity"]["value"]
    assert str(read_back) == str(Decimal(number))


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"01", b"1.", b'"\\ud800"', b'"a\x01b"', b"[1,]", b"{'a': 1}"])
def test_what_json_has_not_is_refused(body: bytes) -> None:
    assert refused(b'{"resourceType": "Basic", "x": ' + body + b"}") == [(Cause.WRONG_STRUCTURE, "Resource")]


def test_a_name_that_stands_twice_is_told_where_it_does() -> None:
    raw = (
        b'{"resourceType": "Bundle", "entry": [{}, {"resource": {"resourceType": "Patient", "gender": "male",'
        b' "name": [{"text": "a", "text": "b"}], "gender": "female"}}]}'
    )
    assert refused(raw) == [
        (Cause.WRONG_STRUCTURE, "Bundle.entry[1].resource"),
        (Cause.WRONG_STRUCTURE, "Bundle.entry[1].resource.name[0]"),
    ]


@pytest.mark.parametrize(("element", "most"), [(1, MOST_LEAVES), ({"resourceType": "Basic"}, MOST_SEGMENTS)])
def test_a_document_of_more_values_or_resources_than_can_be_answered_in_time_is_too_large(
    element: object, most: int
) -> None:
    document = {"resourceType": "List", "x": [element] * (most - 1)}
    assert read(encode(document), limited=True) == document
    document["x"] = [element] * most
    assert refused(encode(document), limited=True) == [(Cause.TOO_LARGE, "List")]
    assert read(encode(document)) == document


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_what_is_nested_without_end_is_refused(depth: int) -> None:
    raw = b'{"resourceType": "Basic", "x": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    assert refused(raw) == [(Cause.WRONG_STRUCTURE, "Resource")]


@pytest.mark.parametrize("kind", ["\\u0000", "王秀英 110105195603040024", "", "x" * 200])
def test_a_place_names_no_type_that_is_none(kind: str) -> None:
    raw = f'{{"resourceType": "{kind}", "x": [1, 2, {{"a b": {{"b": 1, "b": 2}}}}]}}'.encode()
    large = raw.replace(b"1,", b"1," * MOST_LEAVES, 1)
    assert refused(large, limited=True) == [(Cause.TOO_LARGE, "Resource")]
    assert refused(raw) == [(Cause.WRONG_STRUCTURE, "Resource.x[2]")]
    assert {refusal.path for refusal in check_received(json.loads(raw))} == {"Resource"}
