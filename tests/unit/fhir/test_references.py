"""What a reference names within the document it stands in."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.fhir.document import Place, condition, contained, index
from hub.domain.patients import Identifier
from tests.unit.fhir.documents import LI, WANG, bundle, finding, message, normalised, refused, request


def at(full_url: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource}


def two_servers() -> dict[str, Any]:
    """Patient/1 of two servers, and a resource of each that refers to its own."""
    wang, li = WANG | {"id": "1"}, LI | {"id": "1"}
    return {"resourceType": "Bundle", "type": "collection", "entry": [
        at("http://a/fhir/Patient/1", wang), at("http://b/fhir/Patient/1", li),
        at("http://a/fhir/Observation/1", finding("Patient/1")),
        at("http://b/fhir/Observation/1", finding("Patient/1")),
        at("urn:uuid:0", finding("Patient/1")),
    ]}  # fmt: skip


def named(document: dict[str, Any], reference: str, holder: int) -> dict[str, Any] | None:
    known = index(document)
    found = known.resolve({"reference": reference}, known.places[holder])
    return found.resource if found else None


@pytest.mark.parametrize(
    ("reference", "holder", "value"),
    [
        ("Patient/1", 2, "1"), ("Patient/1", 3, "2"), ("http://b/fhir/Patient/1", 2, "2"), ("Patient/1", 4, None),
        ("http://a/fhir/Patient/1/_history/3", 4, "1"), ("http://c/fhir/Patient/1", 4, None), ("Patient/2", 2, None),
    ],
)  # fmt: skip
def test_a_relative_reference_is_of_the_server_of_who_refers(reference: str, holder: int, value: str | None) -> None:
    found = named(two_servers(), reference, holder)
    assert (found["identifier"][0]["value"] if found else None) == value


def test_an_address_of_another_server_names_nobody_of_this_one() -> None:
    document = two_servers()
    del document["entry"][1]
    assert named(document, "http://b/fhir/Patient/1", 1) is None
    assert named(document, "Patient/1", 3) == document["entry"][0]["resource"]


def test_one_id_for_two_patients_names_neither_and_the_same_patient_twice_is_one() -> None:
    twice = bundle("collection", WANG, WANG, finding())
    assert named(twice, "Patient/wang", 2) == WANG
    assert refused(bundle("collection", WANG, LI | {"id": "wang"}, finding())) == [
        ("unknown-key", "Bundle.entry[2].resource.subject")
    ]


def test_one_full_url_for_two_resources_is_refused() -> None:
    document = bundle("collection", WANG, LI, finding("Patient/li"))
    for entry in document["entry"][:2]:
        entry["fullUrl"] = "urn:uuid:1"
    assert refused(document) == [("wrong-structure", "Bundle.entry[1].fullUrl")]


def test_within_a_resource_the_hash_names_what_is_contained_and_alone_the_container() -> None:
    report = {"resourceType": "DiagnosticReport", "contained": [finding("#", id="o"), WANG | {"id": "p"}]}
    document = index(report)
    (whole,) = document.places
    inner: list[Place] = list(contained(whole))
    assert document.resolve({"reference": "#p"}, whole) == inner[1]
    assert document.resolve({"reference": "#p"}, inner[0]) == inner[1]
    assert document.resolve({"reference": "#"}, inner[0]) is whole
    assert document.resolve({"reference": "#"}, whole) is None
    assert document.resolve({"reference": "#x"}, whole) is None


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("Patient?identifier=urn:a|1", Identifier("urn:a", "1")),
        ("Patient?identifier=urn%3Aa%7C1%2F2", Identifier("urn:a", "1/2")),
        ("http://h/fhir/Patient?identifier=1", Identifier("", "1")),
        ("Patient?identifier=urn:a|1&active=true", None), ("Patient?name=x", None), ("Patient?identifier=urn:a|", None),
        ("Patient/1", None), ("Group?identifier=urn:a|1", None), (7, None),
    ],
)  # fmt: skip
def test_a_conditional_reference_names_by_identifier(literal: object, expected: Identifier | None) -> None:
    assert condition({"reference": literal}, "Patient") == expected


def test_a_patient_named_by_another_condition_is_refused_at_its_place() -> None:
    assert refused(bundle("collection", finding("Patient?identifier=urn:a|1&birthdate=1956-03-04"))) == [
        ("unknown-key", "Bundle.entry[0].resource.subject")
    ]


def brought(*resources: dict[str, Any]) -> dict[str, Any]:
    """A document Bundle, as an entry brings it."""
    return bundle("document", {"resourceType": "Composition", "status": "final", "type": {"text": "x"}, "date": "2026",
                               "author": [{"display": "x"}], "title": "x",
                               "subject": {"reference": "Patient/1"}}, *resources,
                  identifier={"system": "urn:a", "value": "d"}, timestamp="2026-11-20T10:00:00Z")  # fmt: skip


def test_the_resources_of_a_document_within_a_message_are_parts_of_their_own_patient() -> None:
    li = LI | {"id": "1"}
    found = normalised(message(request(), WANG, brought(li, finding("Patient/1")), finding("Patient/wang")))
    inside = "/entry/3/resource/entry"
    assert [(part.resource["resourceType"], part.base, part.patient) for part in found.parts] == [
        ("Patient", "/entry/2/resource", None), ("Patient", f"{inside}/1/resource", None),
        ("ServiceRequest", "/entry/1/resource", 0), ("Composition", f"{inside}/0/resource", 1),
        ("Observation", f"{inside}/2/resource", 1), ("Observation", "/entry/4/resource", 0),
    ]  # fmt: skip


def test_the_patient_of_a_document_within_a_message_is_the_messages_by_a_shared_number() -> None:
    same = WANG | {"id": "1", "gender": "female"}
    found = normalised(message(request(), WANG, brought(same, finding("Patient/1"))))
    assert [part.patient for part in found.parts if part.resource["resourceType"] != "Patient"] == [0, 0, 0]
    assert len(found.parts) == 4


def test_what_a_document_within_a_message_refers_to_nowhere_is_told_at_its_place() -> None:
    document = bundle("collection", WANG, brought(finding("Patient/nobody")))
    place = "Bundle.entry[1].resource.entry[{}].resource.subject"
    assert refused(document) == [("unknown-key", place.format(0)), ("unknown-key", place.format(1))]
