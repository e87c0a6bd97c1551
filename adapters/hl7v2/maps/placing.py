"""From leaves to plain values: where each field came to stand."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.reading import Joined, Leaf

Placed = list[tuple[str, str, str]]
"""(JSON pointer, HL7 path, whole text at the path), in the resource's order."""


def place(node: Any, pointer: str, found: Placed) -> None:
    """Replace every Leaf and Joined below `node` by its value and note its places."""
    if type(node) is dict:
        for key, value in node.items():
            kind = type(value)
            if kind is str:
                continue
            if kind is Leaf:
                found.append((f"{pointer}/{key}", value.path, value.text))
                node[key] = value.value
            elif kind is dict or kind is list:
                place(value, f"{pointer}/{key}", found)
            elif kind is Joined:
                _join(f"{pointer}/{key}", value, found)
                node[key] = value.value
        return
    for index, value in enumerate(node):
        kind = type(value)
        if kind is dict or kind is list:
            place(value, f"{pointer}/{index}", found)
        elif kind is Leaf:
            found.append((f"{pointer}/{index}", value.path, value.text))
            node[index] = value.value
        elif kind is Joined:
            _join(f"{pointer}/{index}", value, found)
            node[index] = value.value


def _join(pointer: str, value: Joined, found: Placed) -> None:
    for source in value.sources:
        found.append((pointer, source.path, source.text))
