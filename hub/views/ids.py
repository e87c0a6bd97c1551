"""Ids as clients write them in paths and parameters."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def known(ids: Iterable[str]) -> list[UUID]:
    """Those that can be ids of the hub (UUIDs in their plain lower-case form); of others there is nothing to find."""
    return [parsed for value in ids if (parsed := parse(value)) is not None]


def parse(value: str) -> UUID | None:
    """The id, or None where the text is none."""
    try:
        parsed = UUID(value)
    except ValueError:
        return None
    return parsed if str(parsed) == value else None
