"""Text to sentences with exact offsets, over the places that one document was received in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.domain.fragments import Citation

_END = re.compile(
    r"[。！？；!?;]+[”’」』）)\]】\"']*|\n+|(?<=[A-Za-z0-9)\]%])(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bNo)(?<!\bvs)"
    r"(?<!\be\.g)(?<!\bi\.e)\.(?=\s|$)"
)
_HEADING = re.compile(
    r"(?:[（(]?[一二三四五六七八九十\d]+[）)、.．]\s*)?"
    r"(?:主诉|现病史|既往史|个人史|婚育史|月经史|家族史|过敏史|查体|体格检查|专科检查|辅助检查|检查所见|检查结论|诊断意见|影像所见|"
    r"影像诊断|印象|结论|入院情况|入院诊断|诊疗经过|出院情况|出院诊断|出院医嘱|初步诊断|诊断|处理|治疗意见|其他|备注|"
    r"History|Impression|Findings|Assessment|Plan|Medications|Allergies)\s*[:：]\s*",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"<(?!/?(?:b|i|u|em|strong|span|sub|sup|a|small|big|tt|font|code|abbr)\b)[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9A-Fa-f]+|\w+);")
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
    """One sentence. text: as read (no tags, entities resolved); spans: where it stands, one per place it runs over."""

    text: str
    spans: tuple[Span, ...]


def sentences(citations: Sequence[Citation]) -> list[Sentence]:
    """The sentences of a document received in these places, in order; headings (`既往史：`) are left out.

    Ends of sentences are 。！？； and line feeds, and those of English. A line that stops in mid-sentence at the end
    of a place (a wrapped OBX) goes on in the next.
    """
    pieces: list[list[Span]] = []
    open_end = False
    for citation in citations:
        for index, span in enumerate(_spans(citation)):
            if index == 0 and open_end and not _HEADING.match(citation.text):
                pieces[-1].append(span)
            else:
                pieces.append([span])
        open_end = bool(pieces) and pieces[-1][-1].citation is citation and _goes_on(pieces[-1][-1])
    return [s for s in (_sentence(piece) for piece in pieces) if s]


def is_markup(text: str) -> bool:
    return text.lstrip().startswith("<") and text.rstrip().endswith(">")


def _goes_on(last: Span) -> bool:
    text = last.citation.text
    tail = text[last.start :].rstrip()
    if is_markup(text) or _COMPLETE.search(tail) or last.end < len(text.rstrip()) or text.endswith("\n"):
        return False
    return tail.endswith(("，", ",", "、")) or len(tail) >= _WRAPPED


def _spans(citation: Citation) -> Iterator[Span]:
    text = _masked(citation.text) if is_markup(citation.text) else citation.text
    start = 0
    for match in _END.finditer(text):
        yield from _trimmed(citation, text, start, match.end())
        start = match.end()
    yield from _trimmed(citation, text, start, len(text))


def _trimmed(citation: Citation, text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    heading = _HEADING.match(text, start, end)
    if heading:
        start = heading.end()
    if any(c.isalnum() for c in text[start:end]):
        yield Span(citation, start, end)


def _masked(markup: str) -> str:
    """Markup with its block tags as line feeds, its inline tags as NUL, and no entity's semicolon: same length."""
    text = _ENTITY.sub(lambda m: "x" * len(m.group()), markup)
    text = _BLOCK.sub(lambda m: "\n" * len(m.group()), text)
    return _TAG.sub(lambda m: _MASK * len(m.group()), text)


def _sentence(spans: list[Span]) -> Sentence | None:
    parts = [_plain(span) for span in spans]
    text = parts[0]
    for part in parts[1:]:
        gap = " " if text[-1:].isascii() and part[:1].isascii() and part[:1].isalnum() else ""
        text += gap + part
    return Sentence(text, tuple(spans)) if text else None


def _plain(span: Span) -> str:
    raw = span.citation.text[span.start : span.end]
    if is_markup(span.citation.text):
        raw = html.unescape(_TAG.sub("", raw))
    return " ".join(raw.split()) if raw.isascii() else raw
