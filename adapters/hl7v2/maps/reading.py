"""Values that know their place: what a translator puts into a resource still says which field it was read from.

A translator reads `Leaf`s and puts them (or what it makes of them) where they belong; `placing.place` later replaces
each by its plain value and notes where it came to stand. So nothing is cited that was not used, and what was not used
is known: that is the loss ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from adapters.hl7v2.er7 import HEADERS, Segment, Separators, unescape

NULL = '""'
"""HL7's explicit null: "delete what you have". No value."""


class Leaf(msgspec.Struct, gc=False, eq=False):
    """value: as it stands in FHIR; text: the whole decoded value at `path`."""

    value: object
    path: str
    text: str

    def give(self, value: object) -> Leaf:
        """The same place with another value: a code that a table translates, a date in FHIR's form."""
        return Leaf(value, self.path, self.text)


class Joined(msgspec.Struct, gc=False, eq=False):
    """A value made of several places, in order: lines of a note, the parts of a name."""

    value: object
    sources: Sequence[Leaf]


_UNDIVIDED: Mapping[int, Mapping[int, Leaf]] = {}


class Repetition(msgspec.Struct, gc=False, eq=False):
    """One repetition of a field. `lone`: it has no component separator.

    values: each component that says something, by number (its first subcomponent where it holds several);
    divided: the subcomponents of each component that holds several; separators: of the message.
    """

    raw: str
    values: Mapping[int, Leaf]
    separators: Separators
    lone: bool = True
    divided: Mapping[int, Mapping[int, Leaf]] = _UNDIVIDED

    def leaf(self, component: int = 1) -> Leaf | None:
        """A component (its first subcomponent where it holds several), stripped; None when empty, blank or null."""
        return self.values.get(component)

    def part(self, component: int, subcomponent: int) -> Leaf | None:
        """A subcomponent; of a component that holds one value, that value is the first."""
        parts = self.divided.get(component)
        if parts is None:
            return self.values.get(component) if subcomponent == 1 else None
        return parts.get(subcomponent)

    def text(self, component: int = 1) -> str:
        """The component's value or ""."""
        leaf = self.values.get(component)
        return leaf.text.strip() if leaf else ""

    def prose(self) -> Joined | None:
        """The whole repetition as running text: delimiters that a sender did not escape stay in it."""
        sources = self.leaves()
        if not sources:
            return None
        if self.lone and not self.divided:
            return Joined(sources[0].text, sources)
        return Joined(unescape(self.raw, self.separators), sources)

    def leaves(self) -> tuple[Leaf, ...]:
        """Each value of it, in order."""
        if not self.divided:
            return tuple(self.values.values())
        found: list[Leaf] = []
        for component in sorted(self.values.keys() | self.divided.keys()):
            parts = self.divided.get(component)
            found += [self.values[component]] if parts is None else parts.values()
        return tuple(found)


class Reading:
    """A segment, to read fields from. repetitions: those that are not empty, by field; leaves: every non-empty leaf of
    it in order, also what says nothing (blanks and nulls), as `er7.leaves` has them."""

    __slots__ = ("fields", "leaves", "name", "occurrence", "repetitions", "segment")

    def __init__(self, segment: Segment, separators: Separators) -> None:
        self.segment = segment
        self.name = segment.name
        self.occurrence = segment.occurrence
        self.fields = segment.fields
        self.leaves: list[Leaf] = []
        self.repetitions: dict[int, Sequence[Repetition]] = {}
        _, component, repetition, escape, subcomponent, _ = separators
        places = _places(segment.name, segment.occurrence, len(segment.fields))
        for number, raw in enumerate(segment.fields):
            if not raw or number not in places:
                continue
            if repetition in raw or component in raw or subcomponent in raw or escape in raw:
                self.repetitions[number] = self._repeated(raw, places[number], separators)
                continue
            value = raw.strip()
            leaf = Leaf(value, places[number], raw)
            self.leaves.append(leaf)
            self.repetitions[number] = (Repetition(raw, {1: leaf} if value and value != NULL else {}, separators),)

    def _repeated(self, raw: str, place: str, separators: Separators) -> list[Repetition]:
        """A field with delimiters. place: of its first repetition."""
        if separators.repetition not in raw:
            return [self._divided(raw, place, separators)]
        return [
            self._divided(part, f"{place[:-3]}[{number}]", separators)
            for number, part in enumerate(raw.split(separators.repetition), 1)
            if part
        ]

    def _divided(self, raw: str, place: str, separators: Separators) -> Repetition:
        components = raw.split(separators.component)
        lone = len(components) == 1
        values: dict[int, Leaf] = {}
        divided: dict[int, Mapping[int, Leaf]] = {}
        for number, text in enumerate(components, 1):
            if not text:
                continue
            if separators.subcomponent in text:
                parts = text.split(separators.subcomponent)
                divided[number] = held = {
                    n: leaf for n, part in enumerate(parts, 1)
                    if part and (leaf := self._leaf(part, f"{place}.{number}.{n}", separators))
                }  # fmt: skip
                if 1 in held:
                    values[number] = held[1]
            elif leaf := self._leaf(text, place if lone else f"{place}.{number}", separators):
                values[number] = leaf
        return Repetition(raw, values, separators, lone, divided)

    def _leaf(self, raw: str, place: str, separators: Separators) -> Leaf | None:
        """The leaf there, unless it says nothing."""
        text = unescape(raw, separators) if separators.escape in raw else raw
        value = text.strip()
        leaf = Leaf(value, place, text)
        self.leaves.append(leaf)
        return leaf if value and value != NULL else None

    def has(self, field: int) -> bool:
        """Whether the field says anything (a null says nothing)."""
        return field in self.repetitions and self.fields[field] != NULL

    def first(self, field: int) -> Repetition | None:
        """The first repetition that says something."""
        found = self.repetitions.get(field)
        return found[0] if found else None

    def each(self, field: int) -> Sequence[Repetition]:
        """The repetitions that say something."""
        return self.repetitions.get(field, ())

    def leaf(self, field: int, component: int = 1) -> Leaf | None:
        """A component of the first repetition."""
        found = self.repetitions.get(field)
        return found[0].values.get(component) if found else None

    def whole(self, field: int) -> str:
        """The first repetition as running text or ""."""
        repetition = self.first(field)
        prose = repetition.prose() if repetition else None
        return str(prose.value) if prose else ""

    def text(self, field: int, component: int = 1) -> str:
        """The value of a component of the first repetition or ""."""
        leaf = self.leaf(field, component)
        return leaf.text.strip() if leaf else ""


@lru_cache(maxsize=4096)
def _places(name: str, occurrence: int, count: int) -> Mapping[int, str]:
    """The place of the first repetition of each field that holds values; MSH-1 and MSH-2 are delimiters."""
    start = 3 if name in HEADERS else 1
    return {number: f"{name}[{occurrence}]-{number}[1]" for number in range(start, count)}
