"""PV1 and PV2: the encounter."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import location
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import apply
from hub.domain.fragments import CORRECTS

_WITHDRAWN = ("cancelled", "entered-in-error")


def pv1(c: Conversion, s: Reading) -> None:
    """Encounter. Its status: by the event that cancels; finished when discharged; else by event or patient class."""
    if _is_none(c, s):
        return
    made: dict[str, Any] = {"resourceType": "Encounter", "status": "unknown"}
    entry = c.add(made, s.leaf(44))
    _classify(c, s, made)
    made["subject"] = c.subject()
    planned = s.text(2).upper() == "P"
    assigned = s.first(3)
    found = location(c, assigned) if assigned else None
    if found:
        made["location"] = [{"location": found, "status": "planned" if planned else "active"}]
    apply(c, "PV1[Encounter]", s, made)
    cancels = c.codes["event-cancels"].get(c.event) if c.kind == "ADT" else None
    if cancels:
        made.setdefault("extension", []).append({"url": CORRECTS, "valueCode": cancels})
    if "end" in made.get("period", ()):
        if not cancels and made["status"] not in _WITHDRAWN:
            made["status"] = "finished"
        _ordered(c, made["period"])
    c.encounter = entry


def _is_none(c: Conversion, s: Reading) -> bool:
    """Whether the class says that there is no visit (table 0004: N, not applicable), and nothing else tells of one."""
    alone = s.text(2).upper() == "N" and not any(s.has(n) for n in range(3, len(s.fields)))
    return alone and c.kind != "ADT" and not any(one.name == "PV2" for one in c.readings)


def pv2(c: Conversion, s: Reading) -> None:
    """Without PV1 before it, as in an appointment, the encounter is what PV2 says."""
    if c.encounter is None:
        made = {"resourceType": "Encounter", "status": "unknown", "class": dict(_UNKNOWN), "subject": c.subject()}
        c.encounter = c.add(made)


def _ordered(c: Conversion, period: dict[str, Any]) -> None:
    """FHIR's periods do not end before they start: such an end stays in the ledger."""
    start, end = (c.clock.moment(period[key].text) if key in period else None for key in ("start", "end"))
    if start and end and end < start:
        period.pop("end")


def _classify(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    leaf = s.leaf(2)
    code = leaf.text.strip().upper() if leaf else ""
    event = c.codes["event-status"].get(c.event) if c.kind == "ADT" else None
    made["status"] = event or c.looked_up("encounter-status", leaf) or "unknown"
    found = c.pairs["encounter-class"].get(code)
    if leaf and found:
        made["class"] = {"system": found[1], "code": leaf.give(found[0])}
    elif leaf:
        made["class"] = {"system": codes.V3 + "NullFlavor", "code": "OTH", "display": leaf}
    else:
        made["class"] = dict(_UNKNOWN)


_UNKNOWN = {"system": codes.V3 + "NullFlavor", "code": "UNK"}
