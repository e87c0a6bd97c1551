"""Rows as CSV that spreadsheets open as they are."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARK = "\ufeff"
"""The byte order mark, by which spreadsheets know UTF-8: the beginning of a file."""


def written(rows: Iterable[Iterable[object]]) -> str:
    """The rows' cells, "" for None; none is a formula."""
    text = StringIO()
    writer = csv.writer(text)
    for row in rows:
        cells = (str(value) if value is not None else "" for value in row)
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue()
