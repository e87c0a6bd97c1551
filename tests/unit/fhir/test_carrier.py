"""What responses of a FHIR server mean to who sent a message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from adapters.fhir.carrier import read
from hub.domain.delivery import Verdict

DELIVERED, REFUSED, AGAIN = Verdict.DELIVERED, Verdict.REFUSED, Verdict.AGAIN


def outcome(code: str, *places: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": code, "diagnostics": "王秀英", "expression": list(places)}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def response(code: str, *more: dict[str, Any]) -> dict[str, Any]:
    header = {"resourceType": "MessageHeader", "response": {"identifier": "x", "code": code}}
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in (header, *more)]}


@pytest.mark.parametrize(
    ("status", "body", "verdict", "code", "path"),
    [
        (200, b"", DELIVERED, "", ""),
        (202, b"not JSON", DELIVERED, "", ""),
        (200, response("ok"), DELIVERED, "", ""),
        (200, response("transient-error", outcome("timeout")), AGAIN, "timeout", ""),
        (200, response("fatal-error", outcome("invalid", "Bundle.entry[2]")), REFUSED, "invalid", "Bundle.entry[2]"),
        (400, outcome("invalid", "Patient.name[0]"), REFUSED, "invalid", "Patient.name[0]"),
        (422, outcome("王秀英", "王秀英 is unknown"), REFUSED, "", ""),
        (404, b"<html>", REFUSED, "", ""),
        (400, b"[" * 100_000, REFUSED, "", ""),
        (400, {"resourceType": "OperationOutcome", "issue": 7}, REFUSED, "", ""),
        (400, {"resourceType": "Bundle", "entry": [7, {"resource": 8}]}, REFUSED, "", ""),
        *((status, b"", AGAIN, "", "") for status in (100, 301, 401, 403, 408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_each_response_has_its_meaning(status: int, body: Any, verdict: Verdict, code: str, path: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = read(status, {}, raw)
    assert (found.outcome, found.verdict, found.code, found.path) == (str(status), verdict, code, path)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("7", 7, 7),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-3", 0, 0),
        ("9" * 5000, 1, 10**10),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 1, 3600),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0, 0),
        ("Mon, 99 Foo 2026", 0, 0),
    ],
    ids=["seconds", "nothing", "a word", "negative", "huge", "a time", "a past time", "no time"],
)
def test_retry_after_is_seconds_or_a_time(text: str, least: float, most: float) -> None:
    assert least <= read(503, {"retry-after": text}, b"").wait <= most
