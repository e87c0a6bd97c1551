"""Which event of a referral gives which message, by the dialect of the system that is told: `messages.tsv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

OVERDUE = "referral.overdue.v1"
"""No event of the hub's, but what the table calls it that a referral is left too long: see `inquiries`."""


class Rule(NamedTuple):
    """A line of the table. event: with its version; to: `sender` or `receiver`; needs: resource types, any of them;
    with `!` before the first: none of them."""

    dialect: str
    event: str
    to: str
    kind: str
    needs: tuple[str, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """The lines in their order, which is the order of several messages of one event."""
    return tuple(_read(files("hub.delivery").joinpath("messages.tsv").read_text(encoding="utf-8")))


def _read(text: str) -> Iterator[Rule]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for row in csv.DictReader(lines, delimiter="\t"):
        needs = tuple(filter(None, row["needs"].split(",")))
        yield Rule(row["dialect"], f"referral.{row['event']}.v1", row["to"], row["kind"], needs)
