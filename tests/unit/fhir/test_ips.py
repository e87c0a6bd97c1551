"""A record as an International Patient Summary: it says what the record says, and validates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.fhir.ips.document import Custodian, summary
from adapters.fhir.parsing import encode
from adapters.fhir.validation import check, check_models
from tests.unit.fhir.records import example, item, record, source, value

REQUIRED = {"11450-4", "10160-0", "48765-2"}
RECOMMENDED = {"11369-6", "30954-2", "47519-4"}


def of(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in made["entry"] if e["resource"]["resourceType"] == kind]


def section(made: dict[str, Any], code: str) -> dict[str, Any]:
    sections = made["entry"][0]["resource"]["section"]
    return next(s for s in sections if code in (s["title"], *(c["code"] for c in s["code"].get("coding", ()))))


def only(kind: str, name: str, *items: dict[str, Any]) -> dict[str, Any]:
    """The one resource of a type that a section of these items is made into."""
    made = summary(record(**{name: list(items)}))
    assert check(made) == check_models(made) == ()
    [found] = of(made, kind)
    return found


def test_the_example_is_a_valid_document_whose_references_all_resolve() -> None:
    made = summary(example(), Custodian("CITY", "市第一医院"), patient_id="p-1", software="1.0")
    assert check(made) == check_models(made) == ()
    urls = [e["fullUrl"] for e in made["entry"]]
    assert len(urls) == len(set(urls))
    assert made["entry"][0]["resource"]["resourceType"] == "Composition"
    assert set(references(made)) <= set(urls)
    assert all(e["fullUrl"] == f"urn:uuid:{e['resource']['id']}" for e in made["entry"])
    composition = made["entry"][0]["resource"]
    custodian = next(e["resource"] for e in made["entry"] if e["fullUrl"] == composition["custodian"]["reference"])
    assert custodian["identifier"] == [{"system": "urn:referral-hub:organization", "value": "CITY"}]
    assert "attester" not in composition


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [r for child in value.values() for r in references(child)]
    return [r for child in value for r in references(child)] if isinstance(value, list) else []


def test_the_same_record_is_the_same_document() -> None:
    assert encode(summary(example())) == encode(summary(example()))


def test_every_item_is_a_resource_of_its_section_and_every_resource_has_a_provenance() -> None:
    document = example()
    made = summary(document)
    listed = {r["reference"] for s in made["entry"][0]["resource"]["section"] for r in s.get("entry", ())}
    targets = {t["reference"] for p in of(made, "Provenance") for t in p["target"]}
    apart = {"Composition", "Patient", "Device", "Organization", "Provenance", "DetectedIssue"}
    said = {e["fullUrl"] for e in made["entry"] if e["resource"]["resourceType"] not in apart}
    assert said <= listed
    assert said <= targets
    texts = "".join(s["text"]["div"] for s in made["entry"][0]["resource"]["section"])
    for one in (i for items in document["sections"].values() for i in items):
        assert one["text"] in texts


def test_where_nothing_is_known_the_required_and_recommended_sections_say_so() -> None:
    made = summary({**record(), "patient": {"name": None, "gender": None, "birth_date": None, "identifiers": [],
                                            "sources": []}})  # fmt: skip
    assert check(made) == check_models(made) == ()
    for code in REQUIRED | RECOMMENDED:
        found = section(made, code)
        assert found["emptyReason"]["coding"][0]["code"] == "unavailable"
        assert "entry" not in found
        assert "没有收到" in found["text"]["div"]
        assert found["title"]


def test_what_is_missing_stands_in_its_section() -> None:
    document = {**record(), "missing": [{"section": "allergies", "text": "未见<过敏史>"}]}
    assert "缺：未见&lt;过敏史&gt;" in section(summary(document), "48765-2")["text"]["div"]


def test_wording_is_kept_and_a_suggestion_is_no_code() -> None:
    told = item("problems-1", "problem", "脑壳昏 2024-03", status="active", start="2024-03")
    suggested = {"item_id": "problems-1", "original": "脑壳昏", "score": 0.9,
                 "code": {"system": "urn:x", "code": "R42", "display": "头晕"}}  # fmt: skip
    made = summary({**record(problems=[told]), "suggestions": [suggested]})
    [condition] = of(made, "Condition")
    assert condition["code"] == {"text": "脑壳昏"}
    assert condition["onsetDateTime"] == "2024-03"
    assert "R42" not in encode(made).decode()


@pytest.mark.parametrize(
    ("more", "clinical", "verification", "where"),
    [
        ({"status": "active"}, "active", None, "11450-4"),
        ({"status": "unknown"}, None, None, "11450-4"),
        ({"status": "resolved", "end": "2020"}, "resolved", None, "11348-0"),
        ({"assertion": "uncertain"}, None, "unconfirmed", "11450-4"),
        ({"assertion": "absent"}, None, "refuted", "否认与排除"),
    ],
)
def test_a_problem_holds_as_far_as_it_was_said(more: dict[str, Any], clinical: str | None, verification: str | None,
                                               where: str) -> None:  # fmt: skip
    made = summary(record(problems=[item("p", "problem", "否认：痛风" if "assertion" in more else "痛风", **more)]))
    assert check(made) == check_models(made) == ()
    [found] = of(made, "Condition")
    assert found["code"]["text"] == "痛风"
    codes = [found[n]["coding"][0]["code"] if n in found else None for n in ("clinicalStatus", "verificationStatus")]
    assert codes == [clinical, verification]
    assert section(made, where)["entry"] == [{"reference": f"urn:uuid:{found['id']}"}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("否认药物过敏史", "no-known-medication-allergies"),
        ("否认食物过敏史", "no-known-food-allergies"),
        ("否认药物、食物过敏史", "no-known-allergies"),
        ("否认过敏史", "no-known-allergies"),
        ("无过敏史", "no-known-allergies"),
        ("No known allergies", "no-known-allergies"),
        ("No known drug allergies", "no-known-medication-allergies"),
        ("否认：青霉素", None),
        ("否认青霉素过敏", None),
        ("无花粉过敏", None),
    ],
)
def test_a_general_denial_of_allergies_is_the_ips_code_and_a_denied_substance_is_refuted(text: str, code: str | None
                                                                                         ) -> None:  # fmt: skip
    found = only("AllergyIntolerance", "allergies", item("a", "allergy", text, assertion="absent"))
    codes = [c["code"] for c in found["code"].get("coding", ())]
    assert codes == ([code] if code else [])
    assert ("verificationStatus" in found) == (code is None)


def test_an_allergy_is_its_substance_with_its_reactions() -> None:
    found = only(
        "AllergyIntolerance", "allergies", item("a", "allergy", "青霉素类 过敏（皮疹、休克）", status="active")
    )
    assert found["code"] == {"text": "青霉素类"}
    assert found["reaction"] == [{"manifestation": [{"text": "皮疹"}, {"text": "休克"}]}]


def test_a_medicine_has_its_dose_as_written_and_why_it_was_stopped() -> None:
    given = {"name": "双氢克尿噻", "dose": Decimal("12.5"), "unit": "mg", "route": "口服", "frequency": "qd"}
    step = {"item_id": "m", "status": "stopped", "dose": None, "unit": None, "frequency": None, "start": None,
            "end": "2024-09", "by": None, "reason": "血钾偏低"}  # fmt: skip
    told = item("m", "medication", "双氢克尿噻 12.5mg qd 口服 至 2024-09 已停", status="stopped", end="2024-09",
                medication=given, history=[step])  # fmt: skip
    found = only("MedicationStatement", "medications", told)
    assert (found["status"], found["effectivePeriod"]) == ("stopped", {"end": "2024-09"})
    assert found["medicationCodeableConcept"] == {"text": "双氢克尿噻"}
    assert found["statusReason"] == [{"text": "血钾偏低"}]
    [dosage] = found["dosage"]
    assert dosage["text"] == "12.5mg qd 口服"
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": Decimal("12.5"), "unit": "mg"}}]


def test_a_medicine_without_dates_says_that_nobody_told_them() -> None:
    given = {"name": "阿司匹林", "dose": None, "unit": None, "route": None, "frequency": None}
    found = only("MedicationStatement", "medications",
                 item("m", "medication", "阿司匹林", status="active", medication=given))  # fmt: skip
    assert found["_effectiveDateTime"]["extension"][0]["valueCode"] == "unknown"
    assert "dosage" not in found


def test_each_measurement_of_a_series_is_an_observation_with_its_own_sources() -> None:
    converted = {"number": Decimal("1.82"), "unit": "mg/dL"}
    points = [
        {"date": "2024-10-19", "number": 161, "unit": "umol/L", "converted": converted,
         "low": 57, "high": 111, "interpretation": "H", "sources": [source("161", "M2", "县医院")]},
        {"date": "2025-10-01", "number": Decimal("2.12"), "unit": "mg/dL", "converted": None, "flag": "单位存疑",
         "sources": [source("2.12", "M3", "卫生室")]},
    ]  # fmt: skip
    told = item("r", "result", "血肌酐 2.12 mg/dL 2025-10-01；此前 161 umol/L 2024-10-19", status="completed",
                start="2025-10-01", value=value(Decimal("2.12"), "mg/dL", ucum="mg/dL"), series=points)  # fmt: skip
    made = summary(record(results=[told]))
    assert check(made) == check_models(made) == ()
    newest, earlier = of(made, "Observation")
    assert newest["valueQuantity"] == {"value": Decimal("2.12"), "unit": "mg/dL",
                                       "system": "http://unitsofmeasure.org", "code": "mg/dL"}  # fmt: skip
    assert newest["code"] == earlier["code"] == {"text": "血肌酐"}
    assert newest["note"] == [{"text": "单位存疑"}]
    assert (earlier["valueQuantity"], earlier["effectiveDateTime"]) == ({"value": 161, "unit": "umol/L"}, "2024-10-19")
    assert earlier["note"] == [{"text": "换算：1.82 mg/dL"}]
    assert earlier["interpretation"][0]["coding"][0]["code"] == "H"
    told_by = {p["entity"][0]["what"]["identifier"]["value"]: [t["reference"] for t in p["target"]]
               for p in of(made, "Provenance")}  # fmt: skip
    assert told_by["M3"] == [f"urn:uuid:{newest['id']}"]
    assert told_by["M2"] == [f"urn:uuid:{earlier['id']}"]


def test_a_comparator_and_words_are_values_as_well() -> None:
    below = only("Observation", "results",
                 item("r", "result", "TnI <0.01 ng/mL", value=value(Decimal("0.01"), "ng/mL", "<0.01")))  # fmt: skip
    assert below["valueQuantity"]["comparator"] == "<"
    words = only("Observation", "results", item("r", "result", "乙肝表面抗原 阳性", value=value(text="阳性")))
    assert (words["valueString"], words["code"]) == ("阳性", {"text": "乙肝表面抗原"})


def test_vital_signs_have_a_section_of_their_own() -> None:
    made = summary(record(results=[item("r", "result", "收缩压 162 mmHg", value=value(162, "mmHg"))]))
    assert len(section(made, "8716-3")["entry"]) == 1
    assert "emptyReason" in section(made, "30954-2")


def test_the_familys_history_is_not_the_patients() -> None:
    found = only("FamilyMemberHistory", "history", item("h", "family", "家族史：母亲 高血压3级"))
    assert found["relationship"]["coding"][0]["code"] == "MTH"
    assert found["condition"] == [{"code": {"text": "高血压3级"}}]
    denied = only("FamilyMemberHistory", "history", item("h", "family", "家族史：父亲 糖尿病", assertion="absent"))
    assert "condition" not in denied
    made = summary(record(history=[item("h", "family", "家族史：母亲 高血压")]))
    assert of(made, "Condition") == []


def test_procedures_vaccinations_visits_and_plans() -> None:
    done = only("Procedure", "procedures", item("p", "procedure", "阑尾切除术 2000-11-18", status="completed",
                                                start="2000-11-18"))  # fmt: skip
    assert (done["status"], done["code"], done["performedDateTime"]) == (
        "completed",
        {"text": "阑尾切除术"},
        "2000-11-18",
    )
    undone = only("Procedure", "procedures", item("p", "procedure", "未做：造影", assertion="absent"))
    assert (undone["status"], undone["code"]["text"]) == ("not-done", "造影")
    shot = only("Immunization", "immunizations", item("i", "immunization", "流感针 2025-02", start="2025-02"))
    assert (shot["vaccineCode"]["text"], shot["occurrenceDateTime"]) == ("流感针", "2025-02")
    stay = only("Encounter", "encounters", item("e", "encounter", "住院 肺炎 2024-10-15 至 2024-10-22",
                                                status="completed", start="2024-10-15", end="2024-10-22"))  # fmt: skip
    assert (stay["class"]["code"], stay["period"]["end"]) == ("IMP", "2024-10-22")
    plan = only("CarePlan", "plans", item("p", "plan", "一个月后复查肾功能 计划", status="planned"))
    assert plan["status"] == "active"
    assert (plan["title"], plan["intent"]) == ("一个月后复查肾功能", "plan")


def test_contradictions_are_told_with_both_sides() -> None:
    document = record(problems=[item("a", "problem", "1型糖尿病"), item("b", "problem", "2型糖尿病")])
    document["conflicts"] = [{"id": "conflict-1", "kind": "diagnosis", "item_ids": ["a", "b"], "text": "诊断不一致：…"}]
    made = summary(document)
    assert check(made) == check_models(made) == ()
    [issue] = of(made, "DetectedIssue")
    assert {r["reference"] for r in issue["implicated"]} == {f"urn:uuid:{c['id']}" for c in of(made, "Condition")}
    assert "诊断不一致：…" in section(made, "矛盾（未裁定，请核对）")["text"]["div"]


def test_what_is_in_no_statement_is_text_but_nothing_of_another_patient_is() -> None:
    document = record()
    document["passages"] = [{"text": "夜间憋醒。", "score": 0.5, "sources": [source("夜间憋醒。")]}]
    document["unplaced"] = [
        {"text": "标本", "reason": "a specimen", "sources": [source("标本")]},
        {"text": "别人的糖尿病", "reason": "another patient", "sources": [source("别人的糖尿病")]},
    ]
    said = encode(summary(document)).decode()
    assert "夜间憋醒。" in said
    assert "标本" in said
    assert "别人的糖尿病" not in said


def test_a_provenance_names_message_organisation_and_places() -> None:
    one = source("痛风", "M-7", "马鞍村卫生室", "DG1[1]-3[1].2")
    told = item("p", "problem", "痛风", sources=[one, one])
    [found] = [p for p in of(summary(record(problems=[told])), "Provenance")
               if p["entity"][0]["what"]["identifier"]["value"] == "M-7"]  # fmt: skip
    [target] = found["target"]
    [place] = target["extension"]
    assert {p["url"]: next(v for k, v in p.items() if k != "url") for p in place["extension"]} == {
        "kind": "hl7v2", "path": "DG1[1]-3[1].2", "start": 0, "end": 2}  # fmt: skip
    assert "马鞍村卫生室" in found["entity"][0]["what"]["display"]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a\x00b\x0bc", "　", "]]>&amp;", "\u200b" * 3, "x" * 5000]
)
def test_what_strangers_wrote_breaks_no_document(text: str) -> None:
    code = {"system": "no uri", "code": "a  b ", "display": text}
    items = [item("p", "problem", text or " ", code=code, sources=[source(text, text, text or "x")])]
    made = summary({**record(problems=items), "patient": {**example()["patient"], "name": text}})
    assert check(made) == ()
    assert "<script>" not in section(made, "11450-4")["text"]["div"]
