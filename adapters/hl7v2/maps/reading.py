"""Values that know their place: what a translator puts into a resource still says which field it was read from.

A translator reads `Leaf`s and puts them (or what it makes of them) where they belong; `placing.place` later replaces
each by its plain value and notes where it came to stand. So nothing is cited that was not used, and what was not used
is known: that is the loss ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import lru_cache
from types import MappingProxyType

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


def joined(lines: Sequence[Joined]) -> Joined:
    """Lines as one text, with a source for each place."""
    return Joined("\n".join(str(line.value) for line in lines), [leaf for line in lines for leaf in line.sources])


_NO_VALUES: Mapping[int, Leaf] = MappingProxyType({})
_UNDIVIDED: Mapping[int, Mapping[int, Leaf]] = MappingProxyType({})


class Repetition(msgspec.Struct, gc=False, eq=False):
    """One repetition of a field. `lone`: it has no component separator.

    one: its first component, None where that says nothing; values: of a field with delimiters each component that says
    something, by number (its first subcomponent where it holds several); divided: the subcomponents of each component
    that holds several; separators: of the message.
    """

    raw: str
    one: Leaf | None
    separators: Separators
    lone: bool = True
    values: Mapping[int, Leaf] = _NO_VALUES
    divided: Mapping[int, Mapping[int, Leaf]] = _UNDIVIDED

    def leaf(self, component: int = 1) -> Leaf | None:
        """A component (its first subcomponent where it holds several), stripped; None when empty, blank or null."""
        return self.one if component == 1 else self.values.get(component)

    def part(self, component: int, subcomponent: int) -> Leaf | None:
        """A subcomponent; of a component that holds one value, that value is the first."""
        parts = self.divided.get(component)
        if parts is None:
            return self.leaf(component) if subcomponent == 1 else None
        return parts.get(subcomponent)

    def component(self, number: int) -> Repetition | None:
        """A component as a field of its own: its subcomponents are that field's components."""
        parts = self.divided.get(number)
        if parts is None:
            found = self.leaf(number)
            return Repetition(found.text, found, self.separators) if found else None
        marks = self.separators
        raw = self.raw.split(marks.component)[number - 1].replace(marks.subcomponent, marks.component)
        return Repetition(raw, parts.get(1), marks, False, parts)

    def text(self, component: int = 1) -> str:
        """The component's value or ""."""
        leaf = self.one if component == 1 else self.values.get(component)
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
            return tuple(self.values.values()) or ((self.one,) if self.one else ())
        found: list[Leaf] = []
        for component in sorted(self.values.keys() | self.divided.keys()):
            parts = self.divided.get(component)
            found += [self.values[component]] if parts is None else parts.values()
        return tuple(found)


class Reading:
    """A segment, to read fields from. firsts: the first repetition of each field that is not empty; repeated: all of
    them where a field has several; leaves: every non-empty leaf of it in order, also what says nothing (blanks and
    nulls), as `er7.leaves` has them."""

    __slots__ = ("fields", "firsts", "leaves", "name", "occurrence", "repeated", "segment", "separators")

    def __init__(self, segment: Segment, separators: Separators) -> None:
        self.segment = segment
        self.separators = separators
        self.name = segment.name
        self.occurrence = segment.occurrence
        self.fields = segment.fields
        leaves: list[Leaf] = []
        firsts: dict[int, Repetition] = {}
        self.leaves, self.firsts = leaves, firsts
        self.repeated: dict[int, Sequence[Repetition]] = {}
        _, component, repetition, escape, subcomponent, _ = separators
        places = _places(segment.name, segment.occurrence, len(segment.fields))
        for number, raw in enumerate(segment.fields):
            if not raw or not (place := places[number]):
                continue
            if raw.isalnum():  # as most fields are: no delimiter, blank or null is in it
                leaf = Leaf(raw, place, raw)
                leaves.append(leaf)
                firsts[number] = Repetition(raw, leaf, separators)
            elif repetition in raw:
                if found := _repeated(raw, place, separators, leaves):
                    firsts[number], self.repeated[number] = found[0], found
            elif component in raw or subcomponent in raw or escape in raw:
                firsts[number] = _divided(raw, place, separators, leaves)
            else:
                value = raw.strip()
                leaf = Leaf(value, place, raw)
                leaves.append(leaf)
                firsts[number] = Repetition(raw, leaf if value and value != NULL else None, separators)

    def move(self, origin: int, to: int) -> None:
        """Take a field for another of the segment, as repetitions after those that it has; its places stay."""
        moved = self.each(origin)
        if not moved or origin == to:
            return
        fields = [*self.fields, *[""] * (to + 1 - len(self.fields))]
        fields[to] = self.separators.repetition.join([part for part in (fields[to], fields[origin]) if part])
        fields[origin] = ""
        held = (*self.each(to), *moved)
        del self.firsts[origin]
        self.repeated.pop(origin, None)
        self.fields, self.firsts[to] = fields, held[0]
        if len(held) > 1:
            self.repeated[to] = held

    def with_only(self, field: int, repetition: Repetition) -> Reading:
        """The same with one repetition of a field."""
        found = copy(self)
        found.firsts = {**self.firsts, field: repetition}
        found.repeated = {number: held for number, held in self.repeated.items() if number != field}
        return found

    def has(self, field: int) -> bool:
        """Whether the field says anything (a null says nothing)."""
        return field < len(self.fields) and self.fields[field] not in ("", NULL)

    def first(self, field: int) -> Repetition | None:
        """The first repetition that says something."""
        return self.firsts.get(field)

    def each(self, field: int) -> Sequence[Repetition]:
        """The repetitions that say something."""
        if field in self.repeated:
            return self.repeated[field]
        return (self.firsts[field],) if field in self.firsts else ()

    def leaf(self, field: int, component: int = 1) -> Leaf | None:
        """A component of the first repetition."""
        found = self.firsts.get(field)
        return found.leaf(component) if found else None

    def whole(self, field: int) -> str:
        """The first repetition as running text or ""."""
        repetition = self.firsts.get(field)
        if repetition is None:
            return ""
        if repetition.lone and not repetition.divided:
            return repetition.one.text if repetition.one else ""
        prose = repetition.prose()
        return str(prose.value) if prose else ""

    def text(self, field: int, component: int = 1) -> str:
        """The value of a component of the first repetition or ""."""
        leaf = self.leaf(field, component)
        return leaf.text.strip() if leaf else ""


def _repeated(raw: str, place: str, separators: Separators, leaves: list[Leaf]) -> Sequence[Repetition]:
    """A field's repetitions. place: of the first."""
    return [
        _divided(part, f"{place[:-3]}[{number}]", separators, leaves)
        for number, part in enumerate(raw.split(separators.repetition), 1)
        if part
    ]


def _divided(raw: str, place: str, separators: Separators, leaves: list[Leaf]) -> Repetition:
    _, component, _, escape, subcomponent, _ = separators
    components = raw.split(component)
    lone = len(components) == 1
    values: dict[int, Leaf] = {}
    divided: dict[int, Mapping[int, Leaf]] = {}
    for number, text in enumerate(components, 1):
        if not text:
            continue
        if subcomponent in text:
            divided[number] = parts = _divided_again(text, f"{place}.{number}", separators, leaves)
            if 1 in parts:
                values[number] = parts[1]
            continue
        if escape in text:
            text = unescape(text, separators)
        value = text.strip()
        leaf = Leaf(value, place if lone else f"{place}.{number}", text)
        leaves.append(leaf)
        if value and value != NULL:
            values[number] = leaf
    return Repetition(raw, values.get(1), separators, lone, values, divided)


def _divided_again(raw: str, place: str, separators: Separators, leaves: list[Leaf]) -> Mapping[int, Leaf]:
    """The subcomponents that say something."""
    found: dict[int, Leaf] = {}
    for number, part in enumerate(raw.split(separators.subcomponent), 1):
        if part:
            text = unescape(part, separators)
            value = text.strip()
            leaf = Leaf(value, f"{place}.{number}", text)
            leaves.append(leaf)
            if value and value != NULL:
                found[number] = leaf
    return found


@lru_cache(maxsize=4096)
def _places(name: str, occurrence: int, count: int) -> Sequence[str]:
    """The place of the first repetition of each field; "" for what holds no value: the name, MSH-1 and MSH-2."""
    start = 3 if name in HEADERS else 1
    return tuple(f"{name}[{occurrence}]-{n}[1]" if n >= start else "" for n in range(count))
