"""From leaves to plain values: where each field came to stand."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.reading import Joined, Leaf
from hub.domain.fragments import Citation


def place(node: Any, pointer: str, found: list[Citation]) -> None:
    """Replace every Leaf and Joined below `node` by its value and note its places, in the resource's order."""
    for key, value in node.items() if type(node) is dict else enumerate(node):
        kind = type(value)
        if kind is str:
            continue
        if kind is Leaf:
            found.append(Citation(f"{pointer}/{key}", value.path, value.text))
            node[key] = value.value
        elif kind is dict or kind is list:
            place(value, f"{pointer}/{key}", found)
        elif kind is Joined:
            found += [Citation(f"{pointer}/{key}", source.path, source.text) for source in value.sources]
            node[key] = value.value
