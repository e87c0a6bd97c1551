"""The record as plain text, from what is printed: for programs, mail and terminals, in lines of at most 96 columns.

Chinese characters take two columns. Characters that would steer a terminal or turn the direction of writing are left
out: the text is data from strangers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from hub.domain.statements import Document
from hub.store.connections import decode
from hub.views.marks import Mark
from hub.web.page import Page
from hub.web.printed import Entry, Origin, Printed, printed
from hub.web.record.model import view

WIDTH = 96

_TOKEN = re.compile(r"[!-~–]+|.", re.DOTALL)
_NOT_FIRST = frozenset("，。、；：？！）》」』】〉…%,.;:?!)]}")
"""Characters that begin no line."""


def exported(record: str, page: Page, messages: Mapping[str, tuple[str, str]], standing: Mapping[str, Mark]) -> str:
    """A record's JSON text as plain text in the page's language. messages, standing: see `printed`."""
    document: Document = decode(record)
    return text(printed(page, view(record, page.zone), document, messages, standing))


def text(record: Printed) -> str:
    """Every line ends with a line feed; each statement is followed by the numbers of its sources."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(record))


def _lines(record: Printed) -> Iterator[str]:
    yield from _wrapped(record.title)
    yield from _wrapped(record.patient)
    for label, value in record.facts:
        yield from _wrapped(f"{label}: {value}", "", "  ")
    if record.question:
        yield ""
        yield from _wrapped(record.question, "", "  ")
    for part in record.parts:
        yield from _headed(part.title)
        for entry in part.entries:
            yield from _entry(entry, "- ")
    yield from _headed(record.sources_title)
    for origin in record.origins:
        yield from _origin(origin)
    yield ""
    yield from _wrapped(record.footer)


def _headed(title: str) -> Iterator[str]:
    yield ""
    yield from _wrapped(title)
    yield "-" * min(_columns(title), WIDTH)


def _entry(entry: Entry, bullet: str) -> Iterator[str]:
    said = entry.text
    if entry.detail:
        said += f" ({entry.detail})"
    if entry.mark:
        said += f" <{entry.mark}>"
    if entry.refs:
        said += f" [{', '.join(entry.refs)}]"
    yield from _wrapped(said, bullet, " " * len(bullet))
    for line in entry.lines:
        yield from _entry(line, " " * len(bullet) + "- ")


def _origin(origin: Origin) -> Iterator[str]:
    yield from _wrapped(f"[{origin.number}] {origin.organization} · {origin.at} · {origin.message}", "", "    ")
    yield from _wrapped("; ".join(f"{number} {path}" for number, path in origin.places), "    ", "    ")


def _wrapped(said: str, first: str = "", later: str = "") -> Iterator[str]:
    """The text in lines; words of Latin letters, numbers and paths stay whole where they fit in a line."""
    line, used, begun = first, _columns(first), False
    for paragraph in said.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if begun:
            yield line
            line, used = later, _columns(later)
        begun = True
        for token in _tokens(_shown(paragraph), WIDTH - _columns(later)):
            size = _columns(token)
            if used + size > WIDTH and used > _columns(later) and token[0] not in _NOT_FIRST:
                yield line
                line, used = later, _columns(later)
                if token == " ":
                    continue
            line += token
            used += size
    yield line


def _tokens(said: str, most: int) -> Iterator[str]:
    for match in _TOKEN.finditer(said):
        word = match[0]
        yield from (word[start : start + most] for start in range(0, len(word), most))


def _shown(said: str) -> str:
    return "".join(_seen(said))


def _seen(said: Iterable[str]) -> Iterator[str]:
    for character in said:
        if character == "\t":
            yield " "
        elif unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            yield character


@lru_cache(maxsize=4096)
def _wide(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _columns(said: str) -> int:
    return len(said) if said.isascii() else sum(map(_wide, said))
