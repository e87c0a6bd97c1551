"""The cues of `assertion.tsv`, found in a text at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import itemgetter
from typing import Any, Final, Literal, get_args

Effect = Literal[
    "absent", "excluded", "uncertain", "question", "planned", "if", "historical", "resolved", "patient", "but", "has",
    "none",
]  # fmt: skip
Direction = Literal["", "after", "before", "either", "closing", "within"]
Reach = Literal["", "near", "clause", "list", "sentence"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. strong: not ended by a new predicate; examples: as in the table."""

    effect: Effect
    direction: Direction
    reach: Reach
    strong: bool
    examples: tuple[str, ...]


_TWICE: Final = re.compile(r"(.)[不没](?:有)?\1")
_PLACE: Final = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue where it stands in a text.

    others: rules for where the first reaches no name; latin: an English one, whose lists run over commas.
    """

    start: int
    end: int
    rule: Rule
    others: tuple[Rule, ...]
    latin: bool


@lru_cache(maxsize=1)
def rules() -> dict[str, tuple[Rule, ...]]:
    """The rules of each cue: the first that reaches a name holds.

    Raises ValueError with the line of a row that cannot be read.
    """
    table: dict[str, tuple[Rule, ...]] = {}
    lines = files("hub.summarizer.reading").joinpath("assertion.tsv").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cues, effect, direction, reach, examples = (*line.split("\t"), "", "", "", "")[:5]
        strong = reach.endswith("!")
        reach = reach.removesuffix("!")
        if effect not in get_args(Effect) or direction not in get_args(Direction) or reach not in get_args(Reach):
            raise ValueError(f"assertion.tsv:{number}: no such effect, direction or reach")
        rule = Rule(effect, direction, reach, strong, tuple(filter(None, examples.split("|"))))  # type: ignore[arg-type]
        for cue in cues.split("|"):
            if not cue or rule in table.get(cue, ()):
                raise ValueError(f"assertion.tsv:{number}: {cue!r} is empty or twice there")
            table[cue] = (*table.get(cue, ()), rule)
    return table


@lru_cache(maxsize=1)
def _denials() -> tuple[str, ...]:
    return tuple(cue for cue, each in rules().items() if any(rule.direction == "within" for rule in each))


def denies(name: str) -> bool:
    """Whether a name says of itself that what it names is absent (`不烧了`, `嗓子不哑`); `稀不稀` asks."""
    return name.endswith(_denials()) and not _TWICE.search(name)


@lru_cache(maxsize=1)
def _automaton() -> Any:
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for cue, each in rules().items():
        found = [rule for rule in each if rule.direction != "within"]
        if not found:
            continue
        rule, *others = found
        latin = cue.isascii() and any(map(str.isalpha, cue))
        automaton.add_word(cue, (len(cue), (rule, tuple(others), latin), latin))
    automaton.make_automaton()
    return automaton


def scan(text: str) -> list[Cue]:
    """All cues of a text, the longest at each place, in order and not overlapping."""
    return [Cue(start, end, *rule) for start, end, rule in longest(_automaton(), text)]


def _by_length(each: tuple[int, int, Any]) -> tuple[int, int]:
    return each[0] - each[1], each[0]


def longest(automaton: Any, text: str) -> list[tuple[int, int, Any]]:
    """The words of an automaton in a text as (start, end, value), in order, none overlapping a longer one.

    English ones only as whole words. Its values are (length, value, whether the word is English).
    """
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    every: list[tuple[int, int, Any]] = []
    for last, (size, value, latin) in automaton.iter(lower):
        start = last - size + 1
        if not latin or _whole(lower, start, last + 1):
            every.append((start, last + 1, value))
    if len(every) > 1:
        every = _apart(every)
    return every


def _apart(every: list[tuple[int, int, Any]]) -> list[tuple[int, int, Any]]:
    """Without those that overlap a longer one (`也不` in `也不能排除`) or an earlier of its length, in order."""
    every.sort(key=_by_length)
    found: list[tuple[int, int, Any]] = []
    for each in every:
        if all(each[1] <= start or each[0] >= end for start, end, _ in found):
            found.append(each)
    found.sort(key=_PLACE)
    return found


def _whole(text: str, start: int, end: int) -> bool:
    """Whether an English word is no part of a longer one."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
