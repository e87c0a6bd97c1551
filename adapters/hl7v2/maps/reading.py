"""Values that know their place: what a translator puts into a resource still says which field it was read from.

A translator reads `Leaf`s and puts them (or what it makes of them) where they belong; `placing.place` later replaces
each by its plain value and notes where it came to stand. So nothing is cited that was not used, and what was not used
is known: that is the loss ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.hl7v2.er7 import HEADERS, Segment, Separators, unescape

NULL = '""'
"""HL7's explicit null: "delete what you have". No value."""


class Leaf:
    """value: as it stands in FHIR; text: the whole decoded value at `path`."""

    __slots__ = ("path", "text", "value")

    def __init__(self, value: object, path: str, text: str) -> None:
        self.value = value
        self.path = path
        self.text = text

    def give(self, value: object) -> Leaf:
        """The same place with another value: a code that a table translates, a date in FHIR's form."""
        return Leaf(value, self.path, self.text)


class Joined:
    """A value made of several places, in order: lines of a note, the parts of a name."""

    __slots__ = ("sources", "value")

    def __init__(self, value: object, sources: Iterable[Leaf]) -> None:
        self.value = value
        self.sources = tuple(sources)


class Repetition:
    """One repetition of a field. `lone`: it has no component separator, its one leaf is the repetition itself."""

    __slots__ = ("components", "lone", "path", "raw", "separators")

    def __init__(self, raw: str, path: str, separators: Separators) -> None:
        self.raw = raw
        self.path = path
        self.separators = separators
        self.components = raw.split(separators.component)
        self.lone = len(self.components) == 1

    def leaf(self, component: int = 1) -> Leaf | None:
        """A component (its first subcomponent where it holds several), stripped; None when empty, blank or null."""
        if component > len(self.components):
            return None
        raw = self.components[component - 1]
        if not raw:
            return None
        separators = self.separators
        if separators.subcomponent in raw:
            return self.part(component, 1)
        text = unescape(raw, separators) if separators.escape in raw else raw
        value = text.strip()
        if not value or value == NULL:
            return None
        return Leaf(value, self.path if self.lone else f"{self.path}.{component}", text)

    def part(self, component: int, subcomponent: int) -> Leaf | None:
        """A subcomponent; of a component that holds one value, that value is the first."""
        if component > len(self.components):
            return None
        raw = self.components[component - 1]
        if self.separators.subcomponent not in raw:
            return self.leaf(component) if subcomponent == 1 else None
        parts = raw.split(self.separators.subcomponent)
        if subcomponent > len(parts) or not parts[subcomponent - 1]:
            return None
        text = unescape(parts[subcomponent - 1], self.separators)
        value = text.strip()
        return Leaf(value, f"{self.path}.{component}.{subcomponent}", text) if value and value != NULL else None

    def text(self, component: int = 1) -> str:
        """The component's value or ""."""
        leaf = self.leaf(component)
        return leaf.text.strip() if leaf else ""

    def prose(self) -> Joined | None:
        """The whole repetition as running text: delimiters that a sender did not escape stay in it."""
        if self.lone and self.separators.subcomponent not in self.raw:
            leaf = self.leaf()
            return None if leaf is None else Joined(leaf.text, (leaf,))
        text = unescape(self.raw, self.separators)
        sources = tuple(self.leaves())
        return Joined(text, sources) if sources else None

    def leaves(self) -> Iterator[Leaf]:
        """Each value of it, in order."""
        for number, raw in enumerate(self.components, 1):
            count = raw.count(self.separators.subcomponent) + 1
            for sub in range(1, count + 1):
                leaf = self.part(number, sub)
                if leaf is not None:
                    yield leaf


class Reading:
    """A segment, to read fields from."""

    __slots__ = ("fields", "name", "occurrence", "prefix", "segment", "separators")

    def __init__(self, segment: Segment, separators: Separators) -> None:
        self.segment = segment
        self.name = segment.name
        self.occurrence = segment.occurrence
        self.fields = segment.fields
        self.separators = separators
        self.prefix = f"{segment.name}[{segment.occurrence}]-"

    def path(self, field: int) -> str:
        return f"{self.prefix}{field}[1]"

    def has(self, field: int) -> bool:
        """Whether the field says anything (a null says nothing)."""
        return field < len(self.fields) and self.fields[field] not in ("", NULL)

    def first(self, field: int) -> Repetition | None:
        """The first repetition that says something."""
        if field >= len(self.fields):
            return None
        raw = self.fields[field]
        if not raw:
            return None
        if self.separators.repetition not in raw:
            return Repetition(raw, f"{self.prefix}{field}[1]", self.separators)
        for repetition in self.each(field):
            return repetition
        return None

    def each(self, field: int) -> Iterator[Repetition]:
        """The repetitions that say something."""
        if field >= len(self.fields):
            return
        raw = self.fields[field]
        if not raw:
            return
        mark = self.separators.repetition
        if mark not in raw or (field < 3 and self.name in HEADERS):
            yield Repetition(raw, f"{self.prefix}{field}[1]", self.separators)
            return
        for number, part in enumerate(raw.split(mark), 1):
            if part:
                yield Repetition(part, f"{self.prefix}{field}[{number}]", self.separators)

    def leaf(self, field: int, component: int = 1) -> Leaf | None:
        if field >= len(self.fields) or not self.fields[field]:
            return None
        repetition = self.first(field)
        return repetition.leaf(component) if repetition else None

    def whole(self, field: int) -> str:
        """The first repetition as running text or ""."""
        repetition = self.first(field)
        prose = repetition.prose() if repetition else None
        return str(prose.value) if prose else ""

    def text(self, field: int, component: int = 1) -> str:
        """The value of a component of the first repetition or ""."""
        leaf = self.leaf(field, component)
        return leaf.text.strip() if leaf else ""
