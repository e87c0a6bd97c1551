"""Tokenizing: segments, delimiters, places, leaves and escapes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hl7v2 import er7
from hub.domain.errors import Cause, Refused

HEADER = "MSH|^~\\&|HIS|XR|HUB|H|20240101||REF^I12^REF_I12|1|P|2.5.1^CHN"
USUAL = er7.Separators()

text = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"))
separators = st.permutations("|^~\\&!#@").map(lambda marks: er7.Separators(*marks[:5]))


def leaves(*lines: str) -> dict[str, str]:
    return dict(er7.leaves(er7.parse("\r".join([HEADER, *lines]))))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_end_in_any_of_three_ways(end: str) -> None:
    message = er7.parse(end.join([HEADER, "PID|1", "OBX|1", "", "OBX|2", ""]))
    assert [repr(segment) for segment in message.segments] == ["MSH[1]", "PID[1]", "OBX[1]", "OBX[2]"]
    assert message.version == "2.5.1"


def test_header_fields_are_numbered_with_the_separator_as_the_first() -> None:
    message = er7.parse(HEADER)
    header = message.segments[0]
    assert header.fields[1:4] == ["|", "^~\\&", "HIS"]
    assert er7.value(message, header, 9, 1, 2) == "I12"
    assert er7.repetitions(message, header, 2) == ["^~\\&"]


def test_delimiters_are_those_of_the_header() -> None:
    message = er7.parse("MSH$*%!@$A*B\rPID$1$$x*y@z%w$a!F!b")
    assert dict(er7.leaves(message)) == {
        "MSH[1]-3[1].1": "A", "MSH[1]-3[1].2": "B", "PID[1]-1[1]": "1", "PID[1]-3[1].1": "x", "PID[1]-3[1].2.1": "y",
        "PID[1]-3[1].2.2": "z", "PID[1]-3[2]": "w", "PID[1]-4[1]": "a$b",
    }  # fmt: skip


@pytest.mark.parametrize("characters", ["^~\\&", "^~\\&#", "^~\\\\&", "^~&", "^\\&", "", "^", "^~\\R&#"])
def test_a_mangled_delimiter_field_is_read_by_usual_meaning(characters: str) -> None:
    assert er7.separators("|", characters) == USUAL


def test_a_repetition_is_one_leaf_unless_it_has_parts() -> None:
    found = leaves('PID|1||7^^^X&Y~8~~a&b||""|')
    assert {path: value for path, value in found.items() if path.startswith("PID")} == {
        "PID[1]-1[1]": "1", "PID[1]-3[1].1": "7", "PID[1]-3[1].4.1": "X", "PID[1]-3[1].4.2": "Y",
        "PID[1]-3[2]": "8", "PID[1]-3[4].1.1": "a", "PID[1]-3[4].1.2": "b", "PID[1]-5[1]": '""',
    }  # fmt: skip


def test_values_are_read_by_place() -> None:
    message = er7.parse(HEADER + "\rPID|1||7^^^X&Y~8|a\\T\\b^c")
    segment = message.first("PID")
    assert segment is not None
    places = [(3, 1, 4, 2), (3, 2, 1), (3, 2, 2), (3, 3), (4,), (4, 1, 1), (9,)]
    assert [er7.value(message, segment, *place) for place in places] == ["Y", "8", "", "", "a&b^c", "a&b", ""]
    assert er7.path(segment, 3, 1, 4, 2) == "PID[1]-3[1].4.2"
    assert message.all("PID") == [segment]
    assert message.first("ZZZ") is None


def test_a_broken_line_goes_on_with_its_field_and_those_after_it() -> None:
    found = leaves("OBX|1|TX|c||first line", "second line||||||F", "|||")
    assert found["OBX[1]-5[1]"] == "first line\nsecond line"
    assert found["OBX[1]-11[1]"] == "F"


@pytest.mark.parametrize("raw", ["", "MSH", "MSHA|", "PID|1", "\x0b", "MSH |^~\\&|"])
def test_what_does_not_begin_with_a_header_is_refused(raw: str) -> None:
    with pytest.raises(Refused) as refused:
        er7.parse(raw)
    assert [r.cause for r in refused.value.refusals] == [Cause.NO_HEADER]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\P\\g", "a|b^c&d~e\\f#g"),
        ("\\E\\F\\E\\", "\\F\\"),
        ("one\\.br\\two\\.sp2\\three\\.in+4\\!", "one\ntwo\nthree!"),
        ("\\H\\bold\\N\\", "bold"),
        ("\\X0D\\a\\X0d0a\\b", "\na\nb"),
        ("\\XE5BCA0\\ \\XE5\\\\XBC\\\\XA0\\", "张 张"),
        ("\\XFF\\ \\X\\ \\X1\\", "\\XFF\\ \\X\\ \\X1\\"),
        ("\\Zab\\F\\F\\", "\\Zab\\F|"),
        ("C:\\temp 5\\10 \\F\\", "C:\\temp 5\\10 |"),
        ("\\", "\\"),
    ],
)
def test_escapes(raw: str, value: str) -> None:
    assert er7.unescape(raw, USUAL) == value


def test_hexadecimal_escapes_are_bytes_in_the_message_s_character_set() -> None:
    assert er7.unescape("\\XD5C5\\", USUAL._replace(charset="gb18030")) == "张"


@given(text, separators)
def test_what_is_escaped_comes_back(value: str, marks: er7.Separators) -> None:
    escaped = er7.escape(value, marks)
    assert er7.unescape(escaped, marks) == value
    assert not set(escaped) & {*marks[:3], marks.subcomponent, "\r", "\n"}


component = st.lists(text, min_size=1, max_size=3)
field = st.lists(st.lists(component, min_size=1, max_size=3), min_size=1, max_size=3)


@given(st.lists(field, min_size=1, max_size=4))
def test_leaves_reassemble_the_fields(fields: list[list[list[list[str]]]]) -> None:
    written = "|".join(
        "~".join("^".join("&".join(er7.escape(s, USUAL) for s in c) for c in r) for r in f) for f in fields
    )
    expected = {
        (n, r, c, s): value
        for n, repetitions in enumerate(fields, 1)
        for r, components in enumerate(repetitions, 1)
        for c, parts in enumerate(components, 1)
        for s, value in enumerate(parts, 1)
        if value
    }
    message = er7.parse(f"{HEADER}\rZZZ|{written}")
    segment = message.first("ZZZ")
    assert segment is not None
    found = {}
    for path, value in er7.leaves(message):
        if path.startswith("ZZZ"):
            numbers = path.removeprefix("ZZZ[1]-").replace("[", ".").replace("]", "").split(".")
            n, r, c, s = (*map(int, numbers), 1, 1)[:4]
            found[n, r, c, s] = value
            assert er7.value(message, segment, n, r, c, s) == value
    assert found == expected


def test_a_field_over_a_million_lines_is_read_in_the_time_of_its_length() -> None:
    begun = time.process_time()
    text = "MSH|^~\\&|A\rNTE|1||a" + "\nb" * 1_000_000 + "\nc|d\ne\rNTE|2"
    note, last = er7.parse(text).all("NTE")
    assert note.fields[3].count("\n") == 1_000_001
    assert (note.fields[3][-2:], note.fields[4], last.fields[1]) == ("\nc", "d\ne", "2")
    assert time.process_time() - begun < 10
