"""What the hub takes, as data: message types with their events (maps/messages.yaml), processing ids and versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from adapters.hl7v2.maps import codes


class Kind(NamedTuple):
    """A message type. events: MSH-9.2, "" for none; obr, rxa: what these say; asks, answers: a query, an answer."""

    events: frozenset[str]
    obr: str = "order"
    rxa: str = "immunization"
    asks: bool = False
    answers: bool = False


def kind(row: Mapping[str, Any]) -> Kind:
    """A line of messages.yaml."""
    events = frozenset(event for part in row["events"].split() for event in _range(part))
    return Kind(events, row.get("obr", "order"), row.get("rxa", "immunization"), "asks" in row, "answers" in row)


def _range(part: str) -> Iterator[str]:
    """`A01-A03` as A01, A02, A03; `PC7-PC9` and `PCA-PCL` by their last character."""
    first, dash, last = part.partition("-")
    if not dash:
        yield first
    elif not first:
        yield ""
    elif first[-2:].isdecimal():
        yield from (f"{first[:-2]}{number:02d}" for number in range(int(first[-2:]), int(last[-2:]) + 1))
    else:
        yield from (first[:-1] + chr(code) for code in range(ord(first[-1]), ord(last[-1]) + 1))


MESSAGES: Mapping[str, Kind] = {name: kind(row) for name, row in codes.document("messages.yaml")["types"].items()}
"""MSH-9.1 -> what it is."""

UNKNOWN = Kind(frozenset())
"""What a type is that HL7 does not know."""

PROCESSING_IDS = frozenset({"P", "T", "D"})
"""MSH-11.1 (table 0103). Many senders leave it empty: that is production."""

VERSION = re.compile(r"2\.[1-9](\.\d)?")
"""MSH-12.1."""

RECEIVER = re.compile(rf"{VERSION.pattern}(\+{VERSION.pattern})?")
"""What a receiver is written in: its version, or that with the segments of a later one (`2.5.1+2.8`)."""

WITHOUT_EVENTS = frozenset({"2.1", "2.2"})
"""Versions in which MSH-9 may be the type alone."""
