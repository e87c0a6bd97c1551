"""Dates and periods in a text, as FHIR dates as precise as they were said, relative ones counted from its document.

The forms are the rows of `dates.tsv`. A time of day belongs to the words of a date and not to its value: a FHIR date
with a time needs a zone, which no note says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from types import ModuleType

from hub.summarizer.reading import date_readers, date_readers_en
from hub.summarizer.reading.date_readers import Match, Scene, is_nothing
from hub.summarizer.reading.date_rules import Scope, key, matchers
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, parts, whole

_HINT = re.compile(r"[\d年月周天日岁时昨今前期礼春夏秋冬节至降满种蛰暑露立旦庆明夕宵阳午除八一六秧麦谷雨假季伏末几半]")
_HINT_EN = re.compile(r"[Dd]ay|[Ww]eek|[Mm]onth|[Yy]ear|[Hh]our|[Nn]ight|[Mm]orn|[Ll]ast |[Nn]ext |[Ss]ince |[Tt]omorrow|[Tt]his ")
"""A text without any of this has no date."""
_TO = re.compile(r" ?(?:至|到|[-~—–]{1,2}|→|to|through|until) ?", re.IGNORECASE)
_REST = re.compile(r"(?:(?P<y>(?:19|20)\d\d)[-/.年])?(?:(?P<m>1[0-2]|0?[1-9])(?:[-/.]|月(?!\d?\d?[前后])))?(?:(?P<d>3[01]|[12]\d|0?[1-9])(?:[日号]|(?![\d.月年]))|(?<=月))")
_DAY = len("2024-10-06")
_RENAMED = {"duration": "onset"}


def find_dates(
    text: str, anchor: date | None, born: str | None = None, events: Mapping[str, str] | None = None
) -> list[When]:
    """The dates and periods of a text, in order, without overlap.

    anchor: the day the document was written (None: relative wording yields nothing); born: FHIR date, for `40岁时`;
    events: FHIR dates of `术`, `入院`, `出院`, `产`, for `术后3天`. A When without value and until says that a time
    was told without a number (`几年前`).
    """
    if not _HINT.search(text) and not _HINT_EN.search(text):
        return []
    return _joined(_scan(text, Scene(text, anchor, born, events or {}, due=False), "past"), text)


def find_due(text: str, anchor: date | None, events: Mapping[str, str] | None = None) -> list[When]:
    """When a plan is due: `2周后`, `下月`, `3个月后复查`, `in 2 weeks`, or a date that is not before the document."""
    if anchor is None or not (_HINT.search(text) or _HINT_EN.search(text)):
        return []
    found = _joined(_scan(text, Scene(text, anchor, None, events or {}, due=True), "due"), text)
    now = anchor.isoformat()
    return [when for when in found if (last := when.until or when.value) is None or last >= now[: len(last)]]


def _scan(text: str, scene: Scene, scope: Scope) -> list[When]:
    starts, by_first = matchers(scope)
    found: list[When] = []
    end = 0
    for start in starts.finditer(text):
        place = start.start()
        if place < end:
            continue
        matcher = by_first[key(start[0])]
        match = matcher.pattern.match(text, place)
        if match is None or match.lastindex is None:
            continue
        for rule in matcher.rules[match.lastindex - 1 :]:
            again = rule.pattern.match(text, place)
            read = again and _readers()[rule.reader](again, scene)
            if not read:
                continue
            end = read.end
            if not is_nothing(read):
                found.append(read)
                scene.last = read.value or scene.last
                if read.value and len(read.value) == _DAY and not read.ago:
                    scene.last_day = read.until or read.value
            break
    return found


_TABLE: dict[str, Callable[[Match, Scene], When | None]] = {}


def _readers() -> dict[str, Callable[[Match, Scene], When | None]]:
    if not _TABLE:
        for module in (date_readers, date_readers_en):
            _TABLE.update(_functions(module))
        _TABLE.update({name: _TABLE[function] for name, function in _RENAMED.items()})
    return _TABLE


def _functions(module: ModuleType) -> dict[str, Callable[[Match, Scene], When | None]]:
    return {name: item for name, item in vars(module).items() if callable(item) and not name.startswith("_")}


def _joined(found: list[When], text: str) -> list[When]:
    """Two dates with `至` between them are a period; the second may leave out what it shares with the first."""
    whens: list[When] = []
    for when in found:
        last = whens[-1] if whens else None
        if last and last.value and when.value and not last.until and not when.until and _between(text, last, when):
            if when.value >= last.value:
                whens[-1] = replace(last, end=when.end, until=when.value, around=last.around or when.around)
                continue
        if last and when.start < last.end:
            continue
        whens.append(when)
        if when.value and not when.until and not when.ago and (rest := _rest(text, when)):
            whens[-1] = rest
    return whens


def _between(text: str, first: When, second: When) -> bool:
    return second.start - first.end <= 9 and bool(_TO.fullmatch(text, first.end, second.start))


def _rest(text: str, when: When) -> When | None:
    to = _TO.match(text, when.end)
    if not to or not (match := _REST.match(text, to.end())) or match.end() == to.end():
        return None
    year, month, day = parts(when.value or "")
    value = fhir(whole(match["y"]) or year, whole(match["m"]) or month, whole(match["d"]))
    if not value or not when.value or value <= when.value or len(value) != len(when.value):
        return None
    return replace(when, end=match.end(), until=value)
