"""What the bytes of an attachment say where they are text: plain, markup, or RTF.

What a PDF says is found outside (`adapters.attached`) and stored with the fragment; here it is no text.
"""

from __future__ import annotations

import base64
import codecs
import unicodedata
from dataclasses import dataclass

from hub.domain import rtf

_TEXTUAL = frozenset({"application/xhtml+xml", "application/html"})
_RTF = frozenset({"text/rtf", "application/rtf", "text/richtext", "application/x-rtf"})
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "gb_2312": "gb18030", "cp936": "gb18030",
          "x-gbk": "gb18030", "gb18030-2000": "gb18030", "hz-gb-2312": "hz", "us-ascii": "utf-8",
          "ascii": "utf-8", "utf8": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252"}  # fmt: skip
"""Character sets by the wider one that senders mean by their name."""

_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Attached:
    """charset: by which characters and bytes belong to each other; "": the text was extracted, no byte is a character
    of it."""

    text: str
    charset: str = "utf-8"


def read(data: str, content_type: str) -> Attached | None:
    """The text of base64 data; None where they are no text, or of no character set that can be told.

    charset: as the type tells it, else UTF-8 where the bytes are that, else GB 18030 where they are readable text.
    """
    content = decoded(data)
    return of_bytes(content, content_type) if content is not None else None


def text_of(data: str, content_type: str) -> str | None:
    """The text alone, see `read`."""
    found = read(data, content_type)
    return found.text if found else None


def of_bytes(content: bytes, content_type: str) -> Attached | None:
    """As `read`, of the bytes."""
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    extracted = rtf.text_of(content)
    if extracted is not None:
        return Attached(extracted, "")
    if kind in _RTF or not (kind.startswith("text/") or kind in _TEXTUAL) or is_pdf(content):
        return None
    return _by_charset(content, _told(parameters))


def decoded(data: str) -> bytes | None:
    """The bytes of base64 data, blanks and missing padding forgiven; None where they are no base64."""
    compact = "".join(data.split()).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4))
    except ValueError:
        return None


def is_pdf(content: bytes) -> bool:
    """By its first bytes, whatever it is called."""
    return b"%PDF-" in content[:1024]


def is_markup(content_type: str) -> bool:
    """Whether the text of this type is read without its tags."""
    return content_type.partition(";")[0].strip().lower() in {"text/html", "text/xml", *_TEXTUAL}


def _told(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            named = value.strip(" \"'").lower()
            return _WIDER.get(named, named)
    return ""


def _by_charset(content: bytes, told: str) -> Attached | None:
    named = next((name for mark, name in _MARKS if content.startswith(mark)), told)
    for charset in dict.fromkeys(filter(None, (named, "utf-8"))):
        try:
            return Attached(content.decode(charset), charset)
        except (UnicodeError, LookupError):
            continue
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    return Attached(text, "gb18030") if _readable(text) else None


def _readable(text: str) -> bool:
    """Whether bytes that nothing names are text at all: any bytes are some GB 18030 characters."""
    return all(unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") or c in "\n\r\t\f" for c in text)
