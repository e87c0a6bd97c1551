"""SCH, ARQ, AIS, AIG, AIL, AIP: the appointment (official maps SCH[Appointment], AIS[Appointment], ...)."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import location_entry, practitioner, practitioner_entry
from adapters.hl7v2.maps.conversion import ABSENT, Conversion, Entry
from adapters.hl7v2.maps.datatypes import concept, date_time
from adapters.hl7v2.maps.lengths import MOST, after, as_told, duration, minutes_of, moment, otherwise
from adapters.hl7v2.maps.marks import COMPONENT, FIELD, mark, marked
from adapters.hl7v2.maps.names import address, telecom
from adapters.hl7v2.maps.parties import coded_identifier, entity_identifier, uri
from adapters.hl7v2.maps.reading import Leaf, Reading, Repetition
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.maps.systems import namespace
from adapters.hl7v2.maps.timing import further

_CONTACTS = {"SCH": ((12, "PPRF", 13, 14), (16, "CALLBCK", 17, 18), (20, "ENT", 21, 0)),
             "ARQ": ((15, "PPRF", 16, 17), (19, "ENT", 20, 0))}  # fmt: skip
"""Fields of people; their v3-ParticipationType, by what the field says (official map SCH[Appointment]); their
telephone and their address."""

_ORDERS = {"SCH": (26, 27), "ARQ": (24, 25)}
"""Fields of the numbers of placer and filler of the order that the appointment is for."""

_TIMES = {"AIS": (4, 5, 6, 7, 8), "AIG": (8, 9, 10, 11, 12), "AIL": (6, 7, 8, 9, 10), "AIP": (6, 7, 8, 9, 10)}
"""Start, offset, its units, duration, its units."""


def sch(c: Conversion, s: Reading) -> None:
    """Appointment. Its status: SCH-25, unless the event ends it and SCH-25 does not."""
    made = _begin(c, s, _status(c, s))
    timing = s.first(11)
    if timing:
        _span(c, made, timing.leaf(4), timing.leaf(5))
        if not s.has(10) and otherwise(made):
            made.pop("minutesDuration")
            made.pop("_minutesDuration", None)
        for key in ("start", "end"):
            if key in made:
                mark(made, FIELD, "SCH-11", key)


def arq(c: Conversion, s: Reading) -> None:
    """An appointment that is asked for: proposed, until the event asks to take it back."""
    _begin(c, s, c.codes["appointment-request"].get(c.event, "proposed"))


def _begin(c: Conversion, s: Reading, status: Leaf | str) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Appointment", "status": status, "participant": []}
    c.observed = c.opened["appointment"] = c.add(made)
    apply(c, f"{s.name}[Appointment]", s, made)
    for contact in _CONTACTS[s.name]:
        _contact(c, s, made, *contact)
    minutes = duration(s, 9, 10)
    if minutes:
        made["minutesDuration"] = minutes
        if minutes.text.strip() != str(minutes.value):
            mark(made, COMPONENT, s.text(10), "minutesDuration")
    for number_of, field in zip(("PLAC", "FILL"), _ORDERS[s.name], strict=True):
        order = s.first(field)
        value = entity_identifier(number_of)(c, order) if order else None
        if value:
            made.setdefault("basedOn", []).append({"type": "ServiceRequest", "identifier": value})
    return made


def _contact(c: Conversion, s: Reading, made: dict[str, Any], field: int, code: str, phone: int, place: int) -> None:
    """Who placed, filled or entered the appointment, and how they are reached."""
    kind = {"coding": [{"system": codes.V3 + "ParticipationType", "code": code}]}
    people = [entry for repetition in s.each(field) if (entry := practitioner_entry(c, repetition))]
    made["participant"] += [{"type": [kind], "actor": entry.reference, "status": "accepted"} for entry in people]
    for element, number_of, convert in (("telecom", phone, _CALL), ("address", place, address)) if people else ():
        for repetition in s.each(number_of):
            if (value := convert(c, repetition)) is not None:
                c.join(people[0], element, repetition.raw, value)


_CALL = telecom("work")


def timed(c: Conversion, s: Reading) -> bool:
    """TQ1-7 and -8: when the appointment is; what SCH-11 said is then what was asked for. Whether there is one."""
    entry = c.opened.get("appointment")
    if entry is None:
        return False
    if "s" in entry.timings:
        further(c, s, entry)
        return True
    made = entry.resource
    asked: dict[str, Any] = {key: made.pop(key) for key in ("start", "end") if key in made and s.has(7)}
    if asked:
        for key in asked:
            made.pop(f"_{key}", None)
        made.setdefault("requestedPeriod", []).append(marked(asked, FIELD, "SCH-11"))
    _span(c, made, s.leaf(7), s.leaf(8))
    rank = c.looked_up("appointment-priority", s.leaf(9))
    if rank:
        made.setdefault("priority", rank.give(int(str(rank.value))))
    told = any(made[key].path.startswith("TQ1") for key in ("start", "end") if key in made)
    entry.timings += "s" if told or rank else "e"
    return True


_ENDED = frozenset({"cancelled", "entered-in-error", "noshow"})


def _status(c: Conversion, s: Reading) -> Leaf | str:
    """Senders leave SCH-25 as booked in what cancels the appointment: then the event is what happened."""
    event = c.codes["appointment-event"].get(c.event)
    for leaf in (s.leaf(25), s.leaf(25, 2)):
        found = c.looked_up("appointment-status", leaf)
        if found and (event is None or found.value in _ENDED):
            return found
    return event or "booked"


def ais(c: Conversion, s: Reading) -> None:
    """The service: of the appointment as a whole, its time too; by itself the ServiceRequest that it is based on."""
    entry = c.opened.get("appointment")
    if entry is None:
        return
    apply(c, "AIS[Appointment]", s, entry.resource)
    bounds = _period(c, s, entry.resource)
    _span(c, entry.resource, bounds.get("start"), bounds.get("end"))
    c.observed = entry
    c.opened["beside"] = _service(c, s, entry.resource, bounds)


def _service(c: Conversion, s: Reading, appointment: dict[str, Any], bounds: dict[str, Any]) -> Entry:
    """Official maps AIS[ServiceRequest], SCH[ServiceRequest]: one for each service, whose own notes it has."""
    based = appointment.setdefault("basedOn", [])
    numbers = [dict(one["identifier"]) for one in takewhile(lambda one: "identifier" in one, based)]
    state = appointment["status"]
    status = _ORDERED.get(str(state.value if isinstance(state, Leaf) else state), "active")
    made: dict[str, Any] = {"resourceType": "ServiceRequest", "status": status, "intent": "order"}
    if numbers:
        made["identifier"] = numbers
    apply(c, "AIS[ServiceRequest]", s, made)
    if bounds:
        made["occurrencePeriod"] = bounds
    made["subject"] = _for_whom(c)
    entry = c.repeat(made, "AIS")
    based.append(entry.reference)
    return entry


def _for_whom(c: Conversion) -> dict[str, Any]:
    """The patient; of several, whose PIDs come before all services (SIU_S12), the Group of them."""
    if len(c.patients) < 2:
        return c.subject()
    members = [{"entity": patient.reference} for patient in c.patients]
    return c.share("AIS", {"resourceType": "Group", "type": "person", "actual": True, "member": members}).reference


_ORDERED = {"cancelled": "revoked", "entered-in-error": "entered-in-error", "fulfilled": "completed",
            "noshow": "revoked"}  # fmt: skip
"""Appointment.status in request-status, where it is not active."""


def resource(c: Conversion, s: Reading) -> None:
    """A participant: a person, a place, a thing."""
    entry = c.observed = c.opened.get("appointment")
    c.opened.pop("beside", None)
    named = s.first(3) or (s.first(4) if s.name == "AIG" else None)
    if entry is None or named is None:
        return
    actor: Any
    if s.name == "AIP":
        actor = practitioner(c, named)
    elif s.name == "AIL":
        actor = _place(c, s, named)
    else:
        actor = _equipment(c, named)
    if not actor:
        return
    participant: dict[str, Any] = {"actor": actor, "status": _participation(c, s)}
    kind = s.first(4)
    if kind and kind is not named and (told := concept(c, kind)):
        participant["type"] = [told]
    if bounds := _period(c, s, entry.resource):
        participant["period"] = bounds
        _span(c, entry.resource, bounds.get("start"), bounds.get("end"))
    entry.resource["participant"].append(participant)
    c.observed = entry


def _place(c: Conversion, s: Reading, r: Repetition) -> dict[str, Any] | None:
    """AIL-3 as a Location; AIL-4, table 0305 like PL.6, is its type too."""
    place, kind = location_entry(c, r), s.first(4)
    told = concept(c, kind) if kind else None
    if place and kind and told:
        c.join(place, "type", f"AIL{r.raw}|{kind.raw}", marked(told, FIELD, "AIL-4"))
    return place.reference if place else None


def _equipment(c: Conversion, r: Repetition) -> dict[str, Any] | None:
    """AIG-3 as a Device."""
    number, name = coded_identifier(c, r), r.leaf(2) or r.leaf(1)
    if number is None or name is None:
        return {"display": name} if name else None
    number.pop("type", None)
    made = {"resourceType": "Device", "identifier": [number, *_alternate(c, r)],
            "deviceName": [{"name": name, "type": "user-friendly-name"}]}  # fmt: skip
    device = c.opened["beside"] = c.share("AIG" + r.raw, made)
    return {**device.reference, "display": name}


def _alternate(c: Conversion, r: Repetition) -> list[dict[str, Any]]:
    """CWE.4 to .6: what another system calls the same thing."""
    value, name, system = r.leaf(4), r.leaf(5), r.leaf(6)
    if value is None or r.leaf(1) is None:
        return []
    held: dict[str, Any] = {"system": uri(system, None, None) if system else namespace(c.facility, "plan")}
    return [{**({"type": {"text": name}} if name else {}), **held, "value": value}]


def _participation(c: Conversion, s: Reading) -> Leaf | str:
    leaf = s.leaf({"AIP": 12, "AIL": 12, "AIG": 14}[s.name])
    return c.looked_up("participation-status", leaf) or "accepted"


def _period(c: Conversion, s: Reading, appointment: dict[str, Any]) -> dict[str, Any]:
    """Start, else how far from the appointment's own, and end (start and duration): official map AIS[Appointment]."""
    at, offset, offset_unit, length, unit = _TIMES[s.name]
    if given := s.first(at):
        start = date_time(c, given)
        made: dict[str, Any] = {"start": start} if start else {}
    else:
        booked, shift, made = appointment.get("start"), minutes_of(s, offset, offset_unit, -MOST), {}
        start = shift.give(after(moment(booked), shift)) if shift and booked and _own(booked) else None
        if shift and start:
            made["start"] = start
            as_told(made, "start", shift, s.text(offset_unit))
    if start and "T" in str(start.value) and (minutes := duration(s, length, unit)):
        made["end"] = minutes.give(after(moment(start), minutes))
        if s.text(unit).upper() != "MIN" or minutes.text.strip() != str(minutes.value):
            as_told(made, "end", minutes, s.text(unit))
    return made


def _own(start: Leaf) -> bool:
    """Whether it is the appointment's, not that of a service or resource before."""
    return start.path.startswith(("SCH", "TQ1"))


def _span(c: Conversion, made: dict[str, Any], start: Any, end: Any) -> None:
    for key, leaf in (("start", start), ("end", end)):
        found = leaf if leaf is None or not isinstance(leaf.value, str) or "T" in leaf.value else None
        instant = c.clock.instant(leaf.text) if leaf and found is None else None
        if leaf and (found or instant):
            made.setdefault(key, found or leaf.give(instant))


def close(c: Conversion) -> None:
    """The patient takes part; FHIR wants both ends of a booked time, or to be told that one is unknown."""
    entry: Entry | None = c.opened.get("appointment")
    if entry is None:
        return
    made = entry.resource
    patients = [{"actor": patient.reference, "status": "accepted"} for patient in reversed(c.patients)]
    made["participant"] = [*patients, *made["participant"]]
    if not made["participant"]:
        made["participant"].append({"actor": {"display": "unknown"}, "status": "accepted"})
    start, minutes = made.get("start"), made.get("minutesDuration")
    if start and "end" not in made and minutes:
        made["end"] = minutes.give(after(moment(start), minutes))
    state = made["status"].value if isinstance(made["status"], Leaf) else made["status"]
    if "start" in made or "end" in made or state not in ("proposed", "cancelled", "waitlist"):
        for key in ("start", "end"):
            if key not in made:
                made[f"_{key}"] = dict(ABSENT)
