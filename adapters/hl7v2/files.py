"""The messages of a file: MLLP frames, FHS/BHS batches, one message or many, any line end, any character set.

Work is on bytes, since each message may declare its own character set: a carriage return or line feed is never half of
a character in those of table 0211, but for UTF-16 and UTF-32, where a file is one message.
"""

from __future__ import annotations

import re
from itertools import pairwise

from adapters.hl7v2 import charsets

_LINE_START = rb"(?:(?<=[\r\n\x0b\x1c])|\A)"
_MARK = rb"[^0-9A-Za-z\s\x80-\xff]"
_MESSAGE = re.compile(_LINE_START + rb"[ \t]*(?=MSH" + _MARK + rb")")
_BATCH = re.compile(_LINE_START + rb"(?:FHS|BHS|BTS|FTS)(?:" + _MARK + rb"[^\r\n\x1c]*)?(?=[\r\n\x1c]|\Z)")
_FRAMING = b"\x0b\x1c\r\n \t\x00\x1a"
_BOM = b"\xef\xbb\xbf"


def split(data: bytes) -> list[bytes]:
    """The messages of a file, in order, without frames and batch segments.

    What stands before the first MSH and is no batch segment becomes an entry of its own, so that it is refused and not
    lost; an empty file and an empty batch have none.
    """
    if charsets.declared(data).startswith(("UNICODE UTF-16", "UNICODE UTF-32")):
        return [data]
    data = data.removeprefix(_BOM)
    starts = [match.start() for match in _MESSAGE.finditer(data)]
    bounds = [0, *starts, len(data)]
    parts = (_strip(data[start:end]) for start, end in pairwise(bounds))
    return [part for part in parts if part]


def _strip(part: bytes) -> bytes:
    return _BATCH.sub(b"", part).removeprefix(_BOM).strip(_FRAMING)
