"""Places of FHIR documents in their JSON: texts, numbers, narratives, attachments."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from adapters.fhir.quoting import quote
from hub.domain.quotations import Original, Place

NOTE = "患者“发热”三天。\n第二行 <b>"


def text_of(found: Original) -> str:
    return "\n".join("".join(run.text for run in line.runs) for line in found.lines)


def marked(found: Original) -> str:
    return "".join(run.text for line in found.lines for run in line.runs if run.mark == "cited")


def bundle(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}).encode()


def test_a_number_is_as_it_was_written() -> None:
    raw = b'{"resourceType": "Observation", "valueQuantity": {"value": 2.10, "low": 1e2}}'
    found = quote(raw, [Place("fhir", "/valueQuantity/value", 0, 4), Place("fhir", "/valueQuantity/low", 0, 3)])
    assert [q.cited for q in found.quotations if q] == ["2.10", "100"]
    assert '"value": 2.10' in text_of(found)


def test_data_of_a_text_are_shown_as_what_they_say() -> None:
    attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(NOTE.encode()).decode()}
    raw = bundle({"resourceType": "DocumentReference", "content": [{"attachment": attachment}]})
    found = quote(raw, [Place("fhir", "/entry/0/resource/content/0/attachment/data", 3, 5)])
    assert marked(found) == "发热"
    assert attachment["data"] not in text_of(found)


def test_data_that_are_no_text_stay_as_they_are() -> None:
    attachment = {"contentType": "application/pdf", "data": "JVBERi0="}
    raw = bundle({"resourceType": "DocumentReference", "content": [{"attachment": attachment}]})
    found = quote(raw, [Place("fhir", "/entry/0/resource/content/0/attachment/data", 0, 8)])
    assert marked(found) == "JVBERi0="


def test_a_scope_is_what_is_cited_unless_more_is_asked_for() -> None:
    raw = bundle({"resourceType": "Basic", "id": "one"}, {"resourceType": "Basic", "id": "two"})
    place = Place("fhir", "/entry/1/resource/id", 0, 3)
    assert '"one"' not in text_of(quote(raw, [place]))
    assert '"one"' in text_of(quote(raw, [place], ["/entry/0/resource"]))
    whole = quote(raw, [place], None)
    assert '"one"' in text_of(whole)
    assert marked(whole) == "two"


def test_names_with_slash_and_tilde_are_found() -> None:
    raw = json.dumps({"resourceType": "Basic", "a/b~c": ["x", {"y": True}]}).encode()
    found = quote(raw, [Place("fhir", "/a~1b~0c/1/y", 0, 4)])
    assert marked(found) == "true"


@pytest.mark.parametrize("path", ["/entry/7", "/resourceType/x", "/entry", "/entry/0/resource", "x", "/entry/x"])
def test_what_is_no_value_is_none(path: str) -> None:
    found = quote(bundle({"resourceType": "Basic"}), [Place("fhir", path, 0, 1)])
    assert found.quotations == (None,)
