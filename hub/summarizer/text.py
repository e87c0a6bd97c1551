"""Text to sentences with exact offsets, over the places that one document was received in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from hub.domain.fragments import Citation
from hub.summarizer.reading import headings
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.model import Section

_ENDS = (
    r"[。！？；!?;]+(?<!^\?)(?<!\n\?)(?<!: \?)(?<!:\?)(?<! \?(?=[A-Za-z]))[”’」』）)\]】\"']*|"
    r"\n+|(?<=[A-Za-z0-9)\]%])(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bNo)(?<!\bvs)"
    r"(?<!\be\.g)(?<!\bi\.e)\.(?=\s|$)"
)
_BLOCK = re.compile(r"<(?!/?(?:b|i|u|em|strong|span|sub|sup|a|small|big|tt|font|code|abbr)\b)[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9A-Fa-f]+|\w+);")
_HIDES = re.compile(r"<!--|<(script|style|head|template|noscript)\b", re.IGNORECASE)
"""Where markup begins that no reader of the page sees."""
_COMPLETE = re.compile(r"[。！？；!?;:：.]\s*$")
_WRAPPED = 18
"""A segment of at least this many characters without a sentence's end is taken as a line that goes on in the next."""

_MASK = "\x00"
_EDGE = " \t\r\n　\x00\ufeff"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of one cited value."""

    citation: Citation
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. text: as read (no tags, entities resolved); spans: where it stands, one per place it runs over;
    plain: the text in the form of `characters.plain`.

    section: of the document that it stands in; heading: where that section's heading stands, if it has one.
    """

    text: str
    spans: tuple[Span, ...]
    plain: str
    section: Section = ""
    heading: Span | None = None

    def places(self, start: int, end: int) -> list[Span]:
        """Where characters [start, end) of `text` stand; of a span that is not read as it stands, the whole span."""
        if len(self.spans) == 1 and self.spans[0].end - self.spans[0].start == len(self.text):
            span, size = self.spans[0], len(self.text)
            if start >= size or end <= 0:
                return []
            return [span if start <= 0 and end >= size
                    else Span(span.citation, span.start + max(start, 0), span.start + min(end, size))]  # fmt: skip
        found, at = [], 0
        for span, part in zip(self.spans, _parts(self.spans), strict=True):
            gap = len(part) - len(part.lstrip(" ")) if at else 0
            first, last = at + gap, at + len(part)
            if start < last and first < end:
                exact = len(part) - gap == span.end - span.start
                left, right = max(start - first, 0), min(end, last) - first
                found.append(Span(span.citation, span.start + left, span.start + right) if exact else span)
            at = last
        return found


def sentences(citations: Sequence[Citation], begins: Section = "") -> list[Sentence]:
    """The sentences of a document received in these places, in order; headings (`既往史：`) are left out.

    begins: the section in which the document begins, where its title says so.

    Ends of sentences are 。！？； and line feeds, and those of English. A line that stops in mid-sentence at the end
    of a place (a wrapped OBX) goes on in the next.
    """
    pieces: list[_Piece] = []
    part = _Part(begins)
    open_end = False
    for citation in citations:
        last = 0
        for index, span in enumerate(_spans(citation)):
            own = headings.pattern().match(_plain_text(citation), span.start, span.end)
            part.go_on(span, own, index == 0 or "\n" in _text(citation)[last : span.start + 1])
            last = span.end - 1
            said = _trimmed(citation, _text(citation), own.end(), span.end) if own else span
            if said and index == 0 and open_end and not own:
                pieces[-1].spans.append(said)
            elif said:
                pieces.append(_Piece([said], part.section, part.heading))
        open_end = bool(pieces) and pieces[-1].spans[-1].citation is citation and _goes_on(pieces[-1].spans[-1])
    return [s for s in (_sentence(piece) for piece in pieces) if s]


_NARROW = frozenset({"family", "allergies"})
"""Parts that end with their line, or within a line with their sentence: letters mention them in passing."""


@dataclass(slots=True)
class _Part:
    """The part of a document that is being read."""

    section: Section
    heading: Span | None = None
    lasting: Literal["document", "line", "sentence"] = "document"

    def go_on(self, span: Span, own: re.Match[str] | None, begins_line: bool) -> None:
        """To the next sentence. own: the heading that it begins with."""
        if own:
            self.section = headings.section(own["colon"] or own["bracket"] or own["line"]) or ""
            self.heading = Span(span.citation, own.start(), own.end())
            whole = self.section not in _NARROW or own["line"] or own["bracket"]
            self.lasting = "document" if whole else "line" if begins_line else "sentence"
        elif self.lasting == "sentence" or (self.lasting == "line" and (begins_line or self._left(span))):
            self.section, self.heading, self.lasting = "", None, "document"

    def _left(self, span: Span) -> bool:
        """Whether a sentence of a family history's line names no relative: it may be of the patient again."""
        return self.section == "family" and not _RELATIVES.search(_plain_text(span.citation), span.start, span.end)


_RELATIVES = re.compile(
    r"[父母爸妈爹娘兄弟姐妹哥祖爷奶公婆叔伯姑舅姨儿女亲族]|否认|无|family|father|mother|brother|sister|parent"
)


@dataclass(slots=True)
class _Piece:
    spans: list[Span]
    section: Section
    heading: Span | None


def is_markup(text: str) -> bool:
    return text.lstrip().startswith("<") and text.rstrip().endswith(">")


def _goes_on(last: Span) -> bool:
    text = last.citation.text
    tail = text[last.start :].rstrip()
    if is_markup(text) or _COMPLETE.search(tail) or last.end < len(text.rstrip()) or text.endswith("\n"):
        return False
    return tail.endswith(("，", ",", "、")) or len(tail) >= _WRAPPED


def _spans(citation: Citation) -> Iterator[Span]:
    text = _text(citation)
    start = 0
    for match in _end().finditer(text):
        yield from filter(None, (_trimmed(citation, text, start, match.end()),))
        start = match.end()
    yield from filter(None, (_trimmed(citation, text, start, len(text)),))


@lru_cache(maxsize=1)
def _end() -> re.Pattern[str]:
    return re.compile(f"{_ENDS}|{headings.ahead()}")


@lru_cache(maxsize=64)
def _text(citation: Citation) -> str:
    return _masked(citation.text) if is_markup(citation.text) else citation.text


@lru_cache(maxsize=64)
def _plain_text(citation: Citation) -> str:
    return plain(_text(citation))


def _trimmed(citation: Citation, text: str, start: int, end: int) -> Span | None:
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    return Span(citation, start, end) if any(c.isalnum() for c in text[start:end]) else None


def _masked(markup: str) -> str:
    """Markup with its block tags as line feeds, its inline tags as NUL, and no entity's semicolon: same length."""
    text = _ENTITY.sub(lambda m: "x" * len(m.group()), _seen(markup))
    text = _BLOCK.sub(lambda m: "\n" * len(m.group()), text)
    return _TAG.sub(lambda m: _MASK * len(m.group()), text)


def _seen(markup: str) -> str:
    """Markup with comments, scripts, styles and the head as line feeds; one that is never closed goes to the end."""
    parts: list[str] = []
    position = 0
    while opening := _HIDES.search(markup, position):
        name = opening[1]
        closing = re.compile(rf"</{name}\b[^>]*>" if name else "-->", re.IGNORECASE).search(markup, opening.end())
        end = closing.end() if closing else opening.end() if (name or "").lower() == "head" else len(markup)
        parts += [markup[position : opening.start()], "\n" * (end - opening.start())]
        position = end
    return "".join((*parts, markup[position:]))


def _sentence(piece: _Piece) -> Sentence | None:
    text = "".join(_parts(piece.spans))
    return Sentence(text, tuple(piece.spans), plain(text), piece.section, piece.heading) if text else None


def _parts(spans: Sequence[Span]) -> list[str]:
    """The text of each span, with the space before it that a line's end stands for between Latin words."""
    parts: list[str] = []
    for span in spans:
        part = _plain(span)
        before = parts[-1][-1:] if parts else ""
        gap = " " if before.isascii() and before and part[:1].isascii() and part[:1].isalnum() else ""
        parts.append(gap + part)
    return parts


def _plain(span: Span) -> str:
    raw = span.citation.text[span.start : span.end]
    if is_markup(span.citation.text):
        raw = html.unescape(_TAG.sub("", raw))
    return " ".join(raw.split()) if raw.isascii() else raw
