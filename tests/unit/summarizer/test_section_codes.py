"""The part that a document's section is: by its title, its LOINC code, or what holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.fragments import Fragment
from hub.summarizer.evidence import Evidence
from hub.summarizer.reading.documents import documents

Make = Callable[..., Fragment]
LOINC = "http://loinc.org"


def section(title: str, code: str = "", system: str = LOINC, *within: dict[str, Any]) -> dict[str, Any]:
    coded = {"code": {"coding": [{"system": system, "code": code}]}} if code else {}
    told = {"section": list(within)} if within else {"text": {"status": "generated", "div": "<div>Magenkarzinom</div>"}}
    return {"title": title, **coded, **told}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (section("Familienanamnese", "10157-6"), "family"),
        (section("Familienanamnese", "10157-6", "urn:local"), ""),
        (section("Frühere Erkrankungen", "11348-0"), "past"),
        (section("家族歴"), "family"),
        (section("Family History", "", LOINC, section("Details")), "family"),
        (section("Familie", "10157-6", LOINC, section("Mutter"), section("Vater")), "family"),
        (section("Familie", "10157-6", LOINC, section("Medications")), "medications"),
    ],
)
def test_a_section_is_what_its_title_its_code_or_its_holder_says(make: Make, written: Any, expected: str) -> None:
    evidence = Evidence(make({"resourceType": "Composition", "section": [written]}))
    found = [sentence.section for document in documents(evidence, narrative=False) for sentence in document.sentences]
    assert set(found) == {expected}


def test_a_result_that_tells_of_the_family_by_its_code_is_the_familys(make: Make) -> None:
    code = {"coding": [{"system": LOINC, "code": "10157-6"}]}
    told = {"resourceType": "Observation", "code": code, "valueString": "母亲患胃癌，父亲患高血压，均已去世。"}
    [document] = documents(Evidence(make(told)), narrative=False)
    assert {sentence.section for sentence in document.sentences} == {"family"}
