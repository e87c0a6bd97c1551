"""PV1 and PV2: the encounter."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import participant, place
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.datatypes import Value, concept, date_time, decimal, extension, string, table
from adapters.hl7v2.maps.parties import identifier
from adapters.hl7v2.maps.reading import Reading, Repetition
from adapters.hl7v2.maps.rules import apply, rules

_STAY = "hospitalization."
_OWN = "urn:referral-hub:extension:"


def _visit_number(c: Conversion, r: Repetition) -> Value:
    found = identifier(c, r)
    if found:
        found.setdefault("type", {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": "VN"}]})
    return found


def _discharged_to(c: Conversion, r: Repetition) -> Value:
    """DLD: where the patient went."""
    found = r.leaf(2) or r.leaf(1)
    if found is None:
        return None
    made = {"resourceType": "Location", "name": found, "mode": "instance"}
    return c.share("DLD" + r.raw, made).reference


_ENCOUNTER = rules(
    (4, "type[]", concept),
    (5, _STAY + "preAdmissionIdentifier", identifier),
    *((n, "participant[]", participant(kind)) for n, kind in codes.PARTICIPATION.items()),
    (10, "serviceType", concept),
    (13, _STAY + "reAdmission", concept),
    (14, _STAY + "admitSource", concept),
    (15, _STAY + "specialArrangement[]", concept),
    (16, _STAY + "specialCourtesy[]", concept),
    (18, "extension[]", extension(_OWN + "patient-type", "valueCodeableConcept", concept)),
    (19, "identifier[]", _visit_number),
    (36, _STAY + "dischargeDisposition", concept),
    (37, _STAY + "destination", _discharged_to),
    (38, _STAY + "dietPreference[]", concept),
    (44, "period.start", date_time),
    (45, "period.end", date_time),
    (50, "identifier[]", identifier),
)
_PLACES = ((6, place("completed")), (11, place("active")), (42, place("reserved")))


def pv1(c: Conversion, s: Reading) -> None:
    """Encounter. Its status: finished when discharged, else by the event, else by the patient class."""
    made: dict[str, Any] = {"resourceType": "Encounter", "status": "unknown"}
    entry = c.add(made, s.leaf(44))
    _classify(c, s, made)
    made["subject"] = c.subject()
    planned = s.text(2).upper() == "P"
    assigned = s.first(3)
    found = place("planned" if planned else "active")(c, assigned) if assigned else None
    if found:
        made["location"] = [found]
    for field, convert in _PLACES:
        for repetition in s.each(field):
            value = convert(c, repetition)
            if value:
                made.setdefault("location", []).append(value)
    apply(_ENCOUNTER, c, s, made)
    if "end" in made.get("period", ()):
        made["status"] = "finished"
        _ordered(c, made["period"])
    c.encounter = entry


def _ordered(c: Conversion, period: dict[str, Any]) -> None:
    """FHIR's periods do not end before they start: such an end stays in the ledger."""
    start, end = (c.clock.moment(period[key].text) if key in period else None for key in ("start", "end"))
    if start and end and end < start:
        period.pop("end")


def _classify(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    leaf = s.leaf(2)
    code = leaf.text.strip().upper() if leaf else ""
    event = codes.EVENT_STATUS.get(c.event) if c.kind == "ADT" else None
    status = codes.ENCOUNTER_STATUS.get(code)
    made["status"] = event or (leaf.give(status) if leaf and status else "unknown")
    found = codes.ENCOUNTER_CLASS.get(code)
    if leaf and found:
        made["class"] = {"system": found[1], "code": leaf.give(found[0])}
    elif leaf:
        made["class"] = {"system": codes.V3 + "NullFlavor", "code": "OTH", "display": leaf}
    else:
        made["class"] = {"system": codes.V3 + "NullFlavor", "code": "UNK"}


def _length(c: Conversion, r: Repetition) -> Value:
    found = decimal(c, r)
    return {"value": found, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"} if found else None


def _arrival(c: Conversion, r: Repetition) -> Value:
    found = concept(c, r)
    if not found or "coding" not in found:
        return None
    return {"url": "http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival", "valueCoding": found["coding"][0]}


_MORE = rules(
    (1, "location[]", place("planned")),
    (3, "reasonCode[]", concept),
    (2, "extension[]", extension(_OWN + "accommodation", "valueCodeableConcept", concept)),
    (4, "extension[]", extension(_OWN + "transfer-reason", "valueCodeableConcept", concept)),
    (8, "extension[]", extension(_OWN + "planned-start", "valueDateTime", date_time)),
    (9, "extension[]", extension(_OWN + "planned-end", "valueDateTime", date_time)),
    (11, "length", _length),
    (12, "extension[]", extension(_OWN + "visit-description", "valueString", string)),
    (13, "participant[]", participant("REF")),
    (25, "priority", table(codes.ENCOUNTER_PRIORITY)),
    (38, "extension[]", _arrival),
)  # fmt: skip


def pv2(c: Conversion, s: Reading) -> None:
    """More of the encounter; the reason of admission (PV2-3) is a clinical statement."""
    if c.encounter:
        apply(_MORE, c, s, c.encounter.resource)
