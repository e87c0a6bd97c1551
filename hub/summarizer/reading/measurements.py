"""Results in sentences: the value that stands after the name of an analyte, with unit, sign, range and date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from hub.summarizer.reading.blood_groups import GROUPS, RHESUS, TYPED, group, rhesus
from hub.summarizer.reading.dating import governing
from hub.summarizer.reading.model import Measurement, Mention, When
from hub.summarizer.reading.quantities import DIGITS, number
from hub.summarizer.reading.result_names import meant, plausible, with_analytes
from hub.summarizer.reading.tokens import DATE, OTHER, masked
from hub.summarizer.reading.value_patterns import patterns, written_unit

_REACH = 90
"""Characters after a name in which its value must stand."""

_PRESSURE = {"血压", "bp", "blood pressure", "nibp", "测血压", "血压值"}
_GLUCOSE = {"葡萄糖", "血糖", "随机血糖", "glu"}
_FLAGS = {"↑": "偏高", "H": "偏高", "↓": "偏低", "L": "偏低", "高": "偏高", "低": "偏低"}


_NOT_VALUE = re.compile(
    r"\s?(?:次(?![/每])|[天年月日周岁个片粒倍型期种号人例处枚代楼床项^:]|小时|分钟|h(?![a-z])|时(?!间)|点(?!\d)|\+|：\d)"
)
_SPREAD = re.compile(rf"\s?[-~–—至到]\s?(?:{DIGITS})")
_SIGNED = re.compile(
    r"(?P<text>[弱强]?阳性(?:\s?[(（][+\d]{1,4}[)）])?|[弱强]阳|阴性|[(（]\s?[+\-±—]{1,4}\s?[)）]|[(（]\s?[1-4]\+\s?[)）]|"
    r"[1-4]\+(?!\d)|\+{1,4}(?![\d/])|±|未检出|negative|positive)",
    re.IGNORECASE,
)
_MEAL = re.compile(
    r"\s?[,，、;；和:：]?\s?(?P<meal>空腹|餐后(?:2|两|二)?(?:小时|h|H)?|饭后(?:2|两|二)?(?:小时|h)?|早餐后|随机|睡前)\s?"
)
_MEALS = {"空": "空腹血糖", "餐": "餐后2小时血糖", "饭": "餐后2小时血糖"}
_AGAIN = re.compile(r"\s?[,，、;；]?\s?(?:后|再|又|复查)?(?=[(（]?\x00)")
_AFTER = re.compile(
    r"\s?[(（]\s?(?P<inside>\x00+)\s?(?:复?查|测|检)?[)）]|\s?(?:on|in|dated)\s(?P<on>\x00+)|"
    r"\s?[,，]?\s?[是在于]?\s?(?P<behind>\x00+)\s?(?:左右|时|份)?(?:医院|县里|在[^,，。\d]{1,8}|卫生院|门诊)?"
    r"(?:复?查|化?验|抽血?|测|量|检查?|做)(?:的|过|得|出来的)(?!\s?[为是:]?\s?[\d<>])"
)
"""The date of a value that was just told: `(2024-10)`, `on 2024-10-19`, `,3个月前查的`."""


_LIMIT = re.compile(r"\s?(?:以下|以内|以上|应|则|时(?!间)|者)")
_MORE_PRESSURE = re.compile(
    r"(?:\s?[(（][^\d()（）]{1,8}[)）])?\s?(?P<change>(?:下?降|上?升)?(?:至|到|为)|→)?[,，、;；\s]{0,2}(?=[\d\x00])"
)
_NAMED_PRESSURES = tuple(
    (
        name,
        re.compile(
            rf"[\s,，:：、/]?(?:{words})[\s:：为是约]{{0,3}}(\d{{2,3}})(?![\d多余几/.-])\s?(?P<unit>mmHg|毫米汞柱)?"
        ),
    )
    for name, words in (("收缩压", "高压|收缩压|上压"), ("舒张压", "低压|舒张压|下压"))
)
_HEIGHT = re.compile(r"(?P<text>(?P<m>[12])\s?(?P<unit>米|m)\s?(?P<cm>\d{1,2}))(?!\d)")


def _is_pressure(pair: re.Match[str]) -> bool:
    """Whether two numbers are a blood pressure: no fraction, date or acuity."""
    factor = Decimal("7.5") if (pair["unit"] or "").lower() == "kpa" else 1
    high, low = Decimal(pair["high"]) * factor, Decimal(pair["low"]) * factor
    return 50 <= high <= 300 and 20 <= low <= 200 and high > low


def measurements(text: str, mentions: Sequence[Mention], dates: Sequence[When]) -> list[Measurement]:
    """The results of the analytes among the mentions, in order. Mentions of other kinds only part the words."""
    named = with_analytes(text, mentions)
    spans = sorted({(m.start, m.end) for m in named})
    analytes = [m for m in named if m.kind == "analyte"]
    if not analytes:
        return []
    low = masked(text, [(d.start, d.end, DATE) for d in dates])
    hidden = masked(low, [(s, e, OTHER) for s, e in spans])
    found: list[Measurement] = []
    for mention in analytes:
        if any(s <= mention.start and mention.end <= e and (s, e) != (mention.start, mention.end) for s, e in spans):
            continue
        end = min([s for s, _ in spans if s >= mention.end] + [len(text), mention.end + _REACH])
        found += _Reader(text, hidden, mention, end, dates).read()
    return found


class _Reader:
    """The words after one name, up to the next."""

    def __init__(self, text: str, hidden: str, mention: Mention, end: int, dates: Sequence[When]) -> None:
        self.text, self.hidden, self.mention, self.end, self.dates = text, hidden, mention, end, dates
        self.name = mention.term.name if mention.term else mention.name
        self.patterns = patterns()

    def read(self) -> list[Measurement]:
        written = self.mention.name.lower()
        if self.name in GROUPS:
            return self._group()
        if self.name in RHESUS:
            found = rhesus(self.hidden, self.mention.end, self.end)
            return [self._named(self.name, found[0], self.mention.end, found[1])] if found else []
        if written in _PRESSURE or self.name in _PRESSURE:
            return self._pressure()
        return list(self._values())

    # blood pressure

    def _pressure(self) -> list[Measurement]:
        """Both of a pressure; of several (`从180/100降到140/85`) each, and a date only for the one that has it."""
        place = self._link(self.mention.end, loose=True)
        spread = self.patterns.pressures.match(self.hidden, place, self.end)
        if spread and not self._aimed(place, spread.end()):
            number_part = self.text[place : spread.start("unit") if spread["unit"] else spread.end()].strip()
            when = self._when(place, spread.end())
            return [Measurement(self.mention, "血压", number_part, unit=spread["unit"], when=when)]
        found: list[Measurement] = []
        since = self.mention.end
        while pair := self.patterns.pressure.match(self.hidden, place, self.end):
            if self._aimed(place, pair.end(), since) or not _is_pressure(pair):
                break
            when = self._when(place, pair.end(), since)
            further = _MORE_PRESSURE.match(self.hidden, pair.end(), self.end)
            if further and further["change"]:
                when = self._within(since, place)
            if when is not None or not self.patterns.peak.search(self.text, since, place):
                for name, part in (("收缩压", "high"), ("舒张压", "low")):
                    found.append(
                        Measurement(self.mention, name, pair[part], Decimal(pair[part]), pair["unit"], when=when)
                    )
            if not further:
                break
            since, place = pair.end(), self._link(further.end())
        return found or self._named_pressures()

    def _named_pressures(self) -> list[Measurement]:
        """`血压:高压160,低压95` where the words are no names of their own."""
        found = []
        place = self.mention.end
        for name, pattern in _NAMED_PRESSURES:
            value = pattern.match(self.text, place, self.end)
            if value and not self._aimed(place, value.end()):
                when = self._when(place, value.end())
                found.append(Measurement(self.mention, name, value[1], Decimal(value[1]), value["unit"], when=when))
                place = value.end()
        return found

    def _aimed(self, place: int, after: int, since: int | None = None) -> bool:
        """Whether a number is a limit or an aim (`控制在140以下`, `>300应透析`), no value."""
        between = self.text[self.mention.end if since is None else since : place]
        return bool(self.patterns.target.search(between) or _LIMIT.match(self.text, after))

    def _group(self) -> list[Measurement]:
        name = (self.mention.start, self.mention.end)
        if TYPED.match(self.text, self.mention.start):
            found = group(self.text, (self.mention.end, self.mention.end), self.mention.end, self.end)
        else:
            found = group(self.hidden, name, self._link(self.mention.end), self.end)
        if not found:
            return []
        letters, factor, end = found
        results = [self._named(self.name, letters, self.mention.end, end)]
        return [*results, self._named("Rh血型", factor, self.mention.end, end)] if factor else results

    def _named(self, name: str, text: str, start: int, end: int) -> Measurement:
        return Measurement(self.mention, name, text, when=self._when(start, end))

    # numbers and signs

    def _values(self) -> Iterator[Measurement]:
        place = self.mention.end
        change = self._change(place)
        if change:
            yield from change
            return
        name = self.name
        meal = _MEAL.match(self.hidden, place, self.end) if name in _GLUCOSE else None
        while True:
            if meal:
                name, place = _MEALS.get(meal["meal"][0], self.name), meal.end()
            read = self._one(place, name)
            if read is None:
                return
            measurement, place = read
            yield measurement
            meal = _MEAL.match(self.hidden, place, self.end) if self.name in _GLUCOSE | {"空腹血糖"} else None
            again = _AGAIN.match(self.hidden, place, self.end)
            if not meal and not again:
                return
            place = again.end() if again and not meal else place

    def _one(self, place: int, name: str) -> tuple[Measurement, int] | None:
        value_at = self._link(place)
        signed = _SIGNED.match(self.hidden, value_at, self.end) or _SIGNED.match(self.hidden, place, self.end)
        if signed:
            text = signed["text"].strip("()（） ") or signed["text"]
            when = self._when(signed.start(), signed.end(), place)
            return Measurement(self.mention, name, text, when=when), self._past(signed.end())
        height = _HEIGHT.match(self.hidden, value_at, self.end) if name == "身高" else None
        if height:
            meters = Decimal(f"{height['m']}.{height['cm']}")
            when = self._when(height.start(), height.end(), place)
            return Measurement(self.mention, name, height["text"], meters, height["unit"], when=when), height.end()
        found = self.patterns.value.match(self.hidden, value_at, self.end)
        if not found or not self._holds(found, place):
            return None
        return self._measurement(found, name, place)

    def _measurement(self, found: re.Match[str], name: str, since: int) -> tuple[Measurement, int] | None:
        when = self._when(found.start(), found.end(), since)
        if when is None and self.patterns.peak.search(self.text, since, found.start()):
            return None
        spread = None if found["unit"] else _SPREAD.match(self.hidden, found.end("number"), self.end)
        if spread:
            tail = re.compile(rf"\s?(?P<unit>{written_unit()})").match(self.hidden, spread.end(), self.end)
            text = self.text[found.start("number") : spread.end()]
            end = tail.end() if tail else spread.end()
            return Measurement(self.mention, name, text, unit=tail["unit"] if tail else None, when=when), end
        amount = number(found["number"])
        if amount is None:
            return None
        if self.hidden[found.end("number") : found.end("number") + 1] in ("多", "余", "几", "来"):
            end = found.end("number") + 1
            return Measurement(self.mention, name, self.text[found.start() : end].strip(), when=when), end
        if found["power"]:
            amount = Decimal(f"{amount.scaleb(int(found['power'])):f}")
        elif found["ten"]:
            amount *= 10000
        mention, name = meant(self.mention, name, amount, found["unit"])
        flag = (found["flag"] or found["late"] or "").strip(" ()（）")
        measured = Measurement(
            mention,
            name,
            (found["sign"] or "").strip() + (found["number"] + (found["ten"] or "")).strip(),
            amount,
            _clean(found["unit"]),
            number(found["low"] or found["above"] or "") if found["low"] or found["above"] else None,
            number(found["high"] or found["below"] or "") if found["high"] or found["below"] else None,
            _FLAGS.get(flag[-1:]) if flag else None,
            when,
        )
        return measured, self._past(found.end())

    def _change(self, place: int) -> list[Measurement]:
        """`由128升至187umol/L`: two results, the first without a date."""
        start = self._link(place)
        found = self.patterns.change.match(self.hidden, start, self.end)
        if not found:
            return []
        second = self.patterns.value.match(self.hidden, self._link(found.end()), self.end)
        if not second or not self._holds(second, start):
            return []
        read = self._measurement(second, self.name, found.end())
        old = number(found["old"])
        if not read or old is None:
            return []
        newer = read[0]
        first = Measurement(self.mention, self.name, found["old"], old, _clean(found["oldunit"]) or newer.unit)
        dated = self._within(place, found.start("old"))
        earlier = replace(first, when=dated) if dated and self._within(found.end(), second.start()) else first
        return [earlier, newer]

    def _holds(self, found: re.Match[str], since: int) -> bool:
        """Whether the number is a value: no count, no target, and plausible where the name is short."""
        if self._aimed(found.start(), found.end()):
            return False
        if not found["unit"] and not found["ten"]:
            after = found.end("number")
            if _NOT_VALUE.match(self.hidden, after, self.end) or self.hidden[after : after + 1] in (DATE, "/"):
                return False
            if self.hidden[after : after + 1].isalpha() and self.hidden[after].isascii() and not found["flag"]:
                return False
            return plausible(self.mention.name, found["number"])
        return True

    # places and dates

    def _link(self, place: int, *, loose: bool = False) -> int:
        """The place after the words that may stand between a name and its value."""
        found = self.patterns.link.match(self.hidden, place, self.end)
        end = found.end() if found else place
        if loose and not self.hidden[end : end + 1].isdigit():
            skip = _LOOSE.match(self.hidden, end, self.end)
            if skip:
                return skip.end()
        return end

    def _past(self, place: int) -> int:
        after = _AFTER.match(self.hidden, place, self.end)
        return after.end() if after else place

    def _within(self, start: int, end: int) -> When | None:
        return next((d for d in reversed(self.dates) if start <= d.start and d.end <= end), None)

    def _when(self, start: int, end: int, since: int | None = None) -> When | None:
        """The date between name and value, else after the value, else the one that governs the clause."""
        inside = self._within(self.mention.end if since is None else since, start)
        if inside:
            return inside
        after = _AFTER.match(self.hidden, end, len(self.hidden))
        if after:
            at = max(after.start("inside"), after.start("behind"), after.start("on"))
            return next((d for d in self.dates if d.start <= at < d.end), None)
        return governing(self.hidden, self.mention.start, self.dates)


_LOOSE = re.compile(r"[^\d。;；\x00-\x02/]{0,16}?(?=\d{2,3}\s?[/\-~])")


def _clean(unit: str | None) -> str | None:
    return re.sub(r"^[×x*]\s?(?=10)", "", unit.strip()) if unit else None
