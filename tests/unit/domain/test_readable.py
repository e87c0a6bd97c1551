"""What a page says of a FHIR resource: its own words, no markup, nothing made up."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any

import pytest

from hub.domain.readable import author, concept, document_text, line, plain, standing, title


def attached(text: str, charset: str = "utf-8", **more: Any) -> dict[str, Any]:
    data = {"contentType": f"text/plain; charset={charset}", "data": b64encode(text.encode(charset)).decode()}
    return {"resourceType": "DocumentReference", "content": [{"attachment": data | more}]}


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"code": {"text": "2型糖尿病", "coding": [{"code": "E11"}]}, "recordedDate": "2026-11-01T08:00:00+08:00"},
         "2型糖尿病 (2026-11-01)"),
        ({"code": {"coding": [{"code": "E11"}, {"display": "糖尿病"}]}}, "糖尿病"),
        ({"code": {"text": "肌酐"}, "valueQuantity": {"value": Decimal("146.10"), "unit": "µmol/L"}},
         "肌酐 146.10 µmol/L"),
        ({"code": {"text": "TnI"}, "valueQuantity": {"comparator": "<", "value": 0, "unit": "ng/mL"}}, "TnI < 0 ng/mL"),
        ({"code": {"text": "血压"}, "component": [
            {"code": {"text": "收缩压"}, "valueQuantity": {"value": 150}},
            {"code": {"text": "舒张压"}, "valueQuantity": {"value": 90}}]}, "血压 收缩压 150，舒张压 90"),
        ({"medicationCodeableConcept": {"text": "二甲双胍"}, "dosageInstruction": [{"text": "0.5g bid"}]},
         "二甲双胍 0.5g bid"),
        ({"medicationReference": {"display": "阿司匹林"}, "effectivePeriod": {"start": "2025"}}, "阿司匹林 (2025)"),
        ({"medicationCodeableConcept": {"text": "胰岛素"}, "dosageInstruction": [
            {"doseAndRate": [{"doseQuantity": {"value": 8, "unit": "U"}}], "timing": {"code": {"text": "睡前"}}}]},
         "胰岛素 8 U 睡前"),
        ({"relationship": {"text": "母亲"}, "condition": [{"code": {"text": "糖尿病"}}]}, "母亲 糖尿病"),
        ({"code": {"text": "血钾"}, "valueQuantity": {"value": 6}, "effectiveDateTime": "2026-11-01",
          "note": [{"text": "标本溶血"}, {}]}, "血钾 6 (2026-11-01)；标本溶血"),
        ({"status": "final", "note": [{"text": "标本溶血"}]}, ""),
    ],
)  # fmt: skip
def test_one_line_of_what_is_coded(resource: dict[str, Any], said: str) -> None:
    assert line(resource) == said


def test_a_document_is_read_in_its_character_set_and_a_picture_is_none() -> None:
    assert document_text(attached("口渴\n多尿", "gb18030")) == "口渴\n多尿"
    assert document_text(attached("x", contentType="image/png")) == ""
    assert document_text({"content": [{"attachment": {"contentType": "text/plain", "data": "%%%"}}]}) == ""


def test_a_narrative_is_its_text() -> None:
    table = "<table><tr><td>肌酐</td><td>146</td></tr></table>"
    assert plain(f"<div><p>一 <b>二</b></p>{table}<script>evil()</script>&lt;i&gt;</div>") == "一 二\n肌酐 146\n<i>"
    composition = {"section": [{"title": "结论", "text": {"div": "<div>好</div>"}, "section": [
        {"title": "建议", "text": {"div": "<div>复查</div>"}}]}]}  # fmt: skip
    assert document_text(composition) == "结论\n好\n\n建议\n复查"


def test_a_plan_is_its_description_and_activities() -> None:
    plan = {"title": "随访", "description": "每月复查", "activity": [{"detail": {"description": "测血压"}}, {}]}
    assert (title(plan), document_text(plan)) == ("随访", "每月复查\n\n测血压")


def test_an_author_is_named_or_nobody() -> None:
    assert author({"author": [{"display": "李医生"}]}) == author({"author": {"display": "李医生"}}) == "李医生"
    assert author({"author": [{"reference": "Practitioner/1"}]}) == author({}) == ""
    assert concept([]) == concept(None) == concept({}) == ""


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"verificationStatus": {"coding": [{"code": "refuted"}]},
          "clinicalStatus": {"coding": [{"code": "inactive"}]}}, "refuted"),
        ({"verificationStatus": {"coding": [{"code": "confirmed"}]}}, ""),
        ({"status": "entered-in-error"}, "withdrawn"),
        ({"resourceType": "MedicationRequest", "status": "stopped"}, "stopped"),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, "resolved"),
        ({"status": "final", "interpretation": [{"coding": [{"code": "H"}]}]}, "high"),
        ({"status": "final", "interpretation": [{"coding": [{"code": "LL"}, {"code": "L"}]}]}, "very low"),
        ({"status": "final", "interpretation": [{"coding": [{"code": "N"}]}]}, ""),
        ({"status": "entered-in-error", "interpretation": [{"coding": [{"code": "H"}]}]}, "withdrawn"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_not_told_as_if_it_did(resource: dict[str, Any], said: str) -> None:
    assert standing(resource) == said


def test_a_document_that_has_but_a_code_is_not_called_by_it() -> None:
    assert title({"type": {"coding": [{"code": "57133-1"}]}}) == ""
