"""What the dates of a region leave for a course when all its words are read: starts, periods, dates told afterwards."""

from __future__ import annotations

import re

from hub.summarizer.reading.courses import Course
from hub.summarizer.reading.events import Events
from hub.summarizer.reading.model import When
from hub.summarizer.reading.tokens import Token

_BRACKETS = re.compile(r"[(（][)）]")
_FROM = re.compile(r"(?:自|从|since|from|started)\s*$")
_LAST_DATE = re.compile(r"(?:[,，(（在于是了的\s]|\b(?:in|on|since|from)\b)*")
_DATED_EVENT = re.compile(r"\s*(?:份|就|才|医生|左右)*(?:停|换|改|加|减|调|开|起|吃|撤)")
_UNTIL = re.compile(r"(?:until|till|through|[吃用服打]到|服?用至|口?服至|持续至|维持至)\s*$")
_ONWARD = re.compile(r"^\s*(?:起|开始|始|以来|至今|后?开始)")


def finish(course: Course, events: Events, place: int, *, switched: bool) -> None:
    """Starts by `自2019年起`, periods, and what the region's last words leave."""
    course.switched = switched
    for date in events.dates:
        if switched and not events.duration(date):
            course.changed = date.value
        until = _UNTIL.search(events.low, max(0, date.start - 8), date.start) and date.value and not date.until
        if until and course.formerly:
            course.stages[-1].start = course.stages[-1].start or date.value
            continue
        if until:
            course.stopped, course.end = True, course.end or date.value
            continue
        since = _FROM.search(events.low, max(0, date.start - 8), date.start)
        onward = _ONWARD.match(events.low[date.end : date.end + 6])
        if since and course.stopped and course.end is None and date.start >= events.region.mention.end:
            course.end = date.value
            continue
        if (since or onward) and not course.start and not course.changed and date.value != course.end:
            course.start = date.value
            if date.start < events.region.mention.start:
                course.lead_start = date.value
        if date.until and date.value and not date.ago and not course.stopped and (course.taken or course.dosed):
            course.start, course.end = course.start or date.value, date.until
            course.stopped = not course.lasting
    if switched:
        course.reason = course.reason or events.reason()
    if _intended(events) and not (
        course.stopped or course.planned_stop or course.changed or course.lasting or course.kept
    ):
        course.stages[0].planned = True
    for date in events.dates:
        if date.start >= events.region.mention.end and _BRACKETS.fullmatch(
            events.low[date.start - 1] + events.low[date.end : date.end + 1]
        ):
            _settle(course, date)
    _afterthought(course, events, place)


def _intended(events: Events) -> bool:
    """Whether a word before the name says that it is only thought of (`拟`, `若...`, `备用`)."""
    name = Token(events.region.mention.start, events.region.mention.end, "name", None)
    return any(t.kind == "plan" for t in events.region.lead) and events.planned(name)


def _afterthought(course: Course, events: Events, place: int) -> None:
    """A date at the very end (`加到10mg(2023-06)`, `stopped in 2020`, `,2024年2月换的`) is of the last event."""
    dates = [d for d in events.dates if d.start >= place and not events.duration(d)]
    if len(dates) != 1 or not dates[0].value:
        return
    date = dates[0]
    before, after = events.low[place : date.start], events.low[date.end : date.end + 5]
    if not _LAST_DATE.fullmatch(before) or not (_DATED_EVENT.match(after) or "," not in before):
        return
    _settle(course, date)


def _settle(course: Course, date: When) -> None:
    """Gives a date to the last event that has none."""
    last = course.stages[-1]
    if course.stopped:
        course.end = course.end or date.value
    elif last.changed:
        last.start = last.start or date.value
    elif course.began and not course.start:
        course.start = date.value
