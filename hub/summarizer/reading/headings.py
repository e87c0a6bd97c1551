"""Headings of a document's parts (`既往史：`, `【家族史】`, `PAST MEDICAL HISTORY`), and the LOINC codes of
sections, from `headings.tsv`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.model import Section
from hub.summarizer.rows import rows

_NUMBER = r"(?:[（(]?[一二三四五六七八九十\d]{1,2}[）)、.．]\s*)?"
_OPEN = r"[【\[〔]\s*"
_CLOSE = r"\s*[】\]〕]\s*[:：]?\s*"


@lru_cache(maxsize=1)
def pattern() -> re.Pattern[str]:
    """A heading where a line or sentence begins: with a colon, in brackets, or as a line of its own."""
    words = "|".join(w for _, w in _table())
    colon = rf"{_NUMBER}(?P<colon>{words})\s*[:：]\s*"
    bracket = rf"{_NUMBER}{_OPEN}(?P<bracket>{words}){_CLOSE}"
    line = rf"{_NUMBER}(?P<line>{words})[ \t]*(?=[\r\n]|$)"
    return re.compile(f"(?:{colon}|{bracket}|{line})", re.IGNORECASE)


@lru_cache(maxsize=1)
def ahead() -> str:
    """Source of a pattern that matches nothing, before a heading that follows spaces within a line."""
    words = "|".join(w for _, w in _table() if not w.isascii())
    return rf"(?<=\S)[ \t\u3000]+(?={_NUMBER}(?:{words})\s*[:：])"


@lru_cache(maxsize=4096)
def section(heading: str) -> Section | None:
    """The part that a heading (or a document section's title) begins; None where it is none."""
    said = plain(heading).strip(" \t\r\n　:：【】[]〔〕")
    for name, words in _table():
        if re.fullmatch(f"{_NUMBER}(?:{words})", said, re.IGNORECASE):
            return cast("Section", "" if name == "-" else name)
    return None


def coded(codings: Iterable[Mapping[str, Any]]) -> Section | None:
    """The part that a document's section is by its LOINC code, whatever it is called."""
    codes = (str(coding.get("code")) for coding in codings if coding.get("system") == "http://loinc.org")
    return next((found for code in codes if (found := _codes().get(code))), None)


@lru_cache(maxsize=1)
def _codes() -> dict[str, Section]:
    found = rows("reading/headings.tsv", 3)
    return {code: cast("Section", name) for name, _, codes in found for code in codes.split("|") if code}


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, str], ...]:
    return tuple((name, "|".join(sorted(words.split("|"), key=len, reverse=True)) if "(" not in words else words)
                 for name, words, _ in rows("reading/headings.tsv", 3))  # fmt: skip
