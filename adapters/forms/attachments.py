"""Files that a person adds to a form: what they are by their bytes, and what they say."""

from __future__ import annotations

import re
import unicodedata

import filetype

from adapters.attached import pdf
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.forms import Attachment

LARGEST, LARGEST_TOGETHER, MOST = 5 * 2**20, 10 * 2**20, 10
"""Bytes of one file and of all, and how many there may be."""

IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
PDF = "application/pdf"

EMPTY = "The file is empty"
FILE_TOO_LARGE = "A file may have at most 5 MB"
TOO_LARGE = "All files together may have at most 10 MB"
TOO_MANY = "At most 10 files may be added"
UNFIT = "Only PDF, pictures (PNG, JPEG, WebP, GIF) and plain text are taken, whatever the file is called"
PDF_BROKEN = "This PDF cannot be read: save it again, or add a picture of it"
PDF_LOCKED = "This PDF asks for a password: save it without, or add a picture of it"
TEXTS = (EMPTY, FILE_TOO_LARGE, TOO_LARGE, TOO_MANY, UNFIT, PDF_BROKEN, PDF_LOCKED)

_MARKUP = re.compile(rb"<(?:!doctype|html|svg|script|\?xml|body|head|iframe|object|embed)", re.IGNORECASE)
_NAME_LENGTH = 120


def attach(name: str, content: bytes, beside: tuple[int, ...] = ()) -> Attachment:
    """The file, its type found from its bytes and its text extracted. beside: sizes of those that are there already.

    Raises Refused at `attachments`.
    """
    if not content:
        raise _refused(Cause.REQUIRED_MISSING, EMPTY)
    for wrong, text in (
        (len(content) > LARGEST, FILE_TOO_LARGE),
        (len(content) + sum(beside) > LARGEST_TOGETHER, TOO_LARGE),
        (len(beside) >= MOST, TOO_MANY),
    ):
        if wrong:
            raise _refused(Cause.TOO_LARGE, text)
    guessed = filetype.guess(content)
    kind = guessed.mime if guessed else None
    if kind == PDF:
        return Attachment(plain_name(name), PDF, content, _pdf_text(content))
    if kind in IMAGES:
        return Attachment(plain_name(name), kind, content)
    charset, text = _decoded(content) if kind is None else ("", "")
    if not charset:
        raise _refused(Cause.UNSUPPORTED_TYPE, UNFIT)
    return Attachment(plain_name(name), f"text/plain; charset={charset}", content, text)


def plain_name(name: str) -> str:
    """The last part of a file's name, without what cannot be shown; the ending stays when it is cut."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")).strip()
    stem, dot, ending = shown.rpartition(".")
    if len(shown) > _NAME_LENGTH and dot and len(ending) < 10:
        return f"{stem[: _NAME_LENGTH - len(ending) - 1]}.{ending}"
    return shown[:_NAME_LENGTH] or "file"


def _pdf_text(content: bytes) -> str:
    try:
        return pdf.text_of(content)
    except pdf.Unreadable as error:
        raise _refused(Cause.UNDECODABLE, PDF_LOCKED if error.why == "locked" else PDF_BROKEN) from None


def _decoded(content: bytes) -> tuple[str, str]:
    """Charset and text of bytes that are plain text; "" where they are none, or markup."""
    if _MARKUP.search(content[:4096]):
        return "", ""
    for charset in ("utf-8", "gb18030"):
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            continue
        if all(unicodedata.category(c) not in ("Cc", "Cs", "Cn") or c in "\n\r\t\f" for c in text):
            return charset, text.removeprefix("\ufeff")
    return "", ""


def _refused(cause: Cause, text: str) -> Refused:
    return Refused(Refusal(cause, "attachments", text))
