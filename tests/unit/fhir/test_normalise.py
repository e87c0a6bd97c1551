"""Whose a document is, where its parts stand, and when they were recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.fhir.normalise import normalise
from adapters.fhir.patients import Register
from hub.domain.errors import Refused
from hub.domain.fragments import cite_document
from hub.domain.messages import Merge
from hub.domain.patients import Identifier, Identity
from tests.unit.fhir.documents import LI, NOW, WANG, bundle, finding, message, normalised, refused, request


def test_parts_stand_where_the_document_has_them() -> None:
    found = normalised(bundle("collection", WANG, finding(), finding()))
    assert [(p.base, p.patient) for p in found.parts] == [
        ("/entry/0/resource", None), ("/entry/1/resource", 0), ("/entry/2/resource", 0),
    ]  # fmt: skip
    assert found.intent is None
    assert found.patient.identifiers == (Identifier("urn:a", "1"),)


def test_every_leaf_is_in_the_ledger_at_its_own_place() -> None:
    found = normalised(bundle("collection", WANG, finding(valueQuantity={"value": Decimal("2.10")})))
    told = {m.path: (m.target, m.text) for m in found.ledger.mapped}
    pointer = "/entry/1/resource/valueQuantity/value"
    assert told[pointer] == (pointer, "2.10")
    assert found.ledger.unmapped == ()


def test_a_single_resource_is_wrapped_and_cited_in_itself() -> None:
    found = normalised(finding("#p", contained=[WANG | {"id": "p"}]))
    assert [part.base for part in found.parts] == ["/contained/0", ""]
    assert found.bundle["entry"][0]["resource"]["resourceType"] == "Observation"
    told = {m.path: m.target for m in found.ledger.mapped}
    assert told["/code/text"] == "/entry/0/resource/code/text"


@pytest.mark.parametrize(
    "reference", ["Patient/wang", "http://elsewhere/fhir/Patient/wang", "urn:uuid:w", "Patient/wang/_history/2"]
)
def test_references_resolve_by_address_and_by_id(reference: str) -> None:
    document = bundle("collection", LI, WANG, finding(reference), finding("Patient/li"))
    document["entry"][1]["fullUrl"] = "urn:uuid:w"
    assert [part.patient for part in normalised(document).parts] == [None, None, 1, 0]


def test_an_identifier_is_enough_to_name_the_patient() -> None:
    named = finding({"identifier": {"system": "urn:a", "value": "1"}, "display": "王秀英"})
    found = normalised(bundle("collection", named, finding({"identifier": {"system": "urn:a", "value": "1"}})))
    assert found.patient == Identity("王秀英", None, None, (Identifier("urn:a", "1"),))
    assert [part.patient for part in found.parts] == [None, 0, 0]
    cited = {c.target: (c.path, c.text) for c in found.parts[0].citations}
    assert cited["/identifier/0/value"] == ("/entry/0/resource/subject/identifier/value", "1")


def test_an_identifier_of_a_patient_of_the_document_names_that_patient() -> None:
    found = normalised(bundle("collection", WANG, finding({"identifier": {"system": "urn:a", "value": "1"}})))
    assert [part.patient for part in found.parts] == [None, 0]


def test_a_conditional_reference_names_the_patient() -> None:
    found = normalised(bundle("collection", finding("Patient?identifier=urn:a|1")))
    assert found.patient.identifiers == (Identifier("urn:a", "1"),)


def test_what_names_nobody_belongs_to_the_patient_of_most() -> None:
    document = bundle("collection", WANG, LI, finding("Patient/li"), finding("Patient/li"), finding(None))
    assert [part.patient for part in normalised(document).parts] == [None, None, 1, 1, 1]


def test_nobodys_facts_and_strangers_facts_are_refused() -> None:
    assert refused(bundle("collection", finding(None))) == [("required-missing", "Bundle.entry")]
    assert refused(finding(None)) == [("required-missing", "Observation.subject")]
    assert refused(bundle("collection", WANG, finding("Patient/zhang"))) == [
        ("unknown-key", "Bundle.entry[1].resource.subject")
    ]


def test_a_patient_of_the_hub_is_named_by_the_hubs_id() -> None:
    known = Register(patient=lambda name: Identity("王秀英", identifiers=(Identifier("urn:n", "7"),)))
    found = normalised(bundle("collection", finding("Patient/0199")), known)
    assert found.patient.identifiers == (Identifier("urn:n", "7"),)


def test_a_referrals_patient_may_be_named_by_the_hubs_id_alone() -> None:
    task = {"resourceType": "Task", "status": "completed", "intent": "order", "focus": {
        "reference": "ServiceRequest/00000000-0000-7000-8000-000000000001"}}  # fmt: skip
    register = Register(patient_of=lambda _: "0199")
    found = normalised(message(task, finding("Patient/0199"), code="referral-status"), register)
    assert [(part.base, part.patient) for part in found.parts] == [("/entry/2/resource", None)]
    assert refused(message(task, finding("Patient/0200"), code="referral-status"), register) == [
        ("unknown-key", "Bundle.entry[2].resource.subject")
    ]


def test_a_conditions_contained_in_another_resource_stand_alone_but_not_its_medication() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "生化"},
        "subject": {"reference": "Patient/wang"},
        "contained": [finding(None, id="o"), {"resourceType": "Medication", "id": "m"}],
    }
    found = normalised(bundle("collection", WANG, report))
    assert [(part.base, part.patient) for part in found.parts[1:]] == [
        ("/entry/1/resource", 0), ("/entry/1/resource/contained/0", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"effectiveDateTime": "2026-01-02T03:04:05+08:00"}, "2026-01-01T19:04:05+00:00"),
        ({"effectiveDateTime": "2026-01-02"}, "2026-01-01T16:00:00+00:00"),
        ({"effectivePeriod": {"start": "2026-01-02"}, "issued": "2026-01-09T00:00:00Z"}, "2026-01-01T16:00:00+00:00"),
        ({"effectiveDateTime": "2026", "issued": "2026-01-09T00:00:00Z"}, "2026-01-09T00:00:00+00:00"),
        ({"effectiveDateTime": "2026-01"}, "2026-11-20T02:00:00+00:00"),
    ],
)
def test_the_time_recorded_is_that_of_the_resource_else_of_the_bundle(
    elements: dict[str, object], expected: str
) -> None:
    found = normalised(bundle("collection", WANG, finding(**elements), timestamp="2026-11-20T10:00:00+08:00"))
    recorded = found.parts[1].recorded_at
    assert recorded is not None
    assert recorded.astimezone(UTC) == datetime.fromisoformat(expected)


def test_the_key_is_the_bundles_then_the_headers_then_the_requests() -> None:
    identified = bundle("collection", WANG, finding(), identifier={"system": "urn:k", "value": "b-1"})
    head = normalised(identified, request_id="q").envelope
    assert (head.type, head.application, head.control_id) == ("Bundle/collection", "urn:k", "b-1")
    sent = message(WANG, request())
    assert normalised(sent, request_id="q").envelope.control_id == "q"
    sent["entry"][0]["resource"]["id"] = "h-1"
    assert normalised(sent, request_id="q").envelope.control_id == "h-1"


def test_citations_follow_from_the_base() -> None:
    document = bundle("collection", WANG, finding())
    part = normalised(document).parts[1]
    cited = {c.path: c.text for c in cite_document(part.resource, part.base)}
    assert cited["/entry/1/resource/code/text"] == document["entry"][1]["resource"]["code"]["text"]


@pytest.mark.parametrize(
    ("raw", "content_type", "cause"),
    [
        (b"{", "", "wrong-structure"),
        (b"[]", "", "wrong-structure"),
        (b"\xb9\xfd", "", "undecodable"),
        (b'{"resourceType": "Patient", "name": "\xb9\xfd"}', "", "undecodable"),
        ('{"resourceType": "Patient"}'.encode("gb18030"), "application/json; charset=GB18030", "undecodable"),
        (b"[" * 100_000, "", "wrong-structure"),
    ],
)
def test_what_is_no_json_in_utf8_is_refused(raw: bytes, content_type: str, cause: str) -> None:
    with pytest.raises(Refused) as error:
        normalise(raw, timezone="Asia/Shanghai", received_at=NOW, content_type=content_type)
    assert [refusal.cause.value for refusal in error.value.refusals] == [cause]


def test_a_byte_order_mark_is_no_fault() -> None:
    raw = b'\xef\xbb\xbf{"resourceType": "Patient", "identifier": [{"value": "1"}]}'
    assert normalise(raw, timezone="Asia/Shanghai", received_at=NOW).patient.identifiers == (Identifier("", "1"),)


def test_bundles_that_bring_nothing_are_refused() -> None:
    assert refused(bundle("history", WANG)) == [("unsupported-type", "Bundle.type")]
    assert refused({"resourceType": "Bundle", "type": "collection"}) == [("required-missing", "Bundle.entry")]
    transaction = bundle("transaction", WANG)
    transaction["entry"].append({"request": {"method": "DELETE", "url": "Patient/1"}})
    assert refused(transaction) == [("unsupported-type", "Bundle.entry[1].request.method")]


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "9" * 5000])
def test_numbers_that_nobody_measured_are_refused(number: str) -> None:
    raw = f'{{"resourceType": "Observation", "valueQuantity": {{"value": {number}}}}}'.encode()
    with pytest.raises(Refused):
        normalise(raw, timezone="Asia/Shanghai", received_at=NOW)


@pytest.mark.parametrize("depth", [100, 300])
def test_what_is_nested_too_deeply_is_refused_and_not_a_fault(depth: int) -> None:
    nested: dict[str, object] = {"url": "u", "valueString": "x"}
    for _ in range(depth):
        nested = {"url": "u", "extension": [nested]}
    found = refused(bundle("collection", WANG, finding(extension=[nested])))
    assert found == ([] if depth == 100 else [("wrong-structure", "Bundle")])


def test_null_stands_for_a_primitive_that_has_only_an_extension() -> None:
    extended = {"given": ["光荣", None], "_given": [None, {"id": "x"}]}
    assert refused(bundle("collection", WANG | {"name": [extended]}, finding())) == []


def test_a_medicine_known_by_its_full_url_alone_is_named_by_its_order() -> None:
    order = {
        "resourceType": "MedicationStatement", "status": "active", "subject": {"reference": "Patient/wang"},
        "medicationReference": {"reference": "urn:uuid:m"},
    }  # fmt: skip
    for given in ({}, {"id": "of-its-own"}):
        document = bundle(
            "collection", WANG, {"resourceType": "Medication", "code": {"text": "华法林"}, **given}, order
        )
        document["entry"][1]["fullUrl"] = "urn:uuid:m"
        _, medicine, statement = (part.resource for part in normalised(document).parts)
        name = statement["medicationReference"]["reference"].removeprefix("urn:uuid:").removeprefix("Medication/")
        assert medicine["id"] == name


@pytest.mark.parametrize(
    ("link", "surviving", "prior"),
    [("replaces", 0, 1), ("replaced-by", 1, 0), ("seealso", 0, 1), ("refer", None, None)],
)
def test_a_link_says_which_patient_is_merged_into_which(link: str, surviving: int | None, prior: int | None) -> None:
    linking = WANG | {"link": [{"other": {"reference": "Patient/li"}, "type": link}]}
    found = normalised(bundle("collection", linking, LI))
    assert [(m.surviving, m.part) for m in found.identities if isinstance(m, Merge)] == (
        [] if surviving is None else [(surviving, prior)]
    )
    assert found.patient_resource is found.parts[surviving or 0].resource


def test_a_link_both_ways_is_one_merge_and_a_number_is_enough_for_the_prior_patient() -> None:
    one = WANG | {"link": [{"other": {"reference": "Patient/li"}, "type": "replaces"}]}
    other = LI | {"link": [{"other": {"reference": "Patient/wang"}, "type": "replaced-by"}]}
    assert len(normalised(bundle("collection", one, other)).identities) == 1
    named = WANG | {"link": [{"other": {"identifier": {"system": "urn:a", "value": "0"}}, "type": "replaces"}]}
    [merge] = normalised(bundle("collection", named)).identities
    assert isinstance(merge, Merge)
    assert (merge.part, merge.prior.identifiers) == (None, (Identifier("urn:a", "0"),))


@pytest.mark.parametrize("code", ["SYL", "ABC"])
def test_a_name_in_its_own_characters_comes_before_how_it_is_read(code: str) -> None:
    representation = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
    read = {"use": "official", "text": "タナカ タロウ", "extension": [{"url": representation, "valueCode": code}]}
    written = {"use": "official", "text": "田中太郎", "extension": [{"url": representation, "valueCode": "IDE"}]}
    assert normalised(bundle("collection", WANG | {"name": [read, written]}, finding())).patient.name == "田中太郎"
    assert normalised(bundle("collection", WANG | {"name": [read]}, finding())).patient.name == "タナカ タロウ"
