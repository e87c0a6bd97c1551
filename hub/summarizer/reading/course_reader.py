"""Reads the words around the name of a medicine into its course, from the name outwards."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading.course_amounts import Amounts
from hub.summarizer.reading.courses import Course, Stage
from hub.summarizer.reading.events import CLAUSE, Events
from hub.summarizer.reading.model import When
from hub.summarizer.reading.regions import Region, glued
from hub.summarizer.reading.tokens import Token

_FROM = re.compile(r"(?:自|从|since|from|started)\s*$")
_LAST_DATE = re.compile(r"(?:[,，(（在于是了的\s]|\b(?:in|on|since|from)\b)*")
_DATED_EVENT = re.compile(r"\s*(?:份|就|才|医生|左右)*(?:停|换|改|加|减|调|开|起|吃|撤)")
_UNTIL = re.compile(r"(?:until|till|through|[吃用服打]到|服?用至|口?服至|持续至|维持至)\s*$")
_ONWARD = re.compile(r"^\s*(?:起|开始|始|以来|至今|后?开始)")
_NOW = frozenset(
    [
        "长期",
        "一直",
        "规律",
        "在用",
        "在吃",
        "在服",
        "正在",
        "吃着",
        "用着",
        "打着",
        "continues",
        "continue",
        "continued",
    ]
)
_BEFORE = frozenset(["take", "give", "start", "resume", "now", "by", "old", "past", "change", "keep", "plan"])


def course(text: str, low: str, region: Region, dates: Sequence[When], *, switched: bool = False) -> Course:
    """The course of the region's medicine."""
    read = _Reading(text, low, region, [d for d in dates if region.start <= d.start < region.end])
    read.before()
    read.after()
    read.end(switched)
    return read.course


class _Reading:
    """The words of one region, read from the name outwards."""

    def __init__(self, text: str, low: str, region: Region, dates: list[When]) -> None:
        self.text, self.low, self.region, self.dates = text, low, region, dates
        self.course = Course()
        self.events = Events(text, low, region, dates)
        self.amounts = Amounts(text, low, region, self.course)
        self.place = region.mention.end
        self.broken = False
        self.old = False

    # before the name

    def before(self) -> None:
        """Amounts and stops hold where they touch the name, verbs and starts where they stand in its clause."""
        region, course = self.region, self.course
        near, touching = region.mention.start, True
        measured: list[Token] = []
        for token in reversed(region.lead):
            touching = touching and glued(self.low, token.end, near, across=False)
            if token.kind in ("amount", "often", "route") and touching:
                measured.append(token)
                near = token.start
            elif token.kind in _BEFORE:
                near = token.start
            elif token.kind == "stop" and touching and self.events.own_stop(token):
                self._stop(token)
                course.lead_stopped = True
                near = token.start
            self._word_before(token)
        self.old = any(t.kind == "old" for t in region.lead)
        for token in reversed(measured):
            self.amounts.read(token, self.place)
        course.lead_route = course.route

    def _word_before(self, token: Token) -> None:
        course = self.course
        gap = self.low[token.end : self.region.mention.start]
        here = not CLAUSE.search(gap)
        if token.kind in ("take", "give"):
            course.taken = True
            course.lasting = course.lasting or self.low[token.start : token.end] in _NOW
        if token.kind in ("now", "keep") and here:
            course.taken = course.lasting = True
            course.kept = course.kept or token.kind == "keep"
        if token.kind == "past" and here:
            course.past = True
        if token.kind in ("start", "give", "change", "resume") and (here or len(gap) <= 14):
            course.taken = course.began = True
            date = self.events.date(token) if not course.start else None
            if date:
                course.start = course.lead_start = date.value
            course.by = course.by or self.events.by(token)
            if token.kind == "change":
                course.reason = course.reason or self.events.reason()
            if self.events.planned(token):
                course.stages[0].planned = True

    # after the name

    def after(self) -> None:
        seen = self.place
        for at, token in enumerate(self.region.tail):
            kind = token.kind
            following = self.region.tail[at + 1] if at + 1 < len(self.region.tail) else None
            if kind == "far":
                self.broken = True
            elif kind in ("amount", "often", "route"):
                if not self.broken and glued(self.low, self.place, token.start):
                    if following is not None and self._condition(token, following):
                        continue
                    self.amounts.read(token, self.place)
                    self.place = token.end
                elif kind != "route":
                    self.broken = True
            elif kind == "change" or (kind == "to" and self._from_to(at)):
                self._change(token, following)
            elif kind == "stop":
                if token.start - seen <= 30 and self.events.own_stop(token):
                    self._stop(token)
                    self.course.tail_stopped = self.course.stopped
                    self.place, self.broken = token.end, True
            else:
                self._word_after(token)
            seen = token.end

    def _from_to(self, at: int) -> bool:
        """Whether `to`, `到` stands between two amounts of `from 10 mg to 20 mg`, `从5毫克到10毫克`."""
        tail = self.region.tail
        if not 0 < at < len(tail) - 1 or tail[at - 1].kind not in ("amount", "often"):
            return False
        near = tail[at].start - tail[at - 1].end <= 2 and tail[at + 1].start - tail[at].end <= 2
        before = self.low[max(self.region.mention.end, tail[at - 1].start - 12) : tail[at - 1].start]
        return near and tail[at + 1].kind == "amount" and bool(re.search(r"\bfrom\b|[从由]", before))

    def _word_after(self, token: Token) -> None:
        course, kind = self.course, token.kind
        if token.start - self.place > 25:
            return
        if kind == "resume" and course.stopped:
            course.stopped, course.end, course.tail_stopped = False, None, False
            date = self.events.date(token)
            course.start = date.value if date else course.start
            self.place, self.broken = token.end, False
        if kind in ("take", "keep", "start", "give", "resume", "now") and not self._passed():
            course.taken = True
            course.tail_taken = True
        if kind == "take" and self.low[token.start : token.end] in _NOW:
            course.lasting = True
        if kind == "keep":
            course.kept = course.lasting = True
        if kind == "past":
            course.past = True
        if kind in ("start", "give"):
            date = self.events.date(token) if not course.start else None
            if date:
                course.start = date.value
            course.by = course.by or self.events.by(token)
        if kind == "old":
            self.old = True
        if kind == "now":
            course.lasting = True
            if (self.old or course.past) and course.stages[-1].filled and not course.stopped:
                course.stages.append(Stage())
                self.broken = False
        gap = self.low[self.place : token.start]
        leads = kind in ("start", "give", "now", "old") or (kind in ("take", "keep") and not CLAUSE.search(gap))
        if kind not in ("plan", "by", "to") and (leads or glued(self.low, self.place, token.start)):
            self.place = token.end

    def _passed(self) -> bool:
        return self.course.stopped

    def _condition(self, token: Token, following: Token) -> bool:
        """Whether `必要时` is when to stop or change, not how often to take."""
        return (
            token.kind == "often" and token.value.code == "prn" and following.kind in ("stop", "change")
            and following.start - token.end <= 4
        )  # fmt: skip

    # changes and stops

    def _change(self, token: Token, following: Token | None) -> None:
        course = self.course
        new = following is not None and following.kind in ("amount", "often") and following.start - token.end <= 14
        if not new or following is None or re.search(r"[。;；]|\x02", self.low[token.end : following.start]):
            return
        if token.start - self.place > 30:
            return
        date = self.events.date(token)
        planned = self.events.planned(token)
        if not planned:
            course.changed = (date.value if date else None) or course.changed
            course.kept = True
            course.by = course.by or self.events.by(token)
        old = course.stages[-1]
        stage = Stage(start=date.value if date and not planned else None, planned=planned, changed=not planned)
        stage.often, stage.weak = old.often, True
        if following.kind == "often" and not _more(self.region.tail, following, self.low):
            stage.dose, stage.unit, stage.kind = old.dose, old.unit, old.kind
        course.stages.append(stage)
        course.reason = course.reason or self.events.reason()
        self.place, self.broken = token.end, False
        if following.start > token.end:
            self.place = following.start

    def _stop(self, token: Token) -> None:
        course = self.course
        if self.events.refused(token):
            course.kept = True
            return
        if self.events.planned(token):
            course.planned_stop = True
            return
        course.stopped = True
        date = self.events.date(token)
        if date:
            course.end = date.value or date.until or course.end
        course.reason = course.reason or self.events.reason()
        course.by = course.by or self.events.by(token)

    # at the end

    def end(self, switched: bool) -> None:
        """Starts by `自2019年起`, periods, and what the region's last words leave."""
        course = self.course
        course.switched = switched
        for date in self.dates:
            if switched and not self.events.duration(date):
                course.changed = date.value
            if _UNTIL.search(self.low, max(0, date.start - 8), date.start) and date.value and not date.until:
                course.stopped, course.end = True, course.end or date.value
                continue
            since = _FROM.search(self.low, max(0, date.start - 8), date.start)
            onward = _ONWARD.match(self.low[date.end : date.end + 6])
            if (since or onward) and not course.start and not course.changed and date.value != course.end:
                course.start = date.value
                if date.start < self.region.mention.start:
                    course.lead_start = date.value
            if date.until and date.value and not date.ago and not course.stopped and (course.taken or course.dosed):
                course.start, course.end = course.start or date.value, date.until
                course.stopped = not course.lasting
        if switched:
            course.reason = course.reason or self.events.reason()
        self._afterthought()

    def _afterthought(self) -> None:
        """A date at the very end (`加到10mg(2023-06)`, `stopped in 2020`, `,2024年2月换的`) is of the last event."""
        course = self.course
        dates = [d for d in self.dates if d.start >= self.place and not self.events.duration(d)]
        if len(dates) != 1 or not dates[0].value:
            return
        date = dates[0]
        before, after = self.low[self.place : date.start], self.low[date.end : date.end + 5]
        if not _LAST_DATE.fullmatch(before) or not (_DATED_EVENT.match(after) or "," not in before):
            return
        last = course.stages[-1]
        if course.stopped:
            course.end = course.end or date.value
        elif last.changed:
            last.start = last.start or date.value
        elif course.began and not course.start:
            course.start = date.value


def _more(tail: Sequence[Token], often: Token, low: str) -> bool:
    """Whether an amount follows a frequency (`改为每日2次,每次1片`)."""
    after = next((t for t in tail if t.start >= often.end), None)
    return after is not None and after.kind == "amount" and glued(low, often.end, after.start)
