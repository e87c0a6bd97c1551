"""ChargeItem, with what was charged for, to FT1."""

from __future__ import annotations

from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment
from hub.domain.fragments import Resource

_CHARGED = ("Procedure", "MedicationDispense", "Device")


def charges(w: Writing, report: Resource) -> list[Segment]:
    """The FT1 of a report, in versions whose ORU has them."""
    made: list[Segment] = []
    for one in w.graph.all("ChargeItem") if w.segments >= (2, 4) else ():
        if not any(w.graph.resolve(about, one) is report for about in one.get("supportingInformation", ())):
            continue
        segment = Segment("FT1")
        segment.put(1, str(len(made) + 1))
        apply(w, "FT1[ChargeItem]", one, segment)
        for about in (*one.get("service", ()), one.get("productReference")):
            found = w.graph.resolve(about, one)
            if found and found["resourceType"] in _CHARGED:
                apply(w, f"FT1[{found['resourceType']}]", found, segment)
        made.append(segment)
    return made
