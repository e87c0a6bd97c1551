"""Of whom a mention is: the patient, or a relative or contact of `kin.tsv`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from hub.summarizer.reading.cues import Cue, longest
from hub.summarizer.reading.model import Section

FAMILY: Final = "家族"
"""Subject in a family history that names nobody."""

_ENDS: Final = frozenset("。;；!！\n")
_SAYS: Final = frozenset("有得患也是死查曾因身均都、和及说,，")
"""After a kin word of one character."""

_TELLS: Final = re.compile(r"\x00|以前|原来|早年|生前|当年|那边|在世|去年|前年|走得|没了|老了|年轻|从前|过去|\d|[:：]")
"""After one with which a clause begins."""

_THIS: Final = re.compile(r"[这该此位](?:个|位|名)?$")
"""Before one who is the patient (`这老人家`)."""

_COMES: Final = re.compile(r"(?:今天?|自己|又|前|过)?来(?:看|说|院|诊|开|拿|讲|我|卫|的|复|问|测|量|,|，)")
"""After one who comes: what follows is of the patient."""

_POORLY: Final = re.compile(
    r"(?:身体|体质|身子)[也都一直向来很就老总]{0,4}[不差弱欠有糟垮虚坏]|多病|有病|毛病|药罐子|生前|poor health|unwell"
)
"""In a clause about a relative: what the next names is theirs too."""

_OWNS: Final = frozenset("他她我你其的大小二三四老堂表亲亡头里、和及")
"""Before one."""

_OPENS: Final = frozenset(("", ",", "，", "。", ";", "；", ":", "：", " ", "、"))
_OWNERS: Final = frozenset("他她我你其家头")
"""Before a word that may also be the patient."""

_FAR: Final = 120
"""Characters over which a relative may be the subject."""

_WORDS: Final = 8
_COMMA: Final = re.compile("[,，]")
_BARE: Final = frozenset("\x00 、和及或与也均都还有患曾等史病的")
_TIGHT: Final = frozenset(("", "(", "（", "的", " "))
_BRACKETS: Final = frozenset(("(", "（"))
_IN: Final = re.compile(
    r"\s*\b(?:in|affecting|of|for)(?: (?:his|her|their|the|a|an|one|two|both|patient's|patient|pt's|younger|older|"
    r"elder|eldest|youngest|late|deceased|maternal|paternal|twin|half|own|multiple|several)){0,4}\s*",
    re.IGNORECASE,
)
_DASHES: Final = frozenset(("-", "–", "—", ":", "："))
_ALONE: Final = re.compile(r"\s*(?:$|[,，;；.。)）/、]|and\b)")
"""After a relative of whom nothing more is said (`diabetes - mother`)."""

_GENERAL: Final = re.compile("famil|家|遗传|亲属|亲戚|relative|fhx|fh of", re.IGNORECASE)
"""A relative who is not said: one behind the name says more."""

_FAMILIES: Final = frozenset(("家族史", "家族", "亲属", "遗传", "遗传史", "家族遗传史", "runs in the family"))
_LISTED: Final = frozenset(("", "、", "和", "及", "或", "与", ",", "，", "/", " ", " and ", " or ", ", "))
"""Between names of which one relative behind them holds (`高血压、糖尿病家族史`)."""


@dataclass(frozen=True, slots=True)
class Person:
    """A relative as written; start = end where nobody is named."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    kind: str


@lru_cache(maxsize=1)
def words() -> dict[str, str]:
    """The kind of each word of `kin.tsv`."""
    table: dict[str, str] = {}
    for row in _rows():
        for word in row[0].split("|"):
            table.setdefault(word, row[1])
    return table


@lru_cache(maxsize=1)
def examples() -> tuple[tuple[str, str], ...]:
    """(kind, example) of the table."""
    return tuple((row[1], example) for row in _rows() for example in row[2].split("|") if example)


def _rows() -> list[list[str]]:
    text = files("hub.summarizer.reading").joinpath("kin.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line.strip() and not line.startswith("#")]


@lru_cache(maxsize=1)
def _automaton() -> Any:
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for word, kind in words().items():
        automaton.add_word(word, (len(word), kind, word[0].isascii()))
    automaton.make_automaton()
    return automaton


@lru_cache(maxsize=1)
def _hint() -> re.Pattern[str]:
    """What a text that names anybody holds: the first character of a word, or English."""
    first = {word[0] for word, kind in words().items() if kind not in ("carer", "none") and not word.isascii()}
    return re.compile(f"[{''.join(sorted(first))}]|[A-Za-z]{{2}}")


def subjects(
    text: str, lower: str, spans: Sequence[tuple[int, int]], cues: Sequence[Cue], section: Section = ""
) -> list[Person | None]:
    """Whose each mention is, None the patient's. lower: the text in small letters."""
    default = Person(FAMILY, 0, 0) if section == "family" else None
    found = _scan(text, lower, section) if _hint().search(text) else []
    back = [_Word(c.start, c.end, "patient") for c in cues if c.rule.effect == "patient"]
    if not found and not (back and default):
        return [default] * len(spans)
    found = sorted([*found, *back], key=lambda w: w.start)
    people = [_whose(text, span, found, default) for span in spans]
    for index in range(len(spans) - 2, -1, -1):
        behind = people[index + 1]
        listed = text[spans[index][1] : spans[index + 1][0]] in _LISTED
        if behind and listed and people[index] is None and behind.start >= spans[index + 1][1]:
            people[index] = behind
    return people


def _scan(text: str, lower: str, section: Section) -> list[_Word]:
    found: list[_Word] = []
    named = False
    for start, end, kind in longest(_automaton(), lower):
        if not _counts(text, start, end, kind, section):
            continue
        if kind in ("kin", "owned") and _THIS.search(text, max(0, start - 2), start):
            kind = "patient"
        elif kind == "kin" and section != "family" and _COMES.match(text, end):
            kind = "carer"
        named = named or kind != "carer"
        found.append(_Word(start, end, kind))
    return found if named else []


def _counts(text: str, start: int, end: int, kind: str, section: Section) -> bool:
    """Whether a word of the table is a person there."""
    before = text[start - 1 : start]
    if kind == "short":
        if before and before in _OWNS:
            return True
        after = text[end : end + 1]
        return bool(after) and (after in _SAYS or (before in _OPENS and bool(_TELLS.match(text, end))))
    if kind == "child":
        return section == "family" or (before != "" and before in "他她")
    if kind == "owned":
        return before in _OWNERS or bool(_THIS.search(text, max(0, start - 2), start))
    return kind != "none"


def _whose(text: str, span: tuple[int, int], found: Sequence[_Word], default: Person | None) -> Person | None:
    """By the nearest word in front that says whose; `X家族史` and `in her mother` stand behind."""
    index = bisect_left(found, span[0], key=_start)
    for word in reversed(found[max(0, index - _WORDS) : index]):
        between = text[word.end : span[0]]
        if len(between) > _FAR or not _ENDS.isdisjoint(between) or ". " in between:
            break
        if word.kind == "patient":
            return None
        if word.kind != "carer":
            if not (default or _has(text, between, span[1])):
                return None
            person = Person(text[word.start : word.end], word.start, word.end)
            return (_GENERAL.search(person.name) and _behind(text, span, found[index : index + _WORDS])) or person
        if default is None:
            return None
    return _behind(text, span, found[index : index + _WORDS]) or default


def _has(text: str, between: str, past: int) -> bool:
    """Whether a name belongs to a relative in front of it outside a family history.

    In one clause with the relative, or in a list that goes on over commas (`母亲有高血压,糖尿病`).
    """
    clauses = _COMMA.split(between)
    if len(clauses) == 1 or _POORLY.search(between):
        return True
    rest = _COMMA.split(text[past : past + _FAR], maxsplit=1)[0]
    return all(_BARE.issuperset(clause) for clause in (*clauses[1:], rest.rstrip("。.;；")))


def _behind(text: str, span: tuple[int, int], found: Sequence[_Word]) -> Person | None:
    for word in found:
        if word.kind in ("kin", "other", "spouse"):
            between = text[span[1] : word.start]
            close = between in _TIGHT and text[word.start : word.end].lower() in _FAMILIES
            close = close or (between.strip() in _DASHES and bool(_ALONE.match(text, word.end)))
            if close or between.strip() in _BRACKETS or _IN.fullmatch(between):
                return Person(text[word.start : word.end], word.start, word.end)
    return None


def _start(word: _Word) -> int:
    return word.start
