"""Whether segments are a message of their structure, by hl7apy's tables of the version and what those lack, here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.hl7v2 import structures
from adapters.hl7v2.outbound.values import Segment
from hub.domain.errors import Cause, Refusal

_OSU_O51: Any = ("sequence", (
    ("MSH", None, (1, 1), "SEG"), ("SFT", None, (0, -1), "SEG"), ("UAC", None, (0, 1), "SEG"),
    ("NTE", None, (0, -1), "SEG"), ("PID", None, (0, 1), "SEG"),
    ("OSU_O51_ORDER_STATUS", ("sequence", (("ORC", None, (1, 1), "SEG"), ("PRT", None, (0, -1), "SEG"))),
     (1, -1), "GRP"),
))  # fmt: skip
"""OSU^O51 of version 2.8 (chapter 4.5) as IHE 360X uses it, in the form of hl7apy's tables, which do not have it."""

FIRST = {"OSU_O51": (2, 7), "OMG_O19": (2, 4)}
"""Structures whose messages came with a version; before it the nearest that has them is taken."""


def faults(segments: Sequence[Segment], version: str, structure: str) -> list[Refusal]:
    """What keeps the segments from being such a message: WRONG_STRUCTURE where one has no place, REQUIRED_MISSING
    where one must be there; at most one."""
    messages = structures.library(version).MESSAGES
    tree = _OSU_O51 if structure == "OSU_O51" else messages.get(structure) or _nearest(version, structure)
    if tree is None:
        told = f"version {version} has no {structure}"
        return [Refusal(Cause.UNSUPPORTED_VERSION, "MSH[1]-12[1]", told)]
    names = [one.name for one in segments]
    place, missing = _match(tree, names, 0)
    if missing:
        return [Refusal(Cause.REQUIRED_MISSING, f"{missing}[1]", f"{structure} of version {version} needs it here")]
    if place < len(names):
        one = segments[place]
        told = f"{structure} of version {version} has no place for it here"
        return [Refusal(Cause.WRONG_STRUCTURE, f"{one.name}[{one.occurrence}]", told)]
    return []


def _nearest(version: str, structure: str) -> Any:
    """The structure of the oldest version that has it, where the receiver's has not."""
    since = FIRST.get(structure)
    if since is None:
        return None
    return structures.library(".".join(map(str, since))).MESSAGES.get(structure)


def _match(node: Any, names: Sequence[str], place: int) -> tuple[int, str]:
    """(where the segments of a node end, the required segment that is missing). Greedy, as receivers' parsers are."""
    for name, reference, (least, most), kind in node[1]:
        count = 0
        while place < len(names) and (most == -1 or count < most):
            if kind == "SEG":
                if names[place] != name:
                    break
                place += 1
            else:
                if names[place] not in _starts(reference):
                    break
                end, missing = _match(reference, names, place)
                if missing:
                    return place, missing
                if end == place:
                    break
                place = end
            count += 1
        if count < least:
            return place, name if kind == "SEG" else _needed(reference)
    return place, ""


def _needed(node: Any) -> str:
    """The first segment that a group cannot be without."""
    name, reference, _, kind = next((one for one in node[1] if one[2][0] > 0), node[1][0])
    return str(name) if kind == "SEG" else _needed(reference)


def _starts(node: Any) -> dict[str, None]:
    """The segments that a group may begin with, in order."""
    found: dict[str, None] = {}
    for name, reference, (least, _), kind in node[1]:
        found |= {name: None} if kind == "SEG" else _starts(reference)
        if least > 0:
            break
    return found
