"""Messages of a file, whatever surrounds them."""

from __future__ import annotations

import pytest

from adapters.hl7v2.files import split
from adapters.hl7v2.framing import wrap

A = b"MSH|^~\\&|A\rPID|1"
B = b"MSH|^~\\&|B\rPID|2|MSH|x"


@pytest.mark.parametrize(
    "data",
    [
        A + b"\r" + B,
        (A + b"\r" + B + b"\r"),
        wrap(A) + wrap(B),
        wrap(A + b"\r") + b"\r\n" + wrap(B + b"\r"),
        b"FHS|^~\\&|x\rBHS|^~\\&\r" + A + b"\r" + B + b"\rBTS|2\rFTS|1\r",
        b"\xef\xbb\xbf" + A + b"\r\r\r" + B,
        b"\r\n \r\n" + A + b"\r\x1c\r" + B + b"\r\x1a",
    ],
)
def test_messages_are_found_in_order(data: bytes) -> None:
    assert split(data) == [A, B]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_line_ends_stay_as_they_were(end: bytes) -> None:
    first, second = A.replace(b"\r", end), B.replace(b"\r", end)
    assert split(first + end + second + end) == [first, second]


def test_each_message_may_have_a_character_set_of_its_own() -> None:
    first = "MSH|^~\\&|寍亅||||||||||||||||GB 18030-2000\rPID|1||縷".encode("gb18030")
    second = "MSH|^~\\&|张||||||||||||||||UNICODE UTF-8\rPID|1||三".encode()
    assert split(first + b"\r" + second) == [first, second]
    wide = "MSH|^~\\&|张\rPID|1".encode("utf-16")
    assert split(wide) == [wide]


def test_what_is_no_message_is_an_entry_and_not_lost() -> None:
    assert split(b"PID|1\r" + A) == [b"PID|1", A]
    assert split(b"hello") == [b"hello"]


def test_empty_files_and_batches_have_no_message() -> None:
    assert split(b"") == []
    assert split(b"FHS|^~\\&|Lab\rBHS|^~\\&\rBTS|0\rFTS|1\r") == []
