"""An item: what the fragments say together, with all that say it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Source

Trend = Literal["rising", "falling", "stable"]


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement of a series.

    converted: number and unit on the scale of its series, None where that cannot be told; flag: why the number cannot
    be taken as it is written.
    """

    draft: Draft
    sources: tuple[Source, ...]
    converted: tuple[Decimal | int, str] | None = None
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One course of a medicine in its history: the item that tells it, by whom and why it was changed or stopped."""

    item: str
    head: Draft
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """What the fragments say together. head: the statement; drafts: all that say it; points: of a series, by date.

    disputes: the item whose measurement of the same moment is another number; trend: of a series; history: of a
    medicine all its courses by time; duplicates: ids of other current medicines with the same ingredient.
    """

    id: str
    head: Draft
    drafts: tuple[Draft, ...]
    sources: tuple[Source, ...]
    points: tuple[Point, ...] = ()
    disputes: str | None = None
    text: str = ""
    trend: Trend | None = None
    history: tuple[Step, ...] = ()
    duplicates: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """Of all that say it."""
        return self.head.keys if len(self.drafts) == 1 else frozenset[str]().union(*{d.keys for d in self.drafts})

    @property
    def organizations(self) -> frozenset[str]:
        return frozenset(d.evidence.organization for d in self.drafts)
