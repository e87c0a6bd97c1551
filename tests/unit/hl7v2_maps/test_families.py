"""Message families beyond referral, results and documents: what each becomes, by a message written for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.hl7v2 import supported
from adapters.hl7v2.envelope import read_envelope
from hub.domain.errors import Cause
from hub.domain.messages import Normalised
from tests.unit.hl7v2_maps.normalised import all_of, normalised, one_of, referred

MSH = "MSH|^~\\&|HIS|ZSWSY|REFHUB|HUB|20260310091500+0800||{kind}|C1|P|{version}"
PID = "PID|1||7701^^^ZSWSY^MR||测^试员||19580212|F"
VISIT = "PV1|1|O|"


def _normalise(kind: str, *segments: str, version: str = "2.5.1", header: str = MSH) -> Normalised:
    return normalised([header.format(kind=kind, version=version), *segments])


SCHEDULE = (
    "SCH|A1^HIS|B2^RIS|||||^肾功能复查^99LOC|CHECKUP^^HL70277|30|min|^^^20260320093000|||||D9^李^医生|||||||||Booked",
    PID, VISIT, "RGS|1|A", "AIS|1|A|CT^CT检查^99LOC|20260320093000|||30|min",
    "AIP|1|A|D9^李^医生||||||||Booked", "AIL|1|A|肾内科^201",
)  # fmt: skip


@pytest.mark.parametrize(
    ("event", "sent", "status"),
    [("S12", "Booked", "booked"), ("S15", "", "cancelled"), ("S17", "", "entered-in-error"), ("S26", "", "noshow"),
     ("S14", "Cancelled", "cancelled")],
)  # fmt: skip
def test_a_schedule_message_is_an_appointment(event: str, sent: str, status: str) -> None:
    found = _normalise(f"SIU^{event}^SIU_S12", SCHEDULE[0].replace("Booked", sent), *SCHEDULE[1:])
    appointment = one_of(found, "Appointment")
    assert appointment["status"] == status
    assert appointment["start"] == "2026-03-20T09:30:00+08:00"
    assert appointment["end"] == "2026-03-20T10:00:00+08:00"
    assert [i["value"] for i in appointment["identifier"]] == ["A1", "B2"]
    assert appointment["serviceType"][0]["coding"][0]["code"] == "CT"
    actors = [p["actor"]["reference"] for p in appointment["participant"]]
    urls = {e["fullUrl"]: e["resource"]["resourceType"] for e in found.bundle["entry"]}
    assert [urls[actor] for actor in actors] == ["Patient", "Practitioner", "Practitioner", "Location"]
    assert appointment["minutesDuration"] == 30


def test_an_appointment_whose_end_nobody_tells_says_so() -> None:
    found = _normalise("SIU^S12", "SCH|A1|||||||||^^^", PID, "AIS|1||X|202603200930")
    appointment = one_of(found, "Appointment")
    assert appointment["start"] == "2026-03-20T09:30:00+08:00"
    assert "data-absent-reason" in appointment["_end"]["extension"][0]["url"]


def test_what_the_pharmacy_dispensed_and_what_was_given() -> None:
    order = ("ORC|RE|P1|F1", "RXE|^^^20260310|M1^二甲双胍^99LOC|0.5||g", "RXR|PO")
    found = _normalise("RDS^O13", PID, *order, "RXD|1|M1^二甲双胍^99LOC|202603100930|20|片|||RX7")
    dispense = one_of(found, "MedicationDispense")
    assert dispense["medicationCodeableConcept"]["coding"][0]["code"] == "M1"
    assert (dispense["quantity"]["value"], dispense["quantity"]["unit"]) == (20, "片")
    assert dispense["whenHandedOver"] == "2026-03-10T09:30:00+08:00"
    assert dispense["authorizingPrescription"][0]["reference"].startswith("urn:uuid:")
    given = "RXA|0|1|20260310090000|20260310091000|M1^二甲双胍^99LOC|0.5|g"
    found = _normalise("RAS^O17", PID, *order, f"{given}|||D9^李^医生||||||||||CP", "RXR|PO^口服^HL70162")
    administered = one_of(found, "MedicationAdministration")
    assert administered["effectivePeriod"]["end"] == "2026-03-10T09:10:00+08:00"
    assert administered["dosage"]["dose"]["value"] == Decimal("0.5")
    assert administered["dosage"]["route"]["coding"][0]["code"] == "PO"
    assert administered["status"] == "completed" and "request" in administered
    assert all_of(found, "Immunization") == []
    assert one_of(_normalise("VXU^V04", PID, "ORC|RE", f"{given}|||"), "Immunization")["status"] == "completed"


def test_an_acknowledgement_says_what_it_answers_and_what_was_wrong() -> None:
    error = "ERR||PID^1^3|101^Required field missing^HL70357|E||||患者标识缺失"
    found = _normalise("ACK^A01^ACK", "MSA|AE|C0", error)
    header = one_of(found, "MessageHeader")
    assert (header["response"]["identifier"], header["response"]["code"]) == ("C0", "transient-error")
    [issue] = one_of(found, "OperationOutcome")["issue"]
    assert issue["severity"] == "error" and issue["diagnostics"] == "患者标识缺失"
    assert issue["location"] == ["PID^1^3"]
    assert {m.path for m in found.ledger.mapped} >= {"ERR[1]-2[1].1", "ERR[1]-3[1].1", "MSA[1]-2[1]"}


def test_a_control_id_that_is_no_fhir_id_is_kept_all_the_same() -> None:
    header = one_of(_normalise("ACK", "MSA|AA|C_0/1"), "MessageHeader")
    assert header["response"]["extension"][0]["valueString"] == "C_0/1"


def test_a_query_and_its_response_are_read() -> None:
    query = "QPD|Z34^Request^CDCPHINVS|Q77|7701^^^ZSWSY^MR|测^试员"
    found = _normalise("QBP^Q11^QBP_Q11", query, "RCP|I|5^RD")
    parameters = {p["name"]: p["valueString"] for p in one_of(found, "Parameters")["parameter"]}
    assert (parameters["QPD-2"], parameters["QPD-3.1"]) == ("Q77", "7701")
    given = "RXA|0|1|20260310||20^DTaP^CVX|0.5|mL"
    found = _normalise("RSP^K11^RSP_K11", "MSA|AA|C0", "QAK|Q77|OK", query, PID, "ORC|RE", given)
    assert one_of(found, "Immunization")["vaccineCode"]["coding"][0]["code"] == "20"
    assert [e["valueString"] for e in one_of(found, "MessageHeader")["extension"] if "valueString" in e] == ["Q77"]


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("QBP^Q11", Cause.UNSUPPORTED_TYPE), ("ACK^A01", Cause.UNSUPPORTED_TYPE), ("XYZ^A01", Cause.UNSUPPORTED_TYPE),
     ("ADT^Q99", Cause.UNSUPPORTED_EVENT), ("ORU", Cause.UNSUPPORTED_EVENT)],
)  # fmt: skip
def test_what_cannot_be_put_to_the_hub_is_refused_by_its_type(kind: str, cause: Cause) -> None:
    _, refusals = read_envelope((MSH.format(kind=kind, version="2.5") + "\r" + PID + "\r").encode())
    assert [refusal.cause for refusal in refusals] == [cause]


def test_the_oldest_versions_name_no_event() -> None:
    found = _normalise("ORU", PID, "OBR|1||F1|K^钾^99LOC", "OBX|1|NM|K^钾^99LOC||4.1|mmol/L", version="2.1")
    assert one_of(found, "Observation")["valueQuantity"]["code"] == "mmol/L"


def test_who_takes_part_stands_where_he_takes_part() -> None:
    found = _normalise("ADT^A01", PID, "ROL|R1|AD|PP^家庭医生^HL70443|D1^张^三", VISIT, "ROL|R2|AD|AT|D2^李^四")
    patient, encounter = one_of(found, "Patient"), one_of(found, "Encounter")
    first, second = (e["fullUrl"] for e in found.bundle["entry"] if e["resource"]["resourceType"] == "PractitionerRole")
    assert [one["reference"] for one in patient["generalPractitioner"]] == [first]
    assert encounter["participant"][0]["individual"] == {"reference": second}
    assert encounter["participant"][0]["type"][0]["coding"][0]["code"] == "AT"


def test_a_participation_of_an_observation_is_its_performer_and_a_device_its_device() -> None:
    observation = "OBX|1|NM|K^钾^99LOC||4.1|mmol/L|||||F"
    found = _normalise("ORU^R01", PID, "OBR|1||F1|X", observation, "PRT|1|AD||RO|D1^张^三",
                       "PRT|2|AD||EQUIP||||||E7^analyser", version="2.7")  # fmt: skip
    made = one_of(found, "Observation")
    assert len(made["performer"]) == 1
    assert referred(found, made["device"])["identifier"][0]["value"] == "E7"


def test_what_was_done_is_kept_of_a_charge() -> None:
    charge = "FT1|1|T9||20260310||CG|60^CT^99LOC|||1|||||||||I10^高血压^I10|D1^张^三"
    made = one_of(_normalise("DFT^P03", PID, VISIT, charge), "ChargeItem")
    assert made["reason"][0]["coding"][0]["code"] == "I10" and made["identifier"][0]["value"] == "T9"


def test_a_report_of_a_specimen_message_reports_and_its_container_is_the_specimens() -> None:
    found = _normalise("OUL^R22", PID, "SPM|1|S1&HIS^S2&LIS||BLD", "SAC|||C3", "OBR|1||F1|X^Y^99LOC",
                       "OBX|1|NM|K^钾^99LOC||4.1|mmol/L|||||F")  # fmt: skip
    assert one_of(found, "Specimen")["container"][0]["identifier"][0]["value"] == "C3"
    assert one_of(found, "DiagnosticReport")["result"]


def test_goal_pathway_diet_and_death() -> None:
    found = _normalise("PGL^PC6", PID, "GOL|AD|20260310|^血压<140/90^99LOC|G1")
    assert one_of(found, "Goal")["description"]["text"] == "血压<140/90"
    found = _normalise("PPP^PCB", PID, "PTH|AD|P^慢病管理^99LOC|P1|20260310")
    assert one_of(found, "CarePlan")["identifier"][0]["value"] == "P1"
    found = _normalise("OMD^O03", PID, "ORC|NW|P1", "ODS|D||^低盐饮食^99LOC|少油")
    assert "_dateTime" in one_of(found, "NutritionOrder")
    assert one_of(found, "NutritionOrder")["oralDiet"]["type"][0]["text"] == "低盐饮食"
    found = _normalise("ADT^A03", PID, VISIT, "PDA|I21^急性心肌梗死^I10||Y")
    assert one_of(found, "Observation")["valueCodeableConcept"]["coding"][0]["code"] == "I21"


@pytest.mark.parametrize("kind", sorted(supported.MESSAGES))
def test_every_type_that_hl7_knows_is_read_with_each_of_its_events(kind: str) -> None:
    for event in sorted(supported.MESSAGES[kind].events):
        if kind == "REF":
            continue
        name = f"{kind}^{event}" if event else kind
        found = _normalise(name, PID, "ORC|NW|P1|F1", "OBR|1|P1|F1|X^Y^99LOC", "OBX|1|ST|Z^W^99LOC||text||||||F")
        told = {m.path for m in found.ledger.mapped} | {u.path for u in found.ledger.unmapped}
        assert "OBX[1]-5[1]" in told and all_of(found, "Observation")
