"""The tables of rules that lie in this package."""

from __future__ import annotations

from importlib.resources import files


def rows(name: str, width: int) -> list[list[str]]:
    """The rows of a table, each with `width` cells: tab-separated, `#` starts a line of comment.

    name: its path in `hub/summarizer`. Raises ValueError with the line of a row that has more cells.
    """
    found = []
    for number, line in enumerate((files("hub.summarizer") / name).read_text("utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) > width:
                raise ValueError(f"{name}:{number}: expected {width} columns, got {len(cells)}")
            found.append(cells + [""] * (width - len(cells)))
    return found
