"""The printed record as PDF, made on the server: A4, bookmarks, selectable text, its Chinese font embedded."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from hub.web.printed import Entry, Origin, Printed

_FONT, _RARE = "WenQuanYi Micro Hei", "STSong-Light"
_INK, _SOFT, _ACCENT = HexColor("#16262c"), HexColor("#4d5f66"), HexColor("#0b5f6b")
_MARGIN = 16 * mm
_LEADING = 1.38
_ONE_AT_A_TIME = threading.Lock()
"""ReportLab keeps the subset of a font that a document uses in the font itself."""


def pdf(printed: Printed) -> bytes:
    """The document. Its metadata name nobody."""
    out = BytesIO()
    with _ONE_AT_A_TIME:
        _register()
        document = BaseDocTemplate(
            out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN + 6 * mm,
            bottomMargin=_MARGIN, title=printed.title, author="Referral Hub", subject="", creator="Referral Hub",
        )  # fmt: skip
        frame = Frame(document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0)
        document.addPageTemplates(PageTemplate(frames=[frame]))
        document.build(list(_story(printed)), canvasmaker=_canvas(printed))
    return out.getvalue()


@cache
def _register() -> None:
    path = files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc"
    pdfmetrics.registerFont(TTFont(_FONT, str(path)))
    pdfmetrics.registerFont(UnicodeCIDFont(_RARE))


@cache
def _styles() -> dict[str, ParagraphStyle]:
    def style(name: str, size: float, **more: Any) -> ParagraphStyle:
        given = {"fontName": _FONT, "fontSize": size, "leading": size * _LEADING, "textColor": _INK, "wordWrap": "CJK"}
        return ParagraphStyle(name, **given | more)

    return {
        "title": style("title", 17, spaceAfter=2 * mm),
        "patient": style("patient", 12, spaceAfter=1 * mm),
        "fact": style("fact", 9, textColor=_SOFT),
        "question": style("question", 11, spaceBefore=2 * mm),
        "heading": style("heading", 12, textColor=_ACCENT, spaceBefore=5 * mm, spaceAfter=1 * mm, keepWithNext=1),
        "entry": style("entry", 10, spaceBefore=1.2 * mm),
        "line": style("line", 9.5, leftIndent=5 * mm, spaceBefore=0.6 * mm),
        "origin": style("origin", 9, spaceBefore=1.5 * mm),
    }


class _Heading(Paragraph):  # type: ignore[misc]
    """A heading that is also a bookmark."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(_text(text), _styles()["heading"])
        self._title, self._name = text, name

    def draw(self) -> None:
        self.canv.bookmarkPage(self._name)
        self.canv.addOutlineEntry(self._title, self._name, 0)
        super().draw()


def _story(printed: Printed) -> Iterator[Flowable]:
    styles = _styles()
    yield Paragraph(_text(printed.title), styles["title"])
    yield Paragraph(_text(printed.patient), styles["patient"])
    for label, value in printed.facts:
        yield Paragraph(_text(f"{label}: {value}"), styles["fact"])
    if printed.question:
        yield Paragraph(_text(printed.question), styles["question"])
    for number, part in enumerate(printed.parts):
        yield _Heading(part.title, f"part-{number}")
        for entry in part.entries:
            yield from _entry(entry, "entry")
    yield _Heading(printed.sources_title, "sources")
    for origin in printed.origins:
        yield Paragraph(_origin(origin), styles["origin"])


def _entry(entry: Entry, style: str) -> Iterator[Flowable]:
    said = _text(entry.text)
    if entry.detail:
        said += f' <font color="#4d5f66" size="9"> {_text(entry.detail)}</font>'
    if entry.mark:
        said += f' <font color="#a3211b" size="9"> [{_text(entry.mark)}]</font>'
    if entry.refs:
        said += f' <font color="#0b5f6b" size="7.5"> [{", ".join(entry.refs)}]</font>'
    yield Paragraph(said, _styles()[style])
    for line in entry.lines:
        yield from _entry(line, "line")


def _origin(origin: Origin) -> str:
    head = _text(f"[{origin.number}] {origin.organization} · {origin.at} · {origin.message}")
    places = _text("; ".join(f"{label} {path}" for label, path in origin.places))
    return f'{head}<br/><font color="#4d5f66" size="7.5">{places}</font>'


def _text(text: str) -> str:
    """As ReportLab's markup: what its fonts do not have is in another, or told by its code point."""
    known = pdfmetrics.getFont(_FONT).face.charToGlyph
    found = []
    for font, characters in groupby(_printable(text), key=lambda c: _FONT if ord(c) in known else _RARE):
        run = "".join(characters)
        if font == _RARE:
            run = "".join(c if ord(c) < 0x10000 else f"〔U+{ord(c):X}〕" for c in run)
            found.append(f'<font name="{_RARE}">{escape(run)}</font>')
        else:
            found.append(escape(run))
    return "".join(found).replace("\n", "<br/>")


def _printable(text: str) -> Iterable[str]:
    return (c for c in text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ") if c >= " " or c == "\n")


def _canvas(printed: Printed) -> type[Canvas]:
    """Pages are written when their number is known."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self._pages, 1):
                self.__dict__.update(state)
                self._frame(number, len(self._pages))
                super().showPage()
            super().save()

        def _frame(self, number: int, total: int) -> None:
            width, height = A4
            self.setFillColor(_SOFT)
            self.setFont(_FONT, 8)
            self.drawString(_MARGIN, height - _MARGIN, _known(printed.patient))
            self.drawRightString(width - _MARGIN, height - _MARGIN, _known(printed.title))
            self.drawString(_MARGIN, _MARGIN - 6 * mm, _known(printed.footer))
            self.drawRightString(width - _MARGIN, _MARGIN - 6 * mm, f"{number} / {total}")

    return Numbered


def _known(text: str) -> str:
    """A running title has one font."""
    known = pdfmetrics.getFont(_FONT).face.charToGlyph
    return "".join(c if ord(c) in known else "〓" for c in text)
