"""Encounter to PV1 and PV2."""

from __future__ import annotations

from adapters.hl7v2.maps.marks import AS_SENT, FIELD
from adapters.hl7v2.outbound.datatypes import Writing, pairs_back
from adapters.hl7v2.outbound.graph import mark, text
from adapters.hl7v2.outbound.parties import location
from adapters.hl7v2.outbound.patient import directive
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment
from hub.domain.fragments import Resource

_ASSIGNED = ("active", "planned")


def pv1(w: Writing, encounter: Resource) -> Segment:
    """PV1; a class that table 0004 does not know is unknown (U)."""
    made = Segment("PV1")
    made.put(1, "1")
    held = encounter.get("class", {})
    known = pairs_back("encounter-class").get((str(held.get("code", "")), str(held.get("system", ""))))
    made.put(2, mark(held, AS_SENT, "code") or known or text(held, "display") or "U")
    others = []
    for place in encounter.get("location", ()):
        if place.get("status", "active") in _ASSIGNED and not mark(place, FIELD) and not made.has(3):
            made.put(3, location(w, place.get("location")))
        else:
            others.append(place)
    apply(w, "PV1[Encounter]", {**encounter, "location": others}, made)
    for one in w.graph.all("Coverage"):
        if is_class(one):
            held = Segment("PV1")
            apply(w, "PV1[Coverage]", one, held)
            made.put(20, *held.fields[20])
    for one in encounter.get("episodeOfCare", ()):
        apply(w, "PV1[EpisodeOfCare]", w.graph.resolve(one, encounter) or {}, made)
    return made


def is_class(coverage: Resource) -> bool:
    """Whether a Coverage is no more than the financial class of a visit (PV1-20)."""
    return mark(coverage.get("type", {}), FIELD) == "PV1-20"


def pv2(w: Writing, encounter: Resource) -> Segment:
    made = Segment("PV2")
    own = {name: [one for one in encounter.get(name, ()) if mark(one, FIELD)] for name in ("location", "participant")}
    apply(w, "PV2[Encounter]", {**encounter, **own}, made)
    for one in w.graph.all("Observation"):
        if directive(one) and w.graph.resolve(one.get("encounter"), one) is encounter:
            apply(w, "PV2[AdvanceDirective]", one, made)
    return made
