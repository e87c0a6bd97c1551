"""Each value returns to the segment, the repetition and the component that it stood in, where several say one thing."""

from __future__ import annotations

from adapters.hl7v2.outbound.writer import write
from hub.domain.delivery import Outbound
from tests.unit.hl7v2_maps.normalised import NOW, all_of, names, read, sent_back

FIRST, SECOND = "PID|1||7701^^^ZSWSY^MR||测^甲", "PID|2||7702^^^ZSWSY^MR||测^乙"


def test_a_resource_is_due_when_its_segment_says_else_so_far_from_the_appointments_start() -> None:
    found = read("SIU^S12", "2.5.1", "SCH||F1||||CHECKUP|||||^^^20260312090000+0800", FIRST, "RGS|1",
                  "AIS|1||ECG^心电图|20260312093000+0800|20|MIN|1|H", "AIG|1||E7^心电图机||||||15|MIN",
                  "AIP|1||D1^李^明||||-1|H")  # fmt: skip
    (booked,) = all_of(found, "Appointment")
    starts = [one["period"]["start"] for one in booked["participant"] if "period" in one]
    assert booked["start"] == "2026-03-12T09:00:00+08:00"
    assert starts == ["2026-03-12T09:15:00+08:00", "2026-03-12T08:00:00+08:00"]
    service = next(one for one in all_of(found, "ServiceRequest") if "occurrencePeriod" in one)
    assert (service["occurrencePeriod"]["start"], service["occurrencePeriod"]["end"]) == (
        "2026-03-12T09:30:00+08:00", "2026-03-12T10:30:00+08:00")  # fmt: skip
    back = sent_back(found, "SIU^S12", "2.5.1")
    assert [line for line in back if line.startswith("AI")] == [
        "AIS|1||ECG^心电图|20260312093000+0800|||1|H", "AIG|1||E7^心电图机||||||15|MIN||||BOOKED",
        "AIP|1||D1^李^明^^^^^^ZSWSY||||-1|H||||BOOKED",
    ]  # fmt: skip


def test_each_timing_of_an_order_and_of_an_appointment_stands_by_itself() -> None:
    first, second = "TQ1|||每日一次||||20260312090000+0800|||空腹|", "TQ1||2^支|每周||||20260401||R|餐后|复查"
    found = read("ORU^R01", "2.5.1", FIRST, "ORC|RE|P1|F1", "OBR|1|P1|F1|GLU^Glucose", first, second,
                  "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F")  # fmt: skip
    (order,) = all_of(found, "ServiceRequest")
    assert order["occurrenceTiming"]["code"]["text"] == "每日一次" and "priority" not in order
    assert [one["text"] for one in order["note"]] == ["空腹"]
    told = [line for line in sent_back(found, "ORU^R01", "2.5.1") if line.startswith("TQ1")]
    assert told == [first.rstrip("|"), second]
    found = read("SIU^S12", "2.5.1", "SCH||F1||||CHECKUP", "TQ1|||||||20260312090000+0800", "TQ1|||||||20260319",
                  FIRST, "RGS|1")  # fmt: skip
    (booked,) = all_of(found, "Appointment")
    assert booked["start"] == "2026-03-12T09:00:00+08:00" and "requestedPeriod" not in booked
    assert "TQ1|||||||20260319" in sent_back(found, "SIU^S12", "2.5.1")


def test_timing_that_an_order_has_of_its_orc_stays_in_the_orc_that_reports_share() -> None:
    control = "ORC|RE|||G1&&1.2.3&ISO|||1^Q8H^^20260312"
    found = read("ORU^R01", "2.4", FIRST, control, "OBR|1|||GLU^Glucose" + "|" * 23 + "2^Q6H", "OBX|1|NM|GLU||5",
                  "OBR|2|||K^Potassium", "OBX|1|NM|K||4")  # fmt: skip
    back = sent_back(found, "ORU^R01", "2.4")
    assert [line for line in back if line.startswith("ORC")] == [control]
    assert [line[-5:] for line in back if line.startswith("OBR")] == ["2^Q6H", "ssium"]


def test_what_several_segments_tell_of_one_resource_returns_to_each() -> None:
    restricted = "ARV|1|A|R^^HL70717", "ARV|2|A|V^^HL70717|PAT^^HL70719"
    trials = "CTI|T1^^1.2.3^ISO", "CTI|T2^^1.2.3^ISO|II^Phase two"
    found = read("ORU^R01", "2.8", FIRST, *restricted, "OBR|1|P1|F1|GLU^Glucose",
                  "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F", *trials)  # fmt: skip
    back = sent_back(found, "ORU^R01", "2.8")
    assert [line for line in back if line.startswith("CTI")] == list(trials)
    assert [line[6:] for line in back if line.startswith("ARV")] == [line[7:] for line in restricted]


def test_what_the_patient_is_called_by_stands_with_its_name() -> None:
    found = read("SIU^S12", "2.7", "SCH||F1||||CHECKUP", "PID|1||7701^^^ZSWSY^MR||Li^Ming~Lee^M" + "^" * 13 + "Mickey",
                  "RGS|1")  # fmt: skip
    told = next(line for line in sent_back(found, "SIU^S12", "2.7") if line.startswith("PID"))
    assert told.split("|")[5] == "Li^Ming~Lee^M" + "^" * 13 + "Mickey"


def test_each_payer_of_a_visit_is_one_with_its_own_start() -> None:
    visit = "PV1|1|I" + "|" * 18 + "SELF~INS^20260301"
    found = read("ORU^R01", "2.5.1", FIRST, visit, "OBR|1|P1|F1|GLU^Glucose", "OBX|1|NM|GLU||5.1|mmol/L|||||F")
    assert [one.get("period") for one in all_of(found, "Coverage")] == [None, {"start": "2026-03-01"}]
    assert visit in sent_back(found, "ORU^R01", "2.5.1")


def test_a_visit_told_without_its_pv1_is_that_patients_own() -> None:
    found = read("SIU^S12", "2.5.1", "SCH||F1||||CHECKUP", FIRST, "PV2|^^^3号楼", SECOND, "PV1|1|O",
                  "PV2|||R51^头痛", "RGS|1")  # fmt: skip
    assert len({one["subject"]["reference"] for one in all_of(found, "Encounter")}) == 2
    back = sent_back(found, "SIU^S12", "2.5.1")
    assert [line for line in back if line.startswith("PV")] == ["PV2|^^^3号楼", "PV1|1|O", "PV2|||R51^头痛"]


def test_notes_of_another_writer_are_another_note() -> None:
    lines = "NTE|||一般情况好||D1^李", "NTE|||饮食可", "NTE|||睡眠可||D1^李", "NTE|||拟随访||D2^王"
    found = read("ORU^R01", "2.7", FIRST, *lines, "OBR|1|P1|F1|GLU^Glucose", "OBX|1|NM|GLU||5.1|mmol/L|||||F")
    assert [len(one["author"]) for one in all_of(found, "DocumentReference")] == [1, 1]
    told = [line.replace("^^^^^^^ZSWSY", "") for line in sent_back(found, "ORU^R01", "2.7") if line.startswith("NTE")]
    assert told == list(lines)


def test_who_answers_for_a_person_who_refers_is_told_with_the_numbers() -> None:
    contacts = "CTD|C^Contact|张^一|上海路1号||^WPN^PH^^^^555", "CTD|A|||", "CTD|||||^WPN^PH^^^^777"
    found = read("REF^I12", "2.5.1", "RF1|P|R|MED|||R17^ZSWSY||||^请评估", "PRD|RP|李^明", *contacts,
                  "PRD|RT||||||CITY1", "CTD|C|王^二", FIRST)  # fmt: skip
    told = [line for line in sent_back(found, "REF^I12", "2.5.1") if line[:3] in ("PRD", "CTD")]
    assert [line.rstrip("|") for line in told if line.startswith("CTD")] == [
        "CTD|C^Contact|张^一|上海路1号||^WPN^PH^^^^555", "CTD|A", contacts[2], "CTD|C|王^二"]  # fmt: skip
    assert names(told) == "PRD CTD CTD CTD PRD CTD"


def test_the_lines_of_a_document_return_as_they_were_told() -> None:
    lines = "OBX|1|FT|11502-2^Report^LN||会诊意见||||||P", "OBX|2|TX|11502-2^Report^LN||未完||||||C"
    document = "TXA|1|CN^会诊|AP|||||||||D1|||||PA"
    found = read("MDM^T02", "2.5.1", "EVN|T02|20260310", FIRST, "PV1|1|O", document, *lines)
    back = sent_back(found, "MDM^T02", "2.5.1")
    assert [line for line in back if line.startswith("OBX")] == list(lines)
    found = read("ORU^R01", "2.8", FIRST, "ORC|RE|P1|F1", lines[0], document, "OBR|1|P1|F1|GLU^Glucose",
                  "OBX|2|NM|GLU^Glucose||5.1")  # fmt: skip
    back += sent_back(found, "ORU^R01", "2.8")
    assert lines[0] in back[back.index("PV1|1|O") + 4 :]
    told = [line.split("|") for line in back if line.startswith("TXA")]
    assert [(one[3], one[17]) for one in told] == [("AP", "PA")] * 2


def test_a_segment_that_says_nothing_moves_none_behind_it() -> None:
    timings = "TQ1", "TQ1||||0830", "TQ1", "TQ1||||1530"
    found = read("ORU^R01", "2.5.1", FIRST, "OBR|1|P1|F1|GLU^Glucose", *(timings[0] + "|" * 13 + "5", timings[1],
                  timings[2] + "|||^^^^^^^^^X", timings[3]), "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F")  # fmt: skip
    assert [line for line in sent_back(found, "ORU^R01", "2.5.1") if line.startswith("TQ1")] == list(timings)


def test_all_who_refer_and_who_guarantees_return_in_their_places() -> None:
    providers = "PRD|RP|李^明", "PRD|RT||||||CITY1", "PRD|RP|王^强"
    guarantor = "GT1|1||甲^乙" + "|" * 42 + "陈~Li^Ming^^^Dr"
    reader = "OBR|1|P1||GLU^Glucose" + "|" * 28 + "D9^Reader^Ray~D8&Typist&Tom^20260312"
    found = read("REF^I12", "2.5.1", "RF1|P|R|MED|||R17^ZSWSY||||^请评估", *providers, FIRST, guarantor, reader)
    back = [line.rstrip("|") for line in sent_back(found, "REF^I12", "2.5.1")]
    assert [line for line in back if line.startswith("PRD")] == list(providers)
    assert [line.split("|")[45] for line in back if line.startswith("GT1")] == ["陈~Li^Ming^^^Dr"]
    (told,) = (line.split("|")[32] for line in back if line.startswith("OBR"))
    assert told.replace("^^^^^^ZSWSY", "").replace("&&&&&&ZSWSY", "") == "D9^Reader^Ray~D8&Typist&Tom^20260312"


def test_a_receiver_of_later_segments_gets_them_in_its_own_version() -> None:
    device = "PRT||UC||EQUIP||||||E7&Monitor"
    found = read("ORU^R01", "2.5.1", FIRST, "OBR|1|P1|F1|GLU^Glucose", "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F", device)
    ahead, plain = sent_back(found, "ORU^R01", "2.5.1+2.8"), sent_back(found, "ORU^R01", "2.5.1")
    assert names(ahead) == "PID OBR OBX PRT" and names(plain) == "PID OBR OBX"
    written = write(Outbound("ORU^R01", found.bundle, "B1", NOW, "2.5.1+2.8", "UNICODE UTF-8", ("", ""), ("", "")))
    assert written.split(b"|")[11] == b"2.5.1"
    assert "E7" in plain[-1].split("|")[18]


def test_a_device_between_an_order_and_its_detail_is_the_orders() -> None:
    device = "PRT||UC||||||||E7&Monitor"
    found = read("ORU^R01", "2.8", FIRST, "ORC|RE|P1|F1", device, "OBR|1|P1|F1|GLU^Glucose",
                 "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||F")  # fmt: skip
    assert names(sent_back(found, "ORU^R01", "2.8")) == "PID ORC PRT OBR OBX"


def test_an_authorization_of_which_little_is_said_is_no_insurance() -> None:
    sent = "AUT||C1", "IN1|1||C2|Insurer"
    found = read("REF^I12", "2.5.1", "RF1|P|R|MED|||R17^ZSWSY||||^请评估", sent[0], "PRD|RP|李^明",
                 "PRD|RT||||||CITY1", FIRST, sent[1])  # fmt: skip
    assert names(sent_back(found, "REF^I12", "2.5.1")) == "RF1 AUT PRD PRD PID IN1"


def test_what_is_told_beside_the_patient_is_of_that_patient() -> None:
    more = "PD1" + "|" * 9 + "N" + "|" * 6 + "DNR^No resuscitation^HL70435||||USA^Army|E1^Private|ACT^Active"
    assert more in sent_back(read("SIU^S12", "2.7", "SCH||F1||||CHECKUP", FIRST, more, "RGS|1"), "SIU^S12", "2.7")
