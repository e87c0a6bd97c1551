"""The course of one medicine in a sentence: its stages of dose, how it began, whether it was stopped, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from hub.summarizer.reading.model import Context, Intake, Mention, When
from hub.summarizer.reading.regions import Region, glued
from hub.summarizer.reading.tokens import DATE, NAME, Token

Status = Literal["active", "stopped", "planned", "unknown"]

_REASON = re.compile(
    r"(?:原因|因为|由于|考虑到|出现|(?<![原病])因|because of|because|due to|secondary to)\s*[是为系:：]?\s*([^,，。;；()（）\x00\x01]{1,24})"
)
_VERB = re.compile(r"(?:而|后|就|遂|故|自行|自己|已|被|医生|都|才)*(?:将|把|给我停|停|改|换|减|加|撤|不吃|没吃|不用|没用|discontinued|stopped|switched)")
_CLAUSE = re.compile(r"[,，。;；]")
_STOP_ALONE = re.compile(
    r"[,，。;；、)）(（:：\s\x00\x01]|$|了|的|过|掉|用?药|服|该|此|上述|这|那|所有|全部|自|已|至|后|因|由|原|有|大?约|\d|[一两三几半数]|多|且|"
    r"并|但|就|吃|用|打|未|没|没有|till|since|due|because|by|in|on|after|for|when|医生|换|改|就|说|哈"
)
_WHOLE = {"停", "停用", "停服", "停药", "停止", "停了", "停掉", "停吃", "停打", "停喷", "中止", "中断", "终止", "暂停", "停止服用", "停止使用"}
_LASTING = re.compile(r"(?:吃|用|服用?|打|服药|用药)了?约?$")
_DATED = re.compile(r"前|年[初底]|去|今|上|昨|ago|月份|\d{4}|来|腊|正月")
_FROM = re.compile(r"(?:自|从|since|from|started)\s*$")
_LAST_DATE = re.compile(r"\s*(?:[,，]|[(（]|在|于|是|\bin\b|\bon\b|\bsince\b|\bfrom\b|了|的|\s)*\s*")
_DATED_EVENT = re.compile(r"\s*(?:份|就|才|医生|左右)*(?:停|换|改|加|减|调|开|起|吃|撤)")
_ONWARD = re.compile(r"^\s*(?:起|开始|始|以来|至今|后?开始)")
_NOW = ("长期", "一直", "规律", "在用", "在吃", "在服", "正在", "吃着", "用着", "打着", "continues", "continue", "continued")


@dataclass(slots=True)
class Stage:
    """A dose that held for a time. written: the first and last place of its amounts, for what has no single dose."""

    dose: Decimal | None = None
    unit: str | None = None
    kind: str = ""
    often: str | None = None
    start: str | None = None
    planned: bool = False
    weak: bool = False
    changed: bool = False
    filled: bool = False


@dataclass(slots=True)
class Course:
    """What the words around one name say. lead_, tail_: said before, after the name (of a list, of all its names)."""

    stages: list[Stage] = field(default_factory=lambda: [Stage()])
    route: str | None = None
    lead_route: str | None = None
    tail_route: str | None = None
    taken: bool = False
    tail_taken: bool = False
    lasting: bool = False
    past: bool = False
    start: str | None = None
    lead_start: str | None = None
    stopped: bool = False
    lead_stopped: bool = False
    tail_stopped: bool = False
    planned_stop: bool = False
    end: str | None = None
    changed: str | None = None
    reason: str = ""
    reason_of_start: str = ""
    by: str = ""
    switched: bool = False
    kept: bool = False
    began: bool = False
    often_parted: bool = False
    dosed_often: bool = False

    @property
    def dosed(self) -> bool:
        return any(stage.filled for stage in self.stages)

    def intakes(self, mention: Mention, context: Context) -> Iterator[Intake]:
        """One intake per stage."""
        if context.subject or (context.assertion == "absent" and not (self.stopped or self.kept or self.changed)):
            return
        stages = [s for s in self.stages if s.filled] or [Stage(often=self.stages[-1].often)]
        if len(stages) == 1 and self.changed and not self.switched and not stages[0].start:
            stages = [replace(stages[0], start=self.changed)]
        for place, stage in enumerate(stages):
            following = stages[place + 1] if place + 1 < len(stages) else None
            yield self._intake(mention, context, stage, following, first=place == 0)

    def _intake(self, mention: Mention, context: Context, stage: Stage, following: Stage | None, *, first: bool) -> Intake:
        status, end = self._status(context, stage, following, first)
        over = status == "stopped"
        changed_on = following is not None or bool(stage.start) or self.stopped
        return Intake(
            mention,
            status,
            stage.dose,
            stage.unit,
            self.route,
            stage.often or (following.often if following else None),
            (stage.start or (self.start if first else None)),
            end,
            self.reason if over else (self.reason_of_start or (self.reason if stage.start or self.changed else "")),
            self.by if changed_on or self.changed or self.start or over else "",
        )  # fmt: skip

    def _status(
        self, context: Context, stage: Stage, following: Stage | None, first: bool
    ) -> tuple[Status, str | None]:
        if following is not None and not following.planned and not (context.planned and first):
            return "stopped", following.start
        if following is not None:
            return "active", None
        if stage.planned or (context.planned and not self.planned_stop and not self.stopped):
            return "planned", None
        if self.stopped and not context.planned:
            return "stopped", self.end
        if context.resolved and not self.kept and not self.planned_stop:
            return "stopped", self.end
        if context.planned or context.assertion == "uncertain" or ((self.past or self._before(context)) and not self.lasting):
            return "unknown", self.end
        said = self.taken or self.kept or stage.filled or stage.often or self.route or self.start or self.changed
        return ("active" if said else "unknown"), self.end

    def _before(self, context: Context) -> bool:
        return context.historical and not self.stages[-1].start


def course(
    text: str, low: str, region: Region, dates: Sequence[When], *, contexts: Context, switched: bool = False
) -> Course:
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
        self.place = region.mention.end
        self.broken = False
        self.daily: Token | None = None
        self.old = False
        self.first_amount: int | None = None

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
            elif token.kind in ("take", "give", "start", "resume", "now", "by", "old", "past", "change", "keep", "plan"):
                near = token.start
            elif token.kind == "stop" and touching and self._own_stop(token):
                self._stop(token)
                course.lead_stopped = True
                near = token.start
            self._word_before(token)
        self.old = any(t.kind == "old" for t in region.lead)
        for token in reversed(measured):
            self._measure(token)
        course.lead_route = course.route

    def _word_before(self, token: Token) -> None:
        course = self.course
        gap = self.low[token.end : self.region.mention.start]
        here = not _CLAUSE.search(gap)
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
            date = self._date(token) if not course.start else None
            if date:
                course.start = course.lead_start = date.value
            course.by = course.by or self._by(token)
            if token.kind == "change":
                course.reason = course.reason or self._reason()
            if self._planned(token):
                course.stages[0].planned = True

    # after the name

    def after(self) -> None:
        for at, token in enumerate(self.region.tail):
            kind = token.kind
            following = self.region.tail[at + 1] if at + 1 < len(self.region.tail) else None
            if kind == "far":
                self.broken = True
            elif kind in ("amount", "often", "route"):
                if not self.broken and glued(self.low, self.place, token.start):
                    if following is not None and self._condition(token, following):
                        continue
                    self._measure(token)
                    self.place = token.end
                elif kind != "route":
                    self.broken = True
            elif kind == "change":
                self._change(token, following)
            elif kind == "stop":
                if token.start - self.place <= 30 and self._own_stop(token):
                    self._stop(token)
                    self.course.tail_stopped = self.course.stopped
                    self.place, self.broken = token.end, True
            else:
                self._word_after(token)

    def _word_after(self, token: Token) -> None:
        course, kind = self.course, token.kind
        if token.start - self.place > 25:
            return
        if kind == "resume" and course.stopped:
            course.stopped, course.end, course.tail_stopped = False, None, False
            date = self._date(token)
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
            date = self._date(token) if not course.start else None
            if date:
                course.start = date.value
            course.by = course.by or self._by(token)
        if kind == "old":
            self.old = True
        if kind == "now":
            course.lasting = True
            if (self.old or course.past) and course.stages[-1].filled and not course.stopped:
                course.stages.append(Stage())
                self.broken = False
        if kind not in ("plan", "by") and glued(self.low, self.place, token.start):
            self.place = token.end

    def _passed(self) -> bool:
        return self.course.stopped

    def _condition(self, token: Token, following: Token) -> bool:
        """Whether `必要时` is when to stop or change, not how often to take."""
        return (
            token.kind == "often" and token.value.code == "prn" and following.kind in ("stop", "change")
            and following.start - token.end <= 4
        )  # fmt: skip

    def _measure(self, token: Token) -> None:
        course, stage = self.course, self.course.stages[-1]
        if token.kind == "route":
            course.route = course.route or token.value
            if token.start > self.region.mention.end:
                course.tail_route = course.tail_route or token.value
        elif token.kind == "often":
            self._often(token, stage)
        elif token.value.kind != "strength":
            self._amount(token, stage)

    def _often(self, token: Token, stage: Stage) -> None:
        value = token.value
        if value.code == "daily":
            self.daily = token
            return
        stage.filled = stage.filled or not value.weak
        gap = self.low[self.region.mention.end : token.start]
        self.course.often_parted = token.start > self.region.mention.end and bool(re.search(r"[,，]\s*$|[,，].{0,2}$", gap))
        if stage.often is None or (stage.weak and not value.weak) or value.code == "prn":
            code = self.text[token.start : token.end].strip() if value.code not in _CODES else value.code
            stage.often, stage.weak = code, value.weak
        if not self.course.often_parted:
            self.course.dosed_often = True

    def _amount(self, token: Token, stage: Stage) -> None:
        value = token.value
        daily = value.per == "day" or (self.daily is not None and token.start - self.daily.end <= 1)
        start = self.daily.start if daily and self.daily else token.start
        self.daily = None
        written = self.text[start : token.end].strip()
        stage.filled = True
        if value.kind == "split":
            stage.unit, stage.often = value.unit, written
        elif stage.dose is not None or stage.kind == "split":
            self._second(token, stage)
            return
        elif daily and value.kind == "count" and value.dose is not None and value.dose > 1:
            stage.often, stage.kind = written, "split"
        else:
            stage.dose, stage.unit = value.dose, value.unit
            stage.often = stage.often or value.often or ("qd" if daily else None)
        stage.kind = value.kind if stage.kind != "split" else "split"
        self.first_amount = start

    def _second(self, token: Token, stage: Stage) -> None:
        """`80mg 1片` is one piece of 80 mg, `0.5g 2片` two pieces; a second dose at another time makes a regimen."""
        value = token.value
        between = self.low[self.place : token.start].strip()
        if stage.kind == "mass" and value.kind == "count":
            if value.dose is not None and value.dose != 1 and between not in ("(", "（", "即", "="):
                stage.dose, stage.unit, stage.kind = value.dose, value.unit, value.kind
        elif stage.kind == "count" and value.kind == "mass":
            if stage.dose == 1 and value.dose is not None:
                stage.dose, stage.unit, stage.kind = value.dose, value.unit, value.kind
        elif self.first_amount is not None and (
            (stage.kind == value.kind and stage.often) or between in ("与", "和", "或", "、", "及", "/")
        ):
            stage.dose = None
            stage.often = self.text[self.first_amount : self._regimen_end(token)].strip()
            stage.kind = "split"

    def _regimen_end(self, token: Token) -> int:
        after = next((t for t in self.region.tail if t.kind == "often" and 0 <= t.start - token.end <= 2), None)
        return after.end if after else token.end

    # changes and stops

    def _change(self, token: Token, following: Token | None) -> None:
        course = self.course
        new = following is not None and following.kind in ("amount", "often") and following.start - token.end <= 14
        if not new or following is None or re.search(r"[。;；]|\x02", self.low[token.end : following.start]):
            return
        if token.start - self.place > 30:
            return
        date = self._date(token)
        planned = self._planned(token)
        if not planned:
            course.changed = (date.value if date else None) or course.changed
            course.kept = True
            course.by = course.by or self._by(token)
        old = course.stages[-1]
        stage = Stage(start=date.value if date and not planned else None, planned=planned, changed=not planned)
        stage.often, stage.weak = old.often, True
        if following.kind == "often" and not _more(self.region.tail, following, self.low):
            stage.dose, stage.unit, stage.kind = old.dose, old.unit, old.kind
        course.stages.append(stage)
        course.reason = course.reason or self._reason()
        self.place, self.broken = token.end, False
        if following.start > token.end:
            self.place = following.start

    def _stop(self, token: Token) -> None:
        course = self.course
        if self._planned(token):
            course.planned_stop = True
            return
        course.stopped = True
        date = self._date(token)
        if date:
            course.end = date.value or date.until or course.end
        course.reason = course.reason or self._reason()
        course.by = course.by or self._by(token)

    def _own_stop(self, token: Token) -> bool:
        """Whether what follows a stop is no object of its own (`停用中药`)."""
        if self.low[token.start : token.end] not in _WHOLE:
            return True
        if token.end <= self.region.mention.start:
            return True
        return bool(_STOP_ALONE.match(self.low, token.end))

    def _planned(self, token: Token) -> bool:
        for other in (*self.region.lead, *self.region.tail):
            plan = other.kind == "plan" or (other.kind == "often" and other.value.code == "prn")
            if plan and other.end <= token.start and token.start - other.end <= 25:
                gap = self.low[other.end : token.start]
                reach = 1 if self.text[other.start] in "若如倘假要i" else 0
                if len(_CLAUSE.findall(gap)) <= reach:
                    return True
        return False

    # dates, reasons, people

    def _date(self, token: Token) -> When | None:
        """The date of an event: before it in its clause, close after it, else before it where nothing else has it."""
        best = None
        for date in self.dates:
            if date.end <= token.start:
                gap = self.low[date.end : token.start]
                if self._duration(date) or DATE in gap:
                    continue
                parted = len(_CLAUSE.findall(gap))
                if not parted or (parted == 1 and not self._taken_between(date, token) and len(gap) <= 30):
                    best = date
            elif date.start - token.end <= 6 and best is None and token.kind != "change":
                gap = self.low[token.end : date.start]
                if not re.search(r"[。;；]", gap) and (not _CLAUSE.search(gap) or self._says_again(date)):
                    best = date
        return best

    def _says_again(self, date: When) -> bool:
        return bool(re.match(r"\s*(?:就|左右|份|医生|自己|底|初)?\s*(?:停|开|改|换|加|减|没|不)", self.low[date.end : date.end + 6]))

    def _taken_between(self, date: When, token: Token) -> bool:
        kinds = ("start", "take", "give", "past", "stop", "change", "often", "amount", "far")
        if token.kind == "start":
            return True
        return any(
            t.kind in kinds and date.end <= t.start < token.start for t in (*self.region.lead, *self.region.tail)
        )

    def _duration(self, date: When) -> bool:
        """`吃了3个月` says how long, not when."""
        words = self.text[date.start : date.end]
        return date.ago and not _DATED.search(words) and bool(_LASTING.search(self.low[max(0, date.start - 6) : date.start]))

    def _reason(self) -> str:
        for found in _REASON.finditer(self.low, self.region.start, self.region.end):
            end = found.end()
            verb = _VERB.search(self.low, found.start(1), end)
            end = verb.start() if verb and verb.start() > found.start(1) else end
            words = self.text[found.start(1) : end].strip(" .:")
            if words and DATE not in self.low[found.start(1) : end] and NAME not in self.low[found.start(1) : end]:
                return words
        return ""

    def _by(self, token: Token) -> str:
        near = [
            t for t in (*self.region.lead, *self.region.tail)
            if t.kind == "by" and t.end <= token.start and token.start - t.end <= 20
        ]  # fmt: skip
        return self.text[near[-1].start : near[-1].end] if near else ""

    # at the end

    def end(self, switched: bool) -> None:
        """Starts by `自2019年起`, periods, and what the region's last words leave."""
        course = self.course
        course.switched = switched
        for date in self.dates:
            if switched and not self._duration(date):
                course.changed = date.value
            since = _FROM.search(self.low, max(0, date.start - 8), date.start)
            onward = _ONWARD.match(self.low[date.end : date.end + 6])
            if (since or onward) and not course.start and not course.changed and date.value != course.end:
                course.start = date.value
                if date.start < self.region.mention.start:
                    course.lead_start = date.value
            if date.until and date.value and not date.ago and not course.stopped and (course.taken or course.dosed):
                course.start, course.end = course.start or date.value, date.until
                course.past = True
        if switched:
            course.reason = course.reason or self._reason()
        self._afterthought()

    def _afterthought(self) -> None:
        """A date at the very end (`加到10mg(2023-06)`, `stopped in 2020`, `..., 2024年2月换的`) is of the last event."""
        course = self.course
        dates = [d for d in self.dates if d.start >= self.place and not self._duration(d)]
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


_CODES = frozenset({"qd", "bid", "tid", "qid", "qn", "qod", "qw", "prn", "st"})


def _more(tail: Sequence[Token], often: Token, low: str) -> bool:
    """Whether an amount follows a frequency (`改为每日2次,每次1片`)."""
    after = [t for t in tail if t.start >= often.end]
    return bool(after) and after[0].kind == "amount" and glued(low, often.end, after[0].start)
