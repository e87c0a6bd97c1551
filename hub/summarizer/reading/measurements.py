"""Results in sentences: the value that stands after the name of an analyte, with unit, sign, range and date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from hub.summarizer.reading.dating import governing
from hub.summarizer.reading.model import Measurement, Mention, When
from hub.summarizer.reading.quantities import DIGITS, alternatives, number, rows
from hub.summarizer.reading.tokens import DATE, OTHER, masked

_REACH = 90
"""Characters after a name in which its value must stand."""

_PRESSURE = {"血压", "bp", "blood pressure", "nibp", "测血压", "血压值"}
_GLUCOSE = {"葡萄糖", "血糖", "随机血糖", "glu"}
_GROUPS = {"ABO血型", "血型", "ABO"}
_RHESUS = {"Rh血型", "Rh", "RhD"}
_FLAGS = {"↑": "偏高", "H": "偏高", "↓": "偏低", "L": "偏低", "高": "偏高", "低": "偏低"}


@dataclass(frozen=True, slots=True)
class _Patterns:
    link: re.Pattern[str]
    value: re.Pattern[str]
    pressure: re.Pattern[str]
    pressures: re.Pattern[str]
    change: re.Pattern[str]
    target: re.Pattern[str]
    peak: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    words: dict[str, list[str]] = {}
    for kind, listed in rows("value_words.tsv", 2):
        words.setdefault(kind, []).extend(listed.split("|"))
    link = alternatives(words["link"] + words["peak"])
    raised, changed = alternatives(words["raised"]), alternatives(words["changed"])
    unit = _unit()
    skipped = r"[\s:：=,，、~≈]|\x00+|" + _BRACKETS
    connector = (
        rf"(?:{skipped}|(?:{raised})(?=[,，:：(（]|至|到|达|为)|(?:{changed})(?=至|到)|至(?=[\s\d])|(?:{link})(?![a-z])){{0,9}}"
    )
    tail = (
        rf"(?:\s?(?P<unit>{unit}))?(?P<flag>\s?(?:↑+|↓+|[(（](?:HH?|LL?|高|低|偏高|偏低|↑+|↓+)[)）]|(?<![A-Za-z])[HL](?![A-Za-z0-9])))?"
        rf"(?:\s?(?:[(（\[]\s?(?:参考(?:值|范围|区间)?|正常(?:值|范围|参考值)*|ref(?:erence)?(?: range)?)?[:：为]?\s?"
        rf"(?:(?P<low>{DIGITS})\s?[-~–—至]+\s?(?P<high>{DIGITS})|[<≤]\s?(?P<below>{DIGITS})|[>≥]\s?(?P<above>{DIGITS}))"
        rf"\s?(?:{unit})?\s?[)）\]]))?(?P<late>\s?(?:↑+|↓+|[(（](?:H|L|高|低)[)）]))?"
    )
    value = (
        rf"(?P<sign>[<>≤≥]=?\s?)?(?P<number>{DIGITS})(?P<ten>\s?(?:[×x*]\s?10\s?(?:\^|\*\*|E|e)?\s?(?P<power>\d{{1,2}})(?!\d|/)\s?|万(?=\s?[A-Za-z/单])))?"
        + tail
    )
    pair = r"(?P<high>\d{2,3})(?:\.\d)?\s?/\s?(?P<low>\d{2,3})(?![\d/.年月])\s?(?P<unit>mmHg|mmhg|MMHG|mm\[Hg\]|kPa|KPa|毫米汞柱)?"
    spread = (
        r"(?:\d{2,3}\s?[-~–—至到]+\s?\d{2,3}\s?/\s?\d{2,3}(?:\s?[-~–—至到]+\s?\d{2,3})?|\d{2,3}\s?/\s?\d{2,3}\s?[-~–—至到]+\s?\d{2,3}(?:\s?/\s?\d{2,3})?)"
        r"(?!\d)\s?(?P<unit>mmHg|mmhg|kPa|毫米汞柱)?"
    )
    change = (
        rf"(?:由|从|原)?\s?(?:{skipped})?\s?(?P<old>{DIGITS})\s?(?P<oldunit>{unit})?\s?[,，]?"
        rf"(?:(?:{changed}|{raised}|上升|变|改善)?(?:至|到|为|成)(?:了)?|→|->|-->)\s?"
    )
    return _Patterns(
        re.compile(connector, re.IGNORECASE), re.compile(value), re.compile(pair), re.compile(spread), re.compile(change),
        re.compile(alternatives(words["target"]), re.IGNORECASE), re.compile(alternatives(words["peak"]), re.IGNORECASE),
    )  # fmt: skip


_BRACKETS = (
    r"[(（](?:[A-Za-z][A-Za-z0-9+\-#%]{0,9}|空腹|随机|餐后(?:2h|2小时)?|静脉|指尖|末梢血?|快速|即时|\x00+)[)）]"
)
_NOT_VALUE = re.compile(
    r"\s?(?:次(?![/每])|天|年|月|日|周|岁|个|小时|分钟|h(?![a-z])|时(?!间)|点(?!\d)|片|粒|倍|型|期|种|号|人|例|处|枚|代|楼|床|\+|项|\^|:|：\d)"
)
_SPREAD = re.compile(rf"\s?[-~–—至到]\s?(?:{DIGITS})")
_SIGNED = re.compile(
    r"(?P<text>(?:弱|强)?阳性(?:\s?[(（][+\d]{1,4}[)）])?|(?:弱|强)阳|阴性|[(（]\s?[+\-±—]{1,4}\s?[)）]|[(（]\s?[1-4]\+\s?[)）]|[1-4]\+(?!\d)|\+{1,4}(?![\d/])"
    r"|±|未检出|negative|positive)",
    re.IGNORECASE,
)  # fmt: skip
_ABO = re.compile(r"(?P<text>(?:AB|[ABO])\s?型)|(?P<bare>AB|[ABO])(?![A-Za-z])(?=\s?(?:,|，|。|;|；|\s|$|[(（]?Rh|血|[+\-阳阴]))")
_ABO_BEFORE = re.compile(r"(AB|[ABO])\s?型$")
_RH = re.compile(r"\s?(?:因子|血型|\(D\)|（D）|D|\s|:|：|为|是)*(?P<text>阳性|阴性|[(（][+\-][)）]|[+\-]|positive|negative)", re.IGNORECASE)
_MEAL = re.compile(r"\s?[,，、;；和]?\s?(?P<meal>空腹|餐后(?:2|两|二)?(?:小时|h|H)?|饭后(?:2|两|二)?(?:小时|h)?|早餐后|随机|睡前)\s?")
_MEALS = {"空": "空腹血糖", "餐": "餐后2小时血糖", "饭": "餐后2小时血糖"}
_AGAIN = re.compile(r"\s?[,，、;；]?\s?(?:后|再|又|复查)?(?=\x00)")
_AFTER = re.compile(
    r"\s?[(（]\s?(?P<inside>\x00+)\s?(?:复?查|测|检)?[)）]|\s?[,，]?\s?(?:是|在|于)?\s?(?P<behind>\x00+)\s?(?:左右|时|份)?(?:医院|县里|在[^,，。\d]{1,8}|卫生院|门诊)?"
    r"(?:复?查|化?验|抽血?|测|量|检查?|做)(?:的|过|得|出来的)(?!\s?(?:为|是|:)?\s?[\d<>])"
)  # fmt: skip


def _unit() -> str:
    parts = {kind: pattern for kind, pattern in rows("units_written.tsv", 2)}
    ten = r"(?:[×x*]\s?)?10\s?(?:\^|\*\*?|E|e)?\s?\d{1,2}\s?/\s?(?:L|l|mL|ml|uL|μL|升)"
    body = r"(?:\s?/\s?(?:\(?1\.73\s?(?:m2|m\^2|㎡|m²)\)?))"
    quotient = (
        rf"(?:{parts['over']})\s?/\s?(?:\(min[·.]1\.73m2\)|(?:{parts['under']}){body}?)(?![A-Za-z])"
        rf"|(?:毫摩尔|微摩尔|毫克|微克|克|次)(?:每|/)(?:分升|升|毫升|分钟?)|/(?:HPF|HP|min|分|uL|μL|ul)"
    )
    return rf"{ten}|{quotient}|{parts['whole']}|(?:mg|ug|μg|ng|g|mmol|umol|μmol)(?![A-Za-z/])"


@lru_cache(maxsize=1)
def _ranges() -> dict[str, tuple[Decimal, Decimal]]:
    return {name: (Decimal(low), Decimal(high)) for name, low, high in rows("result_ranges.tsv", 3)}


def measurements(text: str, mentions: Sequence[Mention], dates: Sequence[When]) -> list[Measurement]:
    """The results of the analytes among the mentions, in order. Mentions of other kinds only part the words."""
    spans = sorted({(m.start, m.end) for m in mentions})
    analytes = [m for m in mentions if m.kind == "analyte"]
    if not analytes:
        return []
    low = masked(text, [(d.start, d.end, DATE) for d in dates])
    hidden = masked(low, [(s, e, OTHER) for s, e in spans])
    found: list[Measurement] = []
    for mention in analytes:
        if any(s <= mention.start and mention.end <= e and (s, e) != (mention.start, mention.end) for s, e in spans):
            continue
        end = min([s for s, _ in spans if s >= mention.end] + [len(text), mention.end + _REACH])
        found += _Reader(text, hidden, mention, end, dates, spans).read()
    return found


class _Reader:
    """The words after one name, up to the next."""

    def __init__(
        self, text: str, hidden: str, mention: Mention, end: int, dates: Sequence[When], spans: Sequence[tuple[int, int]]
    ) -> None:
        self.text, self.hidden, self.mention, self.end, self.dates, self.spans = text, hidden, mention, end, dates, spans
        self.name = mention.term.name if mention.term else mention.name
        self.patterns = _patterns()

    def read(self) -> list[Measurement]:
        written = self.mention.name.lower()
        if self.name in _GROUPS:
            return self._group()
        if self.name in _RHESUS:
            return self._rhesus()
        if written in _PRESSURE or self.name in _PRESSURE:
            return self._pressure()
        return list(self._values())

    # blood pressure

    def _pressure(self) -> list[Measurement]:
        place = self._link(self.mention.end, loose=True)
        spread = self.patterns.pressures.match(self.hidden, place, self.end)
        if spread and not self._aimed(place, spread.end()):
            words = self.text[place : spread.end()].strip()
            number_part = words[: len(words) - len(spread["unit"] or "")].strip()
            return [Measurement(self.mention, "血压", number_part, unit=spread["unit"], when=self._when(place, spread.end()))]
        pair = self.patterns.pressure.match(self.hidden, place, self.end)
        if not pair or self._aimed(place, pair.end()):
            return []
        high, low = Decimal(pair["high"]), Decimal(pair["low"])
        factor = Decimal("7.5") if (pair["unit"] or "").lower() == "kpa" else 1
        if not (50 <= high * factor <= 300 and 20 <= low * factor <= 200 and high > low):
            return []
        when = self._when(place, pair.end())
        if when is None and self.patterns.peak.search(self.text, self.mention.end, place):
            return []
        return [
            Measurement(self.mention, name, pair[part], value, pair["unit"], when=when)
            for name, part, value in (("收缩压", "high", high), ("舒张压", "low", low))
        ]

    def _aimed(self, place: int, after: int) -> bool:
        between = self.text[self.mention.end : place]
        following = self.text[after : after + 3]
        return bool(self.patterns.target.search(between)) or following.startswith(("以下", "以内", "以上"))

    # groups

    def _group(self) -> list[Measurement]:
        before = _ABO_BEFORE.search(self.text, max(0, self.mention.start - 4), self.mention.start)
        inside = _ABO.search(self.mention.name)
        place = self._link(self.mention.end)
        after = _ABO.match(self.hidden, place, self.end)
        found = inside or after
        letters = before[1] if before else (found["text"] or found["bare"]) if found else ""
        if not letters:
            return []
        end = after.end() if after else self.mention.end
        text = letters.replace(" ", "").removesuffix("型") + "型"
        results = [Measurement(self.mention, self.name, text, when=self._when(place, end))]
        rhesus = re.compile(r"\s?[,，、(（]?\s?Rh").match(self.hidden, end, self.end)
        read = _RH.match(self.hidden, rhesus.end(), self.end) if rhesus else None
        if read:
            results.append(Measurement(self.mention, "Rh血型", _plain_sign(read["text"]), when=results[0].when))
        return results

    def _rhesus(self) -> list[Measurement]:
        found = _RH.match(self.hidden, self.mention.end, self.end)
        if not found:
            return []
        return [
            Measurement(self.mention, self.name, _plain_sign(found["text"]), when=self._when(found.start(), found.end()))
        ]

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
            tail = re.compile(rf"\s?(?P<unit>{_unit()})").match(self.hidden, spread.end(), self.end)
            text = self.text[found.start("number") : spread.end()]
            end = tail.end() if tail else spread.end()
            return Measurement(self.mention, name, text, unit=tail["unit"] if tail else None, when=when), end
        amount = number(found["number"])
        if amount is None:
            return None
        if found["power"]:
            amount = Decimal(f"{amount.scaleb(int(found['power'])):f}")
        elif found["ten"]:
            amount *= 10000
        flag = (found["flag"] or found["late"] or "").strip(" ()（）")
        measured = Measurement(
            self.mention,
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
            bounds = _ranges().get(self.mention.name)
            if bounds:
                return bounds[0] <= (number(found["number"]) or Decimal(0)) <= bounds[1]
            return len(self.mention.name) > 2 or not self.mention.name.isascii()
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
            at = after.start("inside") if after["inside"] else after.start("behind")
            return next((d for d in self.dates if d.start <= at < d.end), None)
        return governing(self.hidden, self.mention.start, self.dates, self.spans)


_LOOSE = re.compile(r"[^\d。;；\x00-\x02/]{0,16}?(?=\d{2,3}\s?[/\-~])")


def _clean(unit: str | None) -> str | None:
    return re.sub(r"^[×x*]\s?(?=10)", "", unit.strip()) if unit else None


def _plain_sign(sign: str) -> str:
    bare = sign.strip("()（） ")
    return {"+": "阳性", "-": "阴性"}.get(bare, bare)


