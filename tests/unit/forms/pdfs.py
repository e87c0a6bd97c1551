"""Small PDF files for the tests."""

from __future__ import annotations

import io

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas


def pdf(*pages: str, password: str | None = None) -> bytes:
    """A page for each text; password: needed to open it."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    held = io.BytesIO()
    drawn = canvas.Canvas(held, encrypt=StandardEncryption(password) if password else None)
    for text in pages:
        drawn.setFont("STSong-Light", 14)
        drawn.drawString(72, 700, text)
        drawn.showPage()
    drawn.save()
    return held.getvalue()
