"""What a receiver wants to know in a referral, and whether what was entered says it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing to know. text: what the writer reads; words: any one of them, literally, answers it.

    department: as written in the referral, None: whatever the department; mandatory: without it a form is refused.
    """

    text: str
    words: tuple[str, ...]
    department: str | None = None
    mandatory: bool = False


def unmet(requirements: Iterable[Requirement], text: str) -> tuple[Requirement, ...]:
    """Those of which `text` has no word, whatever their case and width; one without words is met by nothing."""
    said = _plain(text)
    return tuple(r for r in requirements if not any(word and word in said for word in map(_plain, r.words)))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
