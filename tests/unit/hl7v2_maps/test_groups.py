"""To what a segment belongs where a message has several: patients, orders, specimens, resources of an appointment."""

from __future__ import annotations

import pytest

from tests.unit.hl7v2_maps.normalised import all_of, names, read, referred, sent_back

FIRST, SECOND = "PID|1||7701^^^ZSWSY^MR||测^甲", "PID|2||7702^^^ZSWSY^MR||测^乙"


def test_notes_of_a_second_patient_are_that_ones() -> None:
    results = "OBR|1|P1|F1|GLU^Glucose", "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F"
    found = read("ORU^R01", "2.5.1", FIRST, "NTE|1||甲空腹", *results, SECOND, "NTE|1||乙已进食", *results)
    by_name = {e["resource"]["name"][0]["text"]: e["fullUrl"] for e in found.bundle["entry"]
               if e["resource"]["resourceType"] == "Patient"}  # fmt: skip
    subjects = [one["subject"]["reference"] for one in all_of(found, "DocumentReference")]
    assert subjects == [by_name["测甲"], by_name["测乙"]]
    back = sent_back(found, "ORU^R01", "2.5.1")
    assert names(back) == "PID NTE OBR OBX PID NTE OBR OBX"
    assert [line for line in back if line.startswith("NTE")] == ["NTE|||甲空腹", "NTE|||乙已进食"]


REFERRED = "RF1|P|R|MED|||R17|20260310|||^请评估", "PRD|RT|||||||||TERT", FIRST
RESULT = "OBR|1||F1|CP03^测量^99LOC", "OBX|1|NM|59408-5^血氧^LN||90|%|95-100|L|||F"
REMARK = "NTE|1|L|末梢凉，数值偏低。"


@pytest.mark.parametrize(("results", "held"), [(RESULT, "Observation"), (RESULT[:1], "ServiceRequest")])
def test_a_note_on_the_last_result_or_its_order_is_parted_from_the_end(results: tuple[str, ...], held: str) -> None:
    found = read("REF^I12", "2.4", *REFERRED, *results, "ZXX|1", REMARK, "PV1||N")
    noted = [one["note"] for one in all_of(found, held) if "note" in one]
    assert [[note["text"] for note in notes] for notes in noted] == [["末梢凉，数值偏低。"]]
    assert all_of(found, "DocumentReference") == []
    assert names(sent_back(found, "REF^I12", "2.4")[-2:]) == "NTE PV1"


@pytest.mark.parametrize("kind", ["REF^I12", "RRI^I12"])
def test_notes_of_a_whole_referral_go_out_apart_from_its_results(kind: str) -> None:
    found = read("REF^I12", "2.4", *REFERRED, *RESULT, REMARK, "PV1||N", "NTE|1|L|咳嗽。")
    back = [line for line in sent_back(found, kind, "2.4") if line[:3] in ("OBX", "NTE", "PV1")]
    assert names(back) == "OBX NTE PV1 NTE"
    assert [line.split("|")[3] for line in back if line[:3] == "NTE"] == ["末梢凉，数值偏低。", "咳嗽。"]


@pytest.mark.parametrize(("kind", "asks"), [("REF^I12", "source"), ("RRI^I12", "destination")])
def test_an_answer_is_to_who_referred(kind: str, asks: str) -> None:
    """Without a PRD that says who refers it is the sender of the referral, and whom the answer is for."""
    found = read(kind, "2.5.1", "RF1|A|R|MED|||R17|20260310|||^请评估", "PRD|RT|||||||||TERT", FIRST)
    header, request = all_of(found, "MessageHeader")[0], all_of(found, "ServiceRequest")[0]
    party = header["sender"] if asks == "source" else header["destination"][0]["receiver"]
    assert request["requester"] == all_of(found, "Task")[0]["requester"] == party


def test_a_note_behind_a_place_is_no_comment_on_a_result() -> None:
    found = read("SIU^S12", "2.5.1", "SCH||F1||||CHECKUP|||||^^^20260312090000+0800", FIRST,
                  "OBX|1|NM|WT^Weight||61|kg|||||F", "RGS|1", "AIL|1||^^^3号楼", "NTE|1||请走北门")  # fmt: skip
    (weight,) = all_of(found, "Observation")
    assert "note" not in weight
    assert "NTE|||请走北门" in sent_back(found, "SIU^S12", "2.5.1")


def test_the_services_of_an_appointment_of_several_are_for_all_of_them() -> None:
    found = read("SIU^S12", "2.5.1", "SCH||F1||||GROUP|||||^^^20260312090000+0800", FIRST, SECOND, "RGS|1",
                  "AIS|1||DSME^糖尿病教育^99LOC", "AIS|2||DIET^营养咨询^99LOC")  # fmt: skip
    patients = [e["fullUrl"] for e in found.bundle["entry"] if e["resource"]["resourceType"] == "Patient"]
    services, (group,) = all_of(found, "ServiceRequest"), all_of(found, "Group")
    assert [referred(found, one["subject"]) for one in services] == [group, group]
    assert [one["entity"]["reference"] for one in group["member"]] == patients
    assert names(sent_back(found, "SIU^S12", "2.5.1")).endswith("RGS AIS AIS")


def test_an_orders_document_is_no_result_and_its_results_are_no_document() -> None:
    found = read("ORU^R01", "2.8", FIRST, "ORC|RE|P1|F1", "OBX|1|TX|11502-2^Report^LN||会诊意见|||||||||||",
                  "TXA|1|CN^会诊|TX||||||||||D1||||||||||", "OBR|1|P1|F1|GLU^Glucose", "OBX|2|TX|GLU^Glucose||5.1",
                  )  # fmt: skip
    (document,), (result,), (report,) = (all_of(found, kind) for kind in ("DocumentReference", "Observation",
                                                                        "DiagnosticReport"))  # fmt: skip
    assert result["valueString"] == "5.1" and len(report["result"]) == 1
    assert document["context"]["related"] == report["basedOn"]
    assert names(sent_back(found, "ORU^R01", "2.8")) == "PID ORC OBX TXA OBR OBX"
    assert names(sent_back(found, "ORU^R01", "2.5.1")) == "PID ORC OBR OBX OBX"


def test_an_observation_behind_a_specimen_is_about_it() -> None:
    found = read("ORU^R01", "2.5.1", FIRST, "OBR|1|P1|F1|GLU^Glucose", "OBX|1|NM|GLU^Glucose||5.1|||||F",
                  "SPM|1|S1||SER^Serum", "OBX|2|ST|HEM^Hemolysis||none||||||F")  # fmt: skip
    urls = {e["fullUrl"]: e["resource"]["resourceType"] for e in found.bundle["entry"]}
    glucose, hemolysis = all_of(found, "Observation")
    assert "focus" not in glucose
    assert [urls[one["reference"]] for one in hemolysis["focus"]] == ["Specimen"]
    assert names(sent_back(found, "ORU^R01", "2.5.1")) == "PID OBR OBX SPM OBX"


def test_who_takes_part_with_a_device_is_one_participation_of_what_it_stands_behind() -> None:
    found = read("ORU^R01", "2.8", FIRST, "PV1|1|O", "ORC|RE|P1|F1", "PRT||UC||OP^^HL70443|D1^李^明",
                  "OBR|1|P1|F1|GLU^Glucose", "PRT||UC||PRI^^HL70443|D2^王^强",
                  "OBX|1|NM|GLU^Glucose||5.1|||||F", "PRT||UC||EQUIP|D3^周^宁|||||G1^METER")  # fmt: skip
    (report,), (request,), (stay,), (result,) = (
        all_of(found, kind) for kind in ("DiagnosticReport", "ServiceRequest", "Encounter", "Observation")
    )
    assert [len(one["performer"]) for one in (report, request, result)] == [1, 1, 1] and "participant" not in stay
    back = [line for line in sent_back(found, "ORU^R01", "2.8") if line.startswith("PRT")]
    assert [line.split("|")[5].partition("^")[0] for line in back] == ["D1", "D2", "D3"]
    assert back[2].split("|")[10].startswith("G1^METER")


def test_an_authorization_behind_a_procedure_is_the_procedures_with_its_contact() -> None:
    referral = ("RF1|P|R|MED|||R17^ZSWSY||||^请评估", "AUT|PPO|C1|Payer", "CTD|C|张^一", "PRD|RP|李^明",
                "PRD|RT|||^^^TERT", FIRST)  # fmt: skip
    found = read("REF^I12", "2.5.1", *referral, "PR1|1||45^Colonoscopy||20260301", "AUT|PPO|C2|Other", "CTD|C|王^二")
    (procedure,) = all_of(found, "Procedure")
    assert [one["url"] for one in procedure["extension"]] == ["urn:referral-hub:extension:authorization"]
    assert names(sent_back(found, "REF^I12", "2.5.1")) == "RF1 AUT CTD PRD PRD PID PR1 AUT CTD"


def test_a_second_patient_has_nothing_of_the_firsts_order_specimen_or_text() -> None:
    found = read("ORU^R01", "2.5.1", FIRST, "ORC|RE|P1|F1||CM|||||||D1^李^明", "OBR|1|P1|F1|GLU^Glucose",
                  "OBX|1|TX|GLU^Glucose||甲的第一行||||||F", "SPM|1|S1||SER^Serum",
                  SECOND, "OBX|1|TX|GLU^Glucose||乙的体重||||||F", "OBR|1||F2|GLU^Glucose",
                  "OBX|1|ED|R^Report||^^PDF^Base64^JVBERi0=||||||F")  # fmt: skip
    second = [e["fullUrl"] for e in found.bundle["entry"] if e["resource"]["resourceType"] == "Patient"][1]
    of_second = [e["resource"] for e in found.bundle["entry"]
                 if e["resource"].get("subject", {}).get("reference") == second]  # fmt: skip
    kinds = [one["resourceType"] for one in of_second]
    assert kinds == ["Observation", "DiagnosticReport", "ServiceRequest", "Observation", "DiagnosticReport"]
    alone, report, request, _, presented = of_second
    assert alone["valueString"] == "乙的体重" and "focus" not in alone
    assert [[i["value"] for i in one["identifier"]] for one in (report, request)] == [["F2"], ["F2"]]
    assert "requester" not in request and "specimen" not in presented


def test_an_order_right_behind_the_results_head_that_has_its_number_is_that_ones() -> None:
    found = read("ORU^R01", "2.3", FIRST, "OBR|1||F1|GLU^Glucose", "ORC|RE||F1",
                  "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F",
                  "OBR|2||F2|HB^Hb", "ORC|RE||F2", "OBX|1|NM|HB^Hb||130|g/L|||||F")  # fmt: skip
    reports, requests = all_of(found, "DiagnosticReport"), all_of(found, "ServiceRequest")
    assert [[i["value"] for i in one["identifier"]] for one in (*reports, *requests)] == [["F1"], ["F2"]] * 2
    assert [len(one["result"]) for one in reports] == [1, 1]


def test_a_component_behind_what_was_dispensed_is_that_ones() -> None:
    found = read("RDS^O13", "2.5.1", FIRST, "ORC|NW|P1", "RXE|1|D^Drug|1||mg", "RXC|B|G5^Glucose|500|mL",
                  "RXD|1|D^Drug|20260310|1", "RXC|B|G5^Glucose|500|mL")  # fmt: skip
    for kind in ("MedicationRequest", "MedicationDispense"):
        (one,) = all_of(found, kind)
        assert [e["url"].rpartition(":")[2] for e in one["extension"]].count("component") == 1
        assert len(one["supportingInformation"]) == 1


def test_an_antibiogram_is_of_the_isolate_in_the_order_that_itnames() -> None:
    isolates = [
        line for n in "12" for line in (f"OBR|{n}||F{n}|CULT^Culture", "OBX|1|CE|ORG^Organism|1|E^E. coli||||||F")
    ]
    tests = [line for n in "12" for line in (f"OBR|{n}||S{n}|SUS^Tests{'|' * 22}ORG&Organism^1|||P{n}&HIS^F{n}&LAB",
                                             "OBX|1|ST|AMP^Ampicillin|1|R||||||F")]  # fmt: skip
    found = read("ORU^R01", "2.5.1", FIRST, *isolates, *tests)
    urls = {e["fullUrl"]: e["resource"] for e in found.bundle["entry"]}
    of = [urls[one["derivedFrom"][0]["reference"]] for one in all_of(found, "Observation") if "derivedFrom" in one]
    assert [one["identifier"][0]["value"] for one in of] == ["F1/ORG/1", "F2/ORG/1"]


def test_a_charge_of_an_account_is_of_no_order_before_it() -> None:
    order = "ORC|NW|P1", "OBR|1|P1||GLU^Glucose"
    charge = "FT1|1|||20260310||CG|X^Fee"
    of_order = read("ORM^O01", "2.5.1", FIRST, *order, charge)
    (one,) = all_of(of_order, "ChargeItem")
    assert len(one["supportingInformation"]) == 1
    of_account = read("DFT^P03", "2.5.1", "EVN|P03|20260310", FIRST, *order, charge)
    (one,) = all_of(of_account, "ChargeItem")
    assert "supportingInformation" not in one


def test_a_referral_names_the_policy_that_it_stands_behind() -> None:
    found = read("ADT^A01", "2.8", FIRST, "PV1|1|I", "IN1|1|A|1", "RF1|A|R||||1", "RF1|A|R||||2", "IN1|2|B|2",
                 "RF1|A|R||||3")  # fmt: skip
    one, two = all_of(found, "Coverage")
    covers = [[referred(found, cover) for cover in each["insurance"]] for each in all_of(found, "ServiceRequest")]
    assert covers == [[one], [one], [two]]
