"""What all readers of dates share: what they are given, and what surrounds the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from hub.summarizer.reading.model import When

Match = re.Match[str]
CJK = re.compile(r"[一-龥]")
CLAUSE_START = re.compile(r"(?:^|[\s,。;:、!?()\[\]]|[于自从在至到约])$")
"""What precedes words that begin a clause, or are its time."""
CLAUSE_END = re.compile(r"余?(?:$|[,。;、)\s])")
DONE = re.compile(
    r"(?:份|的|因|我|他|她|又|就|才|县|市|省|人民|来(?!了))?"
    r"(?:开始|起|得|查|做|打|切|割|行|停|发|出现|确诊|诊断|复查|换|加|改|验|抽|拍|测|手术|接种|植|装|放|摔|住|在|到|去|生|拿|开"
    r"|患|首次|第一次|曾)"
)
"""What was done then: it follows a date and no duration."""


@dataclass(slots=True)
class Scene:
    """What a reader may use besides the words. last: the date before it in the text, for 同年, 次日, 至11月;
    last_day: the last one said as a day with its year, for the days after it that leave the year out.
    """

    text: str
    anchor: date | None
    born: str | None
    events: Mapping[str, str]
    due: bool
    last: str | None = None
    last_day: str | None = None


Reader = Callable[[Match, Scene], When | None]


def nothing(m: Match, scene: Scene) -> When | None:
    """The words are no date: they are passed over as a whole."""
    return When(m.start(), m.end(), None)


def is_nothing(when: When) -> bool:
    return when.value is None and when.until is None and not when.ago


def when_of(
    m: Match, value: str | None, until: str | None = None, ago: bool = False, about: bool = False
) -> When | None:
    """The date of the words that matched, None without a value."""
    return When(m.start(), m.end(), value, until, ago, about) if value else None
