"""What a message becomes: referrals with their intent, results, documents, prescriptions."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest

from hub.domain.errors import Cause, Refused
from hub.domain.fragments import corrects, keys, withdrawn
from hub.domain.messages import Amend, Cancel, Claim, Inquire, Normalised, Open
from hub.domain.patients import NATIONAL, Identifier
from tests.unit.hl7v2_maps.normalised import all_of, normalised, one_of

MSH = r"MSH|^~\&|HIS|ZSWSY|REFHUB|{receiver}|20260310091500{offset}||{kind}|C1|P|2.5.1|||AL|NE|CHN|UNICODE UTF-8"
PID = "PID|1||7701^^^ZSWSY^MR~110101195802120028^^^MPS^NI||测^试员||19580212|F"
RF1 = "RF1|P|R|MED|||R17^ZSWSY|20260310|||^血糖控制差，请评估。^99LOC"
RT = "PRD|RT^转入^HL70286|||临江医科大学附属第一医院"


def _normalise(kind: str, *segments: str, receiver: str = "TERT", offset: str = "") -> Normalised:
    return normalised([MSH.format(kind=kind, receiver=receiver, offset=offset), *segments])


def _unmapped(found: Normalised) -> dict[str, str]:
    return {entry.path: entry.reason for entry in found.ledger.unmapped}


def test_a_referral_opens_with_its_question_number_and_receiver() -> None:
    found = _normalise("REF^I12^REF_I12", RF1, RT, PID)
    assert isinstance(found.intent, Open)
    content = found.intent.content
    assert content.identifiers == (Identifier("urn:referral-hub:namespace:ZSWSY", "R17"),)
    assert content.question == "血糖控制差，请评估。"
    assert content.priority == "routine"
    assert content.receiver == (
        Claim("code", "临江医科大学附属第一医院", "PRD[1]-4[1]"),
        Claim("facility", "临江医科大学附属第一医院", "PRD[1]-4[1]"),
        Claim("code", "TERT", "MSH[1]-6[1]"),
        Claim("facility", "TERT", "MSH[1]-6[1]"),
        Claim("name", "临江医科大学附属第一医院", "PRD[1]-4[1]"),
        Claim("name", "TERT", "MSH[1]-6[1]"),
    )
    assert content.service_request is one_of(found, "ServiceRequest")
    task = one_of(found, "Task")
    assert task["status"] == "requested" and task["focus"]["reference"].startswith("urn:uuid:")
    assert found.bundle["type"] == "message"
    assert found.bundle["entry"][0]["resource"]["resourceType"] == "MessageHeader"
    assert found.bundle["identifier"] == {"system": "urn:referral-hub:namespace:ZSWSY", "value": "C1"}


def test_numbers_of_a_provider_come_before_its_names() -> None:
    provider = "PRD|RT^转入^HL70286|||内分泌科^^^附一院|||NUM9|||附属第一医院^^CODE10"
    found = _normalise("REF^I12", RF1, provider, PID, receiver="")
    assert isinstance(found.intent, Open)
    claims = [(claim.kind, claim.value) for claim in found.intent.content.receiver]
    assert claims[:4] == [("code", "NUM9"), ("facility", "NUM9"), ("code", "CODE10"), ("facility", "CODE10")]
    assert [value for kind, value in claims if kind == "name"] == ["附属第一医院", "附一院", "内分泌科"]
    assert found.intent.content.department == "内分泌科"


@pytest.mark.parametrize(("event", "kind"), [("I13", Amend), ("I14", Cancel), ("I15", Inquire)])
def test_later_messages_name_the_referral(event: str, kind: type) -> None:
    found = _normalise(f"REF^{event}", RF1, RT, PID)
    assert isinstance(found.intent, kind)
    assert found.intent.identifiers == (Identifier("urn:referral-hub:namespace:ZSWSY", "R17"),)
    assert found.intent.identifier_path == "RF1[1]-6[1]"


def test_a_bare_uuid_in_rf1_11_is_the_hubs_own_number() -> None:
    original = "01890a5d-ac96-774b-bcce-b302099a8057"
    down = _normalise("REF^I12", f"{RF1}|{original}", RT, PID)
    assert isinstance(down.intent, Open)
    assert down.intent.content.based_on == (Identifier("urn:referral-hub:referral", original),)
    assert len(down.intent.content.identifiers) == 1
    later = _normalise("REF^I14", f"{RF1}|{original}", RT, PID)
    assert isinstance(later.intent, Cancel)
    assert Identifier("urn:referral-hub:referral", original) in later.intent.identifiers


@pytest.mark.parametrize(
    ("segments", "receiver", "path"),
    [
        ((RF1, RT), "TERT", "PID[1]-3[1]"),
        ((RF1, RT, "PID|1|||||||F"), "TERT", "PID[1]-3[1]"),
        (("RF1|P|R||||R17", RT, PID), "TERT", "RF1[1]-10[1]"),
        (("RF1|P|R||||R17", RT, PID, "DG1|1", "NTE|1|L"), "TERT", "RF1[1]-10[1]"),
        ((RF1, "PRD|RP", "PRD|RT", PID), "", "PRD[2]-7[1]"),
        ((RF1, PID), "", "PRD[1]-7[1]"),
        ((RT, PID), "TERT", "RF1[1]-6[1]"),
    ],
)
def test_what_a_referral_must_say_is_asked_for_at_its_place(
    segments: tuple[str, ...], receiver: str, path: str
) -> None:
    with pytest.raises(Refused) as refused:
        _normalise("REF^I12", *segments, receiver=receiver)
    assert (refused.value.refusals[0].cause, refused.value.refusals[0].path) == (Cause.REQUIRED_MISSING, path)


@pytest.mark.parametrize(
    "reason",
    ["DG1|1||E11.9^2型糖尿病^I10", "NTE|1|L|血糖高", "OBX|1|TX|1^小结||血糖高||||||F",
     "OBR|1||F1|CP03^测量^99LOC\rNTE|1|L|血糖高\rOBX|1|NM|1^血糖||12.3|mmol/L|||||F"],
)  # fmt: skip
def test_a_diagnosis_or_prose_is_a_reason(reason: str) -> None:
    assert isinstance(_normalise("REF^I12", "RF1|P|R||||R17", RT, PID, reason).intent, Open)


RESULT = "OBR|1||F1|CP03^测量^99LOC", "OBX|1|NM|59408-5^血氧^LN||90|%|95-100|L|||F"


@pytest.mark.parametrize("before", [("DG1|1||J44.9^慢阻肺^I10",), ("AL1|1|DA|P^青霉素",), RESULT, (*RESULT, "PV1|1|O"),
                                    (*RESULT, "PV1||N")])  # fmt: skip
def test_notes_at_the_end_of_a_referral_are_one_note_cited_line_by_line(before: tuple[str, ...]) -> None:
    found = _normalise("REF^I12", RF1, RT, PID, *before, "NTE|1|L|咳嗽。", "NTE|2|L|气促。~夜重。")
    document = one_of(found, "DocumentReference")
    text = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    assert text == "咳嗽。\n气促。\n夜重。"
    (part,) = [part for part in found.parts if part.resource is document]
    lines = [c for c in part.citations if c.target == "/content/0/attachment/data"]
    assert [(c.path, c.text) for c in lines] == [
        ("NTE[1]-3[1]", "咳嗽。"), ("NTE[2]-3[1]", "气促。"), ("NTE[2]-3[2]", "夜重。"),
    ]  # fmt: skip
    assert not any("note" in one for one in all_of(found, "Observation"))
    assert len(all_of(found, "Encounter")) == ("PV1|1|O" in before)


def test_a_chinese_patient_has_one_name_and_a_national_number() -> None:
    found = _normalise(
        "ADT^A08", "PID|1||7701^^^ZSWSY^MR~110101195802120028^^^MPS^NI||测^试员~CE^SHIYUAN^^^^^A||19580212|女"
    )
    assert (found.patient.name, found.patient.gender, found.patient.birth_date) == ("测试员", "female", "1958-02-12")
    assert Identifier(NATIONAL, "110101195802120028") in found.patient.identifiers
    assert Identifier("urn:referral-hub:namespace:ZSWSY", "7701") in found.patient.identifiers
    assert found.patient_resource["name"][1]["extension"][0]["valueCode"] == "ABC"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        ("NM", "5.20", "mmol/L", {"value": Decimal("5.20"), "unit": "mmol/L", "code": "mmol/L"}),
        ("NM", "<0.1", "ug/L", {"value": Decimal("0.1"), "comparator": "<", "unit": "ug/L"}),
        ("NM", "11.4", r"×10\S\9/L", {"value": Decimal("11.4"), "unit": "×10^9/L", "code": "10*9/L"}),
        ("NM", "11.4", "10^9/L", {"value": Decimal("11.4"), "unit": "10^9/L", "code": "10*9/L"}),
        ("NM", "5.2", "mM", {"value": Decimal("5.2"), "unit": "mM", "code": "mmol/L"}),
        ("NM", "5.2", "MM", {"value": Decimal("5.2"), "unit": "MM", "code": "mm"}),
        ("SN", ">=^100", "mg", {"value": Decimal(100), "comparator": ">="}),
    ],
)
def test_measured_values_keep_number_comparator_and_unit(
    kind: str, value: str, unit: str, expected: dict[str, Any]
) -> None:
    found = _normalise(
        "ORU^R01", PID, "OBR|1||F1|X^Y^99LOC|||202603100730", f"OBX|1|{kind}|1^甲^99LOC||{value}|{unit}|57-111|H|||F"
    )
    observation = one_of(found, "Observation")
    assert expected.items() <= observation["valueQuantity"].items()
    (reference,) = observation["referenceRange"]
    assert (reference["low"]["value"], reference["high"]["value"]) == (Decimal(57), Decimal(111))
    assert observation["effectiveDateTime"] == "2026-03-10T07:30:00+08:00"


def test_an_offset_of_the_message_holds_for_its_times() -> None:
    found = _normalise(
        "ORU^R01", PID, "OBR|1||F1|X^Y^99LOC|||202603100730", "OBX|1|NM|1^甲^99LOC||1|g|||||F", offset="+0000"
    )
    assert one_of(found, "Observation")["effectiveDateTime"] == "2026-03-10T07:30:00+00:00"


def test_a_correction_is_known_by_the_name_of_the_first_result() -> None:
    first = _normalise("ORU^R01", PID, "OBR|1||F1|X^Y^99LOC", "OBX|1|NM|K^钾^99LOC||5.2|mmol/L|||||F")
    later = _normalise("ORU^R01", PID, "OBR|1||F1|X^Y^99LOC", "OBX|1|NM|K^钾^99LOC||4.2|mmol/L|||||C")
    wrong = _normalise("ORU^R01", PID, "OBR|1||F1|X^Y^99LOC", "OBX|1|NM|K^钾^99LOC||4.2|mmol/L|||||W")
    resources = [one_of(found, "Observation") for found in (first, later, wrong)]
    assert keys(resources[0]) == keys(resources[1]) == ("Observation|urn:referral-hub:observation:ZSWSY|F1/K/",)
    assert [corrects(resource) for resource in resources] == [False, True, True]
    assert withdrawn(resources[2])


def test_lines_of_one_text_are_one_observation_with_a_citation_each() -> None:
    lines = (f"OBX|{n}|TX|28570-0^报告^LN|{n}|{text}||||||F" for n, text in ((1, "未见胸腔"), (2, "积液。")))
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X^Y^99LOC", *lines)
    observation = one_of(found, "Observation")
    assert observation["valueString"] == "未见胸腔\n积液。"
    (part,) = [part for part in found.parts if part.resource is observation]
    assert [c.path for c in part.citations if c.target == "/valueString"] == ["OBX[1]-5[1]", "OBX[2]-5[1]"]


@pytest.mark.parametrize(
    ("event", "replaces", "taken_back"),
    [("T02", False, False), ("T06", False, False), ("T08", True, False), ("T10", True, False), ("T11", False, True)],
)
def test_documents_replace_and_withdraw_by_their_event(event: str, replaces: bool, taken_back: bool) -> None:
    found = _normalise(
        f"MDM^{event}", PID, "TXA|1|DS^小结^99LOC|TX|20260309|||||||D2|D1||||AU".replace("D2|D1", "|D2|D1"),
        "OBX|1|TX|1^小结^99LOC||出院。~随访。||||||F",
    )  # fmt: skip
    document = one_of(found, "DocumentReference")
    assert base64.b64decode(document["content"][0]["attachment"]["data"]).decode() == "出院。\n随访。"
    assert document["masterIdentifier"]["value"] == "D2"
    assert (corrects(document), withdrawn(document)) == (replaces or taken_back, taken_back)


def test_a_prescription_has_dose_frequency_route_and_start() -> None:
    found = _normalise(
        "RDE^O11",
        PID,
        "ORC|NW|P1|||IP",
        "RXE|^BID^^20250420|A10BA02^二甲双胍^WC|0.5||g|TAB^片剂^99LOC",
        "RXR|PO^口服^HL70162",
    )
    request = one_of(found, "MedicationRequest")
    (dosage,) = request["dosageInstruction"]
    assert request["status"] == "active"
    assert request["medicationCodeableConcept"]["coding"][0]["system"] == "http://www.whocc.no/atc"
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == Decimal("0.5")
    assert dosage["timing"]["repeat"]["frequency"] == 2
    assert dosage["timing"]["repeat"]["boundsPeriod"] == {"start": "2025-04-20"}
    assert dosage["route"]["text"] == "口服"


def test_a_timing_before_its_prescription_belongs_to_it() -> None:
    found = _normalise("RDE^O11", PID, "ORC|NW|P1|||IP", "TQ1|1||QD", "RXE||X^药^99LOC|47.5||mg")
    assert one_of(found, "MedicationRequest")["dosageInstruction"][0]["timing"]["code"]["text"] == "QD"


def test_a_denied_allergy_stays_a_statement_with_its_code() -> None:
    found = _normalise("ADT^A01", PID, "AL1|1|DA|716186003^否认药物过敏史^SCT")
    (coding,) = one_of(found, "AllergyIntolerance")["code"]["coding"]
    assert (coding["system"], coding["code"]) == ("http://snomed.info/sct", "716186003")


def test_the_onset_of_an_allergy_is_its_identification_date() -> None:
    found = _normalise("ADT^A01", PID, "AL1|1|DA|Z88.0^青霉素类^I10|SV|皮疹~喉头水肿|2019")
    allergy = one_of(found, "AllergyIntolerance")
    assert allergy["onsetDateTime"] == "2019" and allergy["criticality"] == "high"
    assert [m["text"] for m in allergy["reaction"][0]["manifestation"]] == ["皮疹", "喉头水肿"]


def test_an_admission_has_its_period_reason_and_place() -> None:
    visit = "PV1|1|I|肾内科^^07" + "|" * 41 + "20241015|20241022"
    found = _normalise("ADT^A03", PID, visit, "PV2|||^高血压^99LOC")
    encounter = one_of(found, "Encounter")
    assert encounter["status"] == "finished" and encounter["class"]["code"] == "IMP"
    assert encounter["period"] == {"start": "2024-10-15", "end": "2024-10-22"}
    assert encounter["reasonCode"][0]["text"] == "高血压"
    assert {place["name"] for place in all_of(found, "Location")} == {"肾内科", "07"}


def test_what_no_rule_reads_is_told_with_its_reason() -> None:
    found = _normalise("ADT^A08", PID, "ZXN|居民医保|Y", 'PV2|||""', "REL|1|X")
    reasons = _unmapped(found)
    assert reasons["ZXN[1]-1[1]"] == "no rule for Z-segments"
    assert reasons["PV2[1]-3[1]"] == "HL7 null: nothing is stated"
    assert reasons["REL[1]-1[1]"] == "no rule for segment REL"


def test_each_patient_of_a_message_has_its_own_results() -> None:
    other = PID.replace("7701", "8802").replace("110101195802120028", "110101194902120021")
    one, two = (f"OBX|{n}|NM|K^钾^99LOC||{n}|mmol/L|||||F" for n in (1, 2))
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X^Y^99LOC", one, other, "OBR|1||F2|X^Y^99LOC", two)
    about = {
        part.resource["valueQuantity"]["value"]: found.parts[part.patient or 0].resource["identifier"][0]["value"]
        for part in found.parts
        if part.resource["resourceType"] == "Observation"
    }
    assert about == {Decimal(1): "7701", Decimal(2): "8802"}


@pytest.mark.parametrize(
    ("control", "medication", "order"),
    [("NW", "active", "active"), ("CA", "cancelled", "revoked"), ("OC", "cancelled", "revoked"),
     ("DC", "stopped", "revoked"), ("RP", "stopped", "revoked")],
)  # fmt: skip
def test_what_an_order_control_code_does_to_the_order(control: str, medication: str, order: str) -> None:
    head = f"ORC|{control}|P1|F1"
    drug = one_of(_normalise("RDE^O11", PID, head, "RXE||M^二甲双胍^99LOC|0.5||g"), "MedicationRequest")
    request = one_of(_normalise("OMG^O19", PID, head, "OBR|1|P1|F1|X^CT^99LOC"), "ServiceRequest")
    assert (drug["status"], request["status"]) == (medication, order)
    assert corrects(drug) is (medication == "cancelled")
    assert corrects(request) is (order == "revoked")
    assert keys(request)
