"""From leaves to plain values: where each field came to stand."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, as_sent, mark
from adapters.hl7v2.maps.reading import Joined, Leaf

Placed = list[tuple[str, str, str]]
"""(JSON pointer, HL7 path, whole text at the path), in the resource's order."""


def place(node: dict[str, Any], pointer: str, found: Placed) -> None:
    """Replace every Leaf and Joined below `node` by its value and note its places. FHIR has no lists of lists.

    What a sender wrote in another form than the usual one is kept beside the value, but for values of extensions."""
    sent: list[tuple[str, int | None, str]] = []
    for key, value in node.items():
        kind = type(value)
        if kind is str:
            continue
        if kind is Leaf:
            found.append((f"{pointer}/{key}", value.path, value.text))
            node[key] = value.value
            if value.value is not value.text and (form := as_sent(value.value, value.text)):
                sent.append((key, None, form))
        elif kind is dict:
            place(value, f"{pointer}/{key}", found)
        elif kind is list:
            for index, item in enumerate(value):
                kind = type(item)
                if kind is dict:
                    place(item, f"{pointer}/{key}/{index}", found)
                elif kind is Leaf or kind is Joined:
                    _note(item, f"{pointer}/{key}/{index}", found)
                    value[index] = item.value
                    if kind is Leaf and item.value is not item.text and (form := as_sent(item.value, item.text)):
                        sent.append((key, index, form))
        elif kind is Joined:
            _note(value, f"{pointer}/{key}", found)
            node[key] = value.value
    for key, place_in_list, form in sent if "url" not in node else ():
        mark(node, AS_SENT, form, key, place_in_list)


def _note(value: Leaf | Joined, pointer: str, found: Placed) -> None:
    for source in (value,) if isinstance(value, Leaf) else value.sources:
        found.append((pointer, source.path, source.text))
