"""What the FHIR routes make of the headers of a request: versions, encodings, preferences."""

from __future__ import annotations

import gzip
import json

import pytest

from adapters.fhir.validation import check_received
from tests.integration.fhir_site import DIABETES, PATIENT, Site, issue

KNOWN = {**DIABETES, "subject": {"identifier": {"system": "urn:town", "value": "7"}}}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json; fhirVersion=4.0", 201), ("application/fhir+json;fhirVersion=5.0", 406),
        ("application/fhir+xml, application/fhir+json;q=0.5", 201), ("application/fhir+xml;q=1, */*;q=0.1", 201),
        ("application/fhir+json;q=0", 406), ("image/*", 406), ("application/fhir+xml", 406), ("application/*", 201),
    ],
)  # fmt: skip
def test_what_the_client_accepts_is_json_of_r4_or_406(site: Site, accept: str, status: int) -> None:
    answer = site.request("POST", "/Patient", "TOWN", PATIENT, Accept=accept)
    assert answer.status_code == status
    assert check_received(answer.json()) == ()


@pytest.mark.parametrize(
    ("query", "status"),
    [("json", 200), ("application/fhir%2Bjson", 200), ("application/fhir+json", 200), ("xml", 406), ("text/xml", 406)],
)
def test_format_says_it_for_the_header(site: Site, query: str, status: int) -> None:
    answer = site.request("GET", f"/metadata?_format={query}", None, Accept="text/html")
    assert answer.status_code == status


def test_another_version_of_fhir_is_415(site: Site) -> None:
    other = site.request("POST", "/Patient", "TOWN", PATIENT, Content_Type="application/fhir+json; fhirVersion=5.0")
    assert issue(other)[:2] == (415, "not-supported")
    own = site.request("POST", "/Patient", "TOWN", PATIENT, Content_Type='application/fhir+json; fhirVersion="4.0"')
    assert own.status_code == 201


def test_a_gzip_body_is_unpacked_and_stored_as_what_it_holds(site: Site) -> None:
    raw = json.dumps(PATIENT).encode()
    answer = site.request("POST", "/Patient", "TOWN", gzip.compress(raw), Content_Encoding="gzip")
    assert answer.status_code == 201
    assert site.rows("SELECT raw FROM messages") == [(raw,)]


@pytest.mark.parametrize(
    ("coding", "body", "expected"),
    [
        ("br", b"{}", (415, "not-supported")), ("gzip", b"{}", (400, "structure")),
        ("gzip", gzip.compress(b'{"resourceType": "Patient"}')[:-4], (400, "structure")),
        ("gzip", gzip.compress(b" " * (16 * 2**20 + 1)), (413, "too-long")),
    ],
)  # fmt: skip
def test_other_encodings_broken_and_swelling_ones_are_told(site: Site, coding: str, body: bytes,
                                                           expected: tuple[int, str]) -> None:  # fmt: skip
    answer = site.request("POST", "/Patient", "TOWN", body, Content_Encoding=coding)
    assert issue(answer)[:2] == expected
    assert answer.headers.get("accept-encoding") == ("gzip" if coding == "br" else None)


@pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_told_as_empty(site: Site, body: bytes) -> None:
    answer = site.request("POST", "/Patient", "TOWN", body)
    assert issue(answer) == (400, "structure", ["Resource"])
    assert answer.json()["issue"][0]["details"]["text"] == "there is no document: nothing was sent"


@pytest.mark.parametrize("resource", [PATIENT, KNOWN])
def test_a_preferred_return_takes_the_outcomes_place(site: Site, resource: dict[str, object]) -> None:
    kind = resource["resourceType"]
    posted = {
        prefer: site.request("POST", f"/{kind}", "TOWN", resource, Prefer=prefer)
        for prefer in ("return=minimal", "handling=strict, return=representation", "return=OperationOutcome")
    }
    minimal, whole, told = posted.values()
    assert [answer.status_code for answer in posted.values()] == [201] * 3
    assert minimal.content == b""
    assert minimal.headers["location"].startswith(f"http://testserver/fhir/{kind}/")
    path = whole.headers["location"].removeprefix("http://testserver/fhir")
    assert whole.json()["resourceType"] == kind
    assert whole.json() == site.request("GET", path, "TOWN").json()
    assert told.json()["resourceType"] == "OperationOutcome"
