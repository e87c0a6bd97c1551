"""What base64 data say where they are text."""

from __future__ import annotations

import base64
import binascii


def text_of(data: str, content_type: str) -> str | None:
    """The text of a base64 attachment; None where it is no text or not of its character set (UTF-8 unless told)."""
    kind, _, parameters = content_type.partition(";")
    if not kind.strip().lower().startswith("text/") or kind.strip().lower() == "text/rtf":
        return None
    compact = "".join(data.split()).rstrip("=")
    charset = parameters.partition("charset=")[2].strip(' "') or "utf-8"
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4)).decode(charset)
    except (binascii.Error, UnicodeDecodeError, LookupError):
        return None
