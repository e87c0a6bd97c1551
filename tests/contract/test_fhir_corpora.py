"""FHIR that this project did not write: Synthea's records, NHS BaRS messages, the scattered patients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.fhir.normalise import normalise
from adapters.fhir.parsing import decode, encode
from hub.domain.errors import Refused
from hub.domain.fragments import cite_document, is_clinical, leaves, literal
from hub.domain.messages import Normalised, Open
from tests.conftest import CORPORA

BARS = CORPORA / "fhir" / "nhs-bars" / "process_message"


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in CORPORA.glob(pattern))


def given(*patterns: str) -> pytest.MarkDecorator:
    found = files(*patterns)
    if not found:
        return pytest.mark.parametrize("path", [pytest.param(None, marks=pytest.mark.skip("no ../shared/corpora"))])
    return pytest.mark.parametrize("path", found, ids=lambda path: path.stem[:20])


def read(path: Path) -> Normalised:
    return normalise(path.read_bytes(), timezone="Asia/Shanghai", received_at=datetime.now(UTC))


def at(document: object, pointer: str) -> object:
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]  # type: ignore[index]
    return document


def broken(document: object, found: Normalised) -> Iterator[str]:
    """Citations that the received document does not hold at their place."""
    for part in found.parts:
        for citation in part.citations or cite_document(part.resource, part.base):
            value = at(document, citation.path)
            if value is not None and literal(value) != citation.text:
                yield citation.path


@given("fhir/synthea-r4/*.json", "reassembly-sample/inputs/*/*.json")
def test_every_clinical_resource_is_a_part_and_cited_exactly(path: Path) -> None:
    document = decode(path.read_bytes())
    found = read(path)
    resources = [entry["resource"] for entry in document["entry"]]
    asked = found.intent.content.service_request if isinstance(found.intent, Open) else None
    bases = {part.base for part in found.parts}
    expected = {f"/entry/{i}/resource" for i, r in enumerate(resources) if is_clinical(r, asked) or r is asked}
    assert expected <= bases
    assert list(broken(document, found)) == []
    assert {m.path for m in found.ledger.mapped} == {p for p, v in leaves(document) if v is not None}


@given("reassembly-sample/inputs/*/referral.json")
def test_a_referral_of_the_sample_opens_one(path: Path) -> None:
    found = read(path)
    assert isinstance(found.intent, Open)
    assert found.intent.content.receiver[0].kind == "name"
    assert found.intent.content.question


@pytest.mark.parametrize(
    ("name", "cause", "place"),
    [
        ("POST-body.json", "unsupported-event", "Bundle.entry[0].resource.eventCoding"),
        ("request/Booking (POST).json", "unsupported-event", "Bundle.entry[0].resource.eventCoding"),
        ("request/ValidationRequest (POST) .json", "required-missing", "Bundle.entry[1].resource.reasonCode"),
        ("request/ValidationResponse (POST) .json", "unsupported-event", "Bundle.entry[0].resource.response"),
        ("POST-success.json", "required-missing", "Bundle.entry[3].resource.schedule"),
    ],
)
def test_messages_of_nhs_bars_get_a_sensible_answer(name: str, cause: str, place: str) -> None:
    path = BARS / name
    if not path.exists():
        pytest.skip("no ../shared/corpora")
    with pytest.raises(Refused) as error:
        read(path)
    first = error.value.refusals[0]
    assert (first.cause.value, first.path) == (cause, place)


def test_a_bars_request_with_a_reason_opens_a_referral_to_the_service_that_performs_it() -> None:
    path = BARS / "request" / "ValidationRequest (POST) .json"
    if not path.exists():
        pytest.skip("no ../shared/corpora")
    document = decode(path.read_bytes())
    document["entry"][1]["resource"]["reasonCode"] = [{"text": "Palpitations"}]
    found = normalise(encode(document), timezone="Europe/London", received_at=datetime.now(UTC))
    assert isinstance(found.intent, Open)
    content = found.intent.content
    assert [claim.value for claim in content.receiver if claim.kind == "facility"] == ["111111111", "RYE"]
    assert content.department == "Consulting psychologists and/or psychology services"
