"""Inputs of little that once made much: what is said many times and read anew each time, lists searched from their
beginning, texts joined again with each line. Each is answered as fast as its size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from adapters.fhir.parsing import encode
from hub.domain.messages import MOST_SEGMENTS
from tests.fuzz import judging

MANY = 4_000
MOST = MOST_SEGMENTS - 10
LIMIT = 4.0
"""Seconds of CPU: twice the aim, for a machine that is slower or busy. What was quadratic took longer by far."""

PID, OBR = "PID|1||7^^^H^MR||A^B", "OBR|1||F1|c"


def _message(kind: str, *segments: str) -> bytes:
    return "\r".join([f"MSH|^~\\&|HIS|XR|HUB|H|20240101||{kind}|1|P|2.5.1", *segments]).encode()


def _field(number: int, value: str) -> str:
    return "|" * number + value


def _each(line: Callable[[int], str], count: int) -> Iterable[str]:
    return map(line, range(count))


def _then_last(line: Callable[[int], str]) -> Iterable[str]:
    """Distinct segments, then the last again and again."""
    return (*_each(line, MANY), *[line(MANY - 1)] * MANY)


def _ordered_twice(number: int) -> str:
    return f"ORC|RE{_field(11, 'D')}{_field(9, 'H')}\rOBR||||c{_field(12, str(number))}"


def _result(number: int) -> str:
    return f"OBX||ST|x{number}||s"


def _of_result(number: int) -> str:
    return f"OBR|||f|c{_field(22, f'no{number}^1')}"


HL7V2: dict[str, Callable[[], bytes]] = {
    "lines of a text": lambda: _message("ORU^R01", PID, OBR, *_each(lambda _: "OBX||TX|||" + "w" * 1000, MOST)),
    "escapes of a text": lambda: _message("ADT^A08", PID, "NTE|||" + "\\.br\\" * 2**20),
    "places of a laboratory": lambda: _message(
        "ORU^R01", PID, OBR, *_then_last(lambda n: "OBX||ST|||s" + _field(18, f"H|{n}"))
    ),
    "categories of a document": lambda: _message(
        "MDM^T02", PID, "TXA|1|CN|TX|20240101||||||||D1", *_then_last(lambda n: f"OBX||TX|c{n}||s")
    ),
    "codes that a table translates": lambda: _message("ADT^A08", PID, "AL1|1|" + "~".join(["LA"] * 9 * MANY)),
    "who ordered": lambda: _message("ORU^R01", PID, *_each(_ordered_twice, MANY)),
    "results of results": lambda: _message("ORU^R01", PID, OBR, *_each(_result, MANY), *_each(_of_result, MANY)),
    "authors of notes": lambda: _message("ADT^A08", PID, *_each(lambda n: f"NTE|||n||a{n}", MOST)),
    "referrals and policies": lambda: _message("ADT^A01", PID, *["IN1||p"] * MANY, *["RF1||S"] * MANY),
    "services": lambda: _message("SIU^S12", "SCH|1|2", PID, *["AIS|1"] * MOST),
    "policies of one company": lambda: _message("ADT^A08", PID, *_each(lambda n: f"IN1||p|c{n}|H", 2 * MANY)),
}  # fmt: skip


@pytest.mark.parametrize("made", HL7V2.values(), ids=HL7V2)
def test_a_message_takes_as_long_as_it_is_large(made: Callable[[], bytes]) -> None:
    judged = judging.hl7v2(made())
    assert judged.faults == []
    assert judged.results == ["taken", "converted"]
    assert judged.cpu < LIMIT


def test_what_would_multiply_is_refused() -> None:
    order = "ORC|NW|1|2" + _field(11, "~".join(f"d{n}^x" for n in range(300)))
    judged = judging.hl7v2(_message("ORM^O01", PID, order, *["OBR|||f|c"] * 300))
    assert judged.faults == []
    assert judged.results == ["refused", "rejected"]
    assert judged.cpu < LIMIT


@pytest.mark.parametrize("names", ["{}||1", "HIS|{}|1", "HIS|XR|{}"])
def test_what_names_a_message_is_not_repeated_without_bound(names: str) -> None:
    application, facility, control_id = names.format("n" * 2**17).split("|")
    header = f"MSH|^~\\&|{application}|{facility}|||20240101||ORU^R01|{control_id}|P|2.5.1"
    numbers = "~".join(f"n{n}" for n in range(MANY))
    judged = judging.hl7v2("\r".join([header, f"PID|1||{numbers}", OBR, *["OBX||ST|x||s"] * MANY]).encode())
    assert judged.faults == []
    assert judged.results == ["refused", "rejected"]
    assert judged.cpu < LIMIT


Json = dict[str, Any]
PATIENT: Json = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:s", "value": "1"}]}


def _bundle(kind: str, *resources: Json) -> bytes:
    entries = [{"fullUrl": f"http://h/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return encode({"resourceType": "Bundle", "type": kind, "entry": entries})


def _observation(name: object, subject: Json, **others: Any) -> Json:
    held = {"status": "final", "code": {"text": "c"}, "subject": subject}
    return {"resourceType": "Observation", "id": f"o{name}", **held, **others}


def _referral(*others: Json, **said: Any) -> bytes:
    header = {"resourceType": "MessageHeader", "id": "m", "source": {"endpoint": "http://x"},
              "eventCoding": {"system": "urn:x", "code": "servicerequest-request"}}  # fmt: skip
    request = {"resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "order",
               "subject": {"reference": "Patient/p"}, "performer": [{"display": "h"}], "reasonCode": [{"text": "x"}],
               **said}  # fmt: skip
    return _bundle("message", header, PATIENT, {k: v for k, v in request.items() if v}, *others)


def _numbers(count: int) -> list[Json]:
    return [{"value": f"v{n}"} for n in range(count)]


FHIR: dict[str, Callable[[], bytes]] = {
    "patients by their numbers": lambda: _bundle(
        "collection", *(_observation(n, {"identifier": {"system": "s", "value": f"v{n}"}}) for n in range(MANY))
    ),
    "links to a patient of many numbers": lambda: _bundle(
        "collection",
        {"resourceType": "Patient", "id": "z", "identifier": _numbers(4 * MANY)},
        *({**PATIENT, "id": f"p{n}", "link": [{"other": {"reference": "Patient/z"}, "type": "replaces"}]}
          for n in range(MANY // 2)),
    ),
    "contained resources": lambda: _bundle(
        "collection", PATIENT, _observation("", {"reference": "Patient/p"}, contained=[
            *(_observation(n, {"reference": "#q"}) for n in range(MANY)), {**PATIENT, "id": "q"}]),
    ),
    "performers of many numbers": lambda: _referral(
        {"resourceType": "Organization", "id": "h", "identifier": _numbers(MANY)},
        performer=[{"reference": "Organization/h"}] * MANY,
    ),
    "referrals that it is based on": lambda: _referral(
        {"resourceType": "ServiceRequest", "id": "b", "status": "active", "intent": "order",
         "subject": {"reference": "Patient/p"}, "identifier": _numbers(MANY)},
        basedOn=[{"reference": "ServiceRequest/b"}] * MANY,
    ),
    "reasons of many codes": lambda: _referral(
        {"resourceType": "Condition", "id": "b", "subject": {"reference": "Patient/p"},
         "code": {"coding": [{"system": "urn:x"}] * 3 * MANY}},
        reasonCode=[], reasonReference=[{"reference": "Condition/b"}] * 2 * MANY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("made", FHIR.values(), ids=FHIR)
def test_a_document_takes_as_long_as_it_is_large(made: Callable[[], bytes]) -> None:
    judged = judging.fhir(made())
    assert judged.faults == []
    assert judged.results == ["200", "converted"]
    assert judged.cpu < LIMIT
