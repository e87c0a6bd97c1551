"""Staff of a sender (PMU, MFN^M02): who they are, where they work, what they learnt and which languages they speak."""

from __future__ import annotations

from tests.unit.hl7v2_maps.normalised import all_of, one_of, referred, segment
from tests.unit.hl7v2_maps.test_families import _normalise

DOCTOR = segment("STF", {1: "S1^^HR", 2: "D1^^^ZSWSY^EI", 3: "李^医生", 4: "P^Physician^HL70182", 5: "F",
                         6: "19700101", 7: "I", 8: "CARD^心内科^HR", 9: "MED^^HL70069", 12: "20200101^H1&市第一医院&HR",
                         13: "20251231", 15: "li@example.cn", 18: "主任医师", 22: "DL1^浙江^20300101",
                         24: "20300101"})  # fmt: skip


def test_a_staff_member_is_a_practitioner_with_a_role() -> None:
    found = _normalise("PMU^B01", "EVN|B01|20260310", DOCTOR, version="2.8")
    who, role = one_of(found, "Practitioner"), one_of(found, "PractitionerRole")
    assert [i["value"] for i in who["identifier"]] == ["S1", "D1", "DL1"]
    assert who["active"] is False and who["name"][0]["family"] == "李" and who["gender"] == "female"
    assert {"system": "email", "value": "li@example.cn"} in who["telecom"]
    assert referred(found, role["practitioner"]) is who
    assert referred(found, role["organization"])["name"] == "心内科"
    assert role["period"] == {"start": "2020-01-01", "end": "2025-12-31"}
    assert [code.get("text") or code["coding"][0]["code"] for code in role["code"]] == ["P", "主任医师"]
    assert role["specialty"][0]["coding"][0]["code"] == "MED"
    left = {entry.path: entry.reason for entry in found.ledger.unmapped}
    assert left["STF[1]-24[1]"] == "a staff member's car: no statement of care"


def test_their_practice_units_and_societies_are_roles_of_their_own() -> None:
    practice = segment("PRA", {1: "K1^^HR", 3: "IN^^HL70186", 5: "心血管内科^医师协会^C^20100101",
                               6: "1234567^DEA^浙江^20301231", 8: "20100101"})  # fmt: skip
    found = _normalise("MFN^M02", DOCTOR, practice, "ORG|1|U1^冠心病组^HR|||P7^^^ZSWSY||||20200101^20300101||||K9",
                       "AFF|1|中华医学会||20150101", version="2.8")  # fmt: skip
    who = one_of(found, "Practitioner")
    number = who["identifier"][-1]
    assert (number["value"], number["type"]["coding"][0]["code"]) == ("1234567", "DEA")
    assert (number["assigner"], number["period"]) == ({"display": "浙江"}, {"end": "2030-12-31"})
    roles = all_of(found, "PractitionerRole")
    assert all(referred(found, role["practitioner"]) is who for role in roles)
    _, practises, unit, society = roles
    assert practises["specialty"] == [{"text": "心血管内科"}] and practises["period"] == {"start": "2010-01-01"}
    assert referred(found, unit["organization"])["name"] == "冠心病组"
    assert unit["period"] == {"start": "2020-01-01", "end": "2030-01-01"}
    assert society["code"] == [{"text": "professional affiliation"}]
    assert referred(found, society["organization"])["name"] == "中华医学会"


def test_languages_degrees_and_certificates_are_each_one_of_the_practitioners() -> None:
    degree = segment("EDU", {2: "MD^^HL70360", 4: "19880901^19930701", 5: "19930701", 6: "浙江大学"})
    licence = segment("CER", {2: "110", 4: "卫健委", 10: "LIC^执业证书^HR", 25: "19940101", 27: "20340101", 31: "V"})
    found = _normalise("PMU^B01", DOCTOR, "LAN|1|zh^Chinese^ISO639|3~1|1", "LAN|2|yue^粤语^HR", degree, licence,
                       version="2.8")  # fmt: skip
    who = one_of(found, "Practitioner")
    chinese, cantonese = who["communication"]
    assert chinese["coding"][0] == {"system": "urn:ietf:bcp:47", "code": "zh"} and chinese["text"] == "Chinese"
    told = [one["valueCodeableConcept"] for one in chinese["extension"] if "valueCodeableConcept" in one]
    assert [one["coding"][0]["code"] for one in told] == ["3", "1", "1"]
    assert cantonese["text"] == "粤语" and "coding" not in cantonese
    first, second = who["qualification"]
    assert first["code"]["coding"][0]["code"] == "MD" and first["period"] == {"start": "1993-07-01"}
    assert first["extension"][0]["valuePeriod"] == {"start": "1988-09-01", "end": "1993-07-01"}
    assert referred(found, first["issuer"])["name"] == "浙江大学"
    assert second["identifier"][0]["value"] == "110" and second["period"]["end"] == "2034-01-01"


def test_what_is_said_of_no_staff_member_stays_in_the_ledger() -> None:
    found = _normalise("PMU^B01", "EDU|1|MD", version="2.8")
    assert all_of(found, "Practitioner") == []
    assert "EDU[1]-2[1]" in {entry.path for entry in found.ledger.unmapped}
