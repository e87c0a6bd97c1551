"""Transactions whole or not at all, batches entry by entry, conditional creates."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.fhir import acknowledgement
from adapters.fhir.patients import Register
from adapters.fhir.validation import check
from hub.domain.errors import Cause, Refusal
from hub.domain.messages import Outcome
from hub.domain.patients import Identifier
from tests.unit.fhir.documents import WANG, bundle, finding, normalised, refused

NUMBER = [{"system": "urn:a:results", "value": "7"}]
UNKNOWN = {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}


def sent(kind: str, *resources: dict[str, Any], **request: str) -> dict[str, Any]:
    document = bundle(kind, *resources)
    for entry in document["entry"]:
        asked = request if entry["resource"] is resources[-1] else {}
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"], **asked}
    return document


def statuses(document: dict[str, Any], register: Register | None = None) -> list[str]:
    found = normalised(document, register)
    _, _, answer = acknowledgement.bundle(document, [found])(Outcome("o"))
    assert check(answer) == ()
    return [entry["response"]["status"][:3] for entry in answer["entry"]]


def test_of_a_batch_each_entry_stands_or_falls_by_itself() -> None:
    document = sent("batch", WANG, finding(), finding(status="?"), finding("urn:uuid:nobody"), finding(**UNKNOWN))
    document["entry"].append({"request": {"method": "DELETE", "url": "Patient/1"}})
    assert statuses(document) == ["201", "201", "422", "422", "422", "422"]
    found = normalised(document)
    assert [part.base for part in found.parts] == ["/entry/0/resource", "/entry/1/resource"]
    assert "resource" not in found.bundle["entry"][2]
    told = {entry.path: entry.reason for entry in found.ledger.unmapped}
    assert told["/entry/4/resource/code/text"] == "entry not taken: a modifier extension that the hub does not know"
    assert not {entry.path for entry in found.ledger.mapped} & told.keys()


def test_of_a_transaction_one_fault_refuses_all() -> None:
    document = sent("transaction", WANG, finding(), finding("urn:uuid:nobody"), finding("urn:uuid:other"))
    assert refused(document) == [("unknown-key", f"Bundle.entry[{n}].resource.subject") for n in (2, 3)]


def test_who_depends_on_an_entry_that_falls_falls_with_it() -> None:
    wrong = WANG | {"gender": "?"}
    assert statuses(sent("batch", wrong, finding(), finding({"identifier": {"system": "urn:a", "value": "1"}}))) == [
        "422", "422", "201",
    ]  # fmt: skip


def test_a_batch_of_which_nothing_stands_is_answered_entry_by_entry() -> None:
    document = sent("batch", finding(status="?"), finding("urn:uuid:nobody"))
    faults = [Refusal(Cause(cause), place, "t") for cause, place in refused(document)]
    answer = acknowledgement.refused(document)(Outcome("o", tuple(faults)))
    assert answer is not None
    assert [entry["response"]["status"] for entry in answer["entry"]] == ["422 Unprocessable Entity"] * 2


def test_a_batch_that_is_itself_no_fhir_is_refused_as_a_whole() -> None:
    assert refused(sent("batch", WANG, finding()) | {"timestamp": "?"}) == [("wrong-datatype", "Bundle.timestamp")]
    repeated = Refusal(Cause.DUPLICATE_KEY, "Bundle.identifier", "t")
    assert acknowledgement.refused(sent("batch", WANG))(Outcome("o", (repeated,))) is None


def known(*names: str) -> Register:
    return Register(existing=lambda kind, identifier, whose: (
        names if (kind, identifier, whose.identifiers) == (
            "Observation", Identifier("urn:a:results", "7"), (Identifier("urn:a", "1"),)) else ()
    ))  # fmt: skip


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_conditional_create_is_left_out_where_the_resource_is_there(kind: str) -> None:
    document = sent(kind, WANG, finding(), finding(identifier=NUMBER), ifNoneExist="identifier=urn:a:results|7")
    assert statuses(document, known()) == ["201", "201", "201"]
    assert statuses(document, known("o-1")) == ["201", "201", "200"]
    found = normalised(document, known("o-1"))
    assert [part.base for part in found.parts] == ["/entry/0/resource", "/entry/1/resource"]
    reasons = {e.reason for e in found.ledger.unmapped if e.path.startswith("/entry/2/resource/")}
    assert reasons == {"entry not taken: already there: Observation/o-1"}


def test_a_condition_that_names_several_fails_and_one_of_something_else_is_not_supported() -> None:
    place = "Bundle.entry[1].request.ifNoneExist"
    several = sent("transaction", WANG, finding(identifier=NUMBER), ifNoneExist="identifier=urn:a:results|7")
    assert refused(several, known("o-1", "o-2")) == [("several-matches", place)]
    other = sent("transaction", WANG, finding(), ifNoneExist="code=x")
    assert refused(other) == [("unsupported-type", place)]
    several["type"] = "batch"
    assert statuses(several, known("o-1", "o-2")) == ["201", "412"]


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ({"url": "urn:x", "valueString": "y"}, "Observation.component[0].modifierExtension[0]"),
        ({"url": "http://hl7.org/fhir/StructureDefinition/request-doNotPerform", "valueBoolean": False}, None),
        ({"url": "http://hl7.org/fhir/StructureDefinition/request-doNotPerform", "valueBoolean": True},
         "Observation.component[0].modifierExtension[0]"),
    ],
)  # fmt: skip
def test_a_modifier_extension_is_refused_unless_it_leaves_the_meaning(
    extension: dict[str, Any], expected: str | None
) -> None:
    part = {"code": {"text": "收缩压"}, "valueInteger": 140, "modifierExtension": [extension]}
    about = {"identifier": {"system": "urn:a", "value": "1"}}
    assert refused(finding(about, component=[part])) == ([("unknown-modifier", expected)] if expected else [])


def test_implicit_rules_are_unknown_rules_in_contained_resources_too() -> None:
    held = {"resourceType": "Device", "id": "d", "implicitRules": "urn:rules"}
    document = finding({"identifier": {"system": "urn:a", "value": "1"}}, contained=[held], implicitRules="urn:rules")
    places = ("Observation.implicitRules", "Observation.contained[0].implicitRules")
    assert refused(document) == [("unknown-modifier", place) for place in places]


def test_extensions_and_contained_resources_are_kept_and_profiles_named() -> None:
    extended = finding("#p", contained=[WANG | {"id": "p"}], extension=[{"url": "urn:e", "valueString": "v"}],
                       meta={"profile": ["urn:profile:1"]})  # fmt: skip
    found = normalised(extended)
    assert found.parts[1].resource == extended
    assert {m.text for m in found.ledger.mapped} >= {"v", "urn:e", "urn:profile:1"}
    _, _, answer = acknowledgement.history(201, "kept", extended)(Outcome("o"))
    assert [(i["details"]["text"], i.get("expression")) for i in answer["issue"]] == [
        ("kept", None), ("named, not enforced: urn:profile:1", ["Observation.meta.profile[0]"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Appointment", "status": "booked", "participant": [{"status": "accepted"}]},
         ("required-missing", "Appointment.participant")),
        ({"resourceType": "ImmunizationRecommendation", "date": "2026-01-01", "patient": {"display": "?"},
          "recommendation": [{"forecastStatus": {"text": "due"}, "vaccineCode": [{"text": "x"}]}]},
         ("required-missing", "ImmunizationRecommendation.patient")),
        ({"resourceType": "ValueSet", "status": "active"}, ("unsupported-type", "ValueSet")),
    ],
)  # fmt: skip
def test_what_names_nobody_is_told_where_it_could(resource: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refused(resource) == [expected]


TASK = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order"}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_task_of_the_sender_is_kept_and_one_of_the_hub_is_not_moved_this_way(kind: str) -> None:
    document = sent(kind, WANG, finding(), TASK, method="PUT", url="Task/t")
    assert statuses(document) == ["201", "201", "201"]
    hub = Register(patient_of=lambda name: "p" if name == "t" else None)
    if kind == "transaction":
        assert refused(document, hub) == [("unsupported-type", "Bundle.entry[2].resource")]
    else:
        assert statuses(document, hub) == ["201", "201", "422"]


@pytest.mark.parametrize(
    ("request_", "fits"),
    [
        ({"method": "POST", "url": "Observation"}, True), ({"method": "POST", "url": "/Observation/"}, True),
        ({"method": "POST", "url": "https://a/fhir/Observation"}, True), ({"method": "POST", "url": "Patient"}, False),
        ({"method": "PUT", "url": "Observation/1"}, True), ({"method": "PUT", "url": "Condition/1"}, False),
        ({"method": "PUT", "url": "Observation?identifier=urn:a|Condition/1"}, True),
        ({"method": "PUT", "url": "Condition?identifier=urn:a|7"}, False), ({"method": "POST", "url": "1"}, True),
    ],
)  # fmt: skip
def test_an_entry_is_of_the_type_that_its_address_names(request_: dict[str, str], fits: bool) -> None:
    document = sent("transaction", WANG, finding(), **request_)
    assert refused(document) == ([] if fits else [("wrong-structure", "Bundle.entry[1].request.url")])
