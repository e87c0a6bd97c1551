"""The cues of `assertion.tsv`, found in a text at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, get_args

Effect = Literal[
    "absent", "uncertain", "question", "planned", "historical", "resolved", "patient", "but", "has", "none",
]  # fmt: skip
Direction = Literal["", "after", "before", "either", "closing"]
Reach = Literal["", "near", "clause", "list", "sentence"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. strong: not ended by a new predicate; examples: as in the table."""

    effect: Effect
    direction: Direction
    reach: Reach
    strong: bool
    examples: tuple[str, ...]


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
def _automaton() -> Any:
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for cue, (rule, *others) in rules().items():
        latin = cue.isascii() and any(map(str.isalpha, cue))
        automaton.add_word(cue, (len(cue), rule, tuple(others), latin))
    automaton.make_automaton()
    return automaton


def scan(text: str) -> list[Cue]:
    """All cues of a text, the longest at each place, in order and not overlapping."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    found: list[Cue] = []
    for last, (size, rule, others, latin) in _automaton().iter_long(lower):
        start = last - size + 1
        if latin and not _whole(lower, start, last + 1):
            continue
        found.append(Cue(start, last + 1, rule, others, latin))
    return found


def _whole(text: str, start: int, end: int) -> bool:
    """Whether an English cue is no part of a longer word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and (after.isalnum()))
