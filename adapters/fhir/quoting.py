"""Places of a received FHIR document, found again in its JSON: the citations of a record, turned round."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from adapters.attached.texts import text_of
from hub.domain.quotations import Line, Original, Place, Quotation, Run, Span, painted, quotation

_RESOURCE = re.compile(r"/entry/\d+/resource")
_INDENT = "  "


class _Number(str):
    """A JSON number, as written."""

    __slots__ = ()


class _Printing(NamedTuple):
    """What is marked where: by JSON pointer the spans in the value there, and the texts that base64 data stand for."""

    cited: Mapping[str, list[Span]]
    texts: Mapping[str, str]


def quote(raw: bytes, places: Sequence[Place], scope: Sequence[str] | None = ()) -> Original:
    """The document pretty-printed with the places marked, strings as the characters that they stand for.

    scope: JSON pointers of the resources to show; empty: those that are cited; None: the document whole.
    """
    document = json.loads(raw.removeprefix(codecs.BOM_UTF8), parse_float=_Number, parse_int=_Number)
    cited: dict[str, list[Span]] = {}
    texts: dict[str, str] = {}
    quotations: list[Quotation | None] = []
    for place in places:
        found = _value(document, place.path)
        said = quotation(found, place.start, place.end) if found is not None else None
        quotations.append(said)
        if said and found is not None:
            cited.setdefault(place.path, []).append((place.start, place.end))
            if place.path.endswith("/data"):
                texts[place.path] = found
    shown = [""] if scope is None else list(dict.fromkeys(scope or map(_base, cited))) or [""]
    printing = _Printing(cited, texts)
    lines = [line for base in shown for line in _print(_lookup(document, base), base, 0, "", printing)]
    return Original(tuple(lines), tuple(quotations))


def _base(path: str) -> str:
    """The outermost resource of a Bundle that a path is in; "" for the document."""
    match = _RESOURCE.match(path)
    return match[0] if match else ""


def _value(document: Any, path: str) -> str | None:
    """The characters of the value at a path, of base64 text those that it says; None where there is no value."""
    found = _lookup(document, path)
    if isinstance(found, dict | list) or found is _MISSING:
        return None
    if path.endswith("/data") and isinstance(found, str):
        holder = _lookup(document, path.removesuffix("/data"))
        said = text_of(found, str(holder.get("contentType") or "text/plain"))
        return found if said is None else said
    return _scalar(found)


_MISSING = object()


def _lookup(value: Any, path: str) -> Any:
    for step in path.split("/")[1:]:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step.replace("~1", "/").replace("~0", "~"), _MISSING)
        else:
            return _MISSING
    return value


def _scalar(value: object) -> str:
    """As `hub.domain.fragments.literal` has it: numbers as written, but for exponents."""
    if isinstance(value, _Number):
        return format(Decimal(value), "f") if "e" in value.lower() else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _print(value: Any, path: str, depth: int, key: str, printing: _Printing, end: str = "") -> Iterator[Line]:
    """The lines of a value. key: what stands before it (`"code": `); end: what stands after it (`,`)."""
    indent = _INDENT * depth
    if isinstance(value, dict | list) and value:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        yield Line((Run(indent + key + opening),))
        children = list(_children(value))
        for number, (step, name, child) in enumerate(children, 1):
            comma = "," if number < len(children) else ""
            yield from _print(child, f"{path}/{step}", depth + 1, name, printing, comma)
        yield Line((Run(indent + closing + end),))
        return
    spans = printing.cited.get(path, ())
    text = printing.texts.get(path) or _shown(value)
    quote = '"' if isinstance(value, str) and not isinstance(value, _Number) else ""
    runs = painted(text, [(0, len(text))] if spans else (), spans) if text else ()
    yield Line((Run(indent + key + quote), *runs, Run(quote + end)))


def _children(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, str, Any]]:
    """The step of the pointer, what stands before the value, the value."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield name.replace("~", "~0").replace("/", "~1"), f'"{name}": ', child
    else:
        for index, child in enumerate(value):
            yield str(index), "", child


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list) else _scalar(value)
