"""What the official maps have beside the plain conversion: contacts, applications, services, attachments, charges."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.messages import Normalised
from tests.unit.hl7v2_maps.normalised import all_of, one_of, referred, segment
from tests.unit.hl7v2_maps.test_families import PID, VISIT, _normalise


def _parts(found: Normalised, kind: str) -> list[dict[str, Any]]:
    return [part.resource for part in found.parts if part.resource["resourceType"] == kind]


def test_a_next_of_kin_is_a_contact_too_whose_house_has_the_contact_person() -> None:
    kin = "NK1|1|李^四|SPO^^HL70063|||010-1||20260101|||||青林镇卫生院||F|||||||||||||||王^五~赵^六|139"
    found = _normalise("ADT^A01", PID, kin, "NK1|2|||||||||||||||||||||||||||||孙^七", VISIT)
    first, second = one_of(found, "Patient")["contact"]
    assert first["name"]["family"] == "李" and first["gender"] == "female"
    assert first["telecom"][0]["value"] == "010-1" and first["period"] == {"start": "2026-01-01"}
    house = referred(found, first["organization"])
    assert house["name"] == "青林镇卫生院"
    assert [one["name"]["family"] for one in house["contact"]] == ["王", "赵"]
    nameless = referred(found, second["organization"])
    assert "name" not in nameless and nameless["contact"][0]["name"]["family"] == "孙"
    assert len(all_of(found, "RelatedPerson")) == 2


def test_the_country_of_a_message_is_its_senders_also_where_nobody_is_named() -> None:
    raw = "MSH|^~\\&|LIS||REFHUB|HUB|20260310091500+0800||ORU^R01|C1|P|2.5.1|||||CHN"
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X", header=raw)
    header = one_of(found, "MessageHeader")
    assert referred(found, header["sender"])["address"] == [{"country": "CHN"}]
    assert referred(found, header["destination"][0]["target"])["identifier"] == [{"value": "REFHUB"}]
    [origin] = [one for one in all_of(found, "Provenance") if "entity" in one]
    assert referred(found, origin["entity"][0]["what"])["identifier"] == [{"value": "LIS"}]


def test_numbers_that_are_the_patients_own_are_the_patients_whoever_is_insured() -> None:
    found = _normalise("ADT^A01", PID + "|||||||||||S1", VISIT, "IN1|1|B1|9^^^NHSA", "IN2||||||MC1||||MI1",
                       "DB1|1|PT|D1^^^CDPF", "DB1|2|IN|D2^^^CDPF")  # fmt: skip
    held = one_of(found, "Patient")["identifier"]
    numbers = {i["value"]: i.get("type", {}).get("coding", [{}])[0].get("code") for i in held}
    assert numbers == {"7701": "MR", "S1": "SB", "MC1": "MC", "D1": None}
    classes = {k["type"]["coding"][0]["code"]: k["value"] for k in one_of(found, "Coverage")["class"]}
    assert classes == {"plan": "B1"}


def test_a_number_of_an_insurer_stays_its_fields_where_the_insurer_is_named_again() -> None:
    again = "IN1|2|B1||某公司|||||||某公司"
    found = _normalise("ADT^A01", PID, VISIT, "IN1|1|B1|80|某公司|||||||某公司", again)
    payor = referred(found, all_of(found, "Coverage")[0]["payor"][0])
    assert [number["value"] for number in payor["identifier"]] == ["80"]
    assert "extension" not in payor["identifier"][0]


def test_each_service_of_an_appointment_is_a_request_with_its_notes() -> None:
    found = _normalise(
        "SIU^S12", "SCH|A1|||||||||||||||||||||||||P1|F1", "TQ1|1||||||20260320093000||S", PID, "RGS|1",
        "AIS|1||CT^CT检查^99LOC|20260320093000|||30|min", "NTE|1||空腹",
        "AIG|1||CT2^二号机^99LOC^7^^99X", "NTE|1||已预热",
        "AIL|1||肾内科^201|C^门诊^HL70305", "AIS|2||MR^磁共振^99LOC",
    )  # fmt: skip
    first, second = all_of(found, "ServiceRequest")
    assert [one["code"]["coding"][0]["code"] for one in (first, second)] == ["CT", "MR"]
    assert [i["value"] for i in first["identifier"]] == ["P1", "F1"]
    assert first["occurrencePeriod"]["end"] == "2026-03-20T10:00:00+08:00"
    assert [one["text"] for one in first["note"]] == ["空腹"] and "note" not in second
    [device] = [one for one in all_of(found, "Device") if "deviceName" in one]
    assert device["note"] == [{"text": "已预热"}] and [i["value"] for i in device["identifier"]] == ["CT2", "7"]
    appointment = one_of(found, "Appointment")
    assert appointment["priority"] == 1
    [kind] = [place["type"][0] for place in all_of(found, "Location") if "type" in place]
    assert kind["coding"][0]["code"] == "C"
    assert _parts(found, "ServiceRequest") == []


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [("ED", "^IM^JPEG^Base64^AAAA", "image/jpeg"), ("ED", "^IM^MRXS^Base64^AAAA", "image/mrxs"),
     ("RP", "http://x.example/1&&^^AP^PDF", "application/pdf")],
)  # fmt: skip
def test_what_is_attached_to_a_result_is_a_report_in_its_presented_form(kind: str, value: str, form: str) -> None:
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X", f"OBX|1|{kind}|PIC^图像^99LOC||{value}||||||F||||||||||I7")
    ordinary, presented = all_of(found, "DiagnosticReport")
    assert "presentedForm" not in ordinary
    assert presented["presentedForm"][0]["contentType"] == form
    assert (presented["status"], presented["identifier"][0]["value"]) == ("final", "I7")
    assert len(_parts(found, "DiagnosticReport")) == 1


def test_what_was_attached_and_is_withdrawn_is_withdrawn_as_a_report_too() -> None:
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X", "OBX|1|ED|PIC^图像^99LOC||^IM^JPEG^Base64^AAAA||||||W")
    assert all_of(found, "DiagnosticReport")[1]["status"] == "entered-in-error"


def test_results_behind_a_document_within_an_order_are_results() -> None:
    found = _normalise("ORU^R01", PID, "ORC|RE|P1", "OBR|1|P1|F1|X",
                       "OBX|1|ED|D^报告^99LOC||^AP^PDF^Base64^AAAA||||||F",
                       "TXA|1|DS|AP||||||||D1", "OBX|1|NM|K^钾^99LOC||4.1|mmol/L|||||F")  # fmt: skip
    document = one_of(found, "DocumentReference")
    assert document["content"][0]["attachment"]["contentType"] == "application/pdf"
    assert "related" in document["context"]
    values = [str(one["valueQuantity"]["value"]) for one in all_of(found, "Observation") if "valueQuantity" in one]
    assert values == ["4.1"]


def test_an_order_that_tells_of_its_report_has_it_registered() -> None:
    found = _normalise("OMG^O19", PID, "ORC|NW|P1", "OBR|1|P1||X" + "|" * 28 + "D1&李&四")
    report = one_of(found, "DiagnosticReport")
    assert report["status"] == "registered" and "resultsInterpreter" in report
    assert referred(found, report["basedOn"][0])["resourceType"] == "ServiceRequest"
    assert all_of(_normalise("OMG^O19", PID, "ORC|NW|P1", "OBR|1|P1||X"), "DiagnosticReport") == []


def test_what_a_transaction_charges_for_stands_beside_it_and_is_no_fragment() -> None:
    charge = (
        "FT1|1|T1||20260310|20260311|CG|C1^胸片^99LOC|||2|100&RMB" + "|" * 14 + "71045^胸片^C4||||N1^阿司匹林^NDC"
        "|||||I1^^99LOC|M1|||||||RX1|5^T&片"
    )
    found = _normalise("ORM^O01", PID, "ORC|NW|P1", "OBR|1|P1||X", charge)
    item = one_of(found, "ChargeItem")
    assert (item["priceOverride"]["value"], item["priceOverride"]["currency"]) == (100, "CNY")
    assert item["status"] == "unknown"
    assert {referred(found, one)["resourceType"] for one in item["service"]} == {"Procedure", "MedicationDispense"}
    assert referred(found, item["productReference"])["modelNumber"] == "M1"
    supply = one_of(found, "MedicationDispense")["quantity"]
    assert (supply["value"], supply["unit"]) == (5, "片")
    assert _parts(found, "Procedure") == _parts(found, "MedicationDispense") == []


def test_form_strength_and_components_of_a_medicine_are_a_medication() -> None:
    order = "RXO|M1^氨苄西林^99LOC|2||粒|F1^胶囊^99LOC" + "|" * 13 + "250|mg||||||5|mL||7"
    found = _normalise("RDE^O11", PID, "ORC|NW|P1", order, "RXC|B|G1^葡萄糖^99LOC|100|mL|5|%")
    whole, part = all_of(found, "Medication")
    assert whole["form"]["coding"][0]["code"] == "F1"
    strength = whole["ingredient"][0]["strength"]
    assert (strength["numerator"]["value"], strength["denominator"]["value"]) == (250, 5)
    assert referred(found, whole["ingredient"][1]["itemReference"]) is part
    request = one_of(found, "MedicationRequest")
    assert request["dispenseRequest"]["dispenseInterval"]["value"] == 7
    assert referred(found, request["supportingInformation"][0]) is whole
    assert _parts(found, "Medication") == []


def test_an_accident_is_an_observation_with_its_place() -> None:
    found = _normalise("ADT^A01", PID, VISIT, "ACC|20260301||国道108||Y|N||追尾|李四|Y|国道108^^青林||A9")
    accident = one_of(found, "Observation")
    assert (accident["effectiveDateTime"], accident["valueString"]) == ("2026-03-01", "追尾")
    told = {c["code"]["text"]: c.get("valueString") or c["valueCodeableConcept"]["coding"][0]["code"]
            for c in accident["component"]}  # fmt: skip
    assert told == {"accident at work": "Y", "death by the accident": "N", "police notified": "Y",
                    "brought in by": "李四"}  # fmt: skip
    place = referred(found, accident["extension"][0]["valueReference"])
    assert place["name"] == "国道108" and place["address"]["city"] == "青林"


def test_a_vaccination_has_its_order_its_programme_and_its_source() -> None:
    found = _normalise("VXU^V04", PID, "ORC|RE|P1|F1", "RXA|0|1|20260310||08^乙肝^CVX|0.5|mL||00^new^NIP001",
                       "OBX|1|CE|64994-7^^LN||V01^^HL70064||||||F",
                       "OBX|2|CE|30963-3^^LN||PHC70^^99X||||||F")  # fmt: skip
    given = one_of(found, "Immunization")
    assert given["primarySource"] is True
    assert given["programEligibility"][0]["coding"][0]["code"] == "V01"
    assert given["fundingSource"]["coding"][0]["code"] == "PHC70"
    order = one_of(found, "ServiceRequest")
    assert [i["value"] for i in order["identifier"]] == ["P1", "F1"] and _parts(found, "ServiceRequest") == []


@pytest.mark.parametrize(("event", "status"), [("P01", "active"), ("P02", "entered-in-error"), ("P06", "inactive")])
def test_an_account_stands_as_the_event_leaves_it(event: str, status: str) -> None:
    found = _normalise(f"BAR^{event}", PID + "||||||||||A1")
    assert one_of(found, "Account")["status"] == status


def test_advance_directives_are_observed_and_what_a_visit_must_heed_is_the_encounters() -> None:
    own = segment("PD1", {15: "DNR~N", 22: "20260301"})
    visit = segment("PV2", {10: "5", 23: "呼吸科门诊", 27: "01", 29: "20260201", 41: "I^隔离^99LOC", 45: "DNR"})
    found = _normalise("ADT^A01", PID + "|" * 19 + "V^退伍^99LOC", own, VISIT, visit)
    patients, visits = all_of(found, "Observation")
    assert [one["code"]["coding"][0]["code"] for one in (patients, visits)] == ["42348-3", "42348-3"]
    assert [one["valueCodeableConcept"]["coding"][0]["code"] for one in patients["component"]] == ["DNR", "N"]
    assert patients["effectiveDateTime"] == "2026-03-01"
    encounter = one_of(found, "Encounter")
    assert referred(found, visits["encounter"]) is encounter and "encounter" not in patients
    said = {e["url"].rpartition(":")[2]: next(v for k, v in e.items() if k != "url") for e in encounter["extension"]}
    assert said["precaution"]["coding"][0]["code"] == "I" and said["estimated-length-of-stay"]["value"] == 5
    assert referred(found, said["clinic"])["name"] == "呼吸科门诊"
    alone = _normalise("SIU^S12", "SCH|A1", PID, visit)
    assert referred(alone, one_of(alone, "Observation")["encounter"]) is one_of(alone, "Encounter")
    [veteran] = one_of(found, "Patient")["extension"]
    assert veteran["valueCodeableConcept"]["coding"][0]["code"] == "V"


def test_what_a_clinician_calls_an_allergen_names_it_where_nothing_else_does() -> None:
    found = _normalise("ADT^A60", PID, segment("IAM", {6: "A", 27: "PEN^青霉素^99LOC"}), version="2.8")
    assert one_of(found, "AllergyIntolerance")["code"]["coding"][0]["code"] == "PEN"


def test_a_result_names_its_specimen_and_a_participation_its_numbers() -> None:
    result = segment("OBX", {1: "1", 2: "NM", 3: "K^钾^99LOC", 5: "4.1", 6: "mmol/L", 11: "F", 33: "S1&HIS^S2&LIS"})
    part = segment("PRT", {2: "AD", 4: "RO", 5: "D1^张^三", 24: "77^DEA^浙江^20301231"})
    made = one_of(found := _normalise("ORU^R01", PID, "OBR|1||F1|X", result, part, version="2.9"), "Observation")
    assert (made["specimen"]["type"], made["specimen"]["identifier"]["value"]) == ("Specimen", "S1")
    assert [e["valueIdentifier"]["value"] for e in made["extension"] if "valueIdentifier" in e] == ["S2"]
    [number] = one_of(found, "PractitionerRole")["identifier"]
    assert (number["value"], number["type"]["coding"][0]["code"]) == ("77", "DEA")
