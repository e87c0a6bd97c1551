"""What the bytes of an attachment say, whatever character set or form they are in."""

from __future__ import annotations

from base64 import b64encode

import pytest

from hub.domain import rtf
from hub.domain.attachments import Attached, read, text_of

NOTE = "咳嗽3天，无发热。"


def gbk(text: str) -> bytes:
    """As Word writes Chinese: a byte at a time."""
    return "".join(c if c.isascii() else "".join(f"\\'{b:02x}" for b in c.encode("gb18030")) for c in text).encode()


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (NOTE.encode(), "text/plain", Attached(NOTE, "utf-8")),
        (NOTE.encode("gb18030"), "text/plain", Attached(NOTE, "gb18030")),
        (NOTE.encode("gbk"), "text/plain; charset=GB2312", Attached(NOTE, "gb18030")),
        (NOTE.encode(), 'text/plain; charset="gbk"; format=flowed', Attached(NOTE, "utf-8")),
        (NOTE.encode("utf-16"), "text/plain", Attached("\ufeff" + NOTE, "utf-16-le")),
        (f"<p>{NOTE}</p>".encode("gbk"), "text/html", Attached(f"<p>{NOTE}</p>", "gb18030")),
        (b"{\\rtf1\\ansi cough}", "text/plain", Attached("cough", "")),
        (b"{\\rtf1\\ansi cough}", "application/msword", Attached("cough", "")),
        (b"cough", "application/rtf", None),
        (b"cough", "application/octet-stream", None),
        (b"\x89PNG\x00\x01\x02\x03", "text/plain", None),
        (b"%PDF-1.4 x", "text/plain", None),
        (NOTE.encode(), "image/png", None),
    ],
)
def test_bytes_are_read_by_what_is_told_and_what_they_are(content: bytes, kind: str, said: Attached | None) -> None:
    assert read(b64encode(content).decode(), kind) == said


def test_a_wrong_name_of_a_character_set_is_no_end_of_it_where_the_bytes_are_utf_8() -> None:
    assert text_of(b64encode(NOTE.encode()).decode(), "text/plain; charset=x-unknown") == NOTE


FONTS = b"{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset134 SimSun;}}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{\\rtf1\\ansi\\ansicpg936 " + gbk("血压升高") + b"\\par " + gbk("无头痛") + b"}", "血压升高\n无头痛"),
        (b"{\\rtf1\\ansi\\ansicpg1252" + FONTS + b"\\f0 BP \\f1 " + gbk("升高") + b"\\f0  \\'e9}", "BP 升高 é"),
        (b"{\\rtf1\\uc1 \\u34880?\\u21387?\\u-10175?\\u-9138?}", "血压𠑎"),
        (b"{\\rtf1\\uc2 \\u34880\\'d1\\'aa\\u21387\\'d1\\'b9 ok}", "血压 ok"),
        (b"{\\rtf1{\\*\\generator Word;}{\\info{\\title secret}}a{\\b b}\\tab c\\{d\\}}", "ab\tc{d}"),
        (b"{\\rtf1 a{\\pict\\pngblip 89504e47}b{\\*\\unknown gone}c{\\v hidden}d}", "abcd"),
        (b"{\\rtf1 {\\field{\\*\\fldinst HYPERLINK \"x\"}{\\fldrslt shown}}\\line end}", "shown\nend"),
        (b"{\\rtf1 {\\pict\\bin6 }}}{{{}after}", "after"),
        (b"{\\rtf1 " + "血压".encode("gbk") + b"\r\n more}", "血压 more"),
        (b"{\\rtf1 one\\cell two\\cell\\row}", "one\ttwo"),
        (b"{\\rtf1}", None),
        (b"no rtf", None),
    ],
)  # fmt: skip
def test_rtf_is_its_text(content: bytes, said: str | None) -> None:
    assert rtf.text_of(content) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{\\rtf1" + b"{" * 5000, None), (b"{\\rtf1" + b"}" * 50, None), (b"{\\rtf1\\u99999999? \\'", "\ue0ff '")],
)
def test_broken_rtf_is_no_error(content: bytes, said: str | None) -> None:
    assert rtf.text_of(content) == said
