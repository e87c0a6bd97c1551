"""How systems that we did not know write their messages: each case by a message written for it."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest

from hub.domain.fragments import UNIT, corrects, withdrawn
from hub.domain.messages import Normalised
from tests.unit.hl7v2_maps.normalised import all_of, normalised, one_of

PID = "PID|1||7701^^^ZSWSY^MR||Test^Person||19580212|F"
RF1 = "RF1|P|R|||||20260310"
PROVIDERS = ("PRD|RP|Sender^One", "PRD|RT|Receiver^Two|||||8^UPIN")
OWN = "urn:referral-hub:extension:"


def _normalise(kind: str, *segments: str, charset: str = "", codec: str = "utf-8") -> Normalised:
    head = f"MSH|^~\\&|HIS|ZSWSY|HUB|HUB|20260310091500+0800||{kind}|C1|P|2.5.1||||||{charset}"
    return normalised([head, *segments], codec)


def _unmapped(found: Normalised, segment: str) -> list[str]:
    return [one.path for one in found.ledger.unmapped if one.path.startswith(segment + "[")]


def _extension(resource: dict[str, Any], url: str) -> Any:
    (found,) = [one for one in resource["extension"] if one["url"] == url]
    return next(value for key, value in found.items() if key.startswith("value"))


def _text(document: dict[str, Any]) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


@pytest.mark.parametrize(("kind", "control", "status"), [
    ("OSU^O51^OSU_O51", "CA|889342^HIS||||||||||7^Lee||||^symptoms are gone", "revoked"),
    ("ORM^O01^ORM_O01", "DC|889342^HIS", "revoked"),
    ("ORR^O02", "OK|889342^HIS|77^LIS||SC", "active"),
])  # fmt: skip
def test_an_order_of_which_only_its_orc_is_sent_is_told(kind: str, control: str, status: str) -> None:
    found = _normalise(kind, PID, f"ORC|{control}")
    request = one_of(found, "ServiceRequest")
    assert (request["status"], request["identifier"][0]["value"]) == (status, "889342")
    assert not _unmapped(found, "ORC")


def test_each_of_several_bare_orders_is_one() -> None:
    found = _normalise("ORM^O01", PID, "ORC|CA|1", "ORC|NW|2", "OBR|1|2||K^Potassium^L", "ORC|CA|3", "NTE|1||twice")
    requests = all_of(found, "ServiceRequest")
    assert [(r["identifier"][0]["value"], r["status"]) for r in requests] == [
        ("1", "revoked"), ("2", "active"), ("3", "revoked"),
    ]  # fmt: skip
    assert requests[2]["note"] == [{"text": "twice"}]


def test_priority_and_time_of_an_order_stand_in_orc_too() -> None:
    found = _normalise("ORM^O01", PID, "ORC|NW|2|||||^^^20260311080000^^S", "OBR|1|2||K^Potassium^L")
    request = one_of(found, "ServiceRequest")
    assert request["priority"] == "stat"
    period = request["occurrenceTiming"]["repeat"]["boundsPeriod"]
    assert period["start"] == "2026-03-11T08:00:00+08:00"


def test_an_orc_after_its_obr_is_the_same_order() -> None:
    found = _normalise(
        "OUL^R22", PID, "SPM|1|20||SER", "OBR|1|9-1|7^LIS|GLU^Glucose^L|||||||||||||d1", "ORC|SC|9-1|7^LIS||CM",
        "OBX|1|NM|GLU^Glucose^L||85|mg/dL|||||F",
    )  # fmt: skip
    request = one_of(found, "ServiceRequest")
    assert (request["status"], [one["value"] for one in request["identifier"]]) == ("completed", ["9-1", "7"])
    assert one_of(found, "DiagnosticReport")["basedOn"][0]["reference"] in {e["fullUrl"] for e in found.bundle["entry"]}
    assert not _unmapped(found, "ORC")


@pytest.mark.parametrize(("event", "sent", "status"), [
    ("S15", "Booked", "cancelled"), ("S26", "Booked", "noshow"), ("S15", "Deleted", "entered-in-error"),
    ("S13", "Booked", "booked"), ("S14", "Confirmed", "booked"),
])  # fmt: skip
def test_what_ends_an_appointment_is_not_hidden_by_a_status_left_as_booked(event: str, sent: str, status: str) -> None:
    found = _normalise(
        f"SIU^{event}", "SCH|A1|||||||||" + 15 * "|" + sent, PID, "RGS|1", "AIG|1||R1^Room^L", "NTE|1||late"
    )
    appointment = one_of(found, "Appointment")
    assert appointment["status"] == status
    assert _extension(appointment, OWN + "note") == {"text": "late"}


@pytest.mark.parametrize(("states", "status", "stage"), [
    ("DD", "entered-in-error", None), ("FC", "current", "amended"), ("FF", "current", "final"),
    ("PF", "current", "preliminary"), ("DF", "current", "final"),
])  # fmt: skip
def test_a_document_is_as_its_lines_are(states: str, status: str, stage: str | None) -> None:
    lines = [f"OBX|{n}|TX|T^Text^L||line {n}||||||{state}" for n, state in enumerate(states, 1)]
    found = _normalise("MDM^T02", "EVN|T02|20260310", PID, "TXA|1|DS|TX|20260310||||||||D1^H", *lines)
    document = one_of(found, "DocumentReference")
    assert (document["status"], document.get("docStatus")) == (status, stage)
    assert withdrawn(document) is (states == "DD")
    assert corrects(document) is (states in ("DD", "FC"))


def test_whom_a_document_was_sent_to_belongs_to_it() -> None:
    found = _normalise(
        "MDM^T02", "EVN|T02|20260310", PID, "PV1|1|I", "TXA|1|DS|TX|20260310||||||||D1^H", "OBX|1|TX|T||x||||||F",
        "PRT||UC||RCT^Results Copies To^L|||||||||||^^Internet^a.b@example.cn",
    )  # fmt: skip
    (role,) = all_of(found, "PractitionerRole")
    assert role["telecom"][0]["value"] == "a.b@example.cn"
    assert "participant" not in one_of(found, "Encounter")
    assert _extension(one_of(found, "DocumentReference"), OWN + "participation")["reference"].startswith("urn:uuid:")


def test_administrations_share_the_route_that_follows_them() -> None:
    found = _normalise(
        "RAS^O17", PID, "ORC|NW|1", "RXA|0|1|202603100830|202603100830|A^Drug A^L|1|mg|||||W^1",
        "RXA|0|1|202603100830||B^Drug B^L|2|mg", "RXR|PO", "RXA|0|2|202603101230||B^Drug B^L|2|mg", "RXR|IV",
    )  # fmt: skip
    routes = [one["dosage"]["route"]["coding"][0]["code"] for one in all_of(found, "MedicationAdministration")]
    assert routes == ["PO", "PO", "IVINJ"]
    assert not [path for path in _unmapped(found, "RXA") if "-4[" in path or "-11[" in path]


def test_a_number_keeps_its_value_beside_components_that_numbers_do_not_have() -> None:
    found = _normalise("ORU^R01", PID, "OBR|1|1||P", "OBX|1|NM|G^Glucose^L||85^^Hexokinase|mg/dL|||||F",
                       "OBX|2|NM|B^Pressure^L||120^80|mm[Hg]|||||F",
                       "OBX|3|ST|M^Meropenem^L||>=16|mg/L|||||F")  # fmt: skip
    glucose, pressure, meropenem = all_of(found, "Observation")
    assert (glucose["valueQuantity"]["value"], glucose["valueQuantity"]["unit"]) == (Decimal(85), "mg/dL")
    assert pressure["valueString"] == "120^80"
    assert (meropenem["valueString"], _extension(meropenem, UNIT)["code"]) == (">=16", "mg/L")


def test_notes_of_a_referral_are_told_by_their_kind() -> None:
    found = _normalise("REF^I12", RF1, *PROVIDERS, PID, "NTE|1||pain|^REASON_FOR_CONSULTATION",
                       "NTE|2||since May|^REASON_FOR_CONSULTATION", "NTE|3||penicillin|^ALLERGIES")  # fmt: skip
    assert [(_text(one), one["category"][0]["text"]) for one in all_of(found, "DocumentReference")] == [
        ("pain\nsince May", "REASON_FOR_CONSULTATION"), ("penicillin", "ALLERGIES"),
    ]  # fmt: skip
    assert not _unmapped(found, "NTE")[3:]  # set ids alone
    assert len(one_of(found, "ServiceRequest")["supportingInfo"]) == 2


def test_an_attached_letter_is_the_reason_of_a_referral() -> None:
    letter = "OBX|1|ED|PDF^Display format in PDF^AUSPDI||^application^pdf^Base64^eA==||||||F"
    found = _normalise("REF^I12", RF1, *PROVIDERS, PID, "OBR|1||R1^FAX|PDF^Referral Letter^L", letter)
    assert found.intent is not None


def test_an_urgency_that_hl7_does_not_know_is_kept() -> None:
    reason = "RF1|P|2WW^Two week wait^L|||||20260310|||^lump"
    request = one_of(_normalise("REF^I12", reason, *PROVIDERS, PID), "ServiceRequest")
    assert request["priority"] == "routine"
    assert _extension(request, OWN + "referral-priority")["coding"][0]["display"] == "Two week wait"


@pytest.mark.parametrize("charset", ["~ISO IR87", "ASCII~ISO IR87", "ISO IR87"])
def test_the_set_that_a_message_switches_to_is_its_character_set(charset: str) -> None:
    name = "PID|1||1^^^H^PI||患者^太郎^^^^^L^I||19650415|M"
    found = _normalise("ADT^A08", "EVN|A08|20260310", name, charset=charset, codec="iso2022_jp")
    assert found.patient.name == "患者太郎"


def test_the_lot_of_a_dose_expires_and_has_a_maker() -> None:
    given = "RXA|0|1|20260310|20260310|A^Drug A^L|1|mg||||||||L7|20281231|M^Maker^L|||CP"
    found = _normalise("RAS^O17", PID, "ORC|NW|1", given)
    dose = one_of(found, "MedicationAdministration")
    assert (_extension(dose, OWN + "lot-number"), _extension(dose, OWN + "expiration")) == ("L7", "2028-12-31")
    assert [one["name"] for one in all_of(found, "Organization") if "name" in one] == ["Maker"]
    assert _unmapped(found, "RXA") == ["RXA[1]-1[1]", "RXA[1]-2[1]"]


def test_who_told_of_an_allergy_is_kept() -> None:
    found = _normalise("ADT^A60", "EVN|A60|20260310", PID, "PV1|1|O",
                       "IAM|1|DA|P^Penicillin^L|SV|rash|A||told at admission||||||Li^Na|SPO||A|7^Wang^Wei")  # fmt: skip
    allergy = one_of(found, "AllergyIntolerance")
    assert _extension(allergy, OWN + "reported-by") == {"family": "Li", "given": ["Na"]}
    assert _unmapped(found, "IAM") == ["IAM[1]-1[1]", "IAM[1]-6[1]"]


def test_an_antibiogram_belongs_to_its_isolate() -> None:
    found = _normalise(
        "ORU^R01", PID, "ORC|RE|9|7", "OBR|1|9|7|600-7^Culture^LN|||20260310|||||||||||||||||||F",
        "OBX|1|CE|600-7^Culture^LN|1|3092008^Staphylococcus aureus^SCT||||||F",
        "OBX|2|CE|600-7^Culture^LN|2|112283007^Escherichia coli^SCT||||||F",
        "OBR|2|9|7|18769-0^Susceptibility^LN|||20260310||||||||||||||||||F|600-7&Culture&LN^2^Escherichia coli",
        "OBX|1|SN|18864-9^Ampicillin^LN|1|<=^8|ug/mL|||||F",
    )  # fmt: skip
    (ampicillin,) = [one for one in all_of(found, "Observation") if "valueQuantity" in one]
    coli = next(e for e in found.bundle["entry"] if "Escherichia" in str(e["resource"].get("valueCodeableConcept")))
    assert ampicillin["derivedFrom"] == [{"reference": coli["fullUrl"]}]
    assert not [path for path in _unmapped(found, "OBR") if "-26[" in path]


def test_milliseconds_may_stand_without_their_point() -> None:
    found = _normalise("ORU^R01", PID, "OBR|1|9|7|P|||20260310092149610|20260310092150611+0800",
                       "OBX|1|NM|R^Rate^L||80|/min|||||F")  # fmt: skip
    assert one_of(found, "DiagnosticReport")["effectivePeriod"] == {
        "start": "2026-03-10T09:21:49.610+08:00", "end": "2026-03-10T09:21:50.611+08:00",
    }  # fmt: skip


@pytest.mark.parametrize("place", [9, 10, 11, 12])
def test_a_telephone_in_a_component_too_early_is_one(place: int) -> None:
    phone = "^PRN^CP" + "^" * (place - 3) + "(086)2345678"
    patient = one_of(_normalise("ADT^A08", "EVN|A08", PID + "|||||" + phone), "Patient")
    assert [one["value"] for one in patient["telecom"]] == ["(086)2345678"]


def test_a_measurement_whose_type_is_not_told_has_its_number() -> None:
    found = _normalise("ADT^A08", "EVN|A08", PID, "PV1||O", "OBX|||WT^WEIGHT||37|kg", "OBX|||N^NOTE||37")
    weight, note = all_of(found, "Observation")
    assert (weight["valueQuantity"]["value"], note["valueString"]) == (Decimal(37), "37")


@pytest.mark.parametrize(("given", "completion", "status"), [
    ("998^none^CVX", "", "not-done"), ("998^none^CVX", "NA", "not-done"), ("20^DTaP^CVX", "", "completed"),
])  # fmt: skip
def test_no_vaccine_is_no_vaccination(given: str, completion: str, status: str) -> None:
    given = f"RXA|0|1|20260310|20260310|{given}|999|||||^^^Clinic A|||||||||{completion}"
    found = _normalise("VXU^V04", PID, "ORC|RE||9^OIS", given)
    immunization = one_of(found, "Immunization")
    assert immunization["status"] == status
    assert one_of(found, "Location")["name"] == "Clinic A"
    assert _unmapped(found, "RXA") == ["RXA[1]-1[1]", "RXA[1]-2[1]", "RXA[1]-6[1]"]


PROBLEMS = (("PC1", "AD", False), ("PC1", "DE", True), ("PC3", "", True), ("PC3", "UC", False))


@pytest.mark.parametrize(("event", "action", "error"), PROBLEMS)
def test_a_problem_is_taken_back_by_its_action_and_by_its_event(event: str, action: str, error: bool) -> None:
    problem = f"PRB|{action}|20260310|I10^Hypertension^I10|P1"
    found = one_of(_normalise(f"PPR^{event}^PPR_PC1", PID, problem), "Condition")
    codes = [coding["code"] for coding in found.get("verificationStatus", {}).get("coding", ())]
    assert codes == (["entered-in-error"] if error else [])
    assert withdrawn(found) == error


@pytest.mark.parametrize(("told", "system"), [
    ("DG1|1|I9|440.21^ATHEROSCLEROSIS", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("DG1|1|I10|I70.2", "http://hl7.org/fhir/sid/icd-10"),
    ("DG1|1|I9|I70.2^x^I10", "http://hl7.org/fhir/sid/icd-10"), ("DG1|1|XX|I70.2", None),
])  # fmt: skip
def test_the_coding_method_names_the_system_of_a_bare_code(told: str, system: str | None) -> None:
    condition = one_of(_normalise("ADT^A01", "EVN|A01", PID, "PV1|1|I", told), "Condition")
    assert condition["code"]["coding"][0].get("system") == system


def test_uses_told_in_words_are_understood() -> None:
    names, phones = "Doe^Jo^^^^^CURRENT~Roe^Jo^^^^^PREVIOUS", "3472444150^HOME~99^WORK^CELL"
    person = f"PID|1||7^^^H^MR||{names}||||||1 St^^B^^^^HOME||{phones}"
    found = _normalise("ADT^A08", "EVN|A08", person, "NK1|1|Doe^Al|MOTHER")
    patient = one_of(found, "Patient")
    assert [one["use"] for one in patient["name"]] == ["usual", "old"]
    assert patient["address"][0]["use"] == "home"
    assert [(one["system"], one["use"]) for one in patient["telecom"]] == [("phone", "home"), ("phone", "work")]
    assert one_of(found, "RelatedPerson")["relationship"][0]["coding"][0]["code"] == "MTH"


def test_what_an_address_is_for_is_no_address() -> None:
    told = _normalise("ADT^A08", "EVN|A08", "PID|1||7^^^H^MR||Doe^Jo||||||^^^^^^H^^^^^^2020~^^杭州^^^^M")
    assert one_of(told, "Patient")["address"] == [{"city": "杭州", "type": "postal"}]
    assert [(one.path, one.value) for one in told.ledger.unmapped if one.path.startswith("PID[1]-11")] == [
        ("PID[1]-11[1].7", "H"), ("PID[1]-11[1].13", "2020"),
    ]  # fmt: skip


def test_an_imaging_order_has_its_accession_number() -> None:
    found = _normalise("OMI^O23", PID, "ORC|NW|1|2", "OBR|1|1|2|CT^CT^L",
                       "IPC|A9^RIS|R9^RIS|1.2.840.1|S9^RIS|CT^CT^DCM||ROOM1||AE1")  # fmt: skip
    request = one_of(found, "ServiceRequest")
    assert [one["value"] for one in request["identifier"]] == ["1", "2", "A9", "R9", "1.2.840.1", "S9"]
    assert request["identifier"][2]["type"]["coding"][0]["code"] == "ACSN"
    assert not _unmapped(found, "IPC")
