"""Whatever bytes arrive, they are read, refused and answered; nothing raises anything else."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.hl7v2 import charsets, er7, files
from adapters.hl7v2.acknowledgement import acknowledge
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.validation import validate
from hub.domain.errors import Refused
from hub.domain.messages import Outcome

pieces = st.sampled_from(
    [b"MSH", b"MSH|^~\\&|", b"|", b"^", b"~", b"&", b"\\", b"\r", b"\n", b"\r\n", b"\x0b", b"\x1c\r", b"PID|", b"FHS|",
     b"OBX|1|NM|", b"RF1", b"REF^I12", b"2.5.1", b"2.", b"GB 18030-2000", b"UNICODE UTF-8", b"P", b"\\X0D\\", b'""',
     b"\\.br\\", b"\xef\xbb\xbf", b"\xff\xfe", b"M\0S\0H\0", "寍縷".encode("gb18030"), "张".encode(), b"1"]
)  # fmt: skip
soup = st.lists(pieces | st.binary(max_size=4), max_size=60).map(b"".join)


@given(soup | soup.map(lambda tail: b"MSH|^~\\&|" + tail))
def test_any_bytes_are_read_refused_or_answered(raw: bytes) -> None:
    for part in [raw, *files.split(raw)]:
        envelope, refusals = read_envelope(part)
        for mode in ("original", "accept", "application"):
            answer = acknowledge(envelope, Outcome("m", refusals), mode=mode, now=datetime.now(UTC))
            read, faults = read_envelope(answer)
            assert read.header, faults
        with suppress(Refused):
            text, name = charsets.decode(part, charsets.declared(part), None)
            message = er7.parse(text, charsets.codec(name) or "utf-8")
            validate(message)
            for path, value in er7.leaves(message):
                assert path
                assert value or "\\" in text


@given(
    st.lists(st.sampled_from([b"MSH|^~\\&|", b"MSH", b"PID|1", b"\r", b"\n", b"\x0b", b"\x1c\r", b" ", b"x"])).map(
        b"".join
    )
)
def test_splitting_a_file_loses_nothing_but_frames_and_line_ends(data: bytes) -> None:
    def bare(part: bytes) -> bytes:
        return part.translate(None, b"\x0b\x1c\r\n ")

    assert b"".join(map(bare, files.split(data))) == bare(data)
