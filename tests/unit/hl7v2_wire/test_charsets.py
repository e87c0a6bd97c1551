"""Character sets: found in bytes, decoded before anything is split."""

from __future__ import annotations

import pytest

from adapters.hl7v2 import charsets, er7
from hub.domain.errors import Cause, Refused

NAMES = {
    "ASCII": "ascii", "8859/1": "iso8859-1", "8859/15": "iso8859-15", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030", "gbk": "gb18030", "BIG-5": "cp950", "ISO IR87": "iso2022_jp", "ISO IR6": "ascii",
    "KS X 1001": "euc_kr", "UNICODE UTF-16": "utf-16",
}  # fmt: skip


def header(name: str, application: str = "HIS", country: str = "CHN") -> str:
    return f"MSH|^~\\&|{application}|XR|HUB|H|20240101||REF^I12^REF_I12|1|P|2.5.1|||||{country}|{name}\rPID|1||张三"


@pytest.mark.parametrize(("name", "codec"), NAMES.items())
def test_names_of_table_0211_and_what_senders_write_instead(name: str, codec: str) -> None:
    assert charsets.codec(name) == codec


@pytest.mark.parametrize("name", ["GB 18030-2000", "BIG-5", "UNICODE UTF-8", "UNICODE UTF-16", "UNICODE UTF-32", ""])
def test_a_message_is_decoded_by_what_it_declares(name: str) -> None:
    raw = header(name).replace("张三", "張三").encode(charsets.codec(name or "UTF-8") or "")
    assert charsets.declared(raw) == name
    assert charsets.decode(raw, charsets.declared(raw), None)[0] == header(name).replace("张三", "張三")


def trail_bytes() -> str:
    """Every character of GB 18030's two-byte area whose second byte is a delimiter of HL7."""
    made = []
    for lead in range(0x81, 0xFF):
        for trail in b"|^~\\":
            try:
                made.append(bytes([lead, trail]).decode("gb18030"))
            except UnicodeDecodeError:
                continue
    return "".join(character for character in made if character.isprintable())


@pytest.mark.parametrize("name", ["GB 18030-2000", ""])
def test_delimiter_bytes_inside_characters_do_not_move_fields(name: str) -> None:
    characters = trail_bytes()
    assert len(characters) > 400
    for character in characters:
        raw = header(name, application=character).encode("gb18030")
        found = charsets.declared(raw)
        assert found == name
        text, _ = charsets.decode(raw, found, "GB 18030-2000")
        message = er7.parse(text)
        assert er7.value(message, message.segments[0], 3) == character


def test_the_default_counts_only_when_none_is_declared() -> None:
    assert charsets.decode("张".encode("gb18030"), "", "GB 18030-2000") == ("张", "GB 18030-2000")
    assert charsets.decode("张".encode(), "", None) == ("张", "UNICODE UTF-8")
    assert charsets.decode("张".encode(), "UNICODE UTF-8", "GB 18030-2000")[0] == "张"


def test_a_byte_order_mark_is_no_character_of_the_message() -> None:
    raw = b"\xef\xbb\xbf" + header("").encode()
    assert charsets.declared(raw) == ""
    assert charsets.decode(raw, "", None)[0].startswith("MSH")


@pytest.mark.parametrize(("raw", "name"), [(b"\xff\xfe\xfd", "UNICODE UTF-8"), (b"\x80", "ASCII"), (b"a", "KLINGON")])
def test_unknown_sets_and_bytes_not_of_the_set_are_refused_at_their_place(raw: bytes, name: str) -> None:
    with pytest.raises(Refused) as refused:
        charsets.decode(raw, name, None)
    assert [(r.cause, r.path) for r in refused.value.refusals] == [(Cause.UNDECODABLE, "MSH[1]-18[1]")]


def test_the_first_of_several_declared_sets_counts() -> None:
    assert charsets.declared(header("UNICODE UTF-8~ISO IR87").encode()) == "UNICODE UTF-8"
