"""SPM, and what OBR says of a specimen."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.conversion import Conversion, Entry, put
from adapters.hl7v2.maps.datatypes import concept
from adapters.hl7v2.maps.marks import FIELD, mark, marked
from adapters.hl7v2.maps.names import period
from adapters.hl7v2.maps.observations import effective
from adapters.hl7v2.maps.parties import pair
from adapters.hl7v2.maps.reading import Reading, Repetition
from adapters.hl7v2.maps.sheets import apply

SPECIMEN_FIRST = frozenset({"R22", "R23"})
"""Events of OUL in which a specimen comes before the orders on it."""


_OF_SPECIMEN = (9, 10, 14, 15, 39)
"""Fields of an OBR that say how the specimen was taken."""


def drawn(c: Conversion, s: Reading, owner: Entry) -> None:
    """What OBR says of the specimen (official map OBR[Specimen]); an SPM that follows says more of the same."""
    c.opened.pop("drawn", None)
    if not any(s.has(field) for field in _OF_SPECIMEN):
        return
    made: dict[str, Any] = {"resourceType": "Specimen"}
    entry = c.add(made, s.leaf(7))
    apply(c, "OBR[Specimen]", s, made)
    _collected(c, s, made)
    source = s.first(15)
    if source and (source.divided or not source.lone):
        _source(c, source, made)
    made["subject"] = c.subject()
    mark(made, FIELD, "OBR")
    c.opened["drawn"] = c.opened["specimen"] = entry
    owner.resource.setdefault("specimen", []).append(entry.reference)


def _collected(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBR-7 and -8 as when the specimen was taken."""
    taken: dict[str, Any] = {}
    effective(c, s, taken)
    for key, value in taken.items():
        made.setdefault("collection", {})[key.replace("effective", "collected")] = value


def _source(c: Conversion, r: Repetition, made: dict[str, Any]) -> None:
    """SPS: what it is, additives, words, the site of the body, how it was treated."""
    for component, target in ((1, ("type",)), (2, ("container[]", "additiveCodeableConcept")),
                              (4, ("collection", "bodySite")), (6, ("condition[]",))):  # fmt: skip
        part = r.component(component)
        if part and (value := concept(c, part)):
            put(made, target, value)
    if words := r.leaf(3):
        made.setdefault("note", []).append(marked({"text": words}, FIELD, "OBR-15"))


def spm(c: Conversion, s: Reading) -> None:
    """Specimen of the report or order before it; in an OUL of specimens, of those that follow."""
    if c.kind == "OUL" and c.event in SPECIMEN_FIRST:
        c.report = c.request = c.observed = c.group = None
    entry = c.opened.pop("drawn", None)
    if entry and "type" in entry.resource:
        entry = None  # OBR-15 and SPM-4 are two specimens, or say the same twice: neither hides the other.
    known = entry is not None
    entry = entry or c.add({"resourceType": "Specimen"}, s.leaf(17))
    made = entry.resource
    if known:
        made["extension"] = [one for one in made["extension"] if one["url"] != FIELD]
        mark(made, FIELD, "OBR SPM")
    for repetition in s.each(2):
        for value in pair(c, repetition, ("PGN", "FGN")):
            made.setdefault("identifier", []).append(value)
    for repetition in s.each(3):
        for value in pair(c, repetition, ("PGN", "FGN")):
            made.setdefault("parent", []).append({"type": "Specimen", "identifier": value})
    apply(c, "SPM[Specimen]", s, made)
    taken = s.first(17)
    if taken:
        bounds = period(c, taken.leaf(1), taken.leaf(2))
        if "start" in bounds:
            collection = made.setdefault("collection", {})
            collection.pop("collectedPeriod", None)
            collection.pop("collectedDateTime", None)
            collection |= {"collectedPeriod": bounds} if "end" in bounds else {"collectedDateTime": bounds["start"]}
    elif c.group:
        _collected(c, c.group, made)
    made["subject"] = c.subject()
    c.opened["specimen"] = c.opened["measured"] = entry
    for owner in () if known else (c.report, c.request):
        if owner:
            owner.resource.setdefault("specimen", []).append(entry.reference)
            break
