"""From leaves to plain values: where each field came to stand."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, as_sent, mark, mark_items
from adapters.hl7v2.maps.reading import Joined, Leaf
from hub.domain.fragments import Citation

Placed = list[Citation]
"""In the resource's order."""

_new = tuple.__new__  # what a named tuple's own constructor calls, a function call later


def place(node: dict[str, Any], pointer: str, found: Placed) -> None:
    """Replace every Leaf and Joined below `node` by its value and note its places. FHIR has no lists of lists.

    What a sender wrote in another form than the usual one is kept beside the value, but for values of extensions."""
    sent: dict[str, str | dict[int, str]] = {}
    for key, value in node.items():
        kind = type(value)
        if kind is str:
            continue
        if kind is Leaf:
            plain, text = value.value, value.text
            found.append(_new(Citation, (f"{pointer}/{key}", value.path, text)))
            node[key] = plain
            if plain is not text and (form := as_sent(plain, text)):
                sent[key] = form
        elif kind is dict:
            place(value, f"{pointer}/{key}", found)
        elif kind is list:
            forms: dict[int, str] = {}
            for index, item in enumerate(value):
                kind = type(item)
                if kind is dict:
                    place(item, f"{pointer}/{key}/{index}", found)
                elif kind is Leaf or kind is Joined:
                    _note(item, f"{pointer}/{key}/{index}", found)
                    value[index] = item.value
                    if kind is Leaf and item.value is not item.text and (form := as_sent(item.value, item.text)):
                        forms[index] = form
            if forms:
                sent[key] = forms
        elif kind is Joined:
            _note(value, f"{pointer}/{key}", found)
            node[key] = value.value
    if sent and not _is_extension(node):
        for key, told in sent.items():
            if isinstance(told, str):
                mark(node, AS_SENT, told, key)
            else:
                mark_items(node, AS_SENT, told, key)


def _is_extension(node: dict[str, Any]) -> bool:
    return "url" in node and any(key.startswith("value") for key in node)


def _note(value: Leaf | Joined, pointer: str, found: Placed) -> None:
    for source in (value,) if isinstance(value, Leaf) else value.sources:
        found.append(_new(Citation, (pointer, source.path, source.text)))
