"""What people type, as it is meant: digits of a Chinese keyboard, and dates as they are written."""

from __future__ import annotations

import re

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DAY = r"[-/.月]\s?(\d{1,2})日?"
_WRITTEN = re.compile(rf"(\d{{4}})(?:[-/.年]\s?(\d{{1,2}})(?:{_DAY}|月)?|年)?(?:\s+00?:00(?::00)?)?", re.ASCII)
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)


def narrow(text: str) -> str:
    """Letters, digits and signs of full width as the ASCII that they stand for, without blanks around."""
    return text.translate(_WIDE).strip()


def iso_date(text: str) -> str:
    """`1958/3/12`, `1958年3月12日`, `1958.3.12`, `19580312` and `1958` as ISO dates; anything else as it is.

    Spreadsheets append midnight to a date.
    """
    plain = narrow(text)
    found = _EIGHT.fullmatch(plain) or _WRITTEN.fullmatch(plain)
    return "-".join(part.zfill(2) for part in found.groups() if part) if found else plain
