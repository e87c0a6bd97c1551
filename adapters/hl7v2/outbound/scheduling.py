"""Appointment to SCH, TQ1, RGS, AIS, AIG, AIL and AIP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.hl7v2.maps.marks import COMPONENT, FIELD, OWN, REPEATS
from adapters.hl7v2.outbound import notes, timing
from adapters.hl7v2.outbound.datatypes import Writing, back, concept, date_time
from adapters.hl7v2.outbound.graph import codes_of, extensions, mark, sent
from adapters.hl7v2.outbound.names import address, telecom
from adapters.hl7v2.outbound.parties import coded_identifier, entity_identifier, location, person, practitioner
from adapters.hl7v2.outbound.parts import numbered
from adapters.hl7v2.outbound.referral import numbers
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment, clean
from hub.domain.fragments import Resource

_CONTACTS = {"PPRF": 12, "CALLBCK": 16, "ENT": 20}
"""v3-ParticipationType of who made, filled and entered an appointment, and the field of SCH."""

_TIMES = {"AIS": (4, 5, 7), "AIG": (8, 9, 11), "AIL": (6, 7, 9), "AIP": (6, 7, 9)}
"""Start, offset and duration; behind each of the two its units."""

_STATUS = {"AIG": 14, "AIL": 12, "AIP": 12}


def schedule(w: Writing, appointment: Resource) -> tuple[list[Segment], list[Segment]]:
    """(SCH with TQ1 and NTE, which stand before PID; the resources, which stand behind it)."""
    made = Segment("SCH")
    apply(w, "SCH[Appointment]", appointment, made)
    unit = mark(appointment, COMPONENT, "minutesDuration")
    length = sent(appointment, "minutesDuration") if unit else str(appointment.get("minutesDuration", ""))
    made.put(9, length)
    made.put(10, (unit or "MIN") if length else "")
    start, end = (date_time(w, appointment[key]) if key in appointment else "" for key in ("start", "end"))
    asked = next(iter(appointment.get("requestedPeriod", ())), appointment)
    if w.version < (2, 7) or mark(asked, FIELD) or mark(appointment, FIELD, "start"):
        bounds = (date_time(w, asked[key]) if key in asked else "" for key in ("start", "end"))
        made.put(11, clean(dict(zip((4, 5), bounds, strict=True))))
    made.put(25, sent(appointment, "status") or back("appointment-status").get(str(appointment["status"]), ""))
    for one in appointment.get("basedOn", ()):
        request = w.graph.resolve(one) if "reference" in one else None
        if request and len(known := numbers(w, request)) > 1:
            made.put(26, known[0])
            made.put(27, known[1])
            continue
        for number in request.get("identifier", ()) if request else [one["identifier"]] if "identifier" in one else []:
            kinds = codes_of(number.get("type", {}))
            made.put(27 if "FILL" in kinds else 26, entity_identifier(w, number))
    booked = Segment("TQ1")
    booked.put(7, start)
    booked.put(8, end)
    booked.put(
        9, sent(appointment, "priority") or back("appointment-priority").get(str(appointment.get("priority", "")))
    )
    taking: dict[str, list[Segment]] = {"AIG": [], "AIL": [], "AIP": []}
    for participant in appointment.get("participant", ()):
        _take(w, participant, made, taking)
    told = notes.of(w, appointment, [one["valueAnnotation"] for one in extensions(appointment, OWN + "note")])
    times = timing.with_further(w, appointment, booked) if w.segments >= (2, 5) else []
    head = [made, *times, *told]
    group = Segment("RGS")
    group.put(1, "1")
    return head, [group, *_services(w, appointment), *taking["AIG"], *taking["AIL"], *taking["AIP"]]


def _services(w: Writing, appointment: Resource) -> list[Segment]:
    """An AIS for each service, with its own time where that is known."""
    named = [w.graph.resolve(one, appointment) for one in appointment.get("basedOn", ()) if "reference" in one]
    own = [one.get("occurrencePeriod", {}) for one in named if one and mark(one, REPEATS) == "AIS"]
    made = []
    for place, service in enumerate(appointment.get("serviceType", ())):
        segment = Segment("AIS")
        apply(w, "AIS[Appointment]", {"serviceType": [service]}, segment)
        _span(w, own[place] if place < len(own) else appointment, segment)
        made.append(segment)
    return numbered(made)


def _take(w: Writing, participant: Mapping[str, Any], made: Segment, taking: dict[str, list[Segment]]) -> None:
    """A participant: a contact in SCH, or a resource of its own kind."""
    actor = participant.get("actor", {})
    kinds = set().union(*map(codes_of, participant.get("type", ())))
    contact = next((field for code, field in _CONTACTS.items() if code in kinds), 0)
    if contact:
        made.put(contact, practitioner(w, actor))
        who = person(w, actor) or {}
        made.put(contact + 1, *(telecom(w, one) for one in who.get("telecom", ())))
        made.put(contact + 2, *(address(w, one) for one in who.get("address", ()) if contact < 20))
        return
    found = w.graph.resolve(actor) if "reference" in actor else None
    kind = found["resourceType"] if found else ""
    if kind == "Patient" or (not found and actor.get("type") == "Patient"):
        return
    name = "AIP" if kind in ("Practitioner", "PractitionerRole") else "AIG" if kind == "Device" else "AIL"
    segment = Segment(name)
    if name == "AIP":
        segment.put(3, practitioner(w, actor))
    elif name == "AIL":
        segment.put(3, location(w, actor) if found else {9: str(actor.get("display", ""))})
    else:
        held, *more = (found or {}).get("identifier", ()) or [actor.get("identifier", {})]
        names = [str(one.get("name", "")) for one in (found or {}).get("deviceName", ())]
        named = next(iter(names), str(actor.get("display", "")))
        number = coded_identifier(w, held) if held else None
        other = (coded_identifier(w, more[0]) or {}) if more else {}
        again = {place + 3: part for place, part in other.items()}
        segment.put(3, clean({**(number or {}), 2: named if number is None or named != number.get(1) else "", **again}))
    if segment.empty:
        return
    for one in participant.get("type", ()):
        segment.put(4, concept(w, one))
    _span(w, participant.get("period", {}), segment)
    status = str(participant.get("status", ""))
    segment.put(_STATUS[name], sent(participant, "status") or back("participation-status").get(status))
    segment.put(1, str(len(taking[name]) + 1))
    taking[name].append(segment)


def _span(w: Writing, bounds: Mapping[str, Any], segment: Segment) -> None:
    """Start, or how far it is from the appointment's, and, where both ends are known to the minute, duration."""
    start, end = str(bounds.get("start", "")), str(bounds.get("end", ""))
    at, offset, length = _TIMES[segment.name]
    if offset_told := sent(bounds, "start"):
        segment.put(offset, offset_told)
        segment.put(offset + 1, mark(bounds, COMPONENT, "start"))
    elif start:
        segment.put(at, date_time(w, start))
    if duration_told := sent(bounds, "end"):
        segment.put(length, duration_told)
        segment.put(length + 1, mark(bounds, COMPONENT, "end"))
    elif len(start) > 10 and len(end) > 10:
        minutes = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 60
        if minutes > 0:
            segment.put(length, f"{minutes:g}")
            segment.put(length + 1, "MIN")
