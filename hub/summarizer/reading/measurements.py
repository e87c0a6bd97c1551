"""Results in sentences: the value that stands after the name of an analyte, with unit, sign, range and date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from hub.summarizer.reading.blood_groups import GROUPS, RHESUS, group, rhesus, typed
from hub.summarizer.reading.model import Measurement, Mention, When
from hub.summarizer.reading.pressures import PRESSURE, pressures
from hub.summarizer.reading.quantities import DIGITS, number
from hub.summarizer.reading.result_names import meant, plausible, with_analytes
from hub.summarizer.reading.result_words import Words
from hub.summarizer.reading.tokens import DATE, OTHER, masked

_REACH = 90
"""Characters after a name in which its value must stand."""

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
_SIGN_ALONE = re.compile(r"[+\-±—]{1,4}|[1-4]\+")
_OF_A_SIGN = re.compile(r"抗体|抗原|DNA|RNA|培养|试验|毒素|尿[糖酮胆潜隐]|尿蛋白|酮体|[隐潜]血|HIV|梅毒|管型|Ig[MG]")
"""Names of what is told as positive or negative."""
_LISTED = re.compile(r"\s?(?:、|/|和|及|与|以及)\s?")
_LISTED_LOOSELY = re.compile(r"\s?[,，;；]\s?")
_OF_EACH = re.compile("均|都|皆|全")
_MEAL = re.compile(
    r"\s?[,，、;；和:：]?\s?(?P<meal>空腹|餐后(?:2|两|二)?(?:小时|h|H)?|饭后(?:2|两|二)?(?:小时|h)?|早餐后|随机|睡前)\s?"
)
_MEALS = {"空": "空腹血糖", "餐": "餐后2小时血糖", "饭": "餐后2小时血糖"}
_AGAIN = re.compile(r"\s?[,，、;；]?\s?(?:后|再|又|复查)?(?=[(（]?\x00)")
_APART = re.compile(r"[\s,，。;；、)）(（\[↑↓HL\x00\x02]|\.(?!\d)|$|左右|多")
_NEGATIVE = re.compile(r"[TZ]值|T-?score|剩余碱|^BE$")
"""Names whose values may be below zero."""
_POINT = re.compile(r"(\d{1,3})点(\d{1,2})(?![\d点分])")
_HEIGHT = re.compile(r"(?P<text>(?P<m>[12])\s?(?P<unit>米|m)\s?(?P<cm>\d{1,2}))(?!\d)")


def measurements(text: str, mentions: Sequence[Mention], dates: Sequence[When]) -> list[Measurement]:
    """The results of the analytes among the mentions, in order. Mentions of other kinds only part the words."""
    named = with_analytes(text, mentions)
    spans = sorted({(m.start, m.end) for m in named if m.kind != "procedure"})
    analytes = [m for m in named if m.kind == "analyte"]
    if not analytes:
        return []
    low = masked(text, [(d.start, d.end, DATE) for d in dates])
    hidden = masked(low, [(s, e, OTHER) for s, e in spans])
    found: list[list[Measurement]] = []
    for mention in reversed(analytes):
        if any(s <= mention.start and mention.end <= e and (s, e) != (mention.start, mention.end) for s, e in spans):
            continue
        end = min([s for s, _ in spans if s >= mention.end] + [len(text), mention.end + _REACH])
        own = _results(Words(text, hidden, mention, end, dates))
        found.append(own or (_of_the_next(text, mention, found[-1]) if found else []))
    return [each for own in reversed(found) for each in own]


def _of_the_next(text: str, mention: Mention, following: Sequence[Measurement]) -> list[Measurement]:
    """The sign that is told once of a list of names (`HBsAg、抗-HIV均阴性`): of a name without a value of its own."""
    name = mention.term.name if mention.term else mention.name
    signed = len(following) == 1 and (_SIGNED.fullmatch(following[0].text) or _SIGN_ALONE.fullmatch(following[0].text))
    if not signed or not _OF_A_SIGN.search(name):
        return []
    told = following[0]
    gap, between = text[mention.end : told.mention.start], text[told.mention.end : told.place[0]]
    listed = _LISTED.fullmatch(gap) or (_OF_EACH.search(between) and _LISTED_LOOSELY.fullmatch(gap))
    return [replace(told, mention=mention, name=name)] if listed else []


def _results(words: Words) -> list[Measurement]:
    if words.name in GROUPS:
        return _group(words)
    if words.name in RHESUS:
        found = rhesus(words.hidden, words.mention.end, words.end)
        return [_named(words, words.name, found[0], words.mention.end, found[1])] if found else []
    if words.mention.name.lower() in PRESSURE or words.name in PRESSURE:
        return pressures(words)
    return list(_Values(words).read())


def _group(words: Words) -> list[Measurement]:
    name = (words.mention.start, words.mention.end)
    if words.mention.name in ("A", "B", "AB", "O"):
        return [_named(words, words.name, typed(words.mention.name), *name)]
    if words.mention.name.endswith("型") and words.mention.name[0] in "ABO":
        found = group(words.text, (words.mention.end, words.mention.end), words.mention.end, words.end)
    else:
        found = group(words.hidden, name, words.link(words.mention.end), words.end)
    if not found:
        return []
    letters, factor, end = found
    results = [_named(words, words.name, letters, words.mention.end, end)]
    return [*results, _named(words, "Rh血型", factor, words.mention.end, end)] if factor else results


def _named(words: Words, name: str, text: str, start: int, end: int) -> Measurement:
    return Measurement(words.mention, name, text, (start, end), when=words.when(start, end))


class _Values:
    """Numbers and signs after one name."""

    def __init__(self, words: Words) -> None:
        self.words, self.mention, self.name = words, words.mention, words.name

    def read(self) -> Iterator[Measurement]:
        place = self.mention.end
        change = self._change(place)
        if change:
            yield from change
            return
        name = self.name
        meal = _MEAL.match(self.words.hidden, place, self.words.end) if name in _GLUCOSE else None
        while True:
            if meal:
                name, place = _MEALS.get(meal["meal"][0], self.name), meal.end()
            read = self._one(place, name)
            if read is None:
                return
            measurement, place = read
            yield measurement
            meal = (
                _MEAL.match(self.words.hidden, place, self.words.end) if self.name in _GLUCOSE | {"空腹血糖"} else None
            )
            again = _AGAIN.match(self.words.hidden, place, self.words.end)
            if not meal and not again:
                return
            place = again.end() if again and not meal else place

    def _one(self, place: int, name: str) -> tuple[Measurement, int] | None:
        value_at = self.words.link(place)
        signed = _SIGNED.match(self.words.hidden, value_at, self.words.end) or _SIGNED.match(
            self.words.hidden, place, self.words.end
        )
        if signed:
            text = signed["text"].strip("()（） ") or signed["text"]
            when = self.words.when(signed.start(), signed.end(), place)
            return Measurement(self.mention, name, text, signed.span(), when=when), self.words.past(signed.end())
        point = _POINT.match(self.words.hidden, value_at, self.words.end)
        if point:
            amount = Decimal(f"{point[1]}.{point[2]}")
            when = self.words.when(value_at, point.end(), place)
            return Measurement(self.mention, name, point[0], point.span(), amount, when=when), point.end()
        height = _HEIGHT.match(self.words.hidden, value_at, self.words.end) if name == "身高" else None
        if height:
            meters = Decimal(f"{height['m']}.{height['cm']}")
            when = self.words.when(height.start(), height.end(), place)
            measured = Measurement(self.mention, name, height["text"], height.span(), meters, height["unit"], when=when)
            return measured, height.end()
        minus = _NEGATIVE.search(name) is not None and self.words.hidden.startswith("-", value_at)
        found = self.words.patterns.value.match(self.words.hidden, value_at + minus, self.words.end)
        if minus and found:
            below = number(found["number"])
            when = self.words.when(value_at, found.end(), place)
            negative = -below if below is not None else None
            text, stands = f"-{found['number']}", (value_at, found.end())
            return Measurement(self.mention, name, text, stands, negative, when=when), found.end()
        if not found or not self._holds(found):
            return None
        return self._measurement(found, name, place)

    def _measurement(self, found: re.Match[str], name: str, since: int) -> tuple[Measurement, int] | None:
        when = self.words.when(found.start(), found.end(), since)
        if when is None and self.words.patterns.peak.search(self.words.text, since, found.start()):
            return None
        spread = None if found["unit"] else _SPREAD.match(self.words.hidden, found.end("number"), self.words.end)
        if spread:
            tail = self.words.patterns.unit.match(self.words.hidden, spread.end(), self.words.end)
            text = self.words.text[found.start("number") : spread.end()]
            end = tail.end() if tail else spread.end()
            unit = tail["unit"] if tail else None
            return Measurement(self.mention, name, text, (found.start(), end), unit=unit, when=when), end
        amount = number(found["number"])
        if amount is None:
            return None
        if self.words.hidden[found.end("number") : found.end("number") + 1] in ("多", "余", "几", "来"):
            end = found.end("number") + 1
            about = self.words.text[found.start() : end].strip()
            return Measurement(self.mention, name, about, (found.start(), end), when=when), end
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
            found.span(),
            amount,
            _clean(found["unit"]),
            number(found["low"] or found["above"] or "") if found["low"] or found["above"] else None,
            number(found["high"] or found["below"] or "") if found["high"] or found["below"] else None,
            _FLAGS.get(flag[-1:]) if flag else None,
            when,
        )
        return measured, self.words.past(found.end())

    def _change(self, place: int) -> list[Measurement]:
        """`由128升至187umol/L`: two results, the first without a date."""
        start = self.words.link(place)
        found = self.words.patterns.change.match(self.words.hidden, start, self.words.end)
        if not found or (found["bare"] and not found["verb"] and not found["start"]):
            return []
        second = self.words.patterns.value.match(self.words.hidden, self.words.link(found.end()), self.words.end)
        if not second or not self._holds(second):
            return []
        read = self._measurement(second, self.name, found.end())
        old = number(found["old"])
        if not read or old is None:
            return []
        newer = read[0]
        unit = _clean(found["oldunit"]) or newer.unit
        first = Measurement(self.mention, self.name, found["old"], found.span(), old, unit)
        dated = self.words.within(place, found.start("old"))
        earlier = replace(first, when=dated) if dated and self.words.within(found.end(), second.start()) else first
        return [earlier, newer]

    def _holds(self, found: re.Match[str]) -> bool:
        """Whether the number is a value: no count, no target, and plausible where the name is short."""
        if self.words.aimed(found.start(), found.end()):
            return False
        if not found["unit"] and not found["ten"]:
            after = found.end("number")
            follows, then = self.words.hidden[after : after + 1], self.words.hidden[after + 1 : after + 2]
            counted = _NOT_VALUE.match(self.words.hidden, after, self.words.end)
            if counted or follows == DATE or (follows == "/" and then != OTHER):
                return False
            if (
                self.words.hidden[after : after + 1].isalpha()
                and self.words.hidden[after].isascii()
                and not found["flag"]
            ):
                return False
            if (
                len(self.mention.name) <= 2
                and self.mention.name.isascii()
                and not _APART.match(self.words.hidden, after)
            ):
                return False
            return plausible(self.mention.name, found["number"])
        return True


def _clean(unit: str | None) -> str | None:
    return re.sub(r"^[×x*]\s?(?=10)", "", unit.strip()) if unit else None
