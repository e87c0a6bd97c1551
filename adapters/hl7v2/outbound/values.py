"""What is to be written: segments, fields, repetitions; and how they stand in ER7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adapters.hl7v2 import er7
from adapters.hl7v2.er7 import Separators

Component = str | Mapping[int, str]
"""A component's text, or its subcomponents by number."""

Repetition = dict[int, Component]
"""One repetition of a field: its components by number. A field that is not divided has component 1 alone."""

SEPARATORS = Separators()
"""What we write with: the usual delimiters, which every receiver knows."""


@dataclass(slots=True)
class Segment:
    """A segment in the making. fields: number to repetitions, texts not yet escaped; occurrence: filled by the writer
    with n for the nth of its name."""

    name: str
    fields: dict[int, list[Repetition]] = field(default_factory=dict)
    occurrence: int = 1

    def put(self, number: int, *repetitions: Repetition | str | None) -> None:
        """Add repetitions to a field; a string is an undivided one, None and "" are nothing."""
        for repetition in repetitions:
            one: Repetition = {1: repetition} if isinstance(repetition, str) else clean(repetition or {})
            if one and one != {1: ""}:
                self.fields.setdefault(number, []).append(one)

    def has(self, number: int) -> bool:
        return number in self.fields

    @property
    def empty(self) -> bool:
        return not self.fields


def clean(repetition: Mapping[int, Component | None]) -> Repetition:
    """Without components that say nothing."""
    found: Repetition = {}
    for number, component in repetition.items():
        if isinstance(component, Mapping):
            component = {n: text for n, text in component.items() if text}
            if set(component) == {1}:
                component = component[1]
        if component:
            found[number] = component
    return found


def subcomponents(made: Mapping[int, Component] | None) -> dict[int, str]:
    """What a repetition is as one component, which is not divided further."""
    return {number: part for number, part in (made or {}).items() if isinstance(part, str)}


def written(segment: Segment) -> str:
    """The segment as ER7."""
    last = max(segment.fields, default=0)
    fields = [_field(segment.fields.get(number, ())) for number in range(1, last + 1)]
    if segment.name == "MSH":
        return "MSH" + SEPARATORS.field + SEPARATORS.field.join([er7.USUAL, *fields[2:]])
    return SEPARATORS.field.join([segment.name, *fields])


def _field(repetitions: Iterable[Repetition]) -> str:
    return SEPARATORS.repetition.join(_joined(r, SEPARATORS.component) for r in repetitions)


def _joined(parts: Mapping[int, Component], mark: str) -> str:
    return mark.join(_component(parts.get(number, "")) for number in range(1, max(parts, default=0) + 1))


def _component(component: Component) -> str:
    if isinstance(component, Mapping):
        return _joined(component, SEPARATORS.subcomponent)
    return er7.escape(component, SEPARATORS)
