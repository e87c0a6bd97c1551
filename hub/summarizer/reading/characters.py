"""Received text in the one form that rules and tables are written in, character for character."""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache

_HAN = range(0x3400, 0xA000)
_KEPT = "。、《》「」『』【】〔〕…—～·"
_SIGNS = str.maketrans("﹣－–‐−〜∶µ“”‘’＜＞﹤﹥\u00a0", "-----~:μ\"\"''<><> ")


def plain(text: str) -> str:
    """The text in simplified characters and half width: as long as it was, so that offsets stay; case is kept."""
    if text.isascii():
        return text
    return text.translate(_table())


def lower(text: str) -> str:
    """A text in lower case with the same offsets."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=1)
def _table() -> dict[int, int | str]:
    import opencc

    han = "".join(map(chr, _HAN))
    table: dict[int, int | str] = {
        ord(a): b for a, b in zip(han, opencc.OpenCC("t2s").convert(han), strict=True) if a != b
    }
    for code in (*range(0x2000, 0x3400), *range(0xF900, 0xFB00), *range(0xFE30, 0xFFF0)):
        character = chr(code)
        folded = unicodedata.normalize("NFKC", character)
        if character not in _KEPT and len(folded) == 1 and folded != character and code <= sys.maxunicode:
            table[code] = folded
    table.update(_SIGNS)
    return table
