"""Values of arguments that several commands take."""

from __future__ import annotations

import argparse
from datetime import datetime


def moment(text: str) -> datetime:
    """A time with offset. Raises argparse.ArgumentTypeError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r}: expected ISO 8601 with offset, as 2026-05-01T08:00:00+08:00")
    return time


def number(text: str) -> int:
    """A count or an id: above 0, as PostgreSQL's bigint holds it. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0")
    return int(text)
