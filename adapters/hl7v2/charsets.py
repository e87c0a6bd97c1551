"""Character sets of HL7 table 0211: which one a message declares, and decoding strictly before anything is split.

In GB 18030, Big5 and ISO-2022 a delimiter's byte can be half of a character: splitting bytes would cut characters.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from hub.domain.errors import Cause, Refusal, Refused

PLACE = "MSH[1]-18[1]"

_CODECS = {
    "ASCII": "ascii", "USASCII": "ascii", "ISOIR6": "ascii",
    **{f"8859{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)},
    **{f"ISO8859{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)},
    "LATIN1": "iso8859-1", "WINDOWS1252": "cp1252", "CP1252": "cp1252",
    "UNICODEUTF8": "utf-8", "UTF8": "utf-8", "UNICODE": "utf-8",
    "UNICODEUTF16": "utf-16", "UTF16": "utf-16", "UNICODEUTF32": "utf-32", "UTF32": "utf-32",
    "GB180302000": "gb18030", "GB180302005": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030",
    "CP936": "gb18030", "BIG5": "cp950", "CP950": "cp950", "KSX1001": "euc_kr", "EUCKR": "euc_kr",
    "ISOIR14": "shift_jis", "SHIFTJIS": "shift_jis", "ISOIR87": "iso2022_jp", "ISOIR159": "iso2022_jp_1",
}  # fmt: skip
"""Names of table 0211, and what senders write instead, without spaces and punctuation -> Python codec."""

_WIDE = (
    (codecs.BOM_UTF32_LE, "UNICODE UTF-32", "utf-32"), (codecs.BOM_UTF32_BE, "UNICODE UTF-32", "utf-32"),
    (codecs.BOM_UTF16_LE, "UNICODE UTF-16", "utf-16"), (codecs.BOM_UTF16_BE, "UNICODE UTF-16", "utf-16"),
    (b"M\0\0\0S", "UNICODE UTF-32", "utf-32-le"), (b"\0\0\0M", "UNICODE UTF-32", "utf-32-be"),
    (b"M\0S\0H\0", "UNICODE UTF-16", "utf-16-le"), (b"\0M\0S\0H", "UNICODE UTF-16", "utf-16-be"),
)  # fmt: skip
"""How a message in characters of two or four bytes begins, its set and its codec."""


def codec(name: str) -> str | None:
    """The Python codec of a character set's name (spaces, case and punctuation do not matter), None if unknown."""
    return _codec(name) if len(name) <= 64 else None


@lru_cache(maxsize=256)
def _codec(name: str) -> str | None:
    return _CODECS.get(re.sub(r"[^A-Z0-9]", "", name.upper()))


def declared(raw: bytes) -> str:
    """The set of MSH-18 found in bytes, "" when empty.

    Delimiter bytes inside double-byte characters of MSH-3 to MSH-17 shift a plain split, so a found name only counts
    when the header decoded by it has that name in MSH-18.
    """
    wide = _wide(raw)
    if wide:
        return wide[0]
    line = header_line(raw)
    if len(line) < 5:
        return ""
    mark, plain = line[3:4], line.split(line[3:4])
    name = _first(plain[17].decode("latin-1"), line) if len(plain) > 17 else ""
    if line.isascii() and b"\x1b" not in line:
        return name
    for candidate in dict.fromkeys([name, *(_first(f.decode("latin-1"), line) for f in plain[17:])]):
        known = codec(candidate) if candidate else None
        if known and _name_by(line, mark, known) == candidate:
            return candidate
    for fallback in ("utf-8", "gb18030"):
        found = _name_by(line, mark, fallback)
        if found is not None:
            return found
    return name


def decode(raw: bytes, declared: str, default: str | None) -> tuple[str, str]:
    """The text of a message and the name of its character set; default: for an empty `declared`, else UTF-8.

    Raises Refused(UNDECODABLE) when the name is unknown or the bytes are not of it.
    """
    name = declared or default or "UNICODE UTF-8"
    wide = _wide(raw)
    known = wide[1] if wide and wide[0] == name else codec(name)
    if known is None:
        raise Refused(Refusal(Cause.UNDECODABLE, PLACE, "the character set is not known"))
    try:
        text = raw.decode(known)
    except UnicodeDecodeError as error:
        told = f"byte {error.start} of the message is not of the character set ({known})"
        raise Refused(Refusal(Cause.UNDECODABLE, PLACE, told)) from None
    return text.removeprefix("\ufeff"), name


def decode_header(raw: bytes, declared: str) -> str:
    """The MSH line as text whatever its bytes: by the declared set, else UTF-8, else GB 18030; never raises."""
    wide = _wide(raw)
    if wide:
        return header_line(raw[:65536].decode(wide[1], "ignore").encode()).decode()
    line = header_line(raw)
    for name in (codec(declared) if declared else None, "utf-8", "gb18030"):
        if name:
            try:
                return line.decode(name)
            except UnicodeDecodeError:
                continue
    return line.decode("ascii", "replace")


def header_line(raw: bytes) -> bytes:
    """The bytes of the first segment when it is an MSH, else b""; a byte order mark and leading blanks are skipped."""
    start = raw.find(b"MSH", 0, 1024)
    if start < 0 or raw[:start].strip(b"\xef\xbb\xbf\x0b \t\r\n"):
        return b""
    end = raw.find(b"\r", start)
    if end < 0:
        end = len(raw)
    newline = raw.find(b"\n", start, end)
    line = raw[start : newline if newline >= 0 else end]
    return b"" if line[3:4].isalnum() or line[3:4].isspace() else line


def _wide(raw: bytes) -> tuple[str, str] | None:
    if raw[:1] not in (b"\xff", b"\xfe", b"\0") and raw[1:2] != b"\0":
        return None
    return next(((name, known) for start, name, known in _WIDE if raw.startswith(start)), None)


def _first(field: str, line: bytes) -> str:
    """The set of the whole message: an empty first repetition is ASCII, and sets that it switches to by the escapes of
    ISO 2022 (`~ISO IR87`, Japan) hold ASCII."""
    characters = line[4:9].decode("latin-1")
    repetition = characters[1] if len(characters) > 1 and not characters[1].isalnum() else "~"
    first, *others = (name.strip() for name in field.split(repetition))
    if first and codec(first) not in ("ascii", "shift_jis"):
        return first
    switched = [name for name in others if (codec(name) or "").startswith("iso2022")]
    return switched[-1] if switched else first or next(filter(None, others), "")


def _name_by(line: bytes, mark: bytes, name: str) -> str | None:
    try:
        fields = line.decode(name).split(mark.decode("latin-1"))
    except UnicodeDecodeError:
        return None
    return _first(fields[17], line) if len(fields) > 17 else ""
