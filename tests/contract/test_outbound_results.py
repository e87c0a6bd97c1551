"""Results, accidents and orders of senders that speak FHIR: each told once, and below nothing that is not its own."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.hl7v2.outbound.writer import write
from tests.contract.outbound.samples import bundle, outbound

PATIENT = {"reference": "Patient/p-1"}


def with_(*resources: dict[str, Any]) -> dict[str, Any]:
    held = bundle()
    entries = [{"fullUrl": f"http://his.example/fhir/{one['resourceType']}/{one['id']}", "resource": one}
               for one in resources]  # fmt: skip
    return {**held, "entry": [*held["entry"], *entries]}


def result(key: str, code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": key, "status": "final", "subject": PATIENT, "code": code, **more}


def written(kind: str, held: dict[str, Any]) -> list[tuple[str, str]]:
    """Each segment's name and text, after PID."""
    text = write(outbound(kind, bundle=held)).decode()
    segments = [one for one in text.split("\r") if one]
    return [(one[:3], one) for one in segments[[one[:3] for one in segments].index("PID") + 1 :]]


PANEL = result("panel", {"text": "血常规"}, hasMember=[{"reference": "Observation/member"}])
MEMBER = result("member", {"text": "白细胞"}, valueQuantity={"value": 5, "unit": "10*9/L"})


@pytest.mark.parametrize("kind", ["REF^I12", "RRI^I12", "ORU^R01"])
def test_a_result_of_no_report_is_below_no_report(kind: str) -> None:
    found = written(kind, with_(PANEL, MEMBER))
    [at] = [place for place, (_, text) in enumerate(found) if "白细胞" in text]
    above = [text for name, text in found[:at] if name == "OBR"]
    assert "心肌标志物" in above[0]
    assert above[-1] == "OBR||||^Results"


def test_members_that_name_one_another_are_told_once() -> None:
    """Of panels of panels that each name the next one twice, and the last one the first, not every way is gone."""
    panels = [result(f"p{n}", {"text": f"第{n}组"}, hasMember=[{"reference": f"Observation/p{(n + 1) % 40}"}] * 2)
              for n in range(40)]  # fmt: skip
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": PATIENT,
              "code": {"text": "组"}, "result": [{"reference": "Observation/p0"}]}  # fmt: skip
    told = [text for name, text in written("ORU^R01", with_(report, *panels)) if name == "OBX" and "组|" in text]
    assert [text.split("|")[3] for text in told] == [f"^第{n}组" for n in range(40)]


@pytest.mark.parametrize("kind", ["REF^I12", "RRI^I12", "OMG^O19", "ORU^R01"])
def test_what_only_the_referral_names_is_told_and_nothing_twice(kind: str) -> None:
    held = with_(PANEL, MEMBER, result("named", {"text": "心电图"}, valueString="ST段压低"))
    held["entry"][0]["resource"]["supportingInfo"] = [{"reference": "Observation/named"}]
    told = [text for name, text in written(kind, held) if name == "OBX"]
    for words in ("ST段压低", "血常规", "白细胞", "肌钙蛋白"):
        assert sum(words in text for text in told) == 1, words


@pytest.mark.parametrize("kind", ["REF^I12", "RRI^I12"])
def test_an_accident_that_acc_has_no_room_for_is_a_result(kind: str) -> None:
    injury = {"coding": [{"system": "http://loinc.org", "code": "11374-6"}], "text": "Injury incident"}
    held = with_(
        result("a", {**injury, "text": "外伤经过"}, valueString="从屋顶坠落", note=[{"text": "酒后"}]),
        result("b", injury, valueString="车祸"),
        result("c", injury, valueString="烫伤"),
        result("d", injury, valueString="误记", status="entered-in-error"),
    )
    found = written(kind, held)
    assert [text for name, text in found if name == "ACC"] == ["ACC||||||||车祸"]
    told = {value_of(text): text.split("|")[11] for name, text in found if name == "OBX" and "11374-6" in text}
    assert told == {"从屋顶坠落": "F", "烫伤": "F", "误记": "D"}
    assert "NTE|||酒后" in [text for _, text in found]


def value_of(text: str) -> str:
    return text.split("|")[5]


def test_reports_procedures_and_orders_that_came_with_an_order_are_told_in_words() -> None:
    held = with_(
        {"resourceType": "Procedure", "id": "p", "status": "completed", "subject": PATIENT,
         "code": {"text": "阑尾切除"}},
        {"resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order", "subject": PATIENT,
         "code": {"text": "胸部CT"}},
    )  # fmt: skip
    told = [value_of(text) for _, text in written("OMG^O19", held) if "|TX|" in text]
    assert told == ["阿司匹林 100 mg 每日一次", "心肌标志物 阴性", "阑尾切除", "胸部CT"]


def denied(kind: str, key: str, name: str, status: str) -> dict[str, Any]:
    """A resource that says that something is not so. status: of its verification where the type has one."""
    code = {"text": f"没有的{key}"}
    coded = {"coding": [{"code": status}]}
    standing = {"verificationStatus": coded} if kind in ("Condition", "AllergyIntolerance") else {"status": status}
    about = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    return {"resourceType": kind, "id": key, about: PATIENT, name: code, **standing}


@pytest.mark.parametrize("kind", ["REF^I12", "RRI^I12", "OMG^O19", "MDM^T02"])
def test_what_is_not_so_is_told_in_words_and_by_no_segment_that_says_it_is(kind: str) -> None:
    held = with_(
        denied("Condition", "心梗", "code", "refuted"),
        denied("AllergyIntolerance", "头孢过敏", "code", "refuted"),
        denied("AllergyIntolerance", "虾过敏", "code", "entered-in-error"),
        denied("Procedure", "造影", "code", "not-done"),
        denied("Procedure", "支架", "code", "entered-in-error"),
        denied("MedicationStatement", "华法林", "medicationCodeableConcept", "not-taken"),
        denied("Immunization", "流感疫苗", "vaccineCode", "not-done"),
    )
    found = [text for name, text in written(kind, held) if "没有的" in text]
    assert {text[:3] for text in found} == {"OBX"}
    assert {value_of(text) for text in found} == {
        "已排除：没有的心梗", "已排除：没有的头孢过敏", "记录有误：没有的虾过敏", "未做：没有的造影",
        "记录有误：没有的支架", "未用：没有的华法林", "未做：没有的流感疫苗",
    }  # fmt: skip
    assert len(found) == 7
