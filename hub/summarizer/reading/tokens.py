"""The words of a sentence that say how a medicine is taken: amounts, frequencies, routes and `intake_words.tsv`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import ahocorasick

from hub.summarizer.reading.doses import Often, amount_at, often_at, split_at
from hub.summarizer.reading.model import Mention, When
from hub.summarizer.rows import rows

DATE, NAME, OTHER = "\x00", "\x01", "\x02"
"""What stands in a masked text for the characters of a date, of a name that is read, of another name."""

_NUMERALS = "一二两三四五六七八九十百半"
_PLACE = re.compile(
    rf"(?<![\d.^])\d|[{_NUMERALS}每隔×*]|天天|日日|日(?=[\s一二两三四1-4口服吃用打注总剂共])|早|晚|临?睡|清[早晨]|晨|夜|中午|下午|"
    r"空腹|[进随与]?餐|饭|[必需]要?时|按需|临时|立[即刻]|即刻|规格|\x02(?<!\x02\x02)|(?<![a-z])[a-z]|"
    r"(?<=[\dgulov])(?:q|b|t|h|st|prn)(?=[a-z])"
)
_PLACE_OF_COMPLAINT = re.compile(r"(?:胸|[痛疼]|心绞|憋|喘|气|发|难受|不舒|不适|头|咳|睡不)(?=.{0,6}[时才再])")
_CLOCK = re.compile(r"早|晚|睡|夜|中午|午餐|下午")
_WHEN_NEEDED = re.compile(r"\x02{2,}(?:得?厉害|发作|明显|加重)?(?:(?:的时候|时候?)(?!间)|了?[才再][服用吃喷吸含])")
"""A complaint and `时`: taken when it comes."""
_SQUEEZED = re.compile(r"bid|tid|qid|qd|qn|qod|qhs|prn|d\d|q\d")


@dataclass(frozen=True, slots=True)
class Token:
    """kind: of `intake_words.tsv`, or `amount`, `often`, `route`; value: what it says."""

    start: int
    end: int
    kind: str
    value: Any


@lru_cache(maxsize=1)
def _words() -> Any:
    automaton = ahocorasick.Automaton()
    for kind, words in rows("reading/intake_words.tsv", 2):
        for word in (each for part in words.split("|") for each in _expanded(part)):
            automaton.add_word(word, (len(word), kind, "", word.isascii()))
    for route, words, codes in rows("reading/routes.tsv", 3):
        for word in (*words.split("|"), *codes.split("|")):
            if word:
                automaton.add_word(word, (len(word), "route", route, word.isascii()))
    automaton.make_automaton()
    return automaton


def _expanded(words: str) -> list[str]:
    """`先{吃,用}` as `先吃` and `先用`."""
    parts = [part.split(",") if number % 2 else [part] for number, part in enumerate(re.split(r"[{}]", words))]
    return ["".join(chosen) for chosen in product(*parts)]


def masked(low: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """A text in which each span is filled with its mark."""
    parts: list[str] = []
    place = 0
    for start, end, mark in sorted(spans):
        if start >= place:
            parts += (low[place:start], mark * (end - start))
            place = end
    parts.append(low[place:])
    return "".join(parts)


def masks(names: Sequence[Mention], others: Sequence[Mention], dates: Sequence[When]) -> list[tuple[int, int, str]]:
    own = [(m.start, m.end, NAME) for m in names]
    taken = {(start, end) for start, end, _ in own}
    other = [(m.start, m.end, OTHER) for m in others if (m.start, m.end) not in taken]
    return own + other + [(d.start, d.end, DATE) for d in dates]


def tokens(low: str) -> list[Token]:
    """The tokens of a masked text in lower case, in order, none in another."""
    words = _longest(low)
    places = {m.start() for m in _PLACE.finditer(low)}
    if "时" in low or "才" in low or "再" in low:
        places |= {m.start() for m in _PLACE_OF_COMPLAINT.finditer(low)}
    clock = _CLOCK.search(low) is not None
    found: list[Token] = []
    end = 0
    for place in sorted(places | words.keys()):
        if place >= end:
            token = _measured(low, place, words.get(place), clock) if place in places else words[place]
            if token is not None:
                found.append(token)
                end = token.end
    return found


def _measured(low: str, place: int, word: Token | None, clock: bool) -> Token | None:
    """The amount or frequency that starts at a place, else the word; a word that is longer than a frequency wins."""
    first = low[place]
    if first == OTHER:
        when = _WHEN_NEEDED.match(low, place)
        return Token(place, when.end(), "often", Often(place, when.end(), "prn")) if when else None
    if clock and (first.isdigit() or first in _NUMERALS or first in "早晚睡夜中午下"):
        split = split_at(low, place)
        if split:
            return Token(place, split.end, "amount", split)
    if first.isdigit() or first in _NUMERALS or first in "每规":
        amount = amount_at(low, place)
        if amount:
            return Token(place, amount.end, "amount", amount)
    often = often_at(low, place)
    if often and not (word and word.end > often.end):
        return Token(place, often.end, "often", often)
    return word


def _longest(low: str) -> dict[int, Token]:
    found: dict[int, Token] = {}
    for last, (length, kind, value, latin) in _words().iter(low):
        start, end = last - length + 1, last + 1
        if latin and not _apart(low, start, end, kind == "route"):
            continue
        known = found.get(start)
        if known is None or end > known.end:
            found[start] = Token(start, end, kind, value)
    return found


def _apart(low: str, start: int, end: int, squeezed: bool) -> bool:
    """Whether a Latin word stands alone; a route may stick to the unit before and the frequency after it."""
    before, after = low[start - 1 : start], low[end : end + 1]
    if low[start].isalpha() and before.isascii() and before.isalpha() and not (squeezed and _unit_before(low, start)):
        return False
    if after in ("期", "级", "度", "型"):
        return False
    return not (after.isascii() and after.isalpha()) or bool(squeezed and _SQUEEZED.match(low, end))


def _unit_before(low: str, place: int) -> bool:
    return bool(re.search(r"\d\s?(?:mg|ug|g|ml|iu|u)$", low[max(0, place - 10) : place]))
