"""The rules of `dates.tsv`, compiled: which of them starts where, tried by the first character."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from hub.summarizer.reading.lunar import named_times

Scope = Literal["past", "due"]

_EN_NUMBER = r"\d{1,3}|half a|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|a few|few|couple"
_UNIT = "年|月|周|星期|礼拜|天|日|小时|钟头|分钟"
_EVENTS = "手术|术|入院|出院|住院|产|分娩|受伤|伤|发病|起病|化疗|放疗|移植|确诊|透析"
_CHINESE_DAY = "初[一二三四五六七八九十]|二十[一二三四五六七八九]?|[廿卅][一二三四五六七八九]?|三十[一]?|十[一二三四五六七八九]?|[一二三四五六七八九]"
_NAMES = {
    "y": r"(?P<y>(?:19|20)\d\d)",
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "d": r"(?P<d>3[01]|[12]\d|0?[1-9])",
    "n": r"(?P<n>\d{1,3}(?:\.\d)?|[一二三]?十几|好几十|几十|数十|好几|几|数|个把|大半|小半|半|好多|[一二两三四五六七八九十百]{1,5})",
    "dur": r"(?P<n>\d{1,3}(?:\.\d)?|[一二三]?十几|好几十|几十|数十|好几|几|数|个把|大半|小半|半|好多"
    r"|[一二两三四五六七八九十百]{1,5})"
    r"(?:(?:[-~—–至到]|或)(?P<n2>\d{1,3}|[一二两三四五六七八九十百]{1,3}))?"
    rf"(?P<more>余|多|来|几|\+)?个?(?P<half>半|多|余)? ?(?P<u>{_UNIT})(?P<after>半|余|多|\+)?"
    r"(?:(?<=年)[零又]?(?P<n3>\d{1,2}|[一二两三四五六七八九十]{1,2})个月)?",
    "t": r"(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?(?!\d)"
    r"| ?(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|晚)(?:\d{1,2}[时点:](?:\d{1,2}分?|半)?)?"
    r"| ?\d{1,2}[时点](?:\d{1,2}分?|半)?)?",
    "ev": rf"(?P<ev>{_EVENTS})",
    "mon": r"(?P<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)",
    "en": rf"(?P<en>{_EN_NUMBER})",
    "eu": r"(?P<eu>hour|day|week|month|year|hr|wk|mo|yr)s?",
}
_DAY_AFTER = "(?:前后|期间|那阵子?|左右|那会儿?|前|后)?"
_NUMERALS = "〇零○一二两三四五六七八九十百"
_STARTS = {"#": "0123456789", "一": _NUMERALS + "几好数半个大小", "a": "abcdefghijklmnopqrstuvwxyz", "*": "农阴旧古正冬腊"}
_GUARD = {"0": r"(?<![\d.A-Za-z_^/-])\d", "a": r"(?<![A-Za-z])[A-Za-z]", "一": f"(?<![{_NUMERALS}第])[{_NUMERALS}]"}
"""A number is read from its first figure, a word from its first letter."""
_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of `dates.tsv`."""

    reader: str
    scope: str
    starts: str
    pattern: re.Pattern[str]
    examples: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """All rows. Raises ValueError with the line of one that cannot be read."""
    table = files("hub.summarizer.reading").joinpath("dates.tsv").read_text("utf-8")
    found = []
    for place, line in enumerate(table.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != _COLUMNS:
            raise ValueError(f"dates.tsv:{place}: expected {_COLUMNS} columns, got {len(cells)}")
        reader, scope, starts, pattern, examples = cells
        try:
            compiled = re.compile(expanded(pattern), re.IGNORECASE)
        except re.error as wrong:
            raise ValueError(f"dates.tsv:{place}: {wrong}") from wrong
        pairs = tuple((text, want) for text, _, want in (e.rpartition(" = ") for e in examples.split(" ; ")))
        found.append(Rule(reader, scope, _characters(starts), compiled, pairs))
    return tuple(found)


def expanded(pattern: str) -> str:
    """A pattern with its {names} replaced; `{y2}` is `{y}` with groups called `y2`."""
    return re.sub(r"\{([a-z]+)(\d?)\}", lambda m: _suffixed(_named(m[1]), m[2]), pattern)


def _named(name: str) -> str:
    return _tail() if name == "tail" else _NAMES[name]


def _suffixed(pattern: str, suffix: str) -> str:
    return re.sub(r"\(\?P<(\w+)>", lambda m: f"(?P<{m[1]}{suffix}>", pattern)


@lru_cache(maxsize=1)
def _tail() -> str:
    """What may follow a year, or stand alone: month and day, part of a month, a day of the Chinese calendar, a name."""
    names = "|".join(sorted(named_times(), key=len, reverse=True))
    month = "1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
    return (
        rf"(?P<tail>(?:农历|阴历|旧历|古历)的?(?P<lm>{month}|正|冬|腊)月(?P<ld>3[01]|[12]\d|0?[1-9]|{_CHINESE_DAY})?[日号]?"
        rf"|(?P<lm2>正|冬|腊)月(?P<ld2>3[01]|[12]\d|0?[1-9]|{_CHINESE_DAY})?[日号]?"
        rf"|(?P<tm>{month}) ?月(?: ?(?:(?P<td>3[01]|[12]\d|0?[1-9]) ?[日号]|(?P<cd>{_CHINESE_DAY})(?P<day>[日号])?)"
        r"|(?P<sure>份的?(?:上旬|中旬|下旬|初|底|末|中)?|上旬|中旬|下旬|初|底|末|中(?=[,。旬]))|(?!\d))"
        rf"{_NAMES['t']}|(?P<nm>{names})(?P<near>{_DAY_AFTER}))"
    )


def _characters(starts: str) -> str:
    names = "".join(name[0] for name in named_times()) if "*" in starts else ""
    return "".join(sorted(set("".join(_STARTS.get(char, char) for char in starts) + names)))


@dataclass(frozen=True, slots=True)
class Matcher:
    """The rules that may begin with one character. pattern: group n says that rule n - 1 of rules matches."""

    pattern: re.Pattern[str]
    rules: tuple[Rule, ...]


@lru_cache(maxsize=2)
def matchers(scope: Scope) -> tuple[re.Pattern[str], dict[str, Matcher]]:
    """A pattern that finds where a rule may begin, and the rules by that character (lower case)."""
    used = [rule for rule in rules() if rule.scope in ("", scope)]
    by_rules: dict[tuple[Rule, ...], Matcher] = {}
    found = {}
    for char in sorted({char for rule in used for char in rule.starts}):
        group = tuple(rule for rule in used if char in rule.starts)
        if group not in by_rules:
            by_rules[group] = Matcher(re.compile("|".join(_whole(rule) for rule in group), re.IGNORECASE), group)
        found[char] = by_rules[group]
    others = "".join(char for char in found if not char.isascii() and char not in _NUMERALS)
    return re.compile("|".join([*_GUARD.values(), f"[{others}]"])), found


def _whole(rule: Rule) -> str:
    return "(" + re.sub(r"\((?!\?)|\(\?P<\w+>", "(?:", rule.pattern.pattern) + ")"
