"""OBR, OBX, NTE, SPM: results, orders of examinations, comments."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import interpreter, practitioner
from adapters.hl7v2.maps.conversion import Conversion, Entry, Order, put
from adapters.hl7v2.maps.datatypes import concept, date_time
from adapters.hl7v2.maps.marks import COMPONENT, FIELD, INHERITED, OWN, PARENT, mark, marked
from adapters.hl7v2.maps.observations import effective
from adapters.hl7v2.maps.orders import begin, control, parents
from adapters.hl7v2.maps.reading import Reading, Repetition
from adapters.hl7v2.maps.segments_specimen import SPECIMEN_FIRST, drawn
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.maps.timing import occurs, priority, quantity_timing, timed

_ORDERED_BY = OWN + "ordered-by"


def orc(c: Conversion, s: Reading) -> None:
    """Begins an order; in an OUL its OBR comes first, and with senders who write that one's numbers right behind it."""
    report, group = c.report, c.group
    if report is None or group is None or c.order.control or not (c.kind == "OUL" or _is_of(c, s, group)):
        begin(c, s)
        return
    c.order.control, c.order.late = s, True
    if told := [one for one in report.resource.pop("extension") if one["url"] != INHERITED]:
        report.resource["extension"] = told
    _based(c, group, report.resource)
    with c.repeating():
        control(c, report.resource, report, own=group)


def _is_of(c: Conversion, s: Reading, group: Reading) -> bool:
    return c.observed is None and any(s.has(n) and s.text(n) == group.text(n) for n in (2, 3))


def _based(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """Official map ORU_R01: a ServiceRequest too, as our receivers did not order it; an OBR before
    version 2.5 has often no ORC beside it."""
    request = _ordered(c, s, c.order.request if c.order.late else None)
    request.part = False
    made["basedOn"] = [request.reference]
    c.order.request = request


def ft1(c: Conversion, s: Reading) -> None:
    """In a DFT it begins a group of its own, whose orders follow; elsewhere it is of the order before it."""
    if c.kind == "DFT":
        c.order = Order()
        c.report = c.request = c.observed = c.group = None


def obr(c: Conversion, s: Reading) -> None:
    """DiagnosticReport where results follow, else the ServiceRequest of an order."""
    if c.order.late or (c.kind == "OUL" and c.order.control is None):
        c.order = Order()
    c.observed = c.last_text = None
    c.opened.pop("measured", None)
    if c.kind == "ORU":
        c.order.document, c.document = c.document, None
    c.group = s
    if c.obr == "report" or s.segment in c.reporting:
        _report(c, s)
    else:
        _request(c, s)


_FUNCTION = "http://hl7.org/fhir/StructureDefinition/event-performerFunction"
_INTERPRETERS = ((32, "resultsInterpreter", ""), (33, "resultsInterpreter", ""), (34, "performer", "SPRF"),
                 (35, "performer", "TRANS"))  # fmt: skip
"""OBR fields of those who read, did and wrote it, with what they did (official map OBR[DiagnosticReport])."""


def _report(c: Conversion, s: Reading) -> None:
    made: dict[str, Any] = {"resourceType": "DiagnosticReport", "status": "unknown"}
    entry = c.add(made, s.leaf(7), s.leaf(22))
    _based(c, s, made)
    with c.repeating():
        control(c, made, entry, own=s)
        if c.order.control is None:
            mark(made, INHERITED, "ORC")
        _ordered_by(c, s, made)
    _told(c, s, made)
    c.parent = None
    if parent := s.first(26):
        _parent(c, parent, s.first(29), made)
    c.report = entry
    if c.event in SPECIMEN_FIRST and c.kind == "OUL" and (specimen := c.opened.get("specimen")):
        made["specimen"] = [specimen.reference]
    drawn(c, s, entry)


_REPORTED = (25, 32, 33, 34, 35)
"""OBR fields that speak of the report alone."""


def _awaited(c: Conversion, s: Reading, request: Entry) -> None:
    """The report that an order speaks of already: it is registered, or what OBR-25 says."""
    if not any(s.has(field) for field in _REPORTED):
        return
    made: dict[str, Any] = {"resourceType": "DiagnosticReport", "status": "registered"}
    made["basedOn"] = [request.reference]
    entry = c.repeat(made, "OBR")
    with c.repeating():
        control(c, made, entry, own=s)
        _told(c, s, made)


def _told(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """What OBR says of a report."""
    if status := c.looked_up("report-status", s.leaf(25)):
        made["status"] = status
    apply(c, "OBR[DiagnosticReport]", s, made)
    made.setdefault("code", {"text": "unknown"})
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    effective(c, s, made)
    for field, element, function in _INTERPRETERS:
        for repetition in s.each(field):
            found = interpreter(c, repetition)
            if found and function:
                kind = {"coding": [{"system": codes.V3 + "ParticipationType", "code": function}]}
                put(found, ("extension[]",), {"url": _FUNCTION, "valueCodeableConcept": kind})
            if found:
                mark(found, FIELD, f"OBR-{field}")
                made.setdefault(element, []).append(found)
    _information(s, made)


def _parent(c: Conversion, r: Repetition, order: Repetition | None, made: dict[str, Any]) -> None:
    """OBR-26, PRL: the result (an isolate) that these results are of, found by its code and sub-id; of several that of
    the order in OBR-29, the last one where that is none of them."""
    what, number, said = r.component(1), r.leaf(2), r.leaf(3)
    code = concept(c, what) if what else None
    parts = [{"url": "code", "valueCodeableConcept": code}] if code else []
    parts += [{"url": url, "valueString": leaf} for url, leaf in (("sub-id", number), ("value", said)) if leaf]
    if parts:
        made.setdefault("extension", []).append({"url": PARENT, "extension": parts})
    if what:
        name = f"/{what.text(1)}/{r.text(2)}"
        numbers = [leaf.text.strip() for n in (2, 1) if order and (leaf := order.part(n, 1))]
        known = (c.results.get(number + name) for number in (*numbers, ""))
        c.parent = next((entry for entry in known if entry), None)


def _ordered_by(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBR-16, where it is another than ORC says."""
    ordering = s.first(16)
    who = practitioner(c, ordering) if ordering else None
    if who and who["reference"] not in _orderers(c, made):
        ordered = {"url": _ORDERED_BY, "valueReference": marked(who, FIELD, "OBR-16")}
        made.setdefault("extension", []).append(ordered)


def _orderers(c: Conversion, made: dict[str, Any]) -> list[str]:
    """Who ordered by ORC-12, also where with a house."""
    named = [one["valueReference"] for one in made.get("extension", ()) if one["url"] == _ORDERED_BY]
    return [c.orderers.get(one["reference"], one)["reference"] for one in named]


def _information(s: Reading, made: dict[str, Any]) -> None:
    """OBR-13 of a report: what the clinician told the laboratory."""
    found = s.first(13)
    if found and (place := _worded(found)):
        said = {"url": OWN + "clinical-information", "valueString": found.leaf(place)}
        made.setdefault("extension", []).append(marked(said, COMPONENT, str(place), "valueString"))


def _worded(r: Repetition) -> int:
    """The component of a CWE that holds its words."""
    return next((n for n in (9, 2, 1, 5, 4) if r.leaf(n)), 0)


def _request(c: Conversion, s: Reading) -> None:
    entry = _ordered(c, s)
    apply(c, "OBR[Order]", s, entry.resource)
    c.order.request = c.request = c.observed = entry
    for timing in c.order.timings:
        timed(c, timing, entry)
    c.order.timings.clear()
    _awaited(c, s, entry)
    drawn(c, s, entry)


def _ordered(c: Conversion, s: Reading, known: Entry | None = None) -> Entry:
    """The ServiceRequest that an OBR and its ORC are; known: that of the OBR alone, before its ORC came."""
    entry = known or c.add({}, s.leaf(6))
    made = entry.resource
    made.clear()
    made.update(resourceType="ServiceRequest", status="unknown", intent="order")
    control(c, made, entry, own=s)
    if c.order.participants:
        made["performer"] = c.order.participants
    if c.order.document:
        put(c.order.document.resource, ("context", "related[]"), entry.reference)
    priority(c, s.leaf(5), made)
    action = s.leaf(11)
    if action and action.text.strip().upper() == "G":
        made["intent"] = action.give("reflex-order")
    elif action:
        made.setdefault("extension", []).append({"url": OWN + "specimen-action", "valueString": action})
    apply(c, "OBR[ServiceRequest]", s, made)
    parents(c, s, 29, made)
    told = s.first(13)
    if told and (place := _worded(told)):
        # The text of what the requester wants to know: a sentence a doctor reads, so it is the reason.
        reason = marked({"text": told.leaf(place)}, COMPONENT, str(place), "text")
        made.setdefault("reasonCode", []).append(marked(reason, FIELD, "OBR-13"))
    own = s.first(27)
    if (timing := own or (c.order.control.first(7) if c.order.control else None)) is not None:
        field = "OBR-27" if own else "ORC-7"
        dosage: dict[str, Any] = {}
        ranked = "priority" in made
        quantity_timing(c, timing, dosage, made)
        if "priority" in made and not ranked:
            mark(made, FIELD, field, "priority")
        occurs(dosage, made, (f"{field}.7", f"{field}.8"))
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    return entry


def nte(c: Conversion, s: Reading) -> None:
    """A comment on what it follows; on the whole message a note of its own (`documents.message_notes`)."""
    target = c.observed or c.report or c.request
    if (c.kind == "REF" and s.segment in c.trailing) or target is None:
        c.notes.append((c.patient, s))
        return
    notes = target.resource.setdefault("note" if target.resource["resourceType"] in _NOTED else "extension", [])
    beside = c.opened.get("beside") if target is c.opened.get("appointment") else None
    if target is c.report:
        beside = c.order.request  # FHIR R4's DiagnosticReport has no note
    lines = [line for repetition in s.each(3) if (line := repetition.prose())]
    target.notes += "s" + "r" * (len(lines) - 1) if lines else "e"
    for prose in lines:
        note: dict[str, Any] = {"text": prose}
        when = s.first(6)
        time = date_time(c, when) if when else None
        if time:
            note["time"] = time
        author = s.first(5)
        who = practitioner(c, author) if author else None
        if who:
            note["authorReference"] = who
        apply(c, "NTE[Annotation]", s, note)
        plain = target.resource["resourceType"] in _NOTED
        notes.append(note if plain else {"url": OWN + "note", "valueAnnotation": note})
        if beside:
            beside.resource.setdefault("note", []).append(dict(note))


_NOTED = frozenset(
    {"Observation", "ServiceRequest", "MedicationRequest", "Immunization", "AllergyIntolerance", "Condition",
     "Procedure", "Specimen", "Goal", "CarePlan", "MedicationAdministration", "MedicationDispense"}
)  # fmt: skip
