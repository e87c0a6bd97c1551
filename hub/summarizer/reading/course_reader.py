"""Reads the words around the name of a medicine into its course, from the name outwards."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading import course_changes as changes
from hub.summarizer.reading.course_amounts import CODES, Amounts
from hub.summarizer.reading.course_ends import finish
from hub.summarizer.reading.courses import Course, Stage
from hub.summarizer.reading.events import CLAUSE, Events
from hub.summarizer.reading.model import When
from hub.summarizer.reading.regions import Region, glued
from hub.summarizer.reading.tokens import Token

_ENDED = re.compile(r"\x01*(?:肠溶|缓释|控释|分散|[片丸针剂])*(?:胶囊|颗粒|注射液)?了")
_LASTING = "长期 一直 规律 在用 在吃 在服 正在 吃着 用着 打着 continues continue continued"
_BY_DAY = re.compile(r"周[一二三四五六日末]|星期[一二三四五六日天]|[单双]日|隔日")
_NOW = frozenset(_LASTING.split())
_BEFORE = frozenset(["take", "give", "start", "resume", "now", "by", "old", "past", "change", "keep", "plan"])


def course(text: str, low: str, region: Region, dates: Sequence[When], *, switched: bool = False) -> Course:
    """The course of the region's medicine."""
    read = _Reading(text, low, region, [d for d in dates if region.start <= d.start < region.end])
    read.before()
    read.after()
    finish(read.course, read.events, read.place, switched=switched)
    return read.course


class _Reading:
    """The words of one region, read from the name outwards."""

    def __init__(self, text: str, low: str, region: Region, dates: list[When]) -> None:
        self.text, self.low, self.region, self.dates = text, low, region, dates
        self.course = Course()
        self.events = Events(text, low, region, dates)
        self.amounts = Amounts(text, low, region, self.course)
        self.place = region.mention.end
        self.broken = self.lasting = False
        self.old = self.former = False

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
            elif (token.kind in ("no", "off") and touching and self._ended(token)) or (
                token.kind == "stop" and touching and self.events.own_stop(token)
            ):
                self._stop(token)
                course.lead_stopped = True
                near = token.start
            elif token.kind == "no" and touching:
                course.untaken = True
            self._word_before(token)
        self.old = any(t.kind == "old" for t in region.lead)
        for token in reversed(measured):
            self.amounts.read(token, self.place)
        course.lead_route = course.route
        self.lasting = course.lasting

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
        if token.kind in ("later", "open") and here:
            course.stages[0].planned = True
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

    def _ended(self, token: Token) -> bool:
        """Whether `没吃` before a name and `了` after it say that it was stopped; `off` always does."""
        return token.kind == "off" or bool(_ENDED.match(self.low, self.region.mention.end))

    # after the name

    def after(self) -> None:
        seen = self.place
        tail = self.region.tail
        for at, token in enumerate(tail):
            kind = token.kind
            following = tail[at + 1] if at + 1 < len(tail) else None
            if kind == "far":
                self.broken = True
            elif kind in ("amount", "often", "route"):
                if self._condition(token, following):
                    continue
                self._measured(token, following)
            elif kind == "change" or (kind == "to" and changes.from_to(self.low, self.region.mention.end, tail, at)):
                self._change(token, following)
            elif kind == "stop":
                if token.start - seen <= 30 and self.events.own_stop(token):
                    self._stop(token)
                    self.course.tail_stopped = self.course.stopped
                    self.place, self.broken = token.end, True
            else:
                self._word_after(token)
            if kind == "no" and glued(self.low, self.region.mention.end, token.start, across=False):
                self.course.untaken = True
            seen = token.end

    def _measured(self, token: Token, following: Token | None) -> None:
        """An amount, a frequency or a route after the name: of this dose, of that before it or of the next."""
        low, stage, amount = self.low, self.course.stages[-1], token.kind == "amount"
        if amount and not self.broken and changes.onward(low, self.amounts.end, stage, token, old=self.old):
            self._next(token)
            self.amounts.read(token, self.place)
        elif changes.changed_from(low, self.place, stage, token, following):
            self.amounts.read(token, self.place)
        elif amount and not self.broken and changes.told_after(low, self.place, stage, token):
            self._former(token, following)
        elif self.broken or not glued(low, self.place, token.start):
            if token.kind != "route":
                self.broken = True
            if amount and _BY_DAY.search(low, self.amounts.end, token.start):
                self.amounts.scatter(token)
            return
        elif amount and self.former:
            self._former(token, following)
        else:
            self.amounts.read(token, self.place)
        self.place = token.end

    def _former(self, token: Token, following: Token | None) -> None:
        stages, value = self.course.stages, token.value
        if not stages[-2:-1] or not stages[-2].filled:
            often = following.value.code if following and following.kind == "often" and stages[-1].often else None
            often = often if often in CODES else None
            stages.insert(len(stages) - 1, Stage(value.dose, value.unit, value.kind, often, filled=True))
        stages[-1].changed = self.course.kept = self.course.formerly = True
        date = next((d for d in reversed(self.dates) if self.place <= d.start < token.start), None)
        if date and not stages[-1].start and not self.events.duration(date):
            stages[-1].start = date.value
        self.former = False

    def _next(self, token: Token) -> None:
        course, old = self.course, self.course.stages[-1]
        date = next((d.value for d in reversed(self.dates) if self.amounts.end <= d.start < token.start), None)
        date = date or changes.until(self.low, self.dates, self.region.mention.end, self.amounts.end)
        course.stages.append(Stage(start=date, changed=True, often=old.often, weak=True))
        course.changed, course.kept = date or course.changed, True

    def _dated(self, token: Token) -> None:
        date = self.events.date(token)
        last = self.course.stages[-1]
        if date and last.changed:
            last.start = last.start or date.value
        elif date and self.course.began:
            self.course.start = self.course.start or date.value

    def _word_after(self, token: Token) -> None:
        course, kind = self.course, token.kind
        if token.start - self.place > 25:
            return
        if kind == "resume" and course.stopped:
            course.stopped, course.end, course.tail_stopped = False, None, False
            date = self.events.date(token)
            course.start = date.value if date else course.start
            self.place, self.broken = token.end, False
        if kind in ("take", "keep", "start", "give", "resume", "now") and not course.stopped:
            course.taken = True
            course.tail_taken = True
        if kind == "take" and self.low[token.start : token.end] in _NOW:
            course.lasting = True
        if kind == "keep":
            course.kept = course.lasting = True
        if kind == "past":
            course.past = True
        if kind in ("start", "give") and not course.stopped and not (self.old and course.stages[-1].filled):
            date = self.events.date(token) if not course.start else None
            if date:
                course.start = date.value
            course.by = course.by or self.events.by(token)
        if kind == "later" and not (course.stopped or self.lasting):
            course.stages[-1].planned = True
        if kind == "open" and not (course.stopped or course.dosed or self.lasting):
            course.stages[-1].planned = True
        if kind == "when":
            self._dated(token)
        if kind == "old":
            self.old, self.former = True, course.stages[-1].changed or course.stages[-1].dose is not None
        if kind in ("now", "start"):
            course.lasting = course.lasting or kind == "now"
            if (self.old or course.past) and course.stages[-1].filled and not course.stopped:
                date = self.events.date(token)
                start = date.value if date else None
                course.stages.append(Stage(start=start, changed=True, often=course.stages[-1].often, weak=True))
                course.changed = start or course.changed
                self.broken = False
        gap = self.low[self.place : token.start]
        leads = kind in ("start", "give", "now", "old") or (kind in ("take", "keep") and not CLAUSE.search(gap))
        if kind not in ("plan", "by", "to") and (leads or glued(self.low, self.place, token.start)):
            self.place = token.end

    def _condition(self, token: Token, following: Token | None) -> bool:
        """Whether `必要时` is when to stop or change, not how often to take."""
        return (
            following is not None and token.kind == "often" and token.value.code == "prn"
            and following.kind in ("stop", "change", "plan") and following.start - token.end <= 4
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


def _more(tail: Sequence[Token], often: Token, low: str) -> bool:
    """Whether an amount follows a frequency (`改为每日2次,每次1片`)."""
    after = next((t for t in tail if t.start >= often.end), None)
    return after is not None and after.kind == "amount" and glued(low, often.end, after.start)
