"""ROL and PRT: who takes part, in which role (official maps ROL[...] and PRT[...])."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.conversion import Conversion, Entry, put
from adapters.hl7v2.maps.declared import opened
from adapters.hl7v2.maps.marks import DEVICE, FIELD, OWN, marked
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import apply

_PLACES = {"Observation": "performer[]", "DiagnosticReport": "performer[]", "ServiceRequest": "performer[]",
           "Patient": "generalPractitioner[]"}  # fmt: skip
"""Where the role stands in what it belongs to."""
_OWNERS = frozenset({*_PLACES, "Encounter", "DocumentReference"})
PARTICIPATION = OWN + "participation"
"""A role in a document of which no element says what it is."""


def rol(c: Conversion, s: Reading) -> None:
    """A role of the report before it, else of the encounter or the patient."""
    _attend(c, s, ("report", "encounter", "patient"))


def prt(c: Conversion, s: Reading) -> None:
    """A participation in what precedes it; one that names a device is a Device, that of who takes part if it says."""
    device = None
    if s.has(10) or s.has(16):
        device = c.add(apply(c, "PRT[Device]", s, {"resourceType": "Device", "patient": c.subject()}))
        if c.observed and c.observed.resource["resourceType"] == "Observation":
            c.observed.resource.setdefault("device", _of(device, "PRT"))
    if device is None or _awaits(c) or any(s.has(field) for field in (5, 6, 8, 9, 14, 15)):
        _attend(c, s, _OF_PRT, device)
    elif device and (owner := _owner(c, _OF_PRT)) and owner.resource.get("device") != _of(device, "PRT"):
        put(owner.resource, ("extension[]",), {"url": DEVICE, "valueReference": _of(device, "PRT")})


_OF_PRT = ("observed", "report", "request", "encounter", "patient")


def _of(entry: Entry, segment: str) -> dict[str, Any]:
    return marked(entry.reference, FIELD, segment)


def _attend(c: Conversion, s: Reading, places: tuple[str, ...], device: Entry | None = None) -> None:
    made: dict[str, Any] = {"resourceType": "PractitionerRole"}
    entry = c.add(apply(c, f"{s.name}[PractitionerRole]", s, made))
    if device:
        put(made, ("extension[]",), {"url": DEVICE, "valueReference": device.reference})
    if _awaits(c):
        c.order.participants.append(_of(entry, s.name))
    elif owner := _owner(c, places):
        kind = owner.resource["resourceType"]
        if kind == "Encounter":
            _join(owner, entry, made, s.name)
        elif kind == "DocumentReference":
            put(owner.resource, ("extension[]",), {"url": PARTICIPATION, "valueReference": _of(entry, s.name)})
        else:
            put(owner.resource, (_PLACES[kind],), _of(entry, s.name))


def _awaits(c: Conversion) -> bool:
    """Whether it stands between an ORC and its OBR: it is of the order to come."""
    return c.order.request is None and c.order.control is not None and c.kind == "ORU" and c.observed is None


def _owner(c: Conversion, places: tuple[str, ...]) -> Entry | None:
    """The first open resource that can have participants."""
    found = (opened(c, name) for name in places)
    return next((one for one in found if one and one.resource["resourceType"] in _OWNERS), None)


def _join(encounter: Entry, entry: Entry, made: dict[str, Any], name: str) -> None:
    """Encounter.participant, with the role as its type."""
    participant: dict[str, Any] = marked({"individual": entry.reference}, FIELD, name)
    if "code" in made:
        participant = {"type": [dict(code) for code in made["code"]], **participant}
    encounter.resource.setdefault("participant", []).append(participant)
