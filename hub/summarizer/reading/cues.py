"""The cues of `assertion.tsv`, found in a text at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Literal, NamedTuple, get_args

Effect = Literal[
    "absent", "undone", "excluded", "uncertain", "question", "planned", "if", "historical", "resolved", "patient",
    "but", "has", "none",
]  # fmt: skip
Direction = Literal["", "after", "before", "either", "closing", "within"]
Reach = Literal["", "near", "clause", "list", "all", "sentence"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. strong: not ended by a new predicate; examples: as in the table."""

    effect: Effect
    direction: Direction
    reach: Reach
    strong: bool
    examples: tuple[str, ...]


_CHOICE: Final = re.compile(r"\{([^{}]*)\}")
_PAIR: Final = 2
_TWICE: Final = re.compile(r"(.)[不没](?:有)?\1")


class Cue(NamedTuple):
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
    """The rules of each cue: the first that reaches a name holds."""
    return read(files("hub.summarizer.reading").joinpath("assertion.tsv").read_text("utf-8"))


def read(text: str) -> dict[str, tuple[Rule, ...]]:
    """The rules of a table. Raises ValueError with the line of a row that cannot be read."""
    table: dict[str, tuple[Rule, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cues, effect, direction, reach, examples = (*line.split("\t"), "", "", "", "")[:5]
        strong = reach.endswith("!")
        reach = reach.removesuffix("!")
        if effect not in get_args(Effect) or direction not in get_args(Direction) or reach not in get_args(Reach):
            raise ValueError(f"assertion.tsv:{number}: no such effect, direction or reach")
        rule = Rule(effect, direction, reach, strong, tuple(filter(None, examples.split("|"))))  # type: ignore[arg-type]
        for cue in (spelled for written in cues.split("|") for spelled in spellings(written)):
            if not cue or (rule in table.get(cue, ()) and "{" not in cues):
                raise ValueError(f"assertion.tsv:{number}: {cue!r} is empty or twice there")
            table[cue] = tuple(dict.fromkeys((*table.get(cue, ()), rule)))
    return table


def spellings(written: str) -> Iterator[str]:
    """All that a cue with choices stands for: `{没,未曾}{得,患}过{,有}` is eight of them."""
    choice = _CHOICE.search(written)
    if not choice:
        yield written
        return
    for each in choice[1].split(","):
        yield from spellings(written[: choice.start()] + each + written[choice.end() :])


@lru_cache(maxsize=1)
def _denials() -> Mapping[str, tuple[str, ...]]:
    """The words that deny within a name, by their last character."""
    found: dict[str, tuple[str, ...]] = {}
    for cue, each in rules().items():
        if any(rule.direction == "within" for rule in each):
            found[cue[-1]] = (*found.get(cue[-1], ()), cue)
    return found


def denies(name: str) -> bool:
    """Whether a name says of itself that what it names is absent (`不烧了`, `嗓子不哑`); `稀不稀` asks."""
    words = _denials().get(name[-1:])
    return words is not None and name.endswith(words) and not _TWICE.search(name)


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


def scan(lower: str) -> list[Cue]:
    """All cues of a text in small letters, the longest at each place, in order and not overlapping."""
    return [Cue(start, end, *rule) for start, end, rule in longest(_automaton(), lower)]


def longest(automaton: Any, lower: str) -> list[tuple[int, int, Any]]:
    """The words of an automaton in a text in small letters as (start, end, value), in order, none overlapping a longer
    one; English ones only as whole words. Its values are (length, value, whether the word is English).
    """
    found: list[tuple[int, int, Any]] = []
    past = 0
    for last, (size, value, latin) in automaton.iter(lower):
        end = last + 1
        start = end - size
        if latin and not _whole(lower, start, end):
            continue
        if start < past and not _displaces(found, start, size):
            continue
        found.append((start, end, value))
        past = end
    return found


def _displaces(found: list[tuple[int, int, Any]], start: int, size: int) -> bool:
    """Whether a word is longer than those that it overlaps (`不能排除` than `也不`), which then are dropped."""
    first = len(found)
    while first and found[first - 1][1] > start:
        first -= 1
        if found[first][1] - found[first][0] >= size:
            return False
    del found[first:]
    return True


def _whole(text: str, start: int, end: int) -> bool:
    """Whether an English word is no part of a longer one."""
    return not (_letters(text[start - 1 : start + 1]) or _letters(text[end - 1 : end + 1]))


def _letters(pair: str) -> bool:
    return len(pair) == _PAIR and pair.isascii() and pair.isalnum()
