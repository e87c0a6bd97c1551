"""PractitionerRole and Device that came as participations to PRT (from version 2.7 on), behind what they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.hl7v2.maps.marks import DEVICE, FIELD
from adapters.hl7v2.maps.roles import PARTICIPATION
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.graph import extension, extensions, mark
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment
from hub.domain.fragments import Resource

SINCE = (2, 7)
_HELD = ("performer", "generalPractitioner")


def participations(w: Writing, resource: Resource) -> list[Segment]:
    """The PRT of a Patient, Encounter, ServiceRequest, DiagnosticReport, Observation or DocumentReference."""
    if w.segments < SINCE:
        return []
    roles = [found for one in _roles(resource, "PRT") if (found := w.graph.resolve(one, resource))]
    made: list[tuple[int, Segment]] = []
    held = []
    for role in roles:
        segment = _written(w, "PRT[PractitionerRole]", role)
        device = w.graph.resolve(extension(role, DEVICE), role)
        if device is not None:
            held.append(device)
            apply(w, "PRT[Device]", device, segment)
        made.append((_place(w, role), segment))
    for device in devices(w, resource, marked=True):
        if not any(device is one for one in held):
            made.append((_place(w, device), _written(w, "PRT[Device]", device)))
    return [segment for _, segment in sorted(made, key=lambda pair: pair[0])]


def roles(w: Writing, resource: Resource) -> list[Segment]:
    """The ROL of a DiagnosticReport: version 2.6 has them there, where later ones have PRT."""
    found = [w.graph.resolve(one, resource) for one in _roles(resource, "ROL")] if w.version[:2] == (2, 6) else []
    made = []
    for one in found:
        segment = Segment("ROL", {2: [{1: "UC"}]})
        apply(w, "ROL[PractitionerRole]", one or {}, segment)
        made.append(segment)
    return made


def devices(w: Writing, resource: Resource, *, marked: bool) -> list[Resource]:
    """The devices of a resource. marked: those that came as participations, else all others."""
    named = [*([resource["device"]] if "device" in resource else []),
             *(one["valueReference"] for one in extensions(resource, DEVICE))]  # fmt: skip
    wanted = [one for one in named if (mark(one, FIELD) == "PRT") is marked]
    return [found for one in wanted if "reference" in one and (found := w.graph.resolve(one, resource))]


def _roles(resource: Resource, name: str) -> Iterator[Mapping[str, Any]]:
    for element in _HELD:
        yield from (one for one in resource.get(element, ()) if mark(one, FIELD) == name)
    yield from (one.get("individual", {}) for one in resource.get("participant", ()) if mark(one, FIELD) == name)
    yield from (one["valueReference"] for one in extensions(resource, PARTICIPATION))


def _place(w: Writing, resource: Resource) -> int:
    return next((place for place, one in enumerate(w.graph.resources) if one is resource), 0)


def _written(w: Writing, sheet: str, resource: Resource) -> Segment:
    made = Segment("PRT")
    made.put(2, "UC")
    apply(w, sheet, resource, made)
    return made
