"""OBR, OBX, NTE, SPM: results, orders of examinations, comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import (
    coded_organization, organization_entry, practitioner, practitioner_entry,
)  # fmt: skip
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import (
    Value, coded, composite_quantity, concept, date_time, extension, instant,
)  # fmt: skip
from adapters.hl7v2.maps.documents import document_line
from adapters.hl7v2.maps.observations import PROSE, interpretation, reference, value
from adapters.hl7v2.maps.orders import control, timed
from adapters.hl7v2.maps.parties import address, entity_identifier, identifier, telecom
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading, Repetition
from adapters.hl7v2.maps.rules import apply, rules
from adapters.hl7v2.maps.timing import priority

RESULTS = frozenset({"ORU", "OUL", "REF"})
"""Messages whose OBR reports; elsewhere it orders."""

_OWN = "urn:referral-hub:extension:"
_SUPPORTING = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ServiceRequest.supportingInfo"

_REPORT = rules(
    (4, "code", concept),
    (22, "issued", instant),
    (24, "category[]", coded("0074")),
)
_ORDER = rules(
    (4, "code", concept),
    (6, "occurrenceDateTime", date_time),
    (16, "requester", practitioner),
    (17, "extension[]", extension(
        "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number", "valueContactPoint",
        telecom())),
    (31, "reasonCode[]", concept),
    (46, "orderDetail[]", concept),
    (47, "orderDetail[]", concept),
    (53, "identifier[]", identifier),
    (24, "category[]", coded("0074")),
)  # fmt: skip


def obr(c: Conversion, s: Reading) -> None:
    """DiagnosticReport where results follow, else the ServiceRequest of an order."""
    c.observed = c.last_text = None
    c.group = s
    reports = c.kind in RESULTS and (c.kind != "REF" or s.segment in c.reporting)
    if reports:
        _report(c, s)
    else:
        _request(c, s)


def _report(c: Conversion, s: Reading) -> None:
    made: dict[str, Any] = {"resourceType": "DiagnosticReport", "status": "unknown"}
    entry = c.add(made, s.leaf(7), s.leaf(22))
    control(c, made, entry, medication=False, own=s)
    given = s.leaf(25)
    status = codes.REPORT_STATUS.get(given.text.strip().upper()) if given else None
    if given and status:
        made["status"] = given.give(status)
    apply(_REPORT, c, s, made)
    made.setdefault("code", {"text": "unknown"})
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    _effective(c, s, made)
    for field in (32, 34, 35):
        for repetition in s.each(field):
            found = _interpreter(c, repetition)
            if found:
                made.setdefault("resultsInterpreter" if field == 32 else "performer", []).append(found)
    ordering = s.first(16)
    who = practitioner(c, ordering) if ordering else None
    if who and "extension" not in made:
        made["extension"] = [{"url": _OWN + "ordered-by", "valueReference": who}]
    _information(s, made)
    c.report = entry


def _effective(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    begin, end = s.first(7), s.first(8)
    start, stop = date_time(c, begin) if begin else None, date_time(c, end) if end else None
    if start and stop:
        made["effectivePeriod"] = {"start": start, "end": stop}
    elif start:
        made["effectiveDateTime"] = start


def _interpreter(c: Conversion, r: Repetition) -> Value:
    """NDL: the name is a CNN in component 1."""
    whole = Repetition(r.components[0].replace(r.separators.subcomponent, r.separators.component), r.path, r.separators)
    if r.separators.subcomponent not in r.components[0]:
        return practitioner(c, r)
    shifted = _Subcomponents(whole, r)
    entry = practitioner_entry(c, shifted)
    return entry.reference if entry else None


class _Subcomponents(Repetition):
    """A component read as a field: its subcomponents are components, their places stay theirs."""

    __slots__ = ("origin",)

    def __init__(self, whole: Repetition, origin: Repetition) -> None:
        super().__init__(whole.raw, origin.path, whole.separators)
        self.origin = origin

    def leaf(self, component: int = 1) -> Leaf | None:
        return self.origin.part(1, component)

    def part(self, component: int, subcomponent: int) -> Leaf | None:
        return self.origin.part(1, component) if subcomponent == 1 else None


def _information(s: Reading, made: dict[str, Any]) -> None:
    """OBR-13 of a report: what the clinician told the laboratory."""
    found = s.first(13)
    leaf = (found.leaf(2) or found.leaf(1)) if found else None
    if leaf:
        made.setdefault("extension", []).append({"url": _OWN + "clinical-information", "valueString": leaf})


def _request(c: Conversion, s: Reading) -> None:
    made: dict[str, Any] = {"resourceType": "ServiceRequest", "status": "unknown", "intent": "order"}
    entry = c.add(made, s.leaf(6))
    control(c, made, entry, medication=False, own=s)
    priority(s.leaf(5), made)
    action = s.leaf(11)
    if action and action.text.strip().upper() == "G":
        made["intent"] = action.give("reflex-order")
    apply(_ORDER, c, s, made)
    told = s.first(13)
    why = concept(c, told) if told else None
    if why:
        # The text of what the requester wants to know: a sentence a doctor reads, so it is the reason.
        made.setdefault("reasonCode", []).append({"text": why.get("text") or why["coding"][0].get("display")})
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    c.order.request = c.request = c.observed = entry
    for timing in c.order.timings:
        timed(c, timing, entry)
    c.order.timings.clear()


def observation_identity(c: Conversion, s: Reading, group: Reading | None) -> dict[str, Any] | None:
    """The name under which a correction finds the first: order number, code, sub-id (hub.domain.fragments.keys)."""
    number = _order_number(group) or _order_number(c.order.control)
    what = s.first(3)
    code = (what.text(1) or what.text(2)) if what else ""
    if not number or not code:
        return None
    system = f"urn:referral-hub:observation:{quote(c.facility or 'unknown', safe='')}"
    return {"system": system, "value": f"{number}/{code}/{s.whole(4)}"}


def _sub_ids(s: Reading) -> Iterator[Leaf]:
    repetition = s.first(4)
    return repetition.leaves() if repetition else iter(())


def _order_number(segment: Reading | None) -> str:
    return (segment.text(3) or segment.text(2)) if segment else ""


_OBSERVATION = rules(
    (3, "code", concept),
    (8, "interpretation[]", interpretation),
    (15, "performer[]", coded_organization),
    (16, "performer[]", practitioner),
    (17, "method", concept),
    (19, "extension[]", extension(
        "http://hl7.org/fhir/StructureDefinition/observation-analysis-date-time", "valueDateTime", date_time)),
    (20, "bodySite", concept),
    (21, "identifier[]", entity_identifier("FILL")),
    (10, "extension[]", extension(
        "http://hl7.org/fhir/StructureDefinition/observation-nature-of-abnormal-test", "valueCodeableConcept",
        coded("0080"))),
    (29, "category[]", coded("0936")),
    (30, "extension[]", extension(_OWN + "observation-sub-type", "valueCodeableConcept", coded("0937"))),
    (18, "device", lambda c, r: {"identifier": found} if (found := entity_identifier()(c, r)) else None),
)  # fmt: skip


def obx(c: Conversion, s: Reading) -> None:
    """Observation; after TXA its text is the document's. Lines of one text are one Observation."""
    kind = s.text(2).upper()
    if c.document is not None and document_line(c, s, kind):
        return
    if kind in PROSE and c.last_text and c.last_text[0] == _same_text(s):
        _continue(c, s, c.last_text[1])
        return
    made: dict[str, Any] = {"resourceType": "Observation", "status": "unknown"}
    entry = c.add(made, s.leaf(14), c.group.leaf(7) if c.group else None)
    name = observation_identity(c, s, c.group)
    if name:
        made["identifier"] = [name]
        entry.also.extend((leaf, "/identifier/0/value") for leaf in _sub_ids(s))
    _state(s, made)
    apply(_OBSERVATION, c, s, made)
    made.setdefault("code", {"text": "unknown"})
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    _when(c, s, made)
    _value(c, s, kind, made, entry)
    _performing(c, s, made)
    if ranges := reference(s):
        made["referenceRange"] = ranges
    _attach(c, made, entry)
    c.observed = entry
    c.last_text = (_same_text(s), entry) if kind in PROSE else None


def _same_text(s: Reading) -> str:
    status = s.fields[11] if len(s.fields) > 11 else ""
    return f"{s.fields[3] if len(s.fields) > 3 else ''}|{status}"


def _continue(c: Conversion, s: Reading, entry: Entry) -> None:
    """A further line of a text: its words join it, its other fields repeat what the first line said."""
    lines = [line for repetition in s.each(5) if (line := repetition.prose())]
    held = entry.resource.get("valueString")
    if lines:
        sources = [*(held.sources if held else ()), *(leaf for line in lines for leaf in line.sources)]
        text = "\n".join([*([str(held.value)] if held else []), *(str(line.value) for line in lines)])
        entry.resource["valueString"] = Joined(text, sources)
    code = {"code": concept(c, repetition)} if (repetition := s.first(3)) else {}
    twin: dict[str, Any] = {"resourceType": "Observation", **code}
    _state(s, twin)
    _when(c, s, twin)
    if not all(key in entry.resource for key in twin):
        twin = {key: twin[key] for key in twin if key in entry.resource}
    entry.twins.append(twin)
    kind = s.leaf(2)
    if kind:
        entry.also.append((kind, "/valueString"))


def _state(s: Reading, made: dict[str, Any]) -> None:
    leaf = s.leaf(11)
    code = leaf.text.strip().upper() if leaf else ""
    found = codes.OBSERVATION_STATUS.get(code)
    if leaf and found:
        made["status"] = leaf.give(found)
    if code == "N":
        absent = codes.TERMINOLOGY + "data-absent-reason"
        made["dataAbsentReason"] = {"coding": [{"system": absent, "code": "not-asked"}]}


def _when(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBX-14, else the time of its OBR."""
    own = s.first(14)
    time = date_time(c, own) if own else None
    if time:
        made["effectiveDateTime"] = time
    elif c.group:
        _effective(c, c.group, made)


def _value(c: Conversion, s: Reading, kind: str, made: dict[str, Any], entry: Entry) -> None:
    repetitions = list(s.each(5))
    kind_leaf = s.leaf(2)
    if kind in PROSE:
        lines = [line for repetition in repetitions if (line := repetition.prose())]
        found: dict[str, Any] | None = None
        if lines:
            text = "\n".join(str(line.value) for line in lines)
            found = {"valueString": Joined(text, [leaf for line in lines for leaf in line.sources])}
    else:
        values = [one for repetition in repetitions if (one := value(c, s, kind, repetition))]
        found = values[0] if values else None
        more = [one for one in values[1:] if "extension" not in one]
        if more:
            made["component"] = [{"code": {"text": "repetition"}, **one} for one in more]
        for one in values[1:]:
            if "extension" in one:
                made.setdefault("extension", []).extend(one["extension"])
    if found is None:
        if "dataAbsentReason" not in made and not s.has(5):
            absent = codes.TERMINOLOGY + "data-absent-reason"
            made["dataAbsentReason"] = {"coding": [{"system": absent, "code": "unknown"}]}
        return
    if "dataAbsentReason" in made:
        made.pop("dataAbsentReason")
    for key, item in found.items():
        if key == "extension":
            made.setdefault("extension", []).extend(item)
        else:
            made[key] = item
        if kind_leaf:
            entry.also.append((kind_leaf, f"/{key}"))


def _performing(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBX-23 to -25: the laboratory, its address, its director."""
    house = s.first(23)
    organization = organization_entry(c, house) if house else None
    if organization is None:
        return
    made.setdefault("performer", []).append(organization.reference)
    place = s.first(24)
    where = address(c, place) if place else None
    if where:
        organization.resource.setdefault("address", []).append(where)
    director = s.first(25)
    who = practitioner(c, director) if director else None
    if who:
        role = {"coding": [{"system": codes.TERMINOLOGY + "v2-0912", "code": "MDIR"}]}
        made["performer"].append(c.add({
            "resourceType": "PractitionerRole", "practitioner": who, "organization": organization.reference,
            "code": [role],
        }).reference)  # fmt: skip


def _attach(c: Conversion, made: dict[str, Any], entry: Entry) -> None:
    """Into the report, the order or the immunization that it belongs to."""
    if c.report:
        c.report.resource.setdefault("result", []).append(entry.reference)
    elif c.immunization:
        made["partOf"] = [c.immunization.reference]
    elif c.request:
        c.request.resource.setdefault("supportingInfo", []).append(entry.reference)


_SPECIMEN = rules(
    (4, "type", concept),
    (6, "container[].additiveCodeableConcept", concept),
    (7, "collection.method", concept),
    (8, "collection.bodySite", concept),
    (12, "collection.quantity", composite_quantity),
    (14, "note[]", lambda c, r: {"text": found} if (found := r.leaf()) else None),
    (18, "receivedTime", date_time),
    (24, "condition[]", concept),
    (27, "container[].type", concept),
    (30, "accessionIdentifier", identifier),
    (31, "identifier[]", identifier),
)


def spm(c: Conversion, s: Reading) -> None:
    """Specimen of the report or order before it."""
    made: dict[str, Any] = {"resourceType": "Specimen"}
    entry = c.add(made, s.leaf(17))
    for repetition in s.each(2):
        for component, kind in ((1, "PLAC"), (2, "FILL")):
            leaf = repetition.part(component, 1)
            if leaf:
                typed = {"coding": [{"system": codes.TERMINOLOGY + "v2-0203", "code": kind}]}
                made.setdefault("identifier", []).append({"type": typed, "value": leaf})
    apply(_SPECIMEN, c, s, made)
    taken = s.first(17)
    if taken:
        start, end = (c.clock.date_time(leaf.text) if (leaf := taken.leaf(n)) else None for n in (1, 2))
        first, last = taken.leaf(1), taken.leaf(2)
        if first and start and last and end:
            made.setdefault("collection", {})["collectedPeriod"] = {"start": first.give(start), "end": last.give(end)}
        elif first and start:
            made.setdefault("collection", {})["collectedDateTime"] = first.give(start)
    made["subject"] = c.subject()
    for owner in (c.report, c.request):
        if owner:
            owner.resource.setdefault("specimen", []).append(entry.reference)
            break


def nte(c: Conversion, s: Reading) -> None:
    """A comment on what it follows; on the whole message a note of its own (`documents.message_note`)."""
    target = c.observed or c.report or c.request
    if c.kind == "REF" and s.segment in c.trailing or target is None:
        c.notes.append(s)
        return
    notes = target.resource.setdefault("note" if target.resource["resourceType"] in _NOTED else "extension", [])
    for repetition in s.each(3):
        prose = repetition.prose()
        if prose is None:
            continue
        note: dict[str, Any] = {"text": prose}
        when = s.first(6)
        time = date_time(c, when) if when else None
        if time:
            note["time"] = time
        author = s.first(5)
        who = practitioner(c, author) if author else None
        if who:
            note["authorReference"] = who
        plain = target.resource["resourceType"] in _NOTED
        notes.append(note if plain else {"url": _OWN + "note", "valueAnnotation": note})


_NOTED = frozenset(
    {"Observation", "ServiceRequest", "MedicationRequest", "Immunization", "AllergyIntolerance", "Condition",
     "Procedure", "Specimen"}
)  # fmt: skip
