"""The rules of `dates.tsv`, compiled: which of them starts where, tried by the first character."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from hub.summarizer.reading.lunar import named_times

Scope = Literal["past", "due"]

_EN_NUMBER = (
    r"\d{1,3}|half a|(?:a )?couple(?: of)?|a few|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|several|few"
)
_NUMERALS = "〇零○一二两俩仨三四五六七八九十百"
_NUMBER = (
    r"\d{1,3}(?:\.\d)?|[一二三]?十几|好几十|几十|数十|好几|几|数|个把|大半|小半|半|好多"
    r"|[一二两俩仨三四五六七八九十百]{1,5}"
)
_UNIT = "年|载|月|周|星期|礼拜|天|日|小时|钟头|分钟"
_EVENTS = "手术|术|入院|出院|住院|产|分娩|受伤|伤|发病|起病|化疗|放疗|移植|确诊|透析"
_CHINESE_DAY = (
    "初[一二三四五六七八九十]|二十[一二三四五六七八九]?|[廿卅][一二三四五六七八九]?|三十一?"
    "|十[一二三四五六七八九]?|[一二三四五六七八九]"
)
_NAMES = {
    "y": r"(?P<y>(?:19|20)\d\d)",
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "d": r"(?P<d>3[01]|[12]\d|0?[1-9])",
    "n": rf"(?P<n>{_NUMBER})",
    "dur": rf"(?P<n>{_NUMBER})"
    r"(?:(?:[-~—–至到、]|或)(?P<n2>\d{1,3}|[一二两三四五六七八九十百]{1,3}))?"
    rf"(?P<more>余|多|来|几|\+)?个?(?P<half>半|多|余)? ?(?P<u>{_UNIT})(?P<after>半|余|多|\+)?"
    r"(?:(?<=年)[零又]?(?P<n3>\d{1,2}|[一二两三四五六七八九十]{1,2})个?月)?",
    "short": r"(?P<n>\d{1,3}(?:\.5)?)(?P<r>[-~](?P<n2>\d{1,3}))?(?P<more>余|多|\+)?(?P<half>(?!))?"
    r"(?P<u>[dwyhDWYH])(?![A-Za-z])(?P<after>余|多|\+)?(?P<n3>(?!))?",
    "t": r"(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?(?!\d)"
    r"| ?(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|晚)(?:\d{1,2}[时点:](?:\d{1,2}分?|半)?)?"
    r"| ?\d{1,2}[时点](?:\d{1,2}分?|半)?)?",
    "ev": rf"(?P<ev>{_EVENTS})",
    "mon": r"(?P<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)",
    "en": rf"(?P<en>{_EN_NUMBER})",
    "eu": r"(?P<eu>minute|min|hour|day|week|month|year|hr|wk|mo|yr)s?",
}
_DAY_AFTER = "(?:前后|期间|那阵子?|左右|那会儿?|前|后)?"
_DONE = "查做打拍抽复住入出来在去开手摔行检接起因就"
_VAGUE = "几好数半大小个"
_UNIT_AFTER = "年载月周星礼天日小钟分岁个半余多来几把至到或、"
_EN_WORDS = (
    "early mid late end in since from until till by around circa during of last this next past previous on spring"
    " summer fall autumn winter half a an one two three four five six seven eight nine ten eleven twelve several few"
    " couple about approximately over nearly postop postoperative post hospital for within the these yesterday"
    " today tonight tomorrow day x at after aged jan feb mar apr may jun jul aug sep sept oct nov dec january february"
    " march april june july august september october november december"
)
_EN_FIRST = frozenset(_EN_WORDS.split())
_FIRST = {
    "Y": r"(?<=[12])(?<![\d.A-Za-z_^/-].)(?:(?<=1)9|(?<=2)0)\d\d(?=[-/.年至到~—–\d ,;)查做得确诊行因起开始住切手]|$)",
    "#": rf"(?<=\d)(?:(?<![\d.A-Za-z_^/-].)|(?<=[A-Z]{{2}}.)(?=\d?[余多]?(?:年|个月)))\d{{0,2}}"
    rf"(?=(?:\.\d)? ?[-/.~+—–{_UNIT_AFTER}])",
    "9": r"(?<=\d)(?<![\d.A-Za-z_^/-].)\d{0,2}(?P<latin>(?= ?[A-Za-z]))",
    "一": f"(?<=[{_NUMERALS}])(?<![{_NUMERALS}第].)(?=[{_NUMERALS}{_UNIT_AFTER}])"
    f"|(?<=[几好数半大小个])(?:(?<=好)[几多]|(?<=[大小])半|(?<=个)把|(?<=[几数半]))"
    f"(?=[{_NUMERALS}{_UNIT_AFTER}])",
    "a": r"(?<=[a-zA-Z])(?P<word>[A-Za-z]*)",
}
"""Where a rule may start, by the tokens of the column `starts`; the set of first characters has been read."""
_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of `dates.tsv`. written: its pattern, compiled when a text first needs it."""

    reader: str
    scope: str
    starts: tuple[str, ...]
    written: str
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
        written = expanded(pattern)
        written = f"(?i:{written})" if reader.startswith("en_") else written
        pairs = tuple((text, want) for text, _, want in (e.rpartition(" = ") for e in examples.split(" ; ")))
        found.append(Rule(reader, scope, _starts(starts), written, pairs))
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
        r"|(?P<mr>一二|二三|三四|四五|五六|六七|七八|八九)月[份间]?"
        rf"|(?P<tm>{month}) ?月(?: ?(?:(?P<td>3[01]|[12]\d|0?[1-9])(?: ?[日号]|(?=[{_DONE}]))"
        rf"|(?P<cd>{_CHINESE_DAY})(?P<day>[日号])?)"
        r"|(?P<sure>份的?(?:上旬|中旬|下旬|初|底|末|中)?|上旬|中旬|下旬|初|底|末|中(?=[,。旬]))|(?!\d))"
        rf"{_NAMES['t']}|(?P<nm>{names})(?P<near>{_DAY_AFTER}))"
    )


def _starts(cell: str) -> tuple[str, ...]:
    """The tokens of the column; a named time starts with its first two characters, a number as `一` says."""
    tokens = []
    for token in cell.split():
        if token == "*":
            tokens += [name[:2] for name in named_times()] + ["农历", "阴历", "旧历", "古历", "正月", "冬月", "腊月"]
        elif token.endswith("#") and len(token) > 1:
            tokens += [token[:-1] + number for number in "0123456789" + _NUMERALS + _VAGUE[:4]]
        else:
            tokens.append(token)
    return tuple(dict.fromkeys(tokens))


@dataclass(frozen=True, slots=True)
class Matcher:
    """The rules that may begin with one character. written: group n of it says that rule n - 1 matches."""

    written: str
    rules: tuple[Rule, ...]


@lru_cache(maxsize=2)
def matchers(scope: Scope) -> tuple[re.Pattern[str], dict[str, Matcher]]:
    """A pattern that finds where a rule may begin, and by `key` of what it found the rules that may."""
    used = [rule for rule in rules() if rule.scope in ("", scope)]
    tokens = sorted({token for rule in used for token in rule.starts} - set(_FIRST), key=len, reverse=True)
    found = {}
    for first in sorted({_keyed(token) for rule in used for token in rule.starts} | set(_VAGUE)):
        group = tuple(rule for rule in used if any(_keyed(token) == first for token in rule.starts)
                      or ("一" in rule.starts and first in _NUMERALS + _VAGUE))  # fmt: skip
        found[first] = Matcher("|".join(_whole(rule) for rule in group), group)
    for char in _NUMERALS:
        found.setdefault(char, found["一"])
    firsts = re.escape("".join(sorted({token[0] for token in tokens} | set(_NUMERALS + _VAGUE))))
    return re.compile(f"[0-9A-Za-z{firsts}](?:" + "|".join([*_FIRST.values(), _words(tokens)]) + ")"), found


def key(start: re.Match[str]) -> str:
    """Where the rules are kept that may begin with what the pattern of `matchers` found."""
    found = start[0]
    if found[0].isdigit():
        return "9" if start.lastgroup == "latin" else "Y" if len(found) == len("2024") else "#"
    return found[0] if start.lastgroup != "word" else "a" if found.lower() in _EN_FIRST else ""


compiled = lru_cache(maxsize=512)(re.compile)
"""Patterns, each compiled when it is first needed: all of them would cost half a second."""


def _keyed(token: str) -> str:
    return token if token in _FIRST else token[0]


def _words(tokens: list[str]) -> str:
    """What may follow the first characters, which have been read."""
    by_first: dict[str, list[str]] = {}
    for token in tokens:
        by_first.setdefault(token[0], []).append(token[1:])
    by_rest: dict[str, str] = {}
    for first, rests in by_first.items():
        rest = "" if "" in rests else "(?=" + "|".join(sorted(set(rests))) + ")"
        by_rest[rest] = by_rest.get(rest, "") + first
    return "|".join(f"(?<=[{firsts}]){rest}" for rest, firsts in by_rest.items())


def _whole(rule: Rule) -> str:
    return "(" + re.sub(r"\((?!\?)|\(\?P<\w+>", "(?:", rule.written) + ")"
