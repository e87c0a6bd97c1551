"""Places of HL7 v2 messages in their text, with escapes, repetitions, broken lines and encoded data."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hl7v2 import er7
from adapters.hl7v2.quoting import quote
from hub.domain.errors import Refused
from hub.domain.quotations import Place

HEAD = "MSH|^~\\&|A|B|C|D|20260501||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8"
TEXT = "发热三天，无胸痛"


def cited(message: str, path: str, start: int, end: int, charset: str = "utf-8") -> tuple[str, str]:
    """The cited characters of the value, and those marked in the original."""
    found = quote(message.encode(charset), None, [Place("hl7v2", path, start, end)])
    [quotation] = found.quotations
    assert quotation is not None
    marked = "".join(run.text for line in found.lines for run in line.runs if run.mark == "cited")
    return quotation.cited, marked


@pytest.mark.parametrize(
    ("segment", "path", "span", "value", "marked"),
    [
        ("OBX|1|ST|a^b&c||x", "OBX[1]-5[1]", (0, 1), "x", "x"),
        ("OBX|1|ST|a^b&c||x~yz^q", "OBX[1]-5[2].1", (1, 2), "z", "z"),
        ("OBX|1|ST|a^b&c", "OBX[1]-3[1].2.2", (0, 1), "c", "c"),
        ("OBX|1|ST|a||a\\T\\b\\.br\\c", "OBX[1]-5[1]", (1, 4), "&b\n", "\\T\\b\\.br\\"),
        ("OBX|1|ST|a||a\\H\\b\\N\\c", "OBX[1]-5[1]", (0, 3), "abc", "abc"),
        ("OBX|1|TX|a||one\rtwo three", "OBX[1]-5[1]", (4, 7), "two", "two"),
    ],
)
def test_a_place_is_marked_where_it_was_received(
    segment: str, path: str, span: tuple[int, int], value: str, marked: str
) -> None:
    assert cited(f"{HEAD}\r{segment}\r", path, *span) == (value, marked)


def test_a_field_of_the_header_is_counted_from_its_separator() -> None:
    assert cited(HEAD, "MSH[1]-10[1]", 0, 1) == ("1", "1")
    assert cited(HEAD, "MSH[1]-9[1].2", 0, 3) == ("R01", "R01")


def test_characters_are_those_of_the_declared_set() -> None:
    message = HEAD.replace("UNICODE UTF-8", "GB 18030-2000") + f"\rOBX|1|TX|a||{TEXT}\r"
    assert cited(message, "OBX[1]-5[1]", 5, 8, "gb18030") == ("无胸痛", "无胸痛")


def test_encoded_data_also_say_what_they_mean() -> None:
    data = base64.b64encode(TEXT.encode()).decode()
    message = f"{HEAD}\rOBX|1|ED|a||^TEXT^plain^Base64^{data}\r"
    found = quote(message.encode(), None, [Place("hl7v2", "OBX[1]-5[1].5", 0, len(data))])
    assert found.quotations[0] is not None
    assert found.quotations[0].meaning == TEXT


def test_a_file_in_a_text_is_quoted_by_what_it_says() -> None:
    said = b"{\\rtf1\\ansi No fever. Penicillin allergy.}"
    data = base64.b64encode(said).decode()
    for value in (data, f"data:text/rtf;base64,{data}", f"{data[:8]}\\.br\\{data[8:]}"):
        quoted = cited(f"{HEAD}\rOBX|1|TX|a||{value}\r", "OBX[1]-5[1]", 10, 29)
        assert quoted == ("Penicillin allergy.", value)


@pytest.mark.parametrize("path", ["OBX[9]-5[1]", "OBX[1]-50[1]", "OBX[1]-3[2]", "OBX[1]-3[1].9", "ZZZ[1]-1[1]", "", "x",
                                  "/entry/0"])  # fmt: skip
def test_a_place_that_is_not_there_is_none(path: str) -> None:
    found = quote(f"{HEAD}\rOBX|1|ST|a||x\r".encode(), None, [Place("hl7v2", path, 0, 1)])
    assert found.quotations == (None,)
    assert not any(line.cited for line in found.lines)


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(Refused):
        quote(b"\xff\xfe", None, [])


@given(st.text(alphabet="ab\\TXS&^.br00E", max_size=30))
def test_pieces_are_the_raw_value_and_together_what_it_says(raw: str) -> None:
    separators = er7.Separators()
    pieces = list(er7.pieces(raw, separators))
    assert "".join(received for received, _ in pieces) == raw
    assert "".join(said for _, said in pieces) == er7.unescape(raw, separators)
