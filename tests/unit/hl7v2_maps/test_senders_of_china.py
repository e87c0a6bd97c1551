"""How hospital systems of China write HL7 v2.4: their names for identifiers, their rhythms, their texts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.domain.messages import Normalised
from hub.domain.patients import NATIONAL, Identifier
from tests.unit.hl7v2_maps.normalised import all_of, normalised

NUMBER = "110101199003078515"
PID = "PID|||20190226^^^^PatientNO||测试员||19900307|F"


def _normalise(kind: str, *segments: str, facility: str = "") -> Normalised:
    head = f"MSH|^~\\&|LIS|{facility}|HIS||20190528085648||{kind}|793867|P|2.4|||AL|AL|CHN"
    return normalised([head, *segments], at=datetime(2019, 5, 28, 1, 0, tzinfo=UTC))


@pytest.mark.parametrize("kind", ["IdentifyNO", "IDCard", "身份证", "NI"])
def test_a_national_number_is_known_by_what_its_sender_calls_it(kind: str) -> None:
    found = _normalise("ADT^A08", "EVN|A08", f"PID|||0001193538^^^^IDCard~{NUMBER}^^^^{kind}||测试员")
    assert Identifier(NATIONAL, NUMBER) in found.patient.identifiers
    assert Identifier("urn:referral-hub:namespace:LIS:IDCARD", "0001193538") in found.patient.identifiers


@pytest.mark.parametrize(("number", "kind"), [
    ("0000014627", "IdentifyNO"), (NUMBER[:-1] + "6", "IdentifyNO"), (NUMBER, "PatientNO"), (NUMBER, ""),
])  # fmt: skip
def test_what_is_no_national_number_is_the_senders_own(number: str, kind: str) -> None:
    found = _normalise("ADT^A08", "EVN|A08", f"PID|||{number}^^^^{kind}||测试员")
    assert [one.system for one in found.patient.identifiers] != [NATIONAL]


@pytest.mark.parametrize(("facility", "owner"), [("", "LIS"), ("ZSWSY", "ZSWSY")])
def test_numbers_of_a_sender_without_facility_are_its_applications(facility: str, owner: str) -> None:
    found = _normalise("ADT^A08", "EVN|A08", PID, facility=facility)
    assert [one.system for one in found.patient.identifiers] == [f"urn:referral-hub:namespace:{owner}:PATIENTNO"]


@pytest.mark.parametrize(("told", "often"), [
    ("8&1/12 小时", (1, 12, "h")), ("3/日", (3, 1, "d")), ("1/2周", (1, 2, "wk")), ("2/天", (2, 1, "d")),
    ("1/0 天", None),
])  # fmt: skip
def test_how_often_is_told_as_a_share(told: str, often: tuple[int, int, str] | None) -> None:
    found = _normalise("OMP^O09", PID, "ORC|NW|248623", f"TQ1|1||{told}", "RXO|024^头孢^L|0.4||9^g", "RXR|B5^静滴")
    (request,) = all_of(found, "MedicationRequest")
    repeat = request["dosageInstruction"][0]["timing"].get("repeat")
    assert (repeat and (repeat["frequency"], repeat["period"], repeat["periodUnit"])) == often


def test_a_report_whose_findings_stand_in_coded_fields() -> None:
    found = _normalise(
        "ORU^R01", PID, "ORC|UX|292201|USY50936", "OBR|1||USY50936^^938177|173544^腹部|||||||||||0002&静脉全血",
        "OBX|1|CE|IMP||肝大小形态正常，肝包膜光整。胆囊缩小。||||||F", "OBX|2|CE|POS||阳性||||||F",
    )  # fmt: skip
    prose, word = all_of(found, "Observation")
    assert prose["valueString"] == "肝大小形态正常，肝包膜光整。胆囊缩小。"
    assert word["valueCodeableConcept"]["text"] == "阳性"
    (specimen,) = all_of(found, "Specimen")
    assert specimen["type"]["coding"][0]["display"] == "静脉全血"
    assert [one.path for one in found.ledger.unmapped if one.path.startswith("ORC")] == []


def test_a_diagnosis_told_twice_stands_once() -> None:
    found = _normalise("ADT^A01", "EVN|A01", PID, "PV1|1|I", "DG1|1||^肺炎|肺炎||11")
    (condition,) = all_of(found, "Condition")
    assert condition["code"] == {"text": "肺炎"}
    assert not [one.path for one in found.ledger.unmapped if one.path.startswith(("DG1[1]-3", "DG1[1]-4"))]
