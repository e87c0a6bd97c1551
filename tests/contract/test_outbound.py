"""Messages for receivers: each kind, in each version that has it, in the receiver's characters."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from adapters.hl7v2 import charsets, er7
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.mllp import send
from adapters.hl7v2.normalise import normalise
from adapters.hl7v2.outbound.messages import SEQUENCES
from adapters.hl7v2.outbound.writer import write
from hub.domain.errors import Cause, Refused
from tests.contract.outbound.samples import SENT, bundle, outbound

KINDS = sorted(SEQUENCES)
RECEIVER = Path(__file__).parents[3] / "shared" / "peers" / "hapi-hl7v2" / "receive"
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8.2", "2.9")


def _read(raw: bytes) -> er7.Message:
    text, name = charsets.decode(raw, charsets.declared(raw), None)
    return er7.parse(text, charsets.codec(name) or "utf-8")


def _value(raw: bytes, name: str, field: int, component: int | None = 1, repetition: int = 1) -> str:
    message = _read(raw)
    segment = message.first(name)
    return er7.value(message, segment, field, repetition, component) if segment else ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_each_kind_is_written_in_each_version_and_read_by_hl7apy(kind: str, version: str) -> None:
    raw = write(outbound(kind, version=version))
    message = _read(raw)
    assert message.version == version
    assert [_value(raw, "MSH", 9, n) for n in (1, 2)] == kind.split("^")
    if version == "2.9" or kind.startswith(("OSU", "OMG")):
        return  # structures that hl7apy does not have in every version: test_the_structure_is_checked
    parsed = parse_message(raw.decode(), find_groups=True, validation_level=VALIDATION_LEVEL.TOLERANT)
    assert parsed.name == (SEQUENCES[kind][0] if version != "2.3" else parsed.name)
    if version < "2.6":  # from then on hl7apy leaves out the place of fields that were withdrawn
        # hl7apy escapes the escape character of a line break that it has read
        again = parsed.to_er7().replace("\\E\\.br\\E\\", "\\.br\\")
        assert again.rstrip("\r") == raw.decode().rstrip("\r")


@pytest.mark.parametrize("kind", ["REF^I12", "OMG^O19", "SIU^S12", "MDM^T02", "ORU^R01"])
def test_what_is_written_is_taken_by_the_hub_itself(kind: str) -> None:
    raw = write(outbound(kind))
    envelope, refusals = read_envelope(raw)
    assert refusals == ()
    again = normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=SENT)
    assert again.patient.name == "赵某&某"
    assert again.patient.birth_date == "1960-05"


def test_delimiters_and_line_ends_of_a_text_are_escaped() -> None:
    raw = write(outbound())
    assert "胸痛\\F\\待查 \\S\\ 两小时\\.br\\请会诊".encode() in raw
    assert _value(raw, "RF1", 10, 2) == "胸痛|待查 ^ 两小时\n请会诊"
    assert _value(raw, "PID", 5, 1) == "赵某&某"


@pytest.mark.parametrize("charset", ["GB 18030-2000", "GBK", "UNICODE UTF-8", "UNICODE UTF-16"])
def test_text_is_in_the_receivers_character_set(charset: str) -> None:
    raw = write(outbound(charset=charset))
    assert charsets.declared(raw) == charset
    assert _value(raw, "PID", 5, 1) == "赵某&某"


def test_what_the_character_set_cannot_express_is_refused_with_its_place() -> None:
    with pytest.raises(Refused) as refused:
        write(outbound(charset="8859/1"))
    places = {one.path for one in refused.value.refusals}
    assert {"RF1[1]-10[1]", "PID[1]-5[1]", "DG1[1]-3[1]"} <= places
    assert {one.cause for one in refused.value.refusals} == {Cause.UNDECODABLE}
    assert all("赵" not in one.text for one in refused.value.refusals)


def test_an_unknown_character_set_version_or_kind_is_refused() -> None:
    for changed, cause in (({"charset": "KLINGON"}, Cause.UNDECODABLE), ({"version": "3.0"}, Cause.UNSUPPORTED_VERSION),
                           ({"kind": "ADT^A01"}, Cause.UNSUPPORTED_TYPE)):  # fmt: skip
        with pytest.raises(Refused) as refused:
            write(outbound(**changed))
        assert refused.value.refusals[0].cause is cause


@pytest.mark.parametrize(
    ("kind", "without", "path"),
    [
        ("REF^I12", "Patient", "Patient"),
        ("REF^I12", "ServiceRequest", "ServiceRequest"),
        ("SIU^S12", "Appointment", "Appointment"),
        ("MDM^T02", "DocumentReference", "DocumentReference"),
    ],
)
def test_what_a_kind_cannot_be_without_is_refused_with_its_place(kind: str, without: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        write(outbound(kind, bundle=bundle(without)))
    assert (refused.value.refusals[0].cause, refused.value.refusals[0].path) == (Cause.REQUIRED_MISSING, path)


def test_the_structure_is_checked() -> None:
    with pytest.raises(Refused) as refused:
        write(outbound("REF^I12", version="2.2"))  # which has no referrals
    assert refused.value.refusals[0].cause is Cause.UNSUPPORTED_VERSION


def test_results_without_a_report_have_an_obr_of_their_own() -> None:
    raw = write(outbound("ORU^R01", bundle=bundle("DiagnosticReport", "ServiceRequest")))
    assert [one.name for one in _read(raw).segments][-2:] == ["OBR", "OBX"]


def test_every_document_is_in_an_mdm() -> None:
    held = bundle()
    note = next(e for e in held["entry"] if e["resource"]["resourceType"] == "DocumentReference")
    held["entry"].append({"fullUrl": "urn:x:2", "resource": {**note["resource"], "id": "n-2"}})
    message = _read(write(outbound("MDM^T02", bundle=held)))
    lines = [er7.value(message, one, 5, 1, None) for one in message.all("OBX")]
    assert lines[:4] == ["主诉：胸痛", "既往：高血压"] * 2
    assert any("阿司匹林" in line for line in lines[4:]), "what no other message tells is told in words"


def test_documents_in_plain_text_are_lines_and_others_are_attached() -> None:
    pdf = {"attachment": {"contentType": "application/pdf", "data": "JVBERi0xLjQ=", "title": "出院小结"}}
    held = bundle("Condition", "AllergyIntolerance", "MedicationStatement", "MedicationRequest", "Procedure")
    [note] = [e["resource"] for e in held["entry"] if e["resource"]["resourceType"] == "DocumentReference"]
    note["content"] = [
        *note["content"],
        pdf,
        {"attachment": {"contentType": "text/html", "url": "https://a.example/1"}},
    ]
    message = _read(write(outbound("MDM^T02", bundle=held)))
    assert [er7.value(message, one, 2) for one in message.all("OBX")] == ["TX", "TX", "ED", "RP"]
    attached = message.all("OBX")[2]
    told = [er7.value(message, attached, 5, 1, n) for n in (2, 3, 4, 5)]
    assert told == ["application", "pdf", "Base64", "JVBERi0xLjQ="]
    referral = _read(write(outbound("REF^I12", bundle=held)))
    kinds = {er7.value(referral, one, 2) for one in referral.all("OBX")}
    assert kinds >= {"TX", "ED", "RP"}, "a summary that comes with a referral down goes along whole"


def test_where_the_referral_stands_is_told() -> None:
    raw = write(outbound("REF^I15"))
    assert [_value(raw, "RF1", 1, n) for n in (1, 2)] == ["A", "已接受"]
    raw = write(outbound("OSU^O51"))
    assert (_value(raw, "ORC", 1), _value(raw, "ORC", 2), _value(raw, "ORC", 25, 2)) == ("SC", "R-77", "已接受")


def _again(*segments: str, version: str = "2.5.1") -> bytes:
    """An ORU that is read, and written from what it became."""
    head = f"MSH|^~\\&|LIS|A|B|C|20260310||ORU^R01^ORU_R01|1|P|{version}"
    raw = ("\r".join([head, *segments]) + "\r").encode()
    read = normalise(raw, read_envelope(raw)[0], charset=None, timezone="Asia/Shanghai", received_at=SENT)
    return write(outbound("ORU^R01", bundle=read.bundle, version=version))


def test_each_number_of_a_specimen_returns() -> None:
    raw = _again("PID|1||7^^^A^MR", "OBR|1||F|K", "OBX|1|ST|K||x||||||F", "SPM|1|A~B^C~^D||BLD")
    message = _read(raw)
    [specimen] = message.all("SPM")
    numbers = [one.replace("&A", "") for one in specimen.fields[2].split("~")]
    assert [[part.partition("&")[0] for part in number.split("^")] for number in numbers] == [
        ["A"], ["B", "C"], ["", "D"]
    ]  # fmt: skip


def test_an_allergy_that_was_taken_back_is_not_told_as_live() -> None:
    held = bundle()
    [allergy] = [e["resource"] for e in held["entry"] if e["resource"]["resourceType"] == "AllergyIntolerance"]
    assert _read(write(outbound(bundle=held))).all("AL1")
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
    allergy["verificationStatus"] = {"coding": [{"system": system, "code": "entered-in-error"}]}
    for kind in ("REF^I12", "OMG^O19"):
        assert not _read(write(outbound(kind, bundle=held))).all("AL1")


@pytest.mark.parametrize(
    ("event", "status", "control"),
    [("referral-request", "active", "NW"), ("referral-amend", "active", "XO"), ("referral-amend", "revoked", "CA")],
)
def test_an_order_that_is_changed_is_no_new_one(event: str, status: str, control: str) -> None:
    held = bundle()
    held["entry"][0]["resource"]["status"] = status
    held["entry"].append({"resource": {"resourceType": "MessageHeader", "eventCoding": {"code": event}}})
    assert _value(write(outbound("OMG^O19", bundle=held)), "ORC", 1) == control


@pytest.mark.parametrize("kind", ["RRI^I12", "REF^I15", "OSU^O51"])
def test_why_a_referral_stands_so_is_told(kind: str) -> None:
    assert _value(write(outbound(kind)), "NTE", 3) == "请带心电图"


def test_times_are_told_in_the_receivers_zone() -> None:
    raw = write(outbound("SIU^S12", timezone="America/New_York"))
    assert _value(raw, "SCH", 11, 4) == "20260311210000-0400"
    assert _value(raw, "MSH", 7) == "20260310000506-0400"
    assert _value(write(outbound("SIU^S12")), "SCH", 11, 4) == "20260312090000+0800"


def test_what_a_referral_has_no_segment_for_is_told_in_words() -> None:
    raw = write(outbound())
    message = _read(raw)
    lines = [er7.value(message, one, 5, 1, None) for one in message.all("OBX")]
    assert any("阿司匹林" in line and "100 mg" in line for line in lines)
    notes = [er7.value(message, one, 3, 1, None) for one in message.all("NTE")]
    assert notes == ["请带心电图", "主诉：胸痛", "既往：高血压"]


def test_what_is_not_to_be_done_is_told_in_words_and_is_no_order() -> None:
    held = bundle()
    order = {"resourceType": "ServiceRequest", "id": "s-2", "status": "active", "intent": "order",
             "subject": {"reference": "Patient/p-1"}, "code": {"text": "增强CT"}}  # fmt: skip
    for forbidden in (False, True):
        placed = {"fullUrl": "urn:x:2", "resource": {**order, "doNotPerform": forbidden}}
        message = _read(write(outbound(bundle={**held, "entry": [*held["entry"], placed]})))
        ordered = [er7.value(message, one, 4, 1, 2) for one in message.all("OBR")]
        told = [er7.value(message, one, 5, 1, None) for one in message.all("OBX")]
        assert ("增强CT" in ordered, "不可：增强CT" in told) == (not forbidden, forbidden)


def test_a_result_keeps_its_comparator_and_unit() -> None:
    raw = write(outbound("ORU^R01"))
    assert [_value(raw, "OBX", 5, n) for n in (1, 2)] == ["<", "0.04"]
    assert (_value(raw, "OBX", 2), _value(raw, "OBX", 6, 1), _value(raw, "OBX", 6, 3)) == ("SN", "ng/mL", "UCUM")
    assert _value(raw, "OBR", 3) == "L-9"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """HAPI's MLLP server: it parses what it takes and answers AA, and leaves a file where it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [RECEIVER, str(port), "UTF-8", "AA"], stdout=subprocess.PIPE, cwd=tmp_path_factory.mktemp("hapi")
    )
    assert server.stdout is not None and b"ready" in server.stdout.readline()
    yield port
    server.terminate()
    server.wait(20)


@pytest.mark.skipif(not RECEIVER.exists(), reason="HAPI's receiver is not here")
@pytest.mark.parametrize("version", ["2.3.1", "2.5.1", "2.8"])
def test_hapi_takes_and_parses_each_kind(receiver: int, version: str) -> None:
    messages = [write(outbound(kind, version=version, control_id=f"K{n}")) for n, kind in enumerate(KINDS)]
    for kind, answer in zip(KINDS, send("127.0.0.1", receiver, messages), strict=True):
        assert _value(answer, "MSA", 1) == "AA", kind


def test_a_control_id_is_never_cut() -> None:
    with pytest.raises(Refused) as refused:
        write(outbound(control_id="X" * 21))
    assert (refused.value.refusals[0].cause, refused.value.refusals[0].path) == (Cause.TOO_LARGE, "MSH[1]-10[1]")
    assert _value(write(outbound(control_id="X" * 21, version="2.7")), "MSH", 10) == "X" * 21


def test_control_ids_are_the_deliverys_own() -> None:
    assert _value(write(outbound(control_id="X|1", sent_at=datetime(2026, 1, 1, tzinfo=UTC))), "MSH", 10) == "X|1"
