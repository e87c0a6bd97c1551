"""What is refused before mapping, and what sloppy but clear messages get away with."""

from __future__ import annotations

import pytest

from adapters.hl7v2 import charsets, er7, files, structures
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.validation import LONGEST_NAME, oversize, validate
from hub.domain.errors import Cause
from hub.domain.messages import MOST_LEAVES, MOST_SEGMENTS
from tests.conftest import CORPORA


def faults(*lines: str, kind: str = "REF^I12^REF_I12", version: str = "2.5.1") -> list[tuple[Cause, str]]:
    header = f"MSH|^~\\&|HIS|XR|HUB|H|20240101||{kind}|1|P|{version}"
    return [(r.cause, r.path) for r in validate(er7.parse("\r".join([header, *lines])))]


@pytest.mark.parametrize(
    "value", ["1958", "195803", "19580312", "195803121530", "19580312153059.1234+0800", '""', "", "20240229"]
)
def test_dates_of_any_precision_pass(value: str) -> None:
    assert faults(f"PID|1||7||A||{value}") == []


@pytest.mark.parametrize(
    "value",
    [
        "58",
        "580312",
        "210512",
        "1958-03-12",
        "19581312",
        "20230229",
        "MI",
        "00000000",
        "1958031225",
        "19580312+25",
        "２０２４",
    ],
)
def test_what_is_no_date_is_refused_at_its_place(value: str) -> None:
    assert faults(f"PID|1||7||A||{value}") == [(Cause.WRONG_DATATYPE, "PID[1]-7[1]")]


@pytest.mark.parametrize(("value", "right"), [("0000", True), ("00000000000000", True), ("00001301", False)])
def test_a_time_of_zeros_is_none(value: str, right: bool) -> None:
    assert (faults("PV1|1|I" + "|" * 42 + value) == []) == right


@pytest.mark.parametrize(
    ("kind", "value", "right"),
    [
        ("NM", "7.5", True), ("NM", "-7", True), ("NM", ".5", True), ("NM", "<0.1", True), ("NM", ">= 100", True),
        ("NM", "7,5", False), ("NM", "positive", False), ("NM", "7.5 mmol/L", False),
        ("DT", "20240101", True), ("DT", "February", False), ("TM", "1530", True), ("TM", "2530", False),
        ("TS", "202401011530^M", True), ("ST", "anything", True), ("", "anything", True),
    ],
)  # fmt: skip
def test_a_result_is_of_the_type_that_it_says(kind: str, value: str, right: bool) -> None:
    found = faults(f"OBX|1|{kind}|c||{value}")
    assert (found == []) == right
    assert right or found[0][0] is Cause.WRONG_DATATYPE


def test_each_repetition_is_checked_and_named() -> None:
    assert faults("OBX|1|NM|c||1~x~2~y^z") == [
        (Cause.WRONG_DATATYPE, "OBX[1]-5[2]"),
        (Cause.WRONG_DATATYPE, "OBX[1]-5[4].1"),
    ]


def test_two_patients_are_refused_where_the_structure_has_one() -> None:
    assert faults("PID|1", "PID|2") == [(Cause.WRONG_STRUCTURE, "PID[2]")]
    assert faults("PID|1", "PID|2", kind="ADT^A08") == [(Cause.WRONG_STRUCTURE, "PID[2]")]
    assert faults("PID|1", "OBR|1", "PID|2", kind="ORU^R01") == []


def test_a_second_header_in_one_message_is_refused() -> None:
    assert faults("MSH|^~\\&|X", kind="ZZZ^Z01") == [(Cause.WRONG_STRUCTURE, "MSH[2]")]


def test_texts_hold_no_patient_data() -> None:
    message = er7.parse("MSH|^~\\&|A\rPID|1||7||A||secret")
    assert all("secret" not in refusal.text for refusal in validate(message))


@pytest.mark.parametrize(
    ("version", "module"), [("2.5.1", "2_5_1"), ("2.9", "2_8_2"), ("2.3.2", "2_3_1"), ("", "2_5_1"), ("?", "2_1")]
)
def test_an_unknown_version_is_read_by_the_nearest(version: str, module: str) -> None:
    assert structures.library(version).__name__ == f"hl7apy.v{module}"


def test_structures_are_hl7apy_s() -> None:
    third = structures.segment("2.5.1", "PID")[2]
    assert (third.datatype, third.required, third.repeatable) == ("CX", True, True)
    assert structures.segment("2.5.1", "ZZZ") == ()
    assert [c.datatype for c in structures.datatype("2.5.1", "CX")][:4] == ["ST", "ST", "ID", "HD"]
    assert structures.datatype("2.5.1", "ST") == ()
    assert structures.codes("2.5.1", "HL70008") == {"AA", "AE", "AR", "CA", "CE", "CR"}
    assert structures.structure("2.5.1", "REF^I14") == "REF_I12"
    assert structures.structure("2.3", "RDE^O11") == "RDE_O01"
    assert structures.structure("2.5.1", "ZZZ^Z01", "ADT_A01") == "ADT_A01"
    assert structures.structure("2.5.1", "ZZZ^Z01") is None


def test_fields_are_counted_by_their_number_where_the_tables_leave_out_what_was_withdrawn() -> None:
    fields = structures.segment("2.8", "OBR")
    assert [fields[number - 1].datatype for number in (4, 9, 16, 32)] == ["CWE", "CQ", "XCN", "NDL"]
    assert fields[14].withdrawn and not fields[15].withdrawn


def test_of_the_corpus_only_the_message_made_malformed_is_refused() -> None:
    if not CORPORA.exists():
        pytest.skip("../shared/corpora is not here")
    passed, refused = 0, set()
    for path in [*CORPORA.glob("hl7v2/*/hl7/**/*.hl7"), *CORPORA.glob("reassembly-sample/inputs/*/*.hl7")]:
        for raw in files.split(path.read_bytes()):
            envelope, refusals = read_envelope(raw)
            if not refusals:
                text, _ = charsets.decode(raw, envelope.charset, None)
                if validate(er7.parse(text)):
                    refused.add(path.name)
                else:
                    passed += 1
    assert passed > 200
    assert all("malformed_DTM_datatype" in name for name in refused)


@pytest.mark.parametrize(("count", "expected"), [(MOST_LEAVES - 20, []), (MOST_LEAVES, ["PID[1]-3[39990]"])])
def test_a_message_of_more_values_than_can_be_answered_in_time_is_too_large(count: int, expected: list[str]) -> None:
    text = "MSH|^~\\&|HIS|XR|HUB|H|20240101||ADT^A08|1|P|2.5\rPID|1||" + "~".join(["n"] * count)
    found = oversize(er7.parse(text), len(text))
    assert [refusal.path for refusal in found] == expected
    assert all(refusal.cause is Cause.TOO_LARGE for refusal in found)


def test_a_message_of_more_segments_than_can_be_answered_in_time_is_too_large() -> None:
    text = "MSH|^~\\&|HIS|XR|HUB|H|20240101||ADT^A08|1|P|2.5" + "\rNTE|" * MOST_SEGMENTS
    (found,) = oversize(er7.parse(text), len(text))
    assert (found.cause, found.path) == (Cause.TOO_LARGE, f"NTE[{MOST_SEGMENTS}]")


def test_empty_repetitions_are_no_values() -> None:
    text = "MSH|^~\\&|HIS|XR|HUB|H|20240101||ADT^A08|1|P|2.5\rPID|1||" + "~" * 10 * MOST_LEAVES
    assert oversize(er7.parse(text), len(text)) == ()


@pytest.mark.parametrize("number", [3, 4, 10])
def test_a_name_that_would_stand_in_all_that_is_made_of_the_message_has_an_end(number: int) -> None:
    fields = ["MSH", "^~\\&", "HIS", "XR", "HUB", "H", "20240101", "", "ADT^A08", "1", "P", "2.5"]
    fields[number - 1] = "名" * LONGEST_NAME + "^" + "x" * LONGEST_NAME
    text = "|".join(fields)
    assert oversize(er7.parse(text), len(text)) == ()
    (found,) = oversize(er7.parse(text.replace("名^", "名名^")), len(text))
    assert (found.cause, found.path) == (Cause.TOO_LARGE, f"MSH[1]-{number}[1]")
