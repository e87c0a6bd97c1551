"""What hospitals, laboratories and devices of Europe, Australia and Japan write otherwise than the corpus does."""

from __future__ import annotations

import pytest
import yaml

from adapters.hl7v2.maps import codes
from hub.domain.messages import Normalised, Open
from tests.roundtrip.measure import trip
from tests.unit.hl7v2_maps.normalised import normalised, one_of, referred

PID = "PID|1||7^^^HIS^MR||Roe^Ann||19700101|F"
OBR = "OBR|1|2|3|P^Panel^L|||20260310||||||||||||||||||F"
WEIGHT = "OBX|1|NM|W^Weight^L||70|kg|||||F"


def _message(kind: str, *segments: str) -> list[str]:
    return [rf"MSH|^~\&|HIS|CLINIC|HUB|HUB|20260310||{kind}|1|P|2.5.1", *segments]


def _normalise(kind: str, *segments: str) -> Normalised:
    return normalised(_message(kind, *segments))


def _lost(kind: str, *segments: str) -> list[str]:
    """The paths of mapped values that are not in the message that is written of the Bundle."""
    found = trip("", "\r".join(_message(kind, *segments)).encode())
    assert found
    assert not found.refused
    return [leaf.path for leaf in found.leaves if not leaf.returned]


@pytest.mark.parametrize(("told", "value"), [
    ("^PRN^PH^^0043^512^738294", "+43 512 738294"), ("^PRN^PH^^+49^451^24680", "+49 451 24680"),
    ("^PRN^PH^^43^512^738294", "+43 512 738294"), ("^PRN^PH^^^671556677", "671556677"),
    ("^PRN^PH^^^^^0262959087", "0262959087"),
])  # fmt: skip
def test_a_telephone_is_told_as_it_is_dialled(told: str, value: str) -> None:
    patient = one_of(_normalise("ADT^A08", "EVN|A08", f"{PID}|||||{told}"), "Patient")
    assert [one["value"] for one in patient["telecom"]] == [value]
    assert not _lost("ORU^R01", f"{PID}|||||{told}", OBR, WEIGHT)


def test_where_somebody_was_born_is_no_address_in_use() -> None:
    places = "Weg 1^^Linz^^4020^AT^H~^^Graz^^^AT^BDL~^^Wels^^^AT^BR~Ring 2^^Wien^^1010^AT^L"
    sent = f"{PID}|||{places}"
    home, *born, legal = one_of(_normalise("ADT^A08", "EVN|A08", sent), "Patient")["address"]
    assert (home["use"], [one["use"] for one in born]) == ("home", ["old", "old"])
    coded = legal["extension"][0]["valueCodeableConcept"]["coding"]
    assert coded == [{"system": "http://terminology.hl7.org/CodeSystem/v2-0190", "code": "L"}]
    assert "use" not in legal
    assert not _lost("ORU^R01", sent, OBR, WEIGHT)


@pytest.mark.parametrize(("written", "code"), [
    ("x10E9/L", "10*9/L"), ("x10*12/L", "10*12/L"), ("10^3/µl", "10*3/uL"), ("X10E3/UL", "10*3/uL"),
    ("10*6/mm3", "10*6/uL"), ("Gpt/l", "10*9/L"), ("Tsd/µl", "10*3/uL"), ("MDC_DIM_MMHG", "mm[Hg]"),
    ("MDC_DIM_MILLI_L_PER_HR", "mL/h"), ("MDC_DIM_L_PER_MIN", "L/min"), ("lpm", "L/min"), ("MDC_DIM_CM_H2O", "cm[H2O]"),
    ("G/L", None), ("g/l", "g/L"), ("10*5", None),
])  # fmt: skip
def test_units_of_laboratories_and_devices(written: str, code: str | None) -> None:
    assert codes.ucum(written) == code


@pytest.mark.parametrize("name", ["systems.yaml", "tables.yaml", "units.yaml"])
def test_nothing_is_said_twice(name: str) -> None:
    keys = [key.value for key, _ in yaml.compose(codes.FOLDER.joinpath(name).read_text("utf-8")).value]
    assert sorted(keys) == sorted(set(keys)), "the last one hides those before it"


def test_a_unit_of_a_device_is_told_in_ucum() -> None:
    measured = "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.2.3.4|97|262688^MDC_DIM_PERCENT^MDC|||||R"
    value = one_of(_normalise("ORU^R01", PID, OBR, measured), "Observation")["valueQuantity"]
    assert (value["code"], value["system"], value["unit"]) == ("%", "http://unitsofmeasure.org", "MDC_DIM_PERCENT")
    assert not _lost("ORU^R01", PID, OBR, measured)


AUTHOR, RECIPIENT = "PRD|AP|Roe^John|||||049961AA^AUSHICPR^UPIN", "PRD|IR|Doe^Alice|||||049960CT^AUSHICPR^UPIN"
RF1, REASON = "RF1|P|R||||A1^GP|20260310", "DG1|1||R07.4^Chest pain^I10|||W"


def _acting(found: Normalised) -> tuple[str, str]:
    """The family names of who refers and of who is referred to."""
    request = next(r for e in found.bundle["entry"] if "performer" in (r := e["resource"]))
    roles = referred(found, request["requester"]), referred(found, request["performer"][-1])
    requester, performer = (referred(found, role["practitioner"])["name"][0]["family"] for role in roles)
    return requester, performer


@pytest.mark.parametrize("segments", [(RF1, AUTHOR, RECIPIENT, PID, REASON), (AUTHOR, RECIPIENT, PID, RF1, REASON)])
def test_the_author_refers_and_the_intended_recipient_is_referred_to(segments: tuple[str, ...]) -> None:
    found = _normalise("REF^I12", *segments)
    assert _acting(found) == ("Roe", "Doe")
    assert isinstance(found.intent, Open)
    assert found.intent.content.receiver_path.startswith("PRD[2]-7[1]")
    assert not _lost("REF^I12", *segments)


def test_who_refers_and_is_referred_to_goes_before_author_and_recipient() -> None:
    others = "PRD|RP|Poe^Jim|||||1^UPIN", "PRD|RT|Loe^Kim|||||2^UPIN"
    assert _acting(_normalise("REF^I12", RF1, AUTHOR, RECIPIENT, *others, PID, REASON)) == ("Poe", "Loe")


@pytest.mark.parametrize(("lasts", "begins", "end"), [
    ("28^日分", "20260301", "2026-03-28"), ("2^wk", "20260301", "2026-03-14"),
    ("5^d", "202603010800", "2026-03-06T08:00:00+08:00"), ("12^h", "20260301", None), ("5^d", "202603", None),
    ("5^mo", "20260301", None), ("99999999^d", "20260301", None),
])  # fmt: skip
def test_an_order_that_begins_ends_when_its_duration_is_over(lasts: str, begins: str, end: str | None) -> None:
    timing = f"TQ1|1||BID|||{lasts}|{begins}"
    found = _normalise("ORM^O01", PID, "ORC|NW|1", timing, "OBR|1|1||P^Panel^L")
    bounds = one_of(found, "ServiceRequest")["occurrenceTiming"]["repeat"]["boundsPeriod"]
    assert bounds.get("end") == end
    assert ("TQ1[1]-6[1].1" in {one.path for one in found.ledger.mapped}) == (end is not None)
    assert not _lost("ORU^R01", PID, OBR, timing, WEIGHT)


def test_a_duration_in_the_old_place_ends_an_order_too() -> None:
    order = "ORC|NW|1|||||1^BID^D10^20260301", "OBR|1|1||P^Panel^L"
    bounds = one_of(_normalise("ORM^O01", PID, *order), "ServiceRequest")["occurrenceTiming"]["repeat"]["boundsPeriod"]
    assert (bounds["start"], bounds["end"]) == ("2026-03-01", "2026-03-10")
    assert not _lost("ORU^R01", PID, "ORC|RE|1|||||1^BID^D10^20260301", OBR, WEIGHT)


def test_a_coding_system_without_a_code_is_no_value() -> None:
    found = _normalise("ORU^R01", PID, OBR, "OBX|1|CE|F^Flag^L||^^99LAB||||||F")
    assert not [key for key in one_of(found, "Observation") if key.startswith("value")]
    assert "OBX[1]-5[1].3" in {one.path for one in found.ledger.unmapped}


@pytest.mark.parametrize(("length", "minutes"), [("1800", None), ("30", 30), ("1800|s", 30)])
def test_a_length_without_units_is_of_minutes_unless_the_times_say_otherwise(length: str, minutes: int | None) -> None:
    booked = f"SCH||7^HIS||||BOOKED|||{length}" + ("|" if "|" in length else "||")
    found = _normalise("SIU^S12", booked + "^^^20260516130000^20260516133000", PID, "RGS|1")
    appointment = one_of(found, "Appointment")
    assert appointment.get("minutesDuration") == minutes
    assert appointment["end"] == "2026-05-16T13:30:00+08:00"


def test_a_problem_that_is_confirmed_has_not_come_back() -> None:
    problem = "PRB|AD|20260310|I10^Hypertension^I10|P1||||||||||C^Confirmed"
    assert "clinicalStatus" not in one_of(_normalise("PPR^PC1", PID, problem), "Condition")


@pytest.mark.parametrize(("name", "system"), [
    ("JC10", "urn:oid:1.2.392.200119.4.504"), ("HOT9", "urn:oid:1.2.392.200119.4.403.1"),
])  # fmt: skip
def test_coding_systems_of_japan(name: str, system: str) -> None:
    result = f"OBX|1|NM|3A010^Protein^{name}||7.2|g/dL|||||F"
    assert one_of(_normalise("ORU^R01", PID, OBR, result), "Observation")["code"]["coding"][0]["system"] == system


def test_a_bitmap_is_an_image() -> None:
    picture = "OBX|1|ED|I^Image^L||^^BMP^Base64^Qk0eEA==||||||F"
    observation = one_of(_normalise("ORU^R01", PID, OBR, picture), "Observation")
    assert observation["extension"][0]["valueAttachment"]["contentType"] == "image/bmp"
