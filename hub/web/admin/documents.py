"""JSON laid out in lines, each with the JSON pointer of its value: a Bundle, or a FHIR document as received."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hub.web.admin.visible import Piece, pieces, plain

MOST_LINES = 400
_DEEPEST = 40
_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+)\])?")


class Literal(str):
    """A number as it was written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Line:
    """anchor: the pointer where something leads to the line, else ""; wrong: the value is the place of an error."""

    depth: int
    anchor: str
    name: str
    pieces: tuple[Piece, ...]
    wrong: bool


@dataclass(frozen=True, slots=True)
class Document:
    """more: there are lines that are not shown."""

    lines: tuple[Line, ...]
    more: bool


def parse(raw: bytes) -> Any:
    """The document, numbers as written. Raises ValueError where it is none."""
    try:
        return json.loads(raw, parse_float=Literal, parse_int=Literal, parse_constant=Literal)
    except RecursionError as error:
        raise ValueError("too deep") from error


def lay_out(document: Any, places: Sequence[str], leading: AbstractSet[str] = frozenset()) -> Document:
    """places: of errors, FHIRPath expressions or pointers; leading: pointers that something leads to."""
    wrong = {pointer for place in places if (pointer := _existing(document, _pointer(document, place)))}
    found = list(islice(_lines(document, "", "", 0, "", wrong, leading), MOST_LINES + 1))
    return Document(tuple(found[:MOST_LINES]), len(found) > MOST_LINES)


def _pointer(document: Any, place: str) -> list[str]:
    if place.startswith("/"):
        return place.split("/")[1:]
    steps = _STEP.findall(place)
    if not steps or not isinstance(document, dict) or document.get("resourceType") != steps[0][0]:
        return []
    return [step for name, index in steps[1:] for step in (name, index) if step]


def _existing(document: Any, steps: Sequence[str]) -> str:
    """The pointer as far as the document has it."""
    pointer, value = "", document
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            break
        pointer += f"/{_escaped(step)}"
    return pointer


def _lines(value: Any, pointer: str, name: str, depth: int, end: str, wrong: AbstractSet[str],
           leading: AbstractSet[str]) -> Iterator[Line]:  # fmt: skip
    marked, anchor = pointer in wrong, pointer if pointer in leading else ""
    if not isinstance(value, dict | list) or not value or depth > _DEEPEST:
        text = _scalar(value) if not isinstance(value, dict | list) or not value else "…"
        yield Line(depth, anchor, name, tuple(pieces(text + end, "wrong" if marked else "")), marked)
        return
    if isinstance(value, dict):
        first, last, entries = "{", "}", [(key, f"{plain(_scalar(key))}: ", inner) for key, inner in value.items()]
    else:
        first, last, entries = "[", "]", [(str(n), "", inner) for n, inner in enumerate(value)]
    yield Line(depth, anchor, name, (Piece(first, "wrong" if marked else ""),), marked)
    for n, (key, label, inner) in enumerate(entries, 1):
        comma = "," if n < len(entries) else ""
        yield from _lines(inner, f"{pointer}/{_escaped(key)}", label, depth + 1, comma, wrong, leading)
    yield Line(depth, "", "", (Piece(last + end),), False)


def _scalar(value: Any) -> str:
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, str | bool | int | dict | list) or value is None:
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
