"""Frames are cut the same however the stream is cut into reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.hl7v2.framing import Deframer, wrap

payload = st.binary(max_size=40).map(lambda b: b.replace(b"\x1c", b"").replace(b"\x0b", b""))


@given(st.lists(payload, max_size=6), st.lists(st.integers(1, 30), max_size=40))
def test_frames_come_out_whole_however_they_arrive(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(wrap(p) for p in payloads)
    deframer, found = Deframer(1000), []
    for cut in cuts:
        found += deframer.feed(stream[:cut])
        stream = stream[cut:]
    found += deframer.feed(stream)
    assert found == payloads
    assert not deframer.in_frame
    assert deframer.oversize is None


def test_blank_bytes_between_frames_are_nothing_and_others_are_kept() -> None:
    deframer = Deframer(100)
    assert deframer.feed(b"\r\n\x0ba\x1c\r\r\n") == [b"a"]
    assert deframer.stray == b""
    assert deframer.feed(b"MSH|no frame\x0bb\x1c\r") == [b"b"]
    assert deframer.stray == b"MSH|no frame"


def test_stray_bytes_are_kept_up_to_a_bound() -> None:
    deframer = Deframer(100)
    for _ in range(100):
        deframer.feed(b"x" * 2000)
    assert len(deframer.stray) == 65536


def test_a_frame_cut_off_by_the_next_is_not_joined_to_it() -> None:
    deframer = Deframer(100)
    assert deframer.feed(b"\x0bMSH|first\r\x0bMSH|second\x1c\r") == [b"MSH|second"]
    assert deframer.broken == [b"MSH|first\r"]


def test_an_end_block_over_two_reads_is_found() -> None:
    deframer = Deframer(100)
    assert deframer.feed(b"\x0bab\x1c") == []
    assert deframer.pending == b"ab\x1c"
    assert deframer.feed(b"\r\x0bc") == [b"ab"]
    assert deframer.in_frame


def test_a_frame_over_the_limit_is_told_and_nothing_after_it_is_cut() -> None:
    for parts in ([b"\x0bok\x1c\r\x0b" + b"x" * 12], [b"\x0bok\x1c\r", b"\x0b" + b"x" * 11 + b"\x1c\r"]):
        deframer = Deframer(10)
        assert [p for part in parts for p in deframer.feed(part)] == [b"ok"]
        assert (deframer.oversize or b"").startswith(b"x" * 11)
        assert deframer.feed(b"\x0bok\x1c\r") == []
    deframer = Deframer(10)
    assert deframer.feed(wrap(b"x" * 10)) == [b"x" * 10]
