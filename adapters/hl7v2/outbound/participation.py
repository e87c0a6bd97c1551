"""PractitionerRole and Device that came as participations to PRT (from version 2.7 on), behind what they are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.hl7v2.maps.marks import FIELD
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.graph import mark
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment
from hub.domain.fragments import Resource

SINCE = (2, 7)
_HELD = ("performer", "generalPractitioner")


def participations(w: Writing, resource: Resource) -> list[Segment]:
    """The PRT of a Patient, Encounter, DiagnosticReport or Observation."""
    if w.version < SINCE:
        return []
    made = []
    held = [one for name in _HELD for one in resource.get(name, ()) if mark(one, FIELD) == "PRT"]
    held += [one.get("individual", {}) for one in resource.get("participant", ()) if mark(one, FIELD) == "PRT"]
    for one in held:
        role = w.graph.resolve(one, resource)
        if role is not None:
            made.append(_written(w, "PRT[PractitionerRole]", role))
    device = w.graph.resolve(resource.get("device")) if "reference" in resource.get("device", {}) else None
    return [*made, _written(w, "PRT[Device]", device)] if device is not None else made


def _written(w: Writing, sheet: str, resource: Mapping[str, Any]) -> Segment:
    made = Segment("PRT")
    made.put(2, "UC")
    apply(w, sheet, resource, made)
    return made
