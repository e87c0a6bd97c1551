"""Dates and periods in a text, as FHIR dates as precise as they were said, relative ones counted from its document.

The forms are the rows of `dates.tsv`. A time of day belongs to the words of a date and not to its value: a FHIR date
with a time needs a zone, which no note says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from hub.summarizer.reading import date_readers, date_readers_en, date_readers_relative, date_readers_tail, date_scene
from hub.summarizer.reading.date_rules import Scope, compiled, key, matchers, rules
from hub.summarizer.reading.date_scene import Reader, Scene, is_nothing
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, parts, whole

_HINT = re.compile(
    r"[\d年月周天日岁载时昨今前期礼春夏秋冬节至降满种蛰暑露立旦庆明夕宵阳午除八一六秧麦谷雨假季伏末几半]"
)
_HINT_EN = re.compile(
    r"day|week|month|year|hour|night|morn|minute|\b(?:yr|wk|mo|hr|min)s?\b|last |next |since |this |tomorrow|"
    r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\b|\b(?:spring|summer|autumn|fall|winter)\b",
    re.IGNORECASE,
)
"""A text without any of this has no date."""
_TO = re.compile(r" ?(?:至|到|[-~—–]{1,2}|→|to|through|until) ?", re.IGNORECASE)
_REST = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)[-/.年])?(?:(?P<m>1[0-2]|0?[1-9])(?:[-/.]|月(?!\d?\d?[前后])))?"
    r"(?:(?P<d>3[01]|[12]\d|0?[1-9])(?:[日号]|(?![\d.月年]))|(?<=月))"
)
_DAY = len("2024-10-06")
_MODULES = (date_scene, date_readers, date_readers_tail, date_readers_relative, date_readers_en)


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
        matcher = by_first.get(key(start))
        match = matcher and compiled(matcher.written).match(text, place)
        if not matcher or not match or match.lastindex is None:
            continue
        for rule in matcher.rules[match.lastindex - 1 :]:
            again = compiled(rule.written).match(text, place)
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


@lru_cache(maxsize=1)
def _readers() -> dict[str, Reader]:
    """The function of each reader that the table names. Raises KeyError for one that is nowhere."""
    known = {name: item for module in _MODULES for name, item in vars(module).items()}
    return {rule.reader: known[rule.reader] for rule in rules()}


def _joined(found: list[When], text: str) -> list[When]:
    """Two dates with `至` between them are a period; the second may leave out what it shares with the first."""
    whens: list[When] = []
    for when in found:
        last = whens[-1] if whens else None
        if last and _between(text, last, when):
            whens[-1] = replace(last, end=when.end, until=when.value, around=last.around or when.around)
            continue
        if last and when.start < last.end:
            continue
        whens.append(when)
        if when.value and not when.until and not when.ago and (rest := _rest(text, when)):
            whens[-1] = rest
    return whens


def _between(text: str, first: When, second: When) -> bool:
    """Whether `至` and nothing else stands between two dates of which the second is not before the first."""
    if not first.value or not second.value or first.until or second.until or second.value < first.value:
        return False
    return bool(_TO.fullmatch(text, first.end, second.start))


def _rest(text: str, when: When) -> When | None:
    to = _TO.match(text, when.end)
    if not to or not (match := _REST.match(text, to.end())) or match.end() == to.end():
        return None
    year, month, _ = parts(when.value or "")
    value = fhir(whole(match["y"]) or year, whole(match["m"]) or month, whole(match["d"]))
    if not value or not when.value or value <= when.value or len(value) != len(when.value):
        return None
    return replace(when, end=match.end(), until=value)


_HEAD, _FOOT = 4, 3
"""So many lines with words at the top and at the end may date a note."""
_YEARS = 30
_SHORT = 32
"""Characters beside the date: a heading or a signature is no longer."""
_LABEL = re.compile(
    r"(?:^|[\s,;:。(])(?:(?:记录|就诊|书写|填写|报告|随访|接诊|开具|签名|签字|转诊|填表|看诊|门诊|建档|出具)?(?:日期|时间|日)"
    r"|(?:note |visit |report |encounter )?dated?(?: of (?:visit|service|note))?|dos)\s*[::]?\s*$",
    re.IGNORECASE,
)
_OTHER_LABEL = re.compile(
    r"(?:出生|生日|生于|入院|出院|手术|起病|发病|住院|末次|检查|化验|采样|接种|有效|截止|预约|复诊|birth|dob|admi\w*|discharge\w*"
    r"|surgery)(?:年月)?(?: ?date)?(?:日期|时间|日)?\s*[::]?\s*$",
    re.IGNORECASE,
)
_PROSE = re.compile(
    r"[。!?;]|,\S*,|因|出现|发现|查出|确诊|诊断为|行.{0,12}术|手术(?!记)|切除|开始|起病|停[药用]|住院(?!号|部|医|病|志|记)|复查(?!记)|化验(?!单|报)|抽血|测|验的|查[的见]|得的|做的|打的|打了"
    r"|接种|服用|口服|复诊|至今|以来|下次|预约|\b(?:was|had|has|is|underwent|diagnosed|since|until|follow|return|next|born|due)\b",
    re.IGNORECASE,
)
"""What stands beside a date that is not the document's."""


_EVENT = re.compile(r"[\s:]+(?!在|因|行|于|查|出现|发现|诊|入|出院|手术|至|起|开始|[-~]|CT|MR|复查)\S")
_RECENT = timedelta(days=31)


def document_date(text: str, received: date) -> tuple[int, int, str] | None:
    """Place and FHIR date (a day) that a note says it was written on, None where it says none that can be true.

    `杨家村卫生室 2024.9.2`, `2025年8月29日 随访`, `日期:2025-08-29`, `村医 某某 2025-02-20`; not after the day after it
    was received, not thirty years before. A date in a sentence dates the note never.
    """
    lines = [match for match in re.finditer(r"[^\r\n]+", text) if match[0].strip()]
    head, foot = lines[:_HEAD], lines[max(_HEAD, len(lines) - _FOOT) :]
    beside: list[tuple[int, int, str]] = []
    for line in [*head, *reversed(foot)]:
        for when in find_dates(line[0], received):
            before, after = line[0][: when.start], line[0][when.end :]
            if not _is_day(when, line[0], received) or _OTHER_LABEL.search(before):
                continue
            place = (line.start() + when.start, line.start() + when.end, str(when.value))
            if _LABEL.search(before):
                return place
            rest = (before + " " + after).strip()
            if len(rest) <= _SHORT and not _PROSE.search(rest):
                beside.append(place)
    return beside[0] if beside else _first_words(text, lines, received)


def _first_words(text: str, lines: list[re.Match[str]], received: date) -> tuple[int, int, str] | None:
    """`2025.3.5 咳嗽3天,...`: a recent day before all other words, where no other line begins with a day."""
    dated = [line for line in lines if re.match(r"\s*(?:19|20)\d\d[-./年]", line[0])]
    if len(dated) != 1 or dated[0] is not lines[0]:
        return None
    first = next(iter(find_dates(lines[0][0][:40], received)), None)
    if first is None or lines[0][0][: first.start].strip() or not _is_day(first, lines[0][0], received):
        return None
    if received - date.fromisoformat(str(first.value)) > _RECENT or not _EVENT.match(lines[0][0], first.end):
        return None
    return lines[0].start() + first.start, lines[0].start() + first.end, str(first.value)


def _is_day(when: When, line: str, received: date) -> bool:
    """A day with its figures, not `昨天`, not a period, and a plausible one."""
    if when.value is None or len(when.value) < _DAY or when.until or when.ago or when.around:
        return False
    if not line[when.start].isdigit() and not re.match(r"[一二〇零]|[A-Za-z]{3}", line[when.start : when.end]):
        return False
    day = date.fromisoformat(when.value)
    return received - timedelta(days=round(_YEARS * 365.25)) <= day <= received + timedelta(days=1)
