"""Words, numbers and units in one spelling, so that truth and record can be compared; not by the hub's tables."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import opencc
import yaml

_SIMPLIFY = opencc.OpenCC("t2s")
_DROPPED = re.compile(r"[\s“”\"'‘’、，,。；;：:（）()\[\]【】《》·．!！?？\-—_/]")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "半": 0.5}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CHINESE = re.compile(r"[零〇一二三四五六七八九两俩半十百千]+(?:点[零一二三四五六七八九]+)?")


def _spellings(kind: str) -> dict[str, str]:
    listed = yaml.safe_load((Path(__file__).parent / "data" / "spellings.yaml").read_text("utf-8"))[kind]
    return {spelling: meant for meant, spellings in listed.items() for spelling in spellings}


UNITS = _spellings("units")
FREQUENCIES = _spellings("frequencies")


@lru_cache(100_000)
def plain(text: str) -> str:
    """Half width, simplified, lower case, without spaces and punctuation."""
    return _DROPPED.sub("", _SIMPLIFY.convert(unicodedata.normalize("NFKC", text)).lower())


@lru_cache(10_000)
def unit(text: str | None) -> str | None:
    """One spelling of a unit; None stays None."""
    if text is None or not text.strip():
        return None
    said = unicodedata.normalize("NFKC", text.replace("⁹", "^9")).replace(" ", "").replace("μ", "u").replace("µ", "u")
    said = said.lower()
    return UNITS.get(said, UNITS.get(text.strip().lower(), said)) or None


def frequency(text: str | None) -> str | None:
    """A code of a frequency (qd, bid, ...) or the plain words."""
    if text is None:
        return None
    said = unicodedata.normalize("NFKC", text).strip().lower()
    return FREQUENCIES.get(said, said)


@lru_cache(20_000)
def numbers(text: str) -> frozenset[float]:
    """Every number in a text, in digits or Chinese."""
    said = unicodedata.normalize("NFKC", text)
    found = {float(m.group()) for m in _NUMBER.finditer(said)}
    # A date without separators holds year, month and day; "120/80" and "1,000" hold their parts.
    found |= {float(m.group()) for m in _NUMBER.finditer(said.replace(",", ""))}
    for match in _CHINESE.finditer(said):
        value = chinese(match.group())
        if value is not None:
            found.add(value)
    return frozenset(found)


def chinese(text: str) -> float | None:
    """The value of a Chinese numeral up to thousands, digit by digit (二〇二三) or with 十百千, 两片半 excluded."""
    whole, _, part = text.partition("点")
    if part:
        base = chinese(whole)
        digits = "".join(str(_DIGITS[c]) for c in part)
        return None if base is None else base + float(f"0.{digits}")
    if not any(c in "十百千" for c in whole):
        if len(whole) > 1 and "半" in whole:
            return None
        return float("".join(str(_DIGITS[c]) for c in whole))
    total, digit = 0.0, 0.0
    for c in whole:
        if c in _DIGITS:
            digit = _DIGITS[c]
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            digit = 0
    return total + digit
