"""DiagnosticReport, ServiceRequest and Specimen to ORC, OBR and SPM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, FIELD, INHERITED, OWN, PARENT
from adapters.hl7v2.maps.segments_referral import HUB_REFERRAL
from adapters.hl7v2.outbound import notes
from adapters.hl7v2.outbound.charges import charges
from adapters.hl7v2.outbound.datatypes import Writing, back, concept, date_time
from adapters.hl7v2.outbound.graph import extension, extensions, mark, text
from adapters.hl7v2.outbound.names import address, telecom
from adapters.hl7v2.outbound.observations import obx
from adapters.hl7v2.outbound.participation import participations
from adapters.hl7v2.outbound.parties import (
    coded_organization,
    entity_identifier,
    identifier,
    interpreter,
    organization_of,
    person,
    practitioner,
)
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Component, Repetition, Segment, clean
from hub.domain.fragments import Resource

_REPORT_STATUS = {"amended": "C", "appended": "C", "entered-in-error": "X"}
"""What table 0123 has no code of its own for."""
_CONTROL = {"revoked": "CA", "on-hold": "HD", "entered-in-error": "CA"}
_ORDERED_BY = OWN + "ordered-by"
_CALLBACK = "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number"
_NUMBERS = (("PLAC", 2), ("FILL", 3))


def report(w: Writing, made_of: Resource, place: int) -> list[Segment]:
    """ORC, OBR, NTE, OBX with NTE, and SPM of a DiagnosticReport."""
    control, made = Segment("ORC"), Segment("OBR")
    made.put(1, str(place))
    apply(w, "ORC[Any]", made_of, control)
    if not control.has(1):
        control.put(1, "RE")
    apply(w, "ORC[DiagnosticReport]", made_of, control)
    _numbers(w, made_of, control, made, 3)
    apply(w, "OBR[DiagnosticReport]", made_of, made)
    for one in extensions(made_of, PARENT):
        made.put(26, _parent(w, one))
    _when(w, made_of, made)
    for usual, element in ((32, "resultsInterpreter"), (34, "performer")):
        for one in made_of.get(element, ()):
            told = mark(one, FIELD).removeprefix("OBR-").partition(" ")[0]
            if told.isdecimal() or not told:
                made.put(int(told or usual), interpreter(w, one))
    made.put(25, mark(made_of, AS_SENT, "status") or _reported(str(made_of.get("status"))))
    for one in extensions(made_of, OWN + "clinical-information"):
        made.put(13, str(one["valueString"]))
    _ordered(w, made_of, control, made)
    _of_order(w, made_of, control, made)
    comments = [one["valueAnnotation"] for one in extensions(made_of, OWN + "note")]
    segments = [made, *notes.of(w, made_of, comments), *participations(w, made_of), *_timed(w, made_of)]
    for one in made_of.get("result", ()):
        found = w.graph.resolve(one, made_of)
        if found is not None and found["resourceType"] == "Observation":
            segments += results(w, found)
    if made_of.get("conclusion"):
        segments.append(Segment("OBX", {2: [{1: "TX"}], 3: [{1: "conclusion", 2: "Conclusion"}],
                                        5: [{1: str(made_of["conclusion"])}], 11: [{1: "F"}]}))  # fmt: skip
    segments += charges(w, made_of)
    for one in made_of.get("specimen", ()):
        found = w.graph.resolve(one, made_of)
        if found is not None and found["resourceType"] == "Specimen":
            segments += [] if mark(found, FIELD) == "OBR" and w.version < (2, 7) else specimen(w, found)
    inherits = extension(made_of, INHERITED) == "ORC"
    return segments if inherits else [control, *segments]


def _parent(w: Writing, told: Mapping[str, Any]) -> Repetition:
    """PRL: the result that the report goes into."""
    what = concept(w, extension(told, "code") or {}) or {}
    parts = {n: part for n, part in what.items() if isinstance(part, str)}
    return clean({1: parts, 2: extension(told, "sub-id"), 3: extension(told, "value")})


def _of_order(w: Writing, made_of: Resource, control: Segment, made: Segment) -> None:
    """What the report's order says that the report does not, who entered it, and how the specimen was drawn."""
    orders = [found for one in made_of.get("basedOn", ()) if (found := w.graph.resolve(one, made_of))]
    requests = [one for one in orders if one["resourceType"] == "ServiceRequest"]
    for request in requests[:1]:
        for segment, other in zip((control, made), order(w, request, 1)[:2], strict=True):
            for number, held in other.fields.items():
                segment.fields.setdefault(number, held)
    for one in [made_of, *requests[:1]]:
        _transaction(w, one, control)
    for one in made_of.get("specimen", ())[:1]:
        found = w.graph.resolve(one, made_of)
        if found is not None and w.version < (2, 7):
            apply(w, "OBR[Specimen]", found, made)


def _timed(w: Writing, made_of: Resource) -> list[Segment]:
    """TQ1 of the report's order."""
    made = []
    for one in made_of.get("basedOn", ()) if w.version >= (2, 5) else ():
        request = w.graph.resolve(one, made_of) or {}
        timing = request.get("occurrenceTiming", {})
        bounds = timing.get("repeat", {}).get("boundsPeriod", {})
        segment = Segment("TQ1")
        pattern = concept(w, timing["code"]) if "code" in timing else None
        segment.put(3, {1: {n: part for n, part in pattern.items() if isinstance(part, str)}} if pattern else None)
        for field, key in ((7, "start"), (8, "end")):
            segment.put(field, date_time(w, bounds[key]) if key in bounds else None)
        if not segment.empty:
            segment.put(9, mark(request, AS_SENT, "priority") or back("priority").get(request.get("priority", "")))
            made.append(segment)
    return made


_AGENTS = {"enterer": 10, "verifier": 11, "performer": 19}


def _transaction(w: Writing, resource: Resource, control: Segment) -> None:
    """ORC-10, -11, -19 and -17: who entered, verified and acted, for whom."""
    for origin in w.graph.all("Provenance"):
        if not any(w.graph.resolve(one) is resource for one in origin.get("target", ())):
            continue
        for agent in origin.get("agent", ()):
            kinds = {c.get("code") for c in agent.get("type", {}).get("coding", ())}
            field = next((number for kind, number in _AGENTS.items() if kind in kinds), 17)
            control.put(field, (coded_organization if field == 17 else practitioner)(w, agent.get("who")))
            control.put(17, coded_organization(w, agent["onBehalfOf"]) if "onBehalfOf" in agent else None)


def _when(w: Writing, report: Resource, made: Segment) -> None:
    bounds = report.get("effectivePeriod", {"start": report.get("effectiveDateTime")})
    for field, key in ((7, "start"), (8, "end")):
        made.put(field, date_time(w, bounds[key]) if bounds.get(key) else None)


def results(w: Writing, observation: Resource) -> list[Segment]:
    """OBX of an Observation with its notes, and of its members."""
    made = [*obx(w, observation), *participations(w, observation)]
    made += notes.of(w, observation, observation.get("note", ()))
    for one in observation.get("hasMember", ()):
        found = w.graph.resolve(one, observation)
        if found is not None and found["resourceType"] == "Observation":
            made += results(w, found)
    return made


def _reported(status: str) -> str:
    return back("report-status").get(status) or _REPORT_STATUS.get(status, "")


def _numbers(w: Writing, resource: Resource, control: Segment, made: Segment, own: int) -> None:
    """ORC and OBR have the same numbers; ORC-4 the group's. own: the field of a number that says not whose it is."""
    groups = [resource[key] for key in ("requisition", "groupIdentifier") if key in resource]
    for one in resource.get("identifier", ()):
        kinds = {c.get("code") for c in one.get("type", {}).get("coding", ())}
        value = entity_identifier(w, one)
        field = next((number for kind, number in _NUMBERS if kind in kinds), 0)
        if one.get("system") == HUB_REFERRAL and len(resource["identifier"]) > 1:
            field = 3  # beside the number of who placed it; alone it is that number
        if one.get("type", {}).get("text") in GROUPED:
            groups.append(one)
        elif mark(one, FIELD) not in ("", "ORC-2", "ORC-3"):
            continue
        elif field or not made.has(own):
            for segment in (control,) if mark(one, FIELD) else (control, made):
                if not segment.has(field or own):
                    segment.put(field or own, value)
    group = grouped(w, groups)
    alone = group.get(1) if group and len(group) == 1 else None
    control.put(4, alone if isinstance(alone, dict) else group)


GROUPED = ("PGN", "FGN")
"""Types of a group's numbers: the placer's, the filler's."""


def grouped(w: Writing, numbers: list[Any], kinds: tuple[str, str] = GROUPED) -> Repetition | None:
    """EIP: the placer's number, the filler's."""
    found: dict[int, Component | None] = {}
    for one in numbers:
        held = one.get("type", {})
        named = {held.get("text"), *(c.get("code") for c in held.get("coding", ()))}
        place = 2 if kinds[1] in named else 1
        value = entity_identifier(w, one)
        if value and place not in found:
            found[place] = {n: part for n, part in value.items() if isinstance(part, str)}
    return clean(found) or None


def _ordered(w: Writing, resource: Resource, control: Segment, made: Segment) -> None:
    """Who ordered: ORC-12 and, where no other does, OBR-16 the person, ORC-21 to ORC-23 the house."""
    for one in extensions(resource, _ORDERED_BY):
        who = one["valueReference"]
        if mark(who, FIELD) == "OBR-16":
            made.fields[16] = [practitioner(w, who) or {}]
            continue
        control.put(12, practitioner(w, who))
        _house(w, who, control)
        for place in (person(w, who) or {}).get("address", ()):
            control.put(24, address(w, place))
        if not made.has(16):
            made.put(16, practitioner(w, who))


def _house(w: Writing, who: Mapping[str, Any], control: Segment) -> None:
    found = w.graph.resolve(who)
    house = w.graph.resolve(found.get("organization"), found) if found and "organization" in found else found
    if house is None or house["resourceType"] != "Organization":
        return
    control.put(21, organization_of(w, house))
    for one in house.get("address", ()):
        control.put(22, address(w, one))
    for one in house.get("telecom", ()):
        control.put(23, telecom(w, one))


def order(w: Writing, request: Resource, place: int, *, control: str = "", status: str = "") -> list[Segment]:
    """ORC, OBR, NTE, OBX of a ServiceRequest. control, status: ORC-1, ORC-5 where they are not those of its status."""
    head, made = Segment("ORC"), Segment("OBR")
    stands = str(request.get("status", ""))
    apply(w, "ORC[Any]", request, head, without=(1,) if control else ())
    if not head.has(1):
        head.put(1, control or _CONTROL.get(stands, "NW"))
    apply(w, "ORC[ServiceRequest]", {**request, "identifier": _own_numbers(request)}, head, without=(25,))
    made.put(1, str(place))
    _numbers(w, request, head, made, 2)
    head.put(
        5, status or mark(request, AS_SENT, "status") or ("" if control == "NW" else back("request-status").get(stands))
    )
    if "authoredOn" in request:
        head.put(9, date_time(w, request["authoredOn"]))
    who = request.get("requester")
    for segment, field in ((head, 12), (made, 16)):
        segment.put(field, practitioner(w, who) if who else None)
    _house(w, who or {}, head)
    for one in extensions(request, _CALLBACK):
        head.put(14, telecom(w, one["valueContactPoint"]))
        made.put(17, telecom(w, one["valueContactPoint"]))
    made.put(5, back("priority").get(request.get("priority", "")) if w.version < (2, 7) else None)
    made.put(11, "G" if request.get("intent") == "reflex-order" else extension(request, OWN + "specimen-action"))
    plain = {**request, "reasonCode": _coded(request, coded=True), "identifier": _own_numbers(request)}
    apply(w, "OBR[ServiceRequest]", plain, made, without=(16, 17))
    apply(w, "OBR[Order]", request, made)
    parents = [one["identifier"] for one in request.get("basedOn", ()) if "identifier" in one]
    for segment, field in ((head, 8), (made, 29)):
        segment.put(field, grouped(w, parents[:2], ("PLAC", "FILL")))
    words = "; ".join(text(one, "text") for one in _coded(request, coded=False))
    made.put(13, words)
    segments = notes.of(w, request, request.get("note", ()))
    for one in request.get("supportingInfo", ()):
        found = w.graph.resolve(one, request)
        if found is not None and found["resourceType"] == "Observation":
            segments += results(w, found)
    return [head, made, *segments]


def _own_numbers(request: Resource) -> list[Any]:
    """Numbers that are neither the order's own nor its group's."""
    return [one for one in request.get("identifier", ()) if mark(one, FIELD)]


def _coded(request: Resource, *, coded: bool) -> list[Any]:
    found = request.get("reasonCode", ())
    return [one for one in found if bool(one.get("coding") or mark(one, COMPONENT, "text")) is coded]


def _paired(w: Writing, numbers: list[Any]) -> Iterator[Repetition | None]:
    """An EIP for each specimen: a filler's number stands with the placer's before it."""
    pairs: list[list[Any]] = []
    for one in numbers:
        filler = one.get("type", {}).get("text") == GROUPED[1]
        if filler and pairs and len(pairs[-1]) == 1 and pairs[-1][0].get("type", {}).get("text") == GROUPED[0]:
            pairs[-1].append(one)
        else:
            pairs.append([one])
    return (grouped(w, pair) for pair in pairs)


def specimen(w: Writing, made_of: Resource) -> list[Segment]:
    made = Segment("SPM")
    apply(w, "SPM[Specimen]", {**made_of, "identifier": [], "parent": []}, made)
    numbers = [one for one in made_of.get("identifier", ()) if one.get("type", {}).get("text") in GROUPED]
    for number in _paired(w, numbers):
        made.put(2, number)
    for one in made_of.get("identifier", ()):
        if not any(one is other for other in numbers):
            special = mark(one, FIELD) == "SPM-32"
            made.put(32 if special else 31, (entity_identifier if special else identifier)(w, one))
    parents = [one["identifier"] for one in made_of.get("parent", ()) if "identifier" in one]
    for number in _paired(w, parents):
        made.put(3, number)
    taken = made_of.get("collection", {})
    bounds = taken.get("collectedPeriod", {"start": taken.get("collectedDateTime")})
    made.put(17, clean({n: date_time(w, bounds[key]) for n, key in ((1, "start"), (2, "end")) if bounds.get(key)}))
    return [made]
