"""What the header alone says, and gives reason to refuse."""

from __future__ import annotations

import pytest

from adapters.hl7v2.envelope import read_envelope
from hub.domain.errors import Cause


def header(
    kind: str = "REF^I12^REF_I12", control_id: str = "C\\T\\1", processing: str = "P", version: str = "2.5.1"
) -> bytes:
    start = "MSH|^~\\&|HIS^1.2^ISO|XR&x^9|HUB|H^8|20240101|"
    return f"{start}|{kind}|{control_id}|{processing}|{version}|||AL|NE|CHN|8859/1\rPID".encode()


def test_the_header_s_fields_are_read() -> None:
    envelope, refusals = read_envelope(header())
    assert refusals == ()
    assert (envelope.type, envelope.control_id, envelope.version, envelope.charset) == (
        "REF^I12",
        "C&1",
        "2.5.1",
        "8859/1",
    )
    assert (envelope.application, envelope.facility, envelope.receiving_facility) == ("HIS", "XR&x", "H")
    assert (envelope.accept_acknowledgement, envelope.application_acknowledgement) == ("AL", "NE")
    assert envelope.enhanced
    assert envelope.header[3] == "HIS^1.2^ISO"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (header("ZZZ^A01"), [(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1].1")]),
        (header("REF^I99"), [(Cause.UNSUPPORTED_EVENT, "MSH[1]-9[1].2")]),
        (header("REF"), [(Cause.UNSUPPORTED_EVENT, "MSH[1]-9[1].2")]),
        (header(""), [(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1].1")]),
        (header(processing="X"), [(Cause.UNSUPPORTED_PROCESSING_ID, "MSH[1]-11[1].1")]),
        (header(version="3.0"), [(Cause.UNSUPPORTED_VERSION, "MSH[1]-12[1].1")]),
        (header(version=""), [(Cause.UNSUPPORTED_VERSION, "MSH[1]-12[1].1")]),
        (header(control_id=""), [(Cause.REQUIRED_MISSING, "MSH[1]-10[1]")]),
        (
            header("ZZZ^A01", version="9"),
            [(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1].1"), (Cause.UNSUPPORTED_VERSION, "MSH[1]-12[1].1")],
        ),
        (b"", [(Cause.NO_HEADER, "MSH[1]")]),
        (b"hello", [(Cause.NO_HEADER, "MSH[1]")]),
        (b"\xff\xfeM", [(Cause.NO_HEADER, "MSH[1]")]),
        (b"PID|1\rMSH|^~\\&|", [(Cause.NO_HEADER, "MSH[1]")]),
    ],
)  # fmt: skip
def test_what_is_not_supported_is_told_with_its_place(raw: bytes, found: list[tuple[Cause, str]]) -> None:
    assert [(r.cause, r.path) for r in read_envelope(raw)[1]] == found


@pytest.mark.parametrize(
    "version", ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8.2", "2.9", "2.5^CHN"]
)
@pytest.mark.parametrize("processing", ["P", "T", "D", "", "P^T"])
def test_all_versions_and_processing_ids_of_production_training_debugging_pass(version: str, processing: str) -> None:
    assert read_envelope(header(version=version, processing=processing))[1] == ()


@pytest.mark.parametrize("charset", ["GB 18030-2000", ""])
def test_chinese_names_in_the_header_are_read(charset: str) -> None:
    raw = f"MSH|^~\\&|亅|縷亅县卫生院|HUB|H|2024||ADT^A01|1|P|2.4||||||{charset}\r".encode("gb18030")
    envelope, refusals = read_envelope(raw)
    assert (envelope.application, envelope.facility, refusals) == ("亅", "縷亅县卫生院", ())


@pytest.mark.parametrize(("name", "tail"), [("KLINGON", b""), ("UNICODE UTF-8", b"\xd5\xc5"), ("ASCII", "张".encode())])
def test_a_character_set_that_is_unknown_or_not_that_of_the_bytes_is_refused_at_once(name: str, tail: bytes) -> None:
    raw = header().replace(b"8859/1", name.encode()) + tail
    envelope, refusals = read_envelope(raw)
    assert envelope.control_id == "C&1"
    assert [(r.cause, r.path) for r in refusals] == [(Cause.UNDECODABLE, "MSH[1]-18[1]")]
