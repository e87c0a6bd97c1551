"""The amounts, frequencies and routes of one medicine, put together to the stages of its course."""

from __future__ import annotations

import re

from hub.summarizer.reading.courses import Course, Stage
from hub.summarizer.reading.regions import Region
from hub.summarizer.reading.tokens import Token

CODES = frozenset({"qd", "bid", "tid", "qid", "qn", "qod", "qw", "prn", "st"})
_REGIMEN = re.compile(
    r"[\s,，、;；/+]*(?:与|和|或|及|然后|交替|周[一二三四五六日末、至到-]+|[单双隔次]日|早上?|中午?|晚上?|睡前|夜里|下午|早餐|晚餐|[前后]|"
    r"and|in|the|morning|evening|at|bedtime)*\s*[吃服用打:]?\s*"
)
"""What stands between the doses of one regimen."""
_INSULIN = re.compile("胰岛素|insulin", re.IGNORECASE)
_PARTED = re.compile(r"[,，].{0,2}$")


class Amounts:
    """What has been read of a course so far."""

    def __init__(self, text: str, low: str, region: Region, course: Course) -> None:
        self.text, self.low, self.region, self.course = text, low, region, course
        self.daily: Token | None = None
        self.first_amount: int | None = None
        self.end = region.mention.end

    def read(self, token: Token, place: int) -> None:
        """Takes in an amount, a frequency or a route; place: the end of the words read before it."""
        course, stage = self.course, self.course.stages[-1]
        if token.kind == "route":
            course.route = course.route or token.value
            if token.start > self.region.mention.end:
                course.tail_route = course.tail_route or token.value
        elif token.kind == "often":
            self._often(token, stage)
        elif token.value.kind != "strength":
            self._amount(token, stage, place)
        self.end = max(self.end, token.end)

    def _often(self, token: Token, stage: Stage) -> None:
        value = token.value
        if value.code == "daily":
            self.daily = token
            return
        stage.filled = stage.filled or not value.weak
        gap = self.low[self.region.mention.end : token.start]
        self.course.often_parted = token.start > self.region.mention.end and bool(_PARTED.search(gap))
        if stage.often is None or (stage.weak and not value.weak) or value.code == "prn":
            code = self.text[token.start : token.end].strip() if value.code not in CODES else value.code
            stage.often, stage.weak = code, value.weak
        if not self.course.often_parted:
            self.course.dosed_often = True

    def _amount(self, token: Token, stage: Stage, place: int) -> None:
        value = token.value
        daily = value.per == "day" or (self.daily is not None and token.start - self.daily.end <= 1)
        start = self.daily.start if daily and self.daily else token.start
        self.daily = None
        written = self.text[start : token.end].strip()
        stage.filled = True
        if value.kind == "split":
            stage.unit, stage.often = value.unit, written
        elif stage.dose is not None or stage.kind == "split":
            self._second(token, stage, place, written if daily else "")
            return
        elif daily and value.kind == "count" and value.dose is not None and value.dose > 1:
            stage.often, stage.kind = written, "split"
        else:
            stage.dose, stage.unit = value.dose, self._unit(value.unit)
            stage.often = stage.often or value.often or ("qd" if daily else None)
        stage.kind = value.kind if stage.kind != "split" else "split"
        self.first_amount = start

    def _unit(self, unit: str | None) -> str | None:
        """International units of insulin are the units that everybody writes `U`."""
        mention = self.region.mention
        name = mention.name + (mention.term.name if mention.term else "")
        return "U" if unit == "[IU]" and _INSULIN.search(name) else unit

    def _second(self, token: Token, stage: Stage, place: int, daily: str) -> None:
        """`80mg 1片` is one piece of 80 mg, `0.5g 2片` two pieces; a second dose at another time makes a regimen."""
        value = token.value
        between = self.low[place : token.start].strip()
        if daily and value.dose == 1 and stage.kind == "mass" and not stage.often:
            stage.often = "qd"
        if stage.kind == "mass" and value.kind == "count":
            if daily and value.dose != 1:
                stage.dose, stage.unit, stage.kind, stage.often = None, None, "split", daily
            elif value.dose is not None and value.dose != 1 and between not in ("(", "（", "即", "="):
                stage.dose, stage.unit, stage.kind = value.dose, value.unit, value.kind
        elif stage.kind == "count" and value.kind == "mass":
            if stage.dose == 1 and value.dose is not None:
                stage.dose, stage.unit, stage.kind = value.dose, value.unit, value.kind
        elif stage.kind == value.kind and value.dose == stage.dose:
            return
        elif (
            self.first_amount is not None
            and stage.kind == value.kind
            and _REGIMEN.fullmatch(self.low, self.end, max(self.end, token.start))
        ):
            stage.dose = None
            stage.often = self.text[self.first_amount : self._regimen_end(token)].strip()
            stage.kind = "split"
        elif stage.kind == value.kind and stage.often:
            stage.dose, stage.kind = None, "split"

    def scatter(self, token: Token) -> None:
        """Another dose on other days: there is no one dose."""
        stage = self.course.stages[-1]
        if stage.kind == token.value.kind and stage.dose != token.value.dose:
            stage.dose, stage.kind = None, "split"

    def _regimen_end(self, token: Token) -> int:
        after = next((t for t in self.region.tail if t.kind == "often" and 0 <= t.start - token.end <= 2), None)
        return after.end if after else token.end
