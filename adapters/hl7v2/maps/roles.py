"""ROL and PRT: who takes part, in which role (official maps ROL[...] and PRT[...])."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps.conversion import Conversion, Entry, put
from adapters.hl7v2.maps.declared import opened
from adapters.hl7v2.maps.marks import FIELD, OWN, marked
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import apply

_PLACES = {"Observation": "performer[]", "DiagnosticReport": "performer[]", "ServiceRequest": "performer[]",
           "Patient": "generalPractitioner[]"}  # fmt: skip
"""Where the role stands in what it belongs to."""


def rol(c: Conversion, s: Reading) -> None:
    """A role of the encounter, else of the patient."""
    _attend(c, s, ("encounter", "patient"))


def prt(c: Conversion, s: Reading) -> None:
    """A participation in what precedes it; one that names a device is a Device."""
    if s.has(10) or s.has(16):
        device = apply(c, "PRT[Device]", s, {"resourceType": "Device"})
        device["patient"] = c.subject()
        entry = c.add(device)
        if c.observed and c.observed.resource["resourceType"] == "Observation":
            c.observed.resource.setdefault("device", entry.reference)
    if any(s.has(field) for field in (5, 6, 8, 9, 14, 15)):
        _attend(c, s, ("observed", "report", "request", "encounter", "patient"))


def _attend(c: Conversion, s: Reading, places: tuple[str, ...]) -> None:
    made: dict[str, Any] = {"resourceType": "PractitionerRole"}
    entry = c.add(apply(c, f"{s.name}[PractitionerRole]", s, made))
    for name in places:
        owner = opened(c, name)
        kind = owner.resource["resourceType"] if owner else ""
        if owner and kind == "Encounter":
            _join(owner, entry, made, s.name)
            return
        if owner and kind == "DocumentReference":
            # Senders, addressees of copies, authors: FHIR names the last alone, the role tells which one it is.
            participation = {"url": OWN + "participation", "valueReference": marked(entry.reference, FIELD, s.name)}
            put(owner.resource, ("extension[]",), participation)
            return
        if owner and kind in _PLACES:
            put(owner.resource, (_PLACES[kind],), marked(entry.reference, FIELD, s.name))
            return


def _join(encounter: Entry, entry: Entry, made: dict[str, Any], name: str) -> None:
    """Encounter.participant, with the role as its type."""
    participant: dict[str, Any] = marked({"individual": entry.reference}, FIELD, name)
    if "code" in made:
        participant = {"type": [dict(code) for code in made["code"]], **participant}
    encounter.resource.setdefault("participant", []).append(participant)
