"""What is sought in a record: answered by items of some groups or by a sentence that tells it; and how old it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hub.summarizer import groups
from hub.summarizer.items import Item
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.literals import required
from hub.summarizer.weights import days_between

_SAID = "said:"
_FINDING = (
    r"[^。；;！!？?\n，,]{0,16}?(?:[，,]\s*(?=\d|[都均也]))?[都均也]?(?:\d|正常|异常|[升增偏]高|[偏降]低|下降|减退|[阴阳]性|未见|不全|良好|"
    r"尚可|[+±]|normal|elevated|raised|reduced|low\b|high\b|negative|positive|stable|impaired)"
)
"""What stands behind a name where a sentence tells a finding rather than a wish (`建议查肾功能`)."""

_TARGET = re.compile(r"(?:目标|控制在|维持在?|达标|保持在?|低于|target|goal|keep)[^。；;，,]{0,10}$", re.IGNORECASE)
_WISHED = re.compile(
    r"(?:建议|拟|计划|待|请|需|应|择期|准备|完善|未查|没查|没有?做|未做|未行|定期|后复查|周复查|月复查|下次|to check|"
    r"repeat|should|recheck|plan)[^。；;，,]{0,8}$",
    re.IGNORECASE,
)
_NOT_SAID = re.compile(
    r"[^。；;，,]{0,6}(?:未查|没查|未做|没做|不详|未知|待(?:查|回报|报)|not done|unknown|pending)", re.IGNORECASE
)
_BEFORE = 20
_MONTH = 30.44
_DATES = {4: 365, 7: 30}
"""Days by which a date may be later than its first day, by its length."""


@lru_cache(maxsize=32768)
def _searched(text: str) -> tuple[str, str]:
    """A text in the form of `characters.plain`, and that in lower case."""
    changed = plain(text)
    return changed, changed.lower()


class Sentences:
    """Sentences as rules search them: each in the form of `characters.plain`, and all in one in lower case."""

    __slots__ = ("_lower", "_plain", "_whole")

    def __init__(self, texts: Iterable[str]) -> None:
        searched = [_searched(text) for text in texts]
        self._plain = [text for text, _ in searched]
        self._lower = [lower for _, lower in searched]
        self._whole = "\n".join(self._lower)

    def holding(self, literals: frozenset[str]) -> Iterator[str]:
        """Those that hold one of these (lower case) strings; all of them for no strings."""
        there = [literal for literal in literals if literal in self._whole]
        if there or not literals:
            for text, lower in zip(self._plain, self._lower, strict=True):
                if not literals or any(literal in lower for literal in there):
                    yield text


@dataclass(frozen=True, slots=True)
class Sought:
    """groups: an item of one of these answers; words: of a sentence that does, with a finding behind them (finding);
    literals: strings of which such words hold one; months: an older answer is old (0: never); name: as it is called."""

    name: str
    groups: frozenset[str]
    words: re.Pattern[str]
    literals: frozenset[str]
    finding: bool
    months: int

    def told(self, said: Sentences) -> bool:
        """Whether a sentence tells it: not as a wish or a target, nor as not looked at."""
        return any(
            not self.finding or _found(text, match)
            for text in said.holding(self.literals)
            for match in self.words.finditer(text)
        )

    def old(self, moment: str, as_of: date) -> bool:
        """Whether an answer of this FHIR date is older than expected, wherever in its month or year it lies."""
        return bool(self.months) and days_between(moment, as_of) > self.months * _MONTH + _DATES.get(len(moment), 0)


def sought(name: str, belongs: str, words: str, months: str) -> Sought:
    """Of the cells of a table: `said:` before the words where they need no finding behind them."""
    finding = not words.startswith(_SAID)
    pattern = f"(?:{words}){_FINDING}" if finding else words.removeprefix(_SAID)
    compiled = re.compile(pattern, re.IGNORECASE)
    return Sought(name, frozenset(groups.split(belongs)), compiled, _literals(words), finding, int(months or 0))


def _literals(words: str) -> frozenset[str]:
    try:
        return frozenset(literal.lower() for literal in required(words.removeprefix(_SAID)))
    except ValueError:
        return frozenset()


def newest(item: Item) -> str | None:
    """The last date of an item, None where one of its measurements has none."""
    dates = [p.draft.start for p in item.points] or [item.head.start]
    return None if None in dates else max(d for d in dates if d)


def last(items: Iterable[Item]) -> str | None:
    """The last date of all, None where one of them is not dated."""
    dates: Sequence[str | None] = [newest(item) for item in items]
    return None if None in dates else max((d for d in dates if d), default=None)


def _found(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    wished = _WISHED.search(before) and not re.search(r"\d", match.group())
    return not (_TARGET.search(before) or wished or _NOT_SAID.match(text, match.start() + 1))
