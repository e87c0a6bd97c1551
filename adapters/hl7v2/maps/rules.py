"""Rules as data: which field goes where, as what. A segment's translator is mostly such a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from adapters.hl7v2.maps.conversion import Conversion, put
from adapters.hl7v2.maps.datatypes import Convert
from adapters.hl7v2.maps.reading import Reading
from hub.domain.fragments import Resource


class Rule(NamedTuple):
    """field: number; target: element names from the resource's root; convert: a datatype map.

    A target that ends in `[]` takes every repetition; another takes the first that has a value.
    """

    field: int
    target: tuple[str, ...]
    convert: Convert
    repeats: bool


def rules(*rows: tuple[int, str, Convert]) -> tuple[Rule, ...]:
    """Rules from rows of (field, `dotted.target[]`, datatype map)."""
    return tuple(
        Rule(field, tuple(target.split(".")), convert, target.endswith("[]")) for field, target, convert in rows
    )


def apply(sheet: Iterable[Rule], c: Conversion, segment: Reading, resource: Resource) -> Resource:
    """Fill a resource by a rule sheet. What a datatype map cannot hold is left, and so stays unmapped."""
    held = segment.firsts
    for rule in sheet:
        if rule.field not in held:
            continue
        field, target, convert, repeats = rule
        for repetition in segment.each(field):
            value = convert(c, repetition)
            if value is not None:
                put(resource, target, value)
                if not repeats:
                    break
    return resource
