"""The words after the name of an analyte: where a value may stand, what is only aimed at, and which date it has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading.dating import governing
from hub.summarizer.reading.model import Mention, When
from hub.summarizer.reading.value_patterns import patterns

_AFTER = re.compile(
    r"\s?[(（]\s?(?P<inside>\x00+)\s?(?:复?查|测|检)?[)）]|\s?(?:on|in|dated)\s(?P<on>\x00+)|"
    r"\s?[,，]?\s?[是在于]?\s?(?P<behind>\x00+)\s?(?:左右|时|份)?(?:(?![没未诊发])[^,，。;；\d\x00-\x02]){0,6}?"
    r"(?:复?查|化?验|抽血?|测|量|检查?|做)(?:的|过|得|出来的)(?!\s?[为是:]?\s?[\d<>])"
)
"""The date of a value that was just told: `(2024-10)`, `on 2024-10-19`, `,3个月前查的`."""
_LIMIT = re.compile(r"\s?(?:以下|以内|以上|应|则|时(?!间)|者)")
_LOOSE = re.compile(r"[^\d。;；\x00-\x02/]{0,16}?(?=\d{2,3}\s?[/\-~])")


class Words:
    """One name, up to the next. hidden: the text with its dates and other names masked; end: of what is read."""

    def __init__(self, text: str, hidden: str, mention: Mention, end: int, dates: Sequence[When]) -> None:
        self.text, self.hidden, self.mention, self.end, self.dates = text, hidden, mention, end, dates
        self.name = mention.term.name if mention.term else mention.name
        self.patterns = patterns()

    def aimed(self, place: int, after: int, since: int | None = None) -> bool:
        """Whether a number is a limit or an aim (`控制在140以下`, `>300应透析`), no value."""
        between = self.text[self.mention.end if since is None else since : place]
        return bool(self.patterns.target.search(between) or _LIMIT.match(self.text, after))

    def link(self, place: int, *, loose: bool = False) -> int:
        """The place after the words that may stand between a name and its value."""
        found = self.patterns.link.match(self.hidden, place, self.end)
        end = found.end() if found else place
        if loose and not self.hidden[end : end + 1].isdigit():
            skip = _LOOSE.match(self.hidden, end, self.end)
            if skip:
                return skip.end()
        return end

    def past(self, place: int) -> int:
        """The place after the date of a value that ends at a place."""
        after = _AFTER.match(self.hidden, place, self.end)
        return after.end() if after else place

    def within(self, start: int, end: int) -> When | None:
        """The last date between two places."""
        return next((d for d in reversed(self.dates) if start <= d.start and d.end <= end), None)

    def when(self, start: int, end: int, since: int | None = None) -> When | None:
        """The date between name and value, else after the value, else the one that governs the clause."""
        inside = self.within(self.mention.end if since is None else since, start)
        if inside:
            return inside
        after = _AFTER.match(self.hidden, end, len(self.hidden))
        if after:
            at = max(after.start("inside"), after.start("behind"), after.start("on"))
            return next((d for d in self.dates if d.start <= at < d.end), None)
        return governing(self.hidden, self.mention.start, self.dates)
