"""The forms of values in text, made of `value_words.tsv` and `units_written.tsv`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from hub.summarizer.reading.quantities import DIGITS, alternatives
from hub.summarizer.rows import rows

_TO = r"\s?[-~–—至到]+\s?"
_PRESSURE_UNIT = r"\s?(?P<unit>mm\s?Hg|mmhg|MMHG|MmHg|mm\[Hg\]|kPa|KPa|毫米汞柱)?"
_BRACKETS = (
    r"[(（](?:[A-Za-z][A-Za-z0-9+\-#%]{0,9}|空腹|随机|餐后(?:2h|2小时)?|\x00+|"
    r"[^\d()（）+±,，。;；\x00-\x02\-↑↓]{1,10})[)）]"
)
_SKIPPED = r"[\s:：=,，、~≈]|[(（](?=\s?\d+(?:\.\d+)?\s?[A-Za-zμ%][^()（）]{0,14}[)）])|\x00+|" + _BRACKETS


@dataclass(frozen=True, slots=True)
class Patterns:
    """link: what may stand between a name and its value; value; pressure: `162/97`; pressures: a range of them;
    change: `由128升至` before a second value; target, peak: words for no value, or one of another time; unit."""

    link: re.Pattern[str]
    value: re.Pattern[str]
    pressure: re.Pattern[str]
    pressures: re.Pattern[str]
    change: re.Pattern[str]
    target: re.Pattern[str]
    peak: re.Pattern[str]
    unit: re.Pattern[str]


@lru_cache(maxsize=1)
def patterns() -> Patterns:
    words: dict[str, list[str]] = {}
    for kind, listed in rows("reading/value_words.tsv", 2):
        words.setdefault(kind, []).extend(listed.split("|"))
    raised, changed = alternatives(words["raised"]), alternatives(words["changed"])
    two, three = r"\d{2,3}", rf"\d{{2,3}}{_TO}\d{{2,3}}"
    slash = r"\s?/\s?"
    return Patterns(
        link=re.compile(_link(words["link"] + words["peak"], raised, changed), re.IGNORECASE),
        value=re.compile(_value()),
        pressure=re.compile(
            rf"(?P<high>{two})(?:\.\d)?{slash}(?P<low>{two})(?![\d/年月]|\.\d|\s?[-~–—至到]\s?\d){_PRESSURE_UNIT}"
        ),
        pressures=re.compile(
            rf"(?:{three}{slash}{two}(?:{_TO}{two})?|{two}{slash}{three}(?:{slash}{two})?)(?!\d){_PRESSURE_UNIT}"
        ),
        change=re.compile(
            rf"(?P<start>由|从|原|(?:[a-z]+\s)?(?:up |down )?from)?\s?(?:{_SKIPPED})?\s?"
            rf"(?P<old>{DIGITS})\s?(?P<oldunit>{written_unit()})?\s?[,，]?"
            rf"(?:(?P<verb>{changed}|{raised}|上升|变|改善)?(?P<bare>至|到|为|成|\bto\b)(?:了)?|→|->|-->)\s?"
        ),
        target=re.compile(alternatives(words["target"]), re.IGNORECASE),
        peak=re.compile(alternatives(words["peak"]), re.IGNORECASE),
        unit=re.compile(rf"\s?(?P<unit>{written_unit()})"),
    )


def _link(linking: list[str], raised: str, changed: str) -> str:
    chinese = alternatives([word for word in linking if not word.isascii()])
    latin = alternatives([word for word in linking if word.isascii()])
    adjective = rf"(?:{raised})(?=[,，:：(（]|至|到|达|为)|(?:{changed})(?=至|到)|至(?=[\s\d])"
    return rf"(?:{_SKIPPED}|{adjective}|{chinese}|(?:{latin})(?![a-z])){{0,9}}"


def _value() -> str:
    unit = written_unit()
    power = r"[×x*]\s?10\s?(?:\^|\*\*|E|e)?\s?(?P<power>\d{1,2})(?!\d|/)\s?|万(?=\s?[A-Za-z/单])"
    flag = r"\s?(?:↑+|↓+|[(（](?:HH?|LL?|高|低|偏高|偏低|↑+|↓+)[)）]|(?<![A-Za-z])[HL](?![A-Za-z0-9]))"
    named = r"(?:参考(?:值|范围|区间)*|正常(?:值|范围|参考值)*|ref(?:erence)?(?: range)?)?[:：为]?\s?"
    limits = (
        rf"(?:(?P<low>{DIGITS})\s?[-~–—至]+\s?(?P<high>{DIGITS})|[<≤]\s?(?P<below>{DIGITS})|[>≥]\s?(?P<above>{DIGITS}))"
    )
    return (
        rf"(?P<sign>[<>≤≥]=?\s?)?(?P<number>{DIGITS})(?P<ten>\s?(?:{power}))?(?:\s?(?P<unit>{unit}))?(?P<flag>{flag})?"
        rf"(?:\s?[,，]?\s?[(（\[]\s?{named}{limits}\s?(?:{unit})?\s?[)）\]])?(?P<late>{flag})?"
    )


def written_unit() -> str:
    """A pattern for a unit as written after a number."""
    parts = dict(rows("reading/units_written.tsv", 2))
    ten = r"(?:[×x*]\s?)?10\s?(?:\^|\*\*?|E|e)?\s?\d{1,2}\s?/\s?(?:L|l|mL|ml|uL|μL|升)"
    body = r"(?:\s?/\s?(?:\(?1\.73\s?(?:m2|m\^2|㎡|m²)\)?))"
    quotient = (
        rf"(?:{parts['over']})\s?/\s?(?:\(min[·.]1\.73m2\)|(?:{parts['under']}){body}?)(?![A-Za-z])"
        rf"|(?:毫摩尔|微摩尔|毫克|微克|克|次)(?:每|/)(?:分升|升|毫升|分钟?)|/(?:HPF|HP|min|分|uL|μL|ul)"
    )
    return rf"{ten}|{quotient}|{parts['whole']}|(?:mg|ug|μg|ng|g|mmol|umol|μmol)(?![A-Za-z/])"
