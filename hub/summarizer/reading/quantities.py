"""Numbers as people write them, and the units of doses with their spellings (`dose_units.tsv`)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from hub.summarizer.rows import rows

DIGITS = r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?(?!\d)|\d{1,15}(?:\.\d{1,9})?"
"""A number in digits. `2,3` is none of them: a comma groups thousands or parts two numbers."""
NUMERALS = r"[零一二两三四五六七八九十百千]{1,9}(?:点[零一二三四五六七八九]{1,4})?|半"
NUMBER = rf"(?:{DIGITS}|{NUMERALS})"

_VALUES = {numeral: Decimal(value) for value, numeral in enumerate("零一二三四五六七八九")} | {"两": Decimal(2)}
_PLACES = {"十": Decimal(10), "百": Decimal(100), "千": Decimal(1000)}


def number(text: str) -> Decimal | None:
    """The value of digits (`10.50` keeps its form), Chinese numerals (`二十五`, `两`, `零点五`) or `半`."""
    if text[:1].isdigit():
        plain = text.replace(",", "")
        return Decimal(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else None
    if text == "半":
        return Decimal("0.5")
    whole, point, fraction = text.partition("点")
    total = _whole(whole)
    if total is None or not point:
        return total
    digits = [_VALUES.get(c) for c in fraction]
    if not digits or None in digits:
        return None
    return Decimal(f"{total}." + "".join(str(d) for d in digits))


def _whole(text: str) -> Decimal | None:
    """`五百` 500, `二十五` 25, `十` 10; a row of bare numerals (`一二`) is no number."""
    total, pending = Decimal(0), None
    for character in text:
        if character in _PLACES:
            total += (Decimal(1) if pending is None else pending) * _PLACES[character]
            pending = None
        elif character in _VALUES and not pending:
            pending = _VALUES[character]
        else:
            return None
    return total + (pending or Decimal(0)) if text else None


@lru_cache(maxsize=1)
def dose_units() -> dict[str, tuple[str, str, Decimal]]:
    """Of each spelling in lower case: the unit, its kind (`mass`, `volume`, `activity`, `count`), and a factor."""
    return {
        spelling: (unit, kind, Decimal(factor))
        for unit, kind, factor, spellings in rows("reading/dose_units.tsv", 4)
        for spelling in spellings.split("|")
    }


def alternatives(words: list[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))
