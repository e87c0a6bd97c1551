"""The tokenizer: decoded ER7 text to segments, fields and leaves, with the place of each.

Fields stay raw until they are asked for, so that a message costs a few splits. A place is written `OBX[3]-5[1].2`
(CONTRACTS.md): segment name, its occurrence in the message, field, repetition, component, subcomponent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from hub.domain.errors import Cause, Refusal, Refused

HEADERS = frozenset({"MSH", "FHS", "BHS"})
"""Segments whose first field is the field separator itself."""

USUAL = "^~\\&"
"""Component, repetition, escape and subcomponent, in the order of MSH-2."""


class Separators(NamedTuple):
    """The delimiters of one message. charset: Python codec of the bytes that `\\Xhh..\\` stands for."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    charset: str = "utf-8"


class Segment:
    """One segment. occurrence: n for the nth of its name in the message; fields[n]: field n, raw; fields[0]: name."""

    __slots__ = ("fields", "name", "occurrence")

    def __init__(self, name: str, occurrence: int, fields: list[str]) -> None:
        self.name = name
        self.occurrence = occurrence
        self.fields = fields

    def __repr__(self) -> str:
        return f"{self.name}[{self.occurrence}]"


class Message:
    """A tokenized message: its delimiters, its segments in order, and MSH-12.1."""

    __slots__ = ("segments", "separators", "version")

    def __init__(self, separators: Separators, segments: list[Segment], version: str) -> None:
        self.separators = separators
        self.segments = segments
        self.version = version

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        return None

    def all(self, name: str) -> list[Segment]:
        """Every segment of that name, in order."""
        return [segment for segment in self.segments if segment.name == name]


def parse(text: str, charset: str = "utf-8") -> Message:
    """Tokenize one decoded message; lines end in CR, LF or CRLF.

    A line that is no segment goes on with the field before it (senders break long text), joined by a line feed; one of
    delimiters alone says nothing.
    charset: Python codec for `\\Xhh..\\`. Raises Refused(NO_HEADER) when the text does not begin with MSH.
    """
    lines = text.lstrip("\ufeff\x0b \t\r\n").replace("\r\n", "\r").replace("\n", "\r").split("\r")
    head = lines[0]
    if head[:3] != "MSH" or len(head) < 5 or head[3].isalnum() or head[3].isspace():
        raise Refused(Refusal(Cause.NO_HEADER, "MSH[1]", "the message does not begin with an MSH segment"))
    mark = head[3]
    delimiters = separators(mark, head[4:].split(mark, 1)[0], charset)
    segments: list[Segment] = []
    counts: dict[str, int] = {}
    going_on: list[str] = []
    for line in lines:
        fields = line.split(mark)
        name = fields[0]
        if len(name) != 3 or not _is_name(name):
            if line.strip(f"\x1c \t{mark}"):
                going_on.append(name)
                if len(fields) > 1:
                    _end(segments[-1], going_on)
                    segments[-1].fields += fields[1:]
            continue
        if going_on:
            _end(segments[-1], going_on)
        counts[name] = occurrence = counts.get(name, 0) + 1
        if name in HEADERS:
            fields.insert(1, mark)
        segments.append(Segment(name, occurrence, fields))
    if going_on:
        _end(segments[-1], going_on)
    version = segments[0].fields[12] if len(segments[0].fields) > 12 else ""
    return Message(delimiters, segments, version.split(delimiters.component, 1)[0].strip())


def _end(segment: Segment, going_on: list[str]) -> None:
    """The last field with the lines that it goes on over, joined at once: there may be a million."""
    segment.fields[-1] = "\n".join([segment.fields[-1], *going_on])
    going_on.clear()


def repetitions(message: Message, segment: Segment, field: int) -> list[str]:
    """The repetitions of a field, raw; [] where the segment ends before it or the field is empty."""
    raw = segment.fields[field] if field < len(segment.fields) else ""
    if not raw:
        return []
    if field < 3 and segment.name in HEADERS:
        return [raw]
    return raw.split(message.separators.repetition)


def value(message: Message, segment: Segment, field: int, repetition: int = 1, component: int | None = None,
          subcomponent: int | None = None) -> str:  # fmt: skip
    """The decoded value at a place ("" where there is none); without component the whole repetition."""
    raw = segment.fields[field] if field < len(segment.fields) else ""
    if not raw or (field < 3 and segment.name in HEADERS):
        return raw
    separators = message.separators
    if separators.repetition in raw:
        raw = _nth(raw, separators.repetition, repetition)
    elif repetition != 1:
        return ""
    if component is not None:
        raw = _nth(raw, separators.component, component)
        if subcomponent is not None:
            raw = _nth(raw, separators.subcomponent, subcomponent)
    return unescape(raw, separators) if separators.escape in raw else raw


def path(segment: Segment, field: int, repetition: int = 1, component: int | None = None,
         subcomponent: int | None = None) -> str:  # fmt: skip
    """The place as text: `OBX[3]-5[1].2`, `PID[1]-3[1].4.2`."""
    place = f"{segment.name}[{segment.occurrence}]-{field}[{repetition}]"
    if component is not None:
        place += f".{component}"
        if subcomponent is not None:
            place += f".{subcomponent}"
    return place


def leaves(message: Message) -> Iterator[tuple[str, str]]:
    """Each non-empty leaf as (path, decoded value), in document order.

    A repetition without component and subcomponent separators is one leaf, `PID[1]-8[1]`; otherwise each component is
    (`.2`), and each subcomponent where a component holds several (`.4.2`). MSH-1 and MSH-2 are no leaves. The HL7 null
    `""` is a leaf.
    """
    separators = message.separators
    for segment in message.segments:
        start = 3 if segment.name in HEADERS else 1
        prefix = f"{segment.name}[{segment.occurrence}]-"
        for number, raw in enumerate(segment.fields[start:], start):
            if raw:
                yield from _field_leaves(f"{prefix}{number}[", raw, separators)


def _field_leaves(prefix: str, raw: str, separators: Separators) -> Iterator[tuple[str, str]]:
    _, component_mark, repetition_mark, escape, subcomponent_mark, _ = separators
    for r, repetition in enumerate(raw.split(repetition_mark), 1):
        if not repetition:
            continue
        if component_mark not in repetition and subcomponent_mark not in repetition:
            yield f"{prefix}{r}]", unescape(repetition, separators) if escape in repetition else repetition
            continue
        for c, component in enumerate(repetition.split(component_mark), 1):
            if subcomponent_mark not in component:
                if component:
                    yield f"{prefix}{r}].{c}", unescape(component, separators)
                continue
            for s, part in enumerate(component.split(subcomponent_mark), 1):
                if part:
                    yield f"{prefix}{r}].{c}.{s}", unescape(part, separators)


def unescape(text: str, separators: Separators) -> str:
    """Resolve escape sequences (HL7 v2 chapter 2.7).

    `\\Xhh..\\` are bytes in the message's charset, a carriage return among them is a line feed; `\\.br\\`, `\\.sp\\`
    and `\\.ce\\` end the line; highlighting and indentation go; local (`\\Zxx\\`), charset-switching and unknown
    sequences stay as they are.
    """
    escape = separators.escape
    if escape not in text:
        return text
    simple, pattern = _escapes(separators)

    def resolve(match: re.Match[str]) -> str:
        code = match[1]
        if code is None:
            return _bytes(match[0], separators)
        found = simple.get(code)
        if found is not None:
            return found
        return _formatting(code[1:].lower()) if code[0] == "." else match[0]

    return pattern.sub(resolve, text)


def pieces(text: str, separators: Separators) -> Iterator[tuple[str, str]]:
    """A raw value cut at its escape sequences, each part with what it stands for: together `unescape(text)`."""
    position = 0
    for match in _escapes(separators)[1].finditer(text):
        if match.start() > position:
            yield text[position : match.start()], text[position : match.start()]
        yield match[0], unescape(match[0], separators)
        position = match.end()
    if position < len(text):
        yield text[position:], text[position:]


def escape(text: str, separators: Separators) -> str:
    """Make a value fit to stand in a field: delimiters escaped, line ends written `\\.br\\`."""
    mark = separators.escape
    table = {
        mark: f"{mark}E{mark}",
        separators.field: f"{mark}F{mark}",
        separators.component: f"{mark}S{mark}",
        separators.subcomponent: f"{mark}T{mark}",
        separators.repetition: f"{mark}R{mark}",
        "\n": f"{mark}.br{mark}",
        "\r": f"{mark}.br{mark}",
    }
    return "".join(table.get(character, character) for character in text.replace("\r\n", "\n"))


@lru_cache(maxsize=256)
def _escapes(separators: Separators) -> tuple[dict[str, str], re.Pattern[str]]:
    mark = re.escape(separators.escape)
    simple = {
        "F": separators.field, "S": separators.component, "T": separators.subcomponent,
        "R": separators.repetition, "E": separators.escape, "P": "#", "H": "", "N": "",
        ".br": "\n", ".sp": "\n", ".ce": "\n",
    }  # fmt: skip
    known = rf"[FSTREPHN]|[CMZ][^{mark}\r\n]*|\.[A-Za-z]{{2}}[+-]?\d*"
    return simple, re.compile(rf"{mark}({known}){mark}|(?:{mark}X[0-9A-Fa-f]+{mark})+")


def _bytes(run: str, separators: Separators) -> str:
    """A run of `\\Xhh..\\`: one character's bytes may be spread over several sequences."""
    digits = run.replace(f"{separators.escape}X", "").replace(separators.escape, "")
    try:
        text = bytes.fromhex(digits).decode(separators.charset)
    except (ValueError, LookupError):
        return run
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _formatting(command: str) -> str:
    if command[:2] in ("br", "sp", "ce"):
        return "\n"
    if command[:2] == "sk":
        return " " * min(int(command[2:].lstrip("+-")[:9] or 1), 200)
    return ""


def _nth(raw: str, mark: str, number: int) -> str:
    if mark not in raw:
        return raw if number == 1 else ""
    parts = raw.split(mark, number)
    return parts[number - 1] if number <= len(parts) else ""


def separators(field: str, characters: str, charset: str = "utf-8") -> Separators:
    """The delimiters that MSH-1 and MSH-2 name, by position.

    A mangled MSH-2 (`^~\\\\&`, `^~&`) is read by what each usual character usually means; letters and digits separate
    nothing.
    """
    return _separators(field, characters[:16], charset)


@lru_cache(maxsize=256)
def _separators(field: str, characters: str, charset: str) -> Separators:
    distinct = "".join([character for character in dict.fromkeys(characters) if not character.isalnum()])
    if len(distinct) >= 4:
        return Separators(field, distinct[0], distinct[1], distinct[2], distinct[3], charset)
    if all(character in USUAL for character in distinct):
        return Separators(field, charset=charset)
    spare = [character for character in USUAL if character not in distinct]
    full = distinct + "".join(spare[len(distinct) - 4 :])
    return Separators(field, full[0], full[1], full[2], full[3], charset)


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    return name.isascii() and name.isalnum() and name.isupper() and not name[0].isdigit()
