"""What a source of the record shows: the cited characters in their value, and the original that they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from hub.domain.fragments import Kind

Mark = Literal["", "value", "cited", "left-out"]
Span = tuple[int, int]


class Place(NamedTuple):
    """`location` of a source: where in the original, and which characters of the decoded value there."""

    kind: Kind
    path: str
    start: int
    end: int


class Run(NamedTuple):
    """Characters of an original. mark: `cited`; `value` for the rest of a cited value; `left-out`: text is how many
    characters are not shown."""

    text: str
    mark: Mark = ""


class Line(NamedTuple):
    """One line of an original: a segment, a line of JSON, a line of a note."""

    runs: tuple[Run, ...]

    @property
    def cited(self) -> bool:
        return any(run.mark for run in self.runs)


class LeftOut(NamedTuple):
    """So many lines that are not shown."""

    lines: int


@dataclass(frozen=True, slots=True)
class Quotation:
    """A cited value whole, its cited characters between what stands before and after them.

    meaning: what the characters say where they are an encoding of it (base64), else "".
    """

    before: str
    cited: str
    after: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """A received document to read. quotations: of the places asked for, in their order; None: no such place in it."""

    lines: tuple[Line, ...]
    quotations: tuple[Quotation | None, ...]


def quotation(value: str, start: int, end: int, meaning: str = "") -> Quotation | None:
    """The value with [start, end) cut out; None where it has no such characters."""
    if not 0 <= start <= end <= len(value):
        return None
    return Quotation(value[:start], value[start:end], value[end:], meaning)


def painted(text: str, values: Sequence[Span], cited: Sequence[Span]) -> tuple[Run, ...]:
    """The text as runs; where spans overlap, `cited` is over `value`."""
    edges = sorted({0, len(text), *(edge for span in (*values, *cited) for edge in span)})
    runs: list[Run] = []
    for start, end in pairwise(edges):
        mark: Mark = "cited" if _within(start, cited) else "value" if _within(start, values) else ""
        if runs and runs[-1].mark == mark:
            runs[-1] = Run(runs[-1].text + text[start:end], mark)
        else:
            runs.append(Run(text[start:end], mark))
    return tuple(runs)


def _within(position: int, spans: Sequence[Span]) -> bool:
    return any(start <= position < end for start, end in spans)


def folded(lines: Sequence[Line], *, around: int = 2, most: int = 300) -> Iterator[Line | LeftOut]:
    """The cited lines with `around` lines on each side; long runs show `most` characters, cited ones all of them.

    Where nothing is cited, the first lines.
    """
    cited = [number for number, line in enumerate(lines) if line.cited] or [0]
    shown = {n for c in cited for n in range(c - around, c + around + 1) if 0 <= n < len(lines)}
    position = 0
    for number in sorted(shown):
        if number > position:
            yield LeftOut(number - position)
        yield shortened(lines[number], most)
        position = number + 1
    if position < len(lines):
        yield LeftOut(len(lines) - position)


def shortened(line: Line, most: int) -> Line:
    """The line with the middle of what is long and not cited left out."""
    return Line(tuple(part for run in line.runs for part in _shortened(run, most)))


def _shortened(run: Run, most: int) -> tuple[Run, ...]:
    if run.mark == "cited" or len(run.text) <= most:
        return (run,)
    half = most // 2
    return (
        Run(run.text[:half], run.mark),
        Run(str(len(run.text) - 2 * half), "left-out"),
        Run(run.text[-half:], run.mark),
    )
