"""A sentence with all that was found in it. It knows no fragment: what equal sentences state is read once."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from hub.summarizer import terms
from hub.summarizer.reading.model import Context, Mention, Section, When
from hub.summarizer.terminology import tables

_CLAUSE = re.compile(r"[,，;；:：。!！?？\n]+|(?<=[a-z)])\.\s")
_ITEM = re.compile(r"[,，;；:：。、/!！?？\n]+|和|及|与|\band\b")
_CITED_WHOLE = 80
"""A sentence up to this length is cited as a whole, of a longer one the clauses that say it."""

_RANGE = re.compile(r"[至到~—-]|\bto\b|\buntil\b|\bthrough\b")
_COUNTED = re.compile(r"[前来余多几]|了|\bago\b|\bpast\b|\blast \d")
_STAY = re.compile(r"住(?:过)?院|住(?:了|过)|就诊|admitted|hospitali[sz]ed", re.IGNORECASE)
_JOINED = re.compile(r"\s*(?:[、/+]|和|及|与|合并|并|伴|、?并发|\band\b|,\s*and\b)?\s*")
_CARRIED = re.compile(r"\s*(?:遂|并|后|即|予|随后|同时)?(?:行|予|做|underwent\b)")
"""How a clause begins whose date is that of the clause before, whatever that names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A draft but for its fragment. cited, name, details: characters of the sentence; named: instead of the name as
    written, if any; heading, dated: whether the section's heading and the document's date are cited besides.
    """

    cited: tuple[int, int]
    name: tuple[int, int]
    named: str
    details: tuple[tuple[int, int], ...]
    heading: bool
    dated: bool
    fields: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Statement:
    """One sentence, read; no two are equal, so that what is asked of one again is remembered.

    text: in the form of `characters.plain`; section: of the document that it stands in; written: the day of the
    document; dialogue: whether that is a consultation, word for word.
    """

    text: str
    section: Section
    written: date
    mentions: Sequence[Mention]
    contexts: Sequence[Context]
    dates: Sequence[When]
    dialogue: bool = False

    def of(self, *kinds: str) -> list[tuple[Mention, Context]]:
        return [(m, c) for m, c in zip(self.mentions, self.contexts, strict=True) if m.kind in kinds]

    @cached_property
    def clauses(self) -> list[tuple[int, int]]:
        """Where the clauses are: between commas and stronger marks."""
        return _between(_CLAUSE, self.text)

    @cached_property
    def _ends(self) -> list[int]:
        return [end for _, end in self.clauses]

    def clause(self, at: int) -> int:
        """The index of the clause at a character."""
        return min(bisect_right(self._ends, at), len(self._ends) - 1)

    def said(self, at: int) -> str:
        """The text of the clause at a character."""
        start, end = self.clauses[self.clause(at)]
        return self.text[start:end]

    def beside(self, mention: Mention) -> tuple[str, int, int, tuple[int, int], list[tuple[int, int]]]:
        """What `doubt` looks at: the text, the name's place, its clause, and where names are."""
        names = [(m.start, m.end) for m in self.mentions]
        return self.text, mention.start, mention.end, self.clauses[self.clause(mention.start)], names

    def listed(self, mention: Mention) -> str:
        """The text of the clause's part that names it: between the marks and words of a list."""
        start = max((m.end() for m in _ITEM.finditer(self.text, 0, mention.start)), default=0)
        after = _ITEM.search(self.text, mention.end)
        return self.text[start : after.start() if after else len(self.text)]

    def when(self, mention: Mention) -> When | None:
        """The date that belongs to a name: in its clause, in the next (`..., 2023年9月得的`), in the one before
        (`3年前头在县医院, ...`), else that of the name with which it is listed (`高血压、糖尿病10年`).
        """
        number = self.clause(mention.start)
        own = self._dates_of(number)
        if own:
            return self._nearest(mention, number, own)
        after = self._dates_of(number + 1)
        if after and not self._names_in(number + 1) and not _STAY.search(self._clause_text(number + 1)):
            return after[0]
        before = self._dates_of(number - 1)
        carried = bool(before) and _CARRIED.match(self._clause_text(number))
        if before and (carried or not self._names_in(number - 1)) and not _STAY.search(self._clause_text(number - 1)):
            return before[-1]
        return None

    def governs(self, when: When, mention: Mention) -> bool:
        """Whether a date can be a result's: in its clause, or in one that names no problem, medicine or procedure."""
        number = self.clause(when.start)
        return number == self.clause(mention.start) or all(m.kind == "analyte" for m in self._names_in(number))

    def counted(self, when: When) -> bool:
        """Whether a date was counted back or is said as about: it may be off by one of its unit (not `去年`)."""
        return when.around or bool(when.ago and _COUNTED.search(self.text, when.start, when.end))

    def _runs(self, when: When) -> bool:
        """Whether a period is one that something lasted (`2019至2021年`), not one in which it was (`去年腊月`)."""
        return not when.around and bool(_RANGE.search(self.text, when.start, when.end))

    def _nearest(self, mention: Mention, number: int, own: list[When]) -> When | None:
        """Of a clause's dates the one that stands nearest, without another name of its kind in between."""
        kind = tables.family(mention.kind)
        others = [m for m in self._names_in(number) if tables.family(m.kind) == kind and m.start != mention.start]

        def between(when: When) -> bool:
            low, high = min(when.start, mention.start), max(when.end, mention.end)
            return any(low <= o.start < high and not self._one_list(o, mention) for o in others)

        free = [w for w in own if not between(w) and not self._of_the_one_before(w, mention, others)]
        return min(free, key=lambda w: max(w.start - mention.end, mention.start - w.end), default=None)

    def _of_the_one_before(self, when: When, mention: Mention, others: Sequence[Mention]) -> bool:
        """Whether a date touches the name before it, and a list goes on after it (`胆结石8年、肺气肿5年`)."""
        touched = any(o.end == when.start for o in others)
        return touched and when.end < mention.start and bool(_ITEM.match(self.text, when.end))

    def _one_list(self, a: Mention, b: Mention) -> bool:
        first, second = sorted((a, b), key=lambda m: m.start)
        return bool(_JOINED.fullmatch(self.text, first.end, second.start))

    def _clause_text(self, number: int) -> str:
        start, end = self.clauses[number]
        return self.text[start:end]

    def _dates_of(self, number: int) -> list[When]:
        if not 0 <= number < len(self.clauses):
            return []
        start, end = self.clauses[number]
        return [w for w in self.dates if start <= w.start < end]

    def _names_in(self, number: int) -> list[Mention]:
        start, end = self.clauses[number]
        return [m for m in self.mentions if start <= m.start < end and m.kind != "allergen"]

    def cited(self, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """What to cite for characters of the sentence: the whole of a short one, the clauses of a long one."""
        if len(self.text) <= _CITED_WHOLE:
            return 0, len(self.text)
        first, last = self.clause(min(s for s, _ in spans)), self.clause(max(max(s, e - 1) for s, e in spans))
        return self.clauses[first][0], self.clauses[last][1]

    def finding(self, section: str, kind: str, mention: Mention, *, when: When | None = None, heading: bool = False,
                spans: Sequence[tuple[int, int]] = (), family: str = "", dated: bool | None = None,
                named: str = "", details: Sequence[tuple[int, int]] = (), said: tuple[str, ...] = (),
                **fields: Any) -> Finding:  # fmt: skip
        """What a name says. family: of keys (`problem`, `medicine`, ...), else the mention's kind; heading: the
        section's heading says it too; dated: so does the document's own date (else where `when` counts back from it);
        named: instead of the name as written; details: where further words stand; said: such words that stand
        nowhere in the sentence; fields: of the Draft.
        """
        family = family or tables.family(mention.kind)
        values: dict[str, Any] = {
            "section": section,
            "kind": kind,
            "keys": frozenset({mention.term.key if mention.term else terms.key(family, mention.name)}),
            "free": True,
            "details": said,
        }
        if when:
            ends = when.until if self._runs(when) else None
            values |= {"start": when.value, "end": ends, "ago": self.counted(when)}
        cited = [(mention.start, mention.end), *spans, *details, *([(when.start, when.end)] if when else [])]
        return Finding(self.cited(cited), (mention.start, mention.end), named, tuple(details),
                       heading and self.section != "", bool(when and when.ago) if dated is None else dated,
                       {**values, **fields})  # fmt: skip


def _between(marks: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for match in marks.finditer(text):
        if match.start() > start:
            found.append((start, match.end()))
        start = match.end()
    if start < len(text) or not found:
        found.append((start, len(text)))
    return found
