"""Segments that few senders write, and that say something of the patient all the same: what each becomes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.hl7v2_maps.normalised import all_of, one_of, referred, segment
from tests.unit.hl7v2_maps.test_families import PID, VISIT, _normalise

CONSENT = {2: "002^有创操作^HL70496", 3: "CF-7 v2", 4: "N12^HIS", 6: "同意 冠脉造影", 9: "不同意 输血", 10: "W",
           11: "L", 13: "20260309", 14: "20260310", 15: "20260410", 16: "N", 24: "李^四", 25: "2"}  # fmt: skip


def test_a_consent_says_to_what_by_whom_and_how_it_stands() -> None:
    found = _normalise("MDM^T02", "EVN|T02|20260310", PID, VISIT, "TXA|1|CN|TX||||||||||D1", segment("CON", CONSENT),
                       "OBX|1|TX|C^知情同意书^99LOC||全文||||||F", version="2.8")  # fmt: skip
    consent = one_of(found, "Consent")
    assert consent["status"] == "active" and consent["scope"]["coding"][0]["code"] == "treatment"
    table = "http://terminology.hl7.org/CodeSystem/v2-0496"
    assert consent["category"][0]["coding"][0] == {"system": table, "code": "002", "display": "有创操作"}
    assert consent["policyRule"] == {"text": "CF-7 v2"}
    assert consent["dateTime"] == "2026-03-09"
    assert consent["provision"] == {"period": {"start": "2026-03-10", "end": "2026-04-10"}}
    said = {e["url"].rpartition(":")[2]: next(v for k, v in e.items() if k != "url") for e in consent["extension"]}
    assert said["consent-status"]["coding"][0]["code"] == "L" and said["consent-limitations"] == "不同意 输血"
    assert said["subject-competent"] is False and said["consent-text-for-subject"] == "同意 冠脉造影"
    mother = referred(found, consent["performer"][0])
    assert mother["name"][0]["family"] == "李" and mother["relationship"][0]["coding"][0]["code"] == "2"
    document = one_of(found, "DocumentReference")
    assert [referred(found, one) for one in document["context"]["related"] if "reference" in one] == [consent]


@pytest.mark.parametrize(
    ("sent", "status"), [("A", "active"), ("P", "proposed"), ("R", "rejected"), ("X", "inactive"), ("B", "inactive"),
                         ("", "draft"), ("Q", "draft")],
)  # fmt: skip
def test_only_a_consent_that_was_given_is_active(sent: str, status: str) -> None:
    consent = one_of(_normalise("ADT^A08", PID, segment("CON", {2: "001", 11: sent})), "Consent")
    assert consent["status"] == status and consent["scope"]["coding"][0]["code"] == "patient-privacy"


def test_how_well_a_candidate_fits_is_said_of_that_candidate() -> None:
    found = _normalise("RSP^K22", "MSA|AA|C0", "QAK|Q77|OK", PID, "QRI|95.5|NP~SS|MATCH^^99LOC",
                       PID.replace("7701", "7702"), "QRI|60", version="2.8")  # fmt: skip
    first, second = all_of(found, "Patient")
    assert [str(e["valueDecimal"]) for one in (first, second) for e in one["extension"] if "valueDecimal" in e] == [
        "95.5", "60",
    ]  # fmt: skip
    assert [e["valueCodeableConcept"]["coding"][0]["code"] for e in first["extension"][1:]] == ["NP", "SS", "MATCH"]


def test_each_reaction_to_an_allergen_is_one_of_that_allergy() -> None:
    found = _normalise("ADT^A60", PID, "IAM|1|DA|PEN^青霉素^99LOC|SV|皮疹|A", "IAR|ANA^过敏性休克^99LOC|SV||肾上腺素",
                       "IAM|2|DA|SUL^磺胺^99LOC||", "IAR|RASH^皮疹^99LOC|MO", version="2.8")  # fmt: skip
    penicillin, sulfa = all_of(found, "AllergyIntolerance")
    assert [one["manifestation"][0]["text"] for one in penicillin["reaction"][:1]] == ["皮疹"]
    shock = penicillin["reaction"][1]
    assert shock["manifestation"][0]["coding"][0]["code"] == "ANA" and shock["severity"] == "severe"
    assert shock["note"] == [{"text": "肾上腺素"}]
    assert [one["severity"] for one in sulfa["reaction"]] == ["moderate"]


ASKED = segment("ARQ", {1: "A1^HIS", 6: "复诊", 7: "ROUTINE^^HL70276", 9: "30", 10: "min",
                        11: "20260320^20260327~20260401", 15: "D9^李^医生",
                        16: "^WPN^PH^^^^555", 19: "D8^王^护士", 24: "P1^HIS"})  # fmt: skip


@pytest.mark.parametrize(("event", "status"), [("S01", "proposed"), ("S04", "cancelled"), ("S06", "entered-in-error")])
def test_an_appointment_that_is_asked_for_is_proposed(event: str, status: str) -> None:
    found = _normalise(f"SRM^{event}^SRM_S01", ASKED, "APR|Prefstart^0900~MON^OK", "NTE|1||上午为宜", PID, "RGS|1",
                       "AIS|1||CT^CT检查^99LOC", "AIP|1||D7^赵^医生", version="2.8")  # fmt: skip
    appointment = one_of(found, "Appointment")
    assert appointment["status"] == status and appointment["minutesDuration"] == 30
    assert appointment["requestedPeriod"] == [{"start": "2026-03-20", "end": "2026-03-27"}, {"start": "2026-04-01"}]
    actors = [referred(found, one["actor"]) for one in appointment["participant"]]
    assert [one["resourceType"] for one in actors] == ["Patient", *["Practitioner"] * 3]
    assert actors[1]["telecom"][0]["value"] == "555"
    assert [one["identifier"]["value"] for one in appointment["basedOn"] if "identifier" in one] == ["P1"]
    said = [e["valueString"] for e in appointment["extension"] if "valueString" in e]
    assert said == ["Prefstart^0900", "MON^OK"]


def test_a_comment_and_a_variance_are_of_the_problem_pathway_or_goal_before_them() -> None:
    found = _normalise("PPR^PC1", PID, "PRB|AD|20260310|I10^高血压^I10|P1", "NTE|1||第一个问题",
                       "PTH|AD|W^路径^99LOC|W1", "NTE|1||路径", "GOL|AD|20260310|^血压达标^99LOC|G1", "NTE|1||目标",
                       "VAR|V1^HIS|202603100900|20260309|D9^李^医生|PAT^患者原因^99LOC|未服药~未复诊",
                       "PRB|AD|20260310|E11^糖尿病^I10|P2", "NTE|1||第二个问题", "VAR|V2^HIS|20260310")  # fmt: skip
    first, second = all_of(found, "Condition")
    goal = one_of(found, "Goal")
    told = [one["note"] for one in (first, second, goal, one_of(found, "CarePlan"))]
    assert told == [[{"text": text}] for text in ("第一个问题", "第二个问题", "目标", "路径")]
    missed, other = all_of(found, "Observation")
    assert [referred(found, one["focus"][0]) for one in (missed, other)] == [goal, second]
    assert missed["valueCodeableConcept"]["coding"][0]["code"] == "PAT"
    assert [one["text"] for one in missed["note"]] == ["未服药", "未复诊"]
    assert (missed["effectiveDateTime"], missed["issued"]) == ("2026-03-09", "2026-03-10T09:00:00+08:00")


UCUM = "http://unitsofmeasure.org"
ORDER = ("ORC|NW|P1|F1", "RXE||M1^吗啡^99LOC|5||mg", "RXR|IV")


@pytest.mark.parametrize(
    ("sent", "element", "limit"),
    [("100^mg|2^WK", "maxDosePerPeriod", {"value": 2, "unit": "wk", "system": UCUM, "code": "wk"}),
     ("100^mg|^D", "maxDosePerPeriod", {"value": 1, "unit": "d", "system": UCUM, "code": "d"}),
     ("100^mg|^PL", "maxDosePerLifetime", None), ("100^mg|^O", "", None)],
)  # fmt: skip
def test_how_much_may_be_given_in_all_is_of_the_dosage(sent: str, element: str, limit: dict[str, object]) -> None:
    found = _normalise("RDE^O11", PID, *ORDER, f"CDO|1|A|{sent}", version="2.8.2")
    dosage = one_of(found, "MedicationRequest")["dosageInstruction"][-1]
    assert [name for name in dosage if name.startswith("maxDose")] == ([element] if element else [])
    told = dosage.get(element, {})
    assert told.get("numerator", told).get("value", 100) == 100 and told.get("denominator") == limit
    assert ("CDO[1]-4[1].2" in {entry.path for entry in found.ledger.mapped}) is bool(element)


def test_a_limit_behind_what_was_dispensed_is_of_that() -> None:
    found = _normalise("RDS^O13", PID, ORDER[0], "RXD|1|M1^吗啡^99LOC|202603100930|20|片|||RX7", "CDO|1|A|100^mg|^D",
                       version="2.8.2")  # fmt: skip
    assert "maxDosePerPeriod" in one_of(found, "MedicationDispense")["dosageInstruction"][0]


def test_doses_that_a_patient_may_trigger_are_of_the_dosage() -> None:
    infusion = segment("RXV", {2: "L", 3: "4", 4: "mg", 7: "P", 8: "1", 9: "mg", 12: "10", 13: "mg", 17: "8^min"})
    found = _normalise("RDE^O11", PID, *ORDER[:2], infusion, ORDER[2], version="2.8.2")
    dosage = one_of(found, "MedicationRequest")["dosageInstruction"][0]
    ordered, bolus, dose = dosage["doseAndRate"]
    assert ordered["doseQuantity"]["value"] == 5
    assert (bolus["type"]["coding"][0]["code"], bolus["doseQuantity"]["value"]) == ("L", 4)
    assert (dose["type"]["coding"][0]["code"], dose["doseQuantity"]) == ("P", {"value": 1, "unit": "mg"})
    assert dosage["maxDosePerAdministration"] == {"value": 10, "unit": "mg"}
    assert dosage["extension"][0]["valueQuantity"]["value"] == 8


BLOOD = {2: "W12^BB", 3: "E0336^红细胞^99LOC", 4: "A^^99LOC", 8: "2", 9: "400", 10: "mL", 12: "F", 13: "20260309120000",
         14: "D9^李^护士", 16: "20260309100000", 17: "20260309113000"}  # fmt: skip


@pytest.mark.parametrize(
    ("disposition", "message", "status", "reacted"),
    [("TX", "F", "completed", False), ("TR", "F", "completed", True), ("WA", "F", "not-done", False),
     ("TX", "W", "entered-in-error", False), ("", "F", "unknown", False)],
)  # fmt: skip
def test_what_became_of_a_blood_product(disposition: str, message: str, status: str, reacted: bool) -> None:
    told = segment("BTX", BLOOD | {11: disposition, 12: message, 18: "ALLERGIC1"})
    found = _normalise("BTS^O31", PID, "ORC|RE|P1|F1", "BPO|1|RBC^红细胞^99LOC||2|400|mL|||||||I^贫血^99LOC", told,
                       version="2.8")  # fmt: skip
    transfusion, order = one_of(found, "Procedure"), one_of(found, "ServiceRequest")
    assert transfusion["status"] == status and ("complication" in transfusion) is reacted
    assert transfusion["usedCode"][0]["coding"][0]["code"] == "E0336"
    assert transfusion["performedPeriod"]["end"] == "2026-03-09T11:30:00+08:00"
    amount = {"value": Decimal(400), "unit": "mL"}
    assert [e["valueQuantity"] for e in transfusion["extension"] if "valueQuantity" in e] == [amount]
    assert referred(found, transfusion["basedOn"][0]) is order
    assert order["code"]["coding"][0]["code"] == "RBC" and order["quantityQuantity"] == {"value": 2}
    assert order["reasonCode"][0]["coding"][0]["code"] == "I"


def test_what_a_product_did_to_a_patient_is_an_adverse_event() -> None:
    event = segment(
        "PEO", {2: "T78.2^过敏性休克^I10", 3: "20260309", 9: "Y", 12: "S", 15: "打针后\\.br\\晕倒", 24: "20260310"}
    )
    cause = segment("PCR", {1: "M1^头孢曲松^99LOC", 12: "B77", 20: "H", 21: "DIS"})
    found = _normalise("PEX^P07", "EVN|P07|20260310", PID, "PES", event, cause, "PCR|M2^生理盐水^99LOC", version="2.8")
    told = one_of(found, "AdverseEvent")
    assert told["event"]["coding"][0]["code"] == "T78.2" and told["date"] == "2026-03-09"
    assert told["seriousness"]["coding"][0]["code"] == "Serious"
    assert told["outcome"]["coding"][0]["code"] == "resolvedWithSequelae"
    assert "打针后\n晕倒" in [e.get("valueString") for e in told["extension"]]
    first, second = told["suspectEntity"]
    assert [one["instance"]["display"] for one in (first, second)] == ["头孢曲松", "生理盐水"]
    assert first["causality"][0]["assessment"]["coding"][0]["code"] == "H"


def test_an_incident_is_an_adverse_event() -> None:
    event = one_of(_normalise("BAR^P05", PID, VISIT, "RMI|F|20260309|P", version="2.8"), "AdverseEvent")
    assert (event["event"]["coding"][0]["code"], event["date"]) == ("F", "2026-03-09")


@pytest.mark.parametrize(
    ("event", "ended", "status"), [("C01", "", "on-study"), ("C04", "", "off-study"), ("C05", "20260301", "off-study"),
                                   ("C02", "", "not-registered")],
)  # fmt: skip
def test_part_in_a_trial(event: str, ended: str, status: str) -> None:
    trial = segment(
        "CSR", {1: "ST7^SPONSOR", 4: "9^^^SPONSOR", 6: "20260101", 8: "D9^李^医生", 12: "A^试验组^99LOC", 15: ended}
    )
    found = _normalise(f"CRM^{event}", PID, trial, "CSP|P1^第一期^99LOC|20260101", "CSP|P2^第二期^99LOC|20260201")
    part, study = one_of(found, "ResearchSubject"), one_of(found, "ResearchStudy")
    assert part["status"] == status and part["period"]["start"] == "2026-01-01" and part["assignedArm"] == "试验组"
    assert referred(found, part["study"]) is study and study["identifier"][0]["value"] == "ST7"
    assert referred(found, part["individual"]) is one_of(found, "Patient")
    phases = [e["extension"] for e in part["extension"] if e["url"].endswith("study-phase")]
    assert [one[0]["valueCodeableConcept"]["coding"][0]["code"] for one in phases] == ["P1", "P2"]


JOB = segment("OH2", {1: "1", 3: "20260310", 4: "M^矿工^99LOC", 5: "C^煤炭^99LOC", 7: "1980", 8: "2010", 10: "10",
                      12: "第三煤矿", 16: "粉尘", 18: "N"})  # fmt: skip


def test_what_a_patient_worked_is_their_social_history_and_what_kin_worked_is_theirs() -> None:
    found = _normalise("ADT^A01", PID, "OH1|1||R^退休^99LOC|2010||20260310", JOB,
                       "OH3|1||M^矿工^99LOC|C^煤炭^99LOC|30|1980", "OH4|1||1969|1971",
                       "NK1|1|李^四|SON^^HL70063", JOB.replace("矿工", "教师"), VISIT, version="2.9")  # fmt: skip
    status, job, usual, combat = all_of(found, "Observation")
    codes = [one["code"]["coding"][0]["code"] for one in (status, job, usual, combat)]
    assert codes == ["74165-2", "11341-5", "21843-8", "87511-2"]
    assert status["valueCodeableConcept"]["coding"][0]["display"] == "退休"
    assert job["effectivePeriod"] == {"start": "1980", "end": "2010"}
    said = {one["code"]["text"]: one for one in job["component"]}
    assert said["occupational hazards"]["valueString"] == "粉尘" and said["hours a day"]["valueQuantity"]["value"] == 10
    assert usual["component"][1]["valueQuantity"]["value"] == 30
    assert combat["valuePeriod"] == {"start": "1969", "end": "1971"}
    son = one_of(found, "RelatedPerson")
    assert [e["valueCodeableConcept"]["coding"][0]["display"] for e in son["extension"]][:1] == ["教师"]


def test_a_device_is_of_the_patient() -> None:
    device = segment("DEV", {1: "A", 2: "D7^HIS", 3: "P^起搏器^99LOC", 5: "某公司", 7: "X1", 9: "069", 10: "B7",
                             12: "2020", 17: "I^植入^99LOC"})  # fmt: skip
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X", device, "OBX|1|NM|K^钾^99LOC||4.1|mmol/L|||||F", version="2.9")
    made = next(one for one in all_of(found, "Device") if "lotNumber" in one)
    assert referred(found, made["patient"]) is one_of(found, "Patient")
    assert (made["modelNumber"], made["manufacturer"], made["manufactureDate"]) == ("X1", "某公司", "2020")
    assert made["udiCarrier"] == [{"deviceIdentifier": "069"}]


def test_the_abstract_of_a_stay_is_of_the_encounter() -> None:
    abstract = segment("ABS", {1: "D9^李^医生", 3: "MO", 10: "Y", 12: "39"})
    encounter = one_of(_normalise("BAR^P05", PID, VISIT, abstract), "Encounter")
    assert encounter["participant"][0]["type"][0]["coding"][0]["code"] == "DIS"
    values = [next(v for k, v in e.items() if k.startswith("value")) for e in encounter["extension"]]
    assert values[0]["coding"][0]["code"] == "MO" and values[1:] == [True, 39]


def test_a_tray_is_ordered_with_its_instruction() -> None:
    order = one_of(_normalise("OMD^O03", PID, "ORC|NW|P1", "ODT|LATE|L^午餐^99LOC|半流质"), "NutritionOrder")
    assert order["oralDiet"] == {"instruction": "半流质"}


def test_what_an_old_query_asked_is_read_as_that_of_a_new_one() -> None:
    parameters = one_of(_normalise("VQQ^Q07", "VTQ|T1|R|Q7^最近|V^表|@PID.3^EQ^7701", version="2.4"), "Parameters")
    assert {"VTQ-1", "VTQ-5.3"} <= {one["name"] for one in parameters["parameter"]}


@pytest.mark.parametrize(
    ("line", "reason"),
    [("DRG|470", "billing"), ("MFE|MAD", "master file"), ("NPU|1^2^3|U", "bed"), ("DON|W1", "BTX"),
     ("UAC|KERB", "access")],
)  # fmt: skip
def test_a_segment_that_is_left_whole_is_left_for_a_reason(line: str, reason: str) -> None:
    left = {one.path: one.reason for one in _normalise("ADT^A01", PID, VISIT, line, version="2.8").ledger.unmapped}
    assert reason in left[next(path for path in left if path.startswith(line[:3]))]
