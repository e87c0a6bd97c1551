"""Blood pressures in text: `162/97`, `150-170/90-100`, `从180/100降到140/85`, `高压160低压95`."""

from __future__ import annotations

import re
from decimal import Decimal

from hub.summarizer.reading.model import Measurement
from hub.summarizer.reading.result_words import Words

PRESSURE = frozenset({"血压", "bp", "blood pressure", "nibp", "测血压", "血压值"})
_MORE_PRESSURE = re.compile(
    r"(?:\s?[(（][^\d()（）]{1,8}[)）])?\s?(?:(?P<change>(?:下?降|上?升)?(?:至|到|为)|→)[,，\s]?|[,，、;；\s]{1,2})"
)
_NAMED_PRESSURES = tuple(
    (
        name,
        re.compile(
            rf"[\s,，:：、/]?(?:{words})[\s:：为是约]{{0,3}}(\d{{2,3}})(?![\d多余几/.-])\s?(?P<unit>mmHg|毫米汞柱)?"
        ),
    )
    for name, words in (
        ("收缩压", "高压|收缩压|上压|高的|上头的?|上面的?"),
        ("舒张压", "低压|舒张压|下压|低的|下头的?|下面的?"),
    )
)


def pressures(words: Words) -> list[Measurement]:
    """Both of a pressure; of several (`从180/100降到140/85`) each, and a date only for the one that has it."""
    place = words.link(words.mention.end, loose=True)
    spread = words.patterns.pressures.match(words.hidden, place, words.end)
    if spread and not words.aimed(place, spread.end()):
        number_part = words.text[place : spread.start("unit") if spread["unit"] else spread.end()].strip()
        when = words.when(place, spread.end())
        return [Measurement(words.mention, "血压", number_part, spread.span(), unit=spread["unit"], when=when)]
    found: list[Measurement] = []
    since = words.mention.end
    while pair := words.patterns.pressure.match(words.hidden, place, words.end):
        if words.aimed(place, pair.end(), since) or not _is_pressure(pair):
            break
        when = words.when(place, pair.end(), since)
        further = _MORE_PRESSURE.match(words.hidden, pair.end(), words.end)
        if further and further["change"]:
            when = words.within(since, place)
        if when is not None or not words.patterns.peak.search(words.text, since, place):
            for name, part in (("收缩压", "high"), ("舒张压", "low")):
                told, number = pair[part], Decimal(pair[part])
                found.append(Measurement(words.mention, name, told, pair.span(), number, pair["unit"], when=when))
        if not further:
            break
        since, place = pair.end(), words.link(further.end())
    return found or _named(words)


def _named(words: Words) -> list[Measurement]:
    """`血压:高压160,低压95` where the words are no names of their own."""
    found = []
    place = words.mention.end
    for name, pattern in _NAMED_PRESSURES:
        value = pattern.match(words.text, place, words.end)
        if value and not words.aimed(place, value.end()):
            when = words.when(place, value.end())
            told, number = value[1], Decimal(value[1])
            found.append(Measurement(words.mention, name, told, value.span(), number, value["unit"], when=when))
            place = value.end()
    return found


def _is_pressure(pair: re.Match[str]) -> bool:
    """Whether two numbers are a blood pressure: no fraction, date or acuity."""
    factor = Decimal("7.5") if (pair["unit"] or "").lower() == "kpa" else 1
    high, low = Decimal(pair["high"]) * factor, Decimal(pair["low"]) * factor
    return 50 <= high <= 300 and 20 <= low <= 200 and high > low
