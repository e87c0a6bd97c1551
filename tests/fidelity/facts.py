"""What a resource says, as facts that can be compared: values of elements, normalised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml

DATA = Path(__file__).parent

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T[\d:]+.*)?)?)?$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")
_PHONE = re.compile(r"[\d\s()+.x-]{10,}$")


class Fact(NamedTuple):
    """element: path of names without indexes; keys: forms of the value, of which one must be found."""

    resource: str
    element: str
    keys: frozenset[str]
    value: str


class Keys(NamedTuple):
    """elements: by resource type, paths whose values are key facts; ignored: names of elements that are none."""

    elements: Mapping[str, Sequence[str]]
    ignored: frozenset[str]


def keys() -> Keys:
    """facts.yaml."""
    held = yaml.safe_load(DATA.joinpath("facts.yaml").read_text(encoding="utf-8"))
    return Keys(held["elements"], frozenset(held["ignored"]))


def key_facts(resources: Iterable[dict[str, Any]], key: Keys, message: str) -> set[Fact]:
    """What an expected output says of the elements that matter.

    A display that the message (in lower case) does not hold is the converter's own name of a code."""
    return {
        Fact(kind, element, forms(value), str(value))
        for kind, element, value in values(resources)
        if _matters(kind, element, key) and forms(value)
        and (not element.endswith(".display") or _in_words(str(value), message))
    }  # fmt: skip


def _in_words(value: str, message: str) -> bool:
    """Whether the message says it, and not as a part of a longer word."""
    return bool(re.search(rf"(?<![\w-]){re.escape(value.casefold())}(?![\w-])", message))


def _matters(kind: str, element: str, key: Keys) -> bool:
    names = element.split(".")
    if any(name in key.ignored or name.startswith("_") for name in names):
        return False
    if names[-1] == "display" and names[-2:-1] != ["coding"]:
        return False
    return any(element == one or element.startswith(one + ".") for one in key.elements.get(kind, ()))


def said(resources: Iterable[dict[str, Any]]) -> Mapping[str, set[str]]:
    """Each form of each value by resource type, and under "" all of them."""
    found: dict[str, set[str]] = {"": set()}
    for kind, _, value in values(resources):
        written = forms(value)
        found.setdefault(kind, set()).update(written)
        found[""].update(written)
    return found


def values(resources: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """(resource type, element, value) of every leaf."""
    for resource in resources:
        for element, value in _leaves(resource, ""):
            yield resource["resourceType"], element, value


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, path)
    else:
        yield path, node


def forms(value: Any) -> frozenset[str]:
    """A value's forms: a time by its minute in UTC and as written, a number as such, a telephone by its last digits."""
    if isinstance(value, bool):
        return frozenset((str(value).lower(),))
    text = re.sub(r"^urn:(oid|uuid|id):", "", re.sub(r"\s+", " ", str(value)).strip()).casefold()
    if not text:
        return frozenset()
    found = {text}
    if _NUMBER.match(text):
        found.add(f"{float(text):.12g}")
    if _DATE.match(text.upper()):
        found |= _times(text.upper())
    elif _PHONE.match(text):
        found.add("tel:" + re.sub(r"\D", "", text)[-10:])
    return frozenset(found)


def _times(text: str) -> set[str]:
    """By the minute in UTC and on the wall; a date by itself."""
    day, _, time = text.partition("T")
    if not time:
        return {day}
    found = {f"{day}T{time[:5]}", *([day] if time.startswith("00:00") else [])}
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return found
    return found | ({moment.astimezone(UTC).isoformat(timespec="minutes")[:16]} if moment.tzinfo else set())
