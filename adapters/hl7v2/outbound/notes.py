"""Texts that several segments or repetitions said together, taken apart again; annotations as NTE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.hl7v2.maps.marks import BREAKS
from adapters.hl7v2.outbound.datatypes import Writing, date_time
from adapters.hl7v2.outbound.graph import mark
from adapters.hl7v2.outbound.parties import practitioner
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment


def segments(node: Mapping[str, Any], element: str) -> list[list[str]]:
    """The text of an element as its segments' repetitions; without a mark one segment."""
    return apart(str(node.get(element, "")), mark(node, BREAKS, element), "b")


def apart(said: str, told: str, usual: str) -> list[list[str]]:
    """A text as segments of repetitions. told: its mark; usual: how a line is told without."""
    lines = said.split("\n")
    if len(told.replace("e", "")) != len(lines):
        told = "s" + usual * (len(lines) - 1)
    found: list[list[str]] = []
    rest = iter(lines)
    for how in told:
        if how == "e":
            found.append([])
        elif how in "sS" or not found or not found[-1]:
            found.append([next(rest)])
        elif how == "r":
            found[-1].append(next(rest))
        else:
            found[-1][-1] += "\n" + next(rest)
    return found


def nte(w: Writing, note: Mapping[str, Any]) -> Segment:
    made = Segment("NTE")
    made.put(3, str(note.get("text", "")))
    apply(w, "NTE[Annotation]", note, made)
    if "time" in note:
        made.put(6, date_time(w, note["time"]))
    if "authorReference" in note:
        made.put(5, practitioner(w, note["authorReference"]))
    elif "authorString" in note:
        made.put(5, {2: str(note["authorString"])})
    return made


def of(w: Writing, resource: Mapping[str, Any], notes: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """The NTEs of a resource's notes, one each; told otherwise where its mark says so."""
    told = mark(resource, BREAKS)
    if len(told.replace("e", "")) != len(notes):
        told = "s" * len(notes)
    made: list[Segment] = []
    rest = iter(notes)
    for how in told:
        if how == "r" and made:
            made[-1].put(3, str(next(rest).get("text", "")))
        else:
            made.append(Segment("NTE") if how == "e" else nte(w, next(rest)))
    return made
