"""ORU: DiagnosticReports with their orders, results, specimens, and what is told with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.hl7v2.maps.contacts import CONTACT
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, INHERITED, OWN, PARENT
from adapters.hl7v2.outbound import documents, notes, timing
from adapters.hl7v2.outbound.charges import charges
from adapters.hl7v2.outbound.datatypes import Writing, back, concept, date_time
from adapters.hl7v2.outbound.graph import codes_of, extension, extensions, mark
from adapters.hl7v2.outbound.names import address
from adapters.hl7v2.outbound.observations import results
from adapters.hl7v2.outbound.orders import drawn, further_orderers, house, numbers, order, specimen
from adapters.hl7v2.outbound.participation import participations, roles
from adapters.hl7v2.outbound.parties import coded_organization, interpreter, person, practitioner
from adapters.hl7v2.outbound.parts import accident_of, is_part
from adapters.hl7v2.outbound.referral import contact
from adapters.hl7v2.outbound.rules import apart, apply
from adapters.hl7v2.outbound.values import Repetition, Segment, clean, subcomponents
from hub.domain.fragments import Resource

_REPORT_STATUS = {"amended": "C", "appended": "C", "entered-in-error": "X"}
"""What table 0123 has no code of its own for."""
_ORDERED_BY = OWN + "ordered-by"
_AGENTS = {"enterer": 10, "verifier": 11, "performer": 19}


def report(w: Writing, made_of: Resource, place: int, before: Segment | None = None) -> list[Segment]:
    """ORC with its document, OBR, NTE, TQ1, CTD, OBX with NTE, FT1, CTI, and SPM with OBX of a DiagnosticReport.
    before: the ORC of the report before it, which is this one's where it had none."""
    control, made = Segment("ORC"), Segment("OBR")
    made.put(1, str(place))
    request = _request(w, made_of)
    _reported(w, made_of, control, made)
    _of_order(w, made_of, request, control, made)
    comments = [one["valueAnnotation"] for one in extensions(made_of, OWN + "note")]
    segments = [made, *notes.of(w, made_of, comments), *roles(w, made_of), *participations(w, made_of)]
    if request and w.segments >= (2, 5):
        segments += timing.tq1(w, request)
    segments += contacts(w, made_of)
    specimens = [found for one in made_of.get("specimen", ()) if (found := _resolved(w, made_of, one, "Specimen"))]
    told = [found for one in made_of.get("result", ()) if (found := _resolved(w, made_of, one, "Observation"))]
    measured = {id(one): about for one in told if (about := _about(w, one, specimens)) is not None}
    segments += [line for one in told if id(one) not in measured for line in results(w, one)]
    if made_of.get("conclusion"):
        segments.append(Segment("OBX", {2: [{1: "TX"}], 3: [{1: "conclusion", 2: "Conclusion"}],
                                        5: [{1: str(made_of["conclusion"])}], 11: [{1: "F"}]}))  # fmt: skip
    document, further = _document(w, request, control)
    segments += [*further, *charges(w, made_of), *trial(w, made_of)]
    for one in sorted(specimens, key=lambda one: mark(one, FIELD) == "OBR"):
        if w.segments < (2, 5) or (mark(one, FIELD) == "OBR" and (not w.withdrawn or "type" not in one)):
            continue
        segments += specimen(w, one)
        segments += [obx for each in told if measured.get(id(each)) is one for obx in results(w, each)]
    if extension(made_of, INHERITED) != "ORC":
        return [control, *document, *segments]
    if before and control.has(7):
        before.fields.setdefault(7, control.fields[7])
    return segments


def _resolved(w: Writing, holder: Resource, reference: Mapping[str, Any], kind: str) -> Resource | None:
    found = w.graph.resolve(reference, holder)
    return found if found is not None and found["resourceType"] == kind else None


def _about(w: Writing, observation: Resource, specimens: list[Resource]) -> Resource | None:
    """The specimen that an observation is about: told behind it (from version 2.5 on)."""
    focus = [w.graph.resolve(one, observation) for one in observation.get("focus", ())]
    known = specimens if w.segments >= (2, 5) else ()
    return next((one for one in known for other in focus if one is other), None)


def _request(w: Writing, made_of: Resource) -> Resource | None:
    found = (_resolved(w, made_of, one, "ServiceRequest") for one in made_of.get("basedOn", ()))
    return next((one for one in found if one), None)


def _reported(w: Writing, made_of: Resource, control: Segment, made: Segment) -> None:
    """What ORC and OBR say of the report itself."""
    apply(w, "ORC[Any]", made_of, control)
    if not control.has(1):
        control.put(1, "RE")
    apply(w, "ORC[DiagnosticReport]", made_of, control)
    numbers(w, made_of, control, made, 3)
    apply(w, "OBR[DiagnosticReport]", made_of, made)
    for one in extensions(made_of, PARENT):
        made.put(26, _parent(w, one))
    bounds = made_of.get("effectivePeriod", {"start": made_of.get("effectiveDateTime")})
    for field, key in ((7, "start"), (8, "end")):
        made.put(field, date_time(w, bounds[key]) if bounds.get(key) else None)
    for usual, element in ((32, "resultsInterpreter"), (34, "performer")):
        for one in made_of.get(element, ()):
            told = mark(one, FIELD).removeprefix("OBR-")
            if told.isdecimal() or not told:
                made.put(int(told or usual), interpreter(w, one))
    status = str(made_of.get("status"))
    made.put(25, mark(made_of, AS_SENT, "status") or back("report-status").get(status) or _REPORT_STATUS.get(status))
    for one in extensions(made_of, OWN + "clinical-information"):
        made.put(13, {int(mark(one, COMPONENT, "valueString") or 1): str(one["valueString"])})
    _ordered(w, made_of, control, made)
    further_orderers(w, made_of, control)


def _parent(w: Writing, told: Mapping[str, Any]) -> Repetition:
    """PRL: the result that the report goes into."""
    what = concept(w, extension(told, "code") or {})
    return clean({1: subcomponents(what), 2: extension(told, "sub-id"), 3: extension(told, "value")})


def _of_order(w: Writing, made_of: Resource, request: Resource | None, control: Segment, made: Segment) -> None:
    """What the report's order says that the report does not, who entered it, and how the specimen was drawn."""
    if request:
        for segment, other in zip((control, made), order(w, request, 1)[:2], strict=True):
            for number, held in other.fields.items():
                segment.fields.setdefault(number, held)
    for one in [made_of, *([request] if request else [])]:
        _transaction(w, one, control)
    for one in made_of.get("specimen", ())[:1]:
        found = _resolved(w, made_of, one, "Specimen")
        if found is not None and (not w.withdrawn or mark(found, FIELD).startswith("OBR")):
            drawn(w, found, made)


def _transaction(w: Writing, resource: Resource, control: Segment) -> None:
    """ORC-10, -11, -19 and -17: who entered, verified and acted, for whom."""
    for origin in w.graph.all("Provenance"):
        if not any(w.graph.resolve(one) is resource for one in origin.get("target", ())):
            continue
        for agent in origin.get("agent", ()):
            kinds = codes_of(agent.get("type", {}))
            field = next((number for kind, number in _AGENTS.items() if kind in kinds), 17)
            control.put(field, (coded_organization if field == 17 else practitioner)(w, agent.get("who")))
            control.put(17, coded_organization(w, agent["onBehalfOf"]) if "onBehalfOf" in agent else None)


def _ordered(w: Writing, resource: Resource, control: Segment, made: Segment) -> None:
    """Who ordered: ORC-12 and, where no other does, OBR-16 the person, ORC-21 to ORC-23 the house."""
    for one in extensions(resource, _ORDERED_BY):
        who = one["valueReference"]
        if mark(who, FIELD) == "OBR-16":
            made.fields[16] = [practitioner(w, who) or {}]
            continue
        control.put(12, practitioner(w, who))
        house(w, who, control)
        for place in (person(w, who) or {}).get("address", ()):
            control.put(24, address(w, place))
        if not made.has(16):
            made.put(16, practitioner(w, who))


def _document(w: Writing, request: Resource | None, control: Segment) -> tuple[list[Segment], list[Segment]]:
    """Documents of the order: behind ORC (from version 2.8 on), else as results."""
    if request is None:
        return [], []
    held = [one for one in w.graph.all("DocumentReference") if documents.is_of(w, one, request)]
    if w.segments < (2, 8):
        return [], [line for one in held for line in documents.lines(w, one)]
    first, others = held[:1], held[1:]
    made = [segment for one in first for segment in (*documents.lines(w, one), *participations(w, one),
                                                     documents.txa(w, one, 1))]  # fmt: skip
    return [*participations(w, request), *made], [line for one in others for line in documents.lines(w, one)]


def contacts(w: Writing, made_of: Resource) -> list[Segment]:
    """CTD: whom to ask about the report (from version 2.4 on)."""
    if w.segments < (2, 4):
        return []
    held = [one for patient in w.graph.all("Patient") for one in patient.get("contact", ())]
    return [contact(w, one) for one in held if w.graph.resolve(extension(one, CONTACT)) is made_of]


def trial(w: Writing, made_of: Resource) -> list[Segment]:
    """CTI of a report: a segment for each study, with its phase."""
    told = apart(w, "CTI[DiagnosticReport]", made_of) if w.segments >= (2, 3) else []
    return [Segment("CTI", {n: held[at : at + 1] for n, held in whole.fields.items() if held[at:]})
            for whole in told for at in range(max(map(len, whole.fields.values())))]  # fmt: skip


_OF_RESULTS = ("OBR", "NTE", "OBX", "PRT")
"""Segments of a REF's results."""


def observed(w: Writing, request: Resource) -> list[Segment]:
    """OBR groups of a referral: reports with their results, other orders, and results that stand alone."""
    reports, accident = w.graph.all("DiagnosticReport"), accident_of(w)
    told = [request, *(w.graph.resolve(one, each) for each in reports for one in each.get("basedOn", ()))]
    orders = [one for one in w.graph.all("ServiceRequest")
              if one.get("doNotPerform") is not True and not any(one is other for other in told)]  # fmt: skip
    made: list[Segment] = []
    loose: list[Segment] = []
    place = 0
    for one in w.graph.all("DiagnosticReport", "ServiceRequest", "Observation"):
        if one["resourceType"] == "Observation":
            if one is not accident and not is_part(w, one, orders):
                (loose if place else made).extend(results(w, one))
        elif any(one is other for other in (*reports, *orders)):
            place += 1
            group = report(w, one, place) if one["resourceType"] == "DiagnosticReport" else order(w, one, place)
            made += [segment for segment in group if segment.name in _OF_RESULTS]
    return [*made, *alone(loose)]


def alone(results: list[Segment]) -> list[Segment]:
    """Results that no report has, behind an OBR of their own: they belong to none before."""
    return [Segment("OBR", {4: [{2: "Results"}]}), *results] if results else []
