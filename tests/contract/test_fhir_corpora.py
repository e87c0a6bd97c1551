"""FHIR that this project did not write: Synthea's records, NHS BaRS messages, the scattered patients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.fhir.normalise import normalise
from adapters.fhir.parsing import decode
from hub.domain.errors import Refused
from hub.domain.fragments import cite_document, is_clinical, leaves, literal
from hub.domain.messages import Normalised, Open
from tests.conftest import CORPORA

BARS = CORPORA / "fhir" / "nhs-bars"


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


BOOKING = ("unsupported-event", "Bundle.entry[0].resource.eventCoding")
NO_PATIENTS = ("required-missing", "Resource")
NO_SUBJECT = ("required-missing", "Appointment.participant")
ANSWERS: dict[str, tuple[str, str] | None] = {
    "process_message/request/ValidationRequest (POST) .json": None,
    "process_message/POST-body.json": BOOKING,
    "process_message/request/Booking (POST).json": BOOKING,
    "process_message/request/ValidationResponse (POST) .json": (
        "unsupported-event", "Bundle.entry[0].resource.response"),
    "process_message/response/ValidationRequest (HTTP Response) .json": None,
    "process_message/POST-success.json": ("required-missing", "Bundle.entry[3].resource.schedule"),
    "process_message/response/Booking (HTTP Response) .json": (
        "required-missing", "Bundle.entry[3].resource.schedule"),
    "document_reference/GET-success.json": None,
    "document_reference/POST-body.json": None,
    "document_reference/id/GET-success.json": None,
    "document_reference/id/PUT-body.json": None,
    "document_reference/GET-success-empty.json": ("required-missing", "Bundle.entry"),
    "appointment/GET-success.json": ("required-missing", "Bundle.entry"),
    "appointment/PATCH-body.json": ("required-missing", "Appointment.participant"),
    "appointment/POST-success.json": NO_SUBJECT,
    "appointment/PUT-body.json": NO_SUBJECT,
    "appointment/id/GET-success.json": NO_SUBJECT,
    "service_request/GET-success.json": ("wrong-structure", "Bundle.entry[0].resourceType"),
    "service_request/POST-success.json": ("wrong-datatype", "ServiceRequest.basedOn"),
    "service_request/id/GET-success.json": ("wrong-datatype", "ServiceRequest.basedOn"),
    "slots/GET-success.json": ("required-missing", "Bundle.entry"),
    "message_definition/MessageDefinition_ServiceRequest-request_CaseTransfer.json": (
        "wrong-datatype", "Bundle.entry[0].resource.useContext[0].code"),
    "metadata/BaRS_API_Capability_Statement.json": ("unsupported-type", "CapabilityStatement"),
    "invalid-base64.json": ("code-invalid", "OperationOutcome.issue[0].code"),
    "OperationOutcome/REC/500-REC_SERVER_ERROR-too costly.json": ("code-invalid", "OperationOutcome.issue[0].code"),
    "unavailable.json": ("code-invalid", "OperationOutcome.issue[0].code"),
}  # fmt: skip
"""What each example of BaRS gets; None: accepted. The others are OperationOutcomes: nothing is said of a patient."""


@given("fhir/nhs-bars/**/*.json")
def test_each_example_of_nhs_bars_is_accepted_or_refused_with_its_reason(path: Path) -> None:
    name = str(path.relative_to(BARS))
    document = decode(path.read_bytes())
    if "resourceType" not in document:
        expected: tuple[str, str] | None = ("wrong-structure", "Resource")
    elif document["resourceType"] == "OperationOutcome":
        expected = ANSWERS.get(name, NO_PATIENTS)
    else:
        expected = ANSWERS[name]
    try:
        read(path)
    except Refused as error:
        first = error.refusals[0]
        assert (first.cause.value, first.path) == expected
    else:
        assert expected is None


def test_a_bars_request_opens_a_referral_with_the_reasons_of_its_care_plan_to_the_service_that_performs_it() -> None:
    path = BARS / "process_message/request/ValidationRequest (POST) .json"
    if not path.exists():
        pytest.skip("no ../shared/corpora")
    found = read(path)
    assert isinstance(found.intent, Open)
    content = found.intent.content
    assert content.question == (
        "AMB new/worsening breathlessness；Palpitations；Emergency Ambulance Response (Category 3)；Cat3 Urgent"
    )
    assert [claim.value for claim in content.receiver if claim.kind == "facility"] == ["111111111", "RYE"]
    assert content.department == "Consulting psychologists and/or psychology services"
