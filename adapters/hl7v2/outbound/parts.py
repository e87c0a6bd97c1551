"""What the messages of several kinds have in common."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.hl7v2.maps.marks import OWN
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.graph import extension
from adapters.hl7v2.outbound.participation import participations
from adapters.hl7v2.outbound.patient import directive
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Segment
from adapters.hl7v2.outbound.visit import pv1, pv2
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource


def required(w: Writing, kind: str) -> Resource:
    """The first resource of a type. Raises Refused(REQUIRED_MISSING) without."""
    found = w.graph.first(kind)
    if found is None:
        raise Refused(Refusal(Cause.REQUIRED_MISSING, kind, f"a {w.message.kind} needs a {kind}"))
    return found


def referral_of(w: Writing) -> tuple[Resource, Resource | None]:
    """The referral's ServiceRequest and its Task: what the MessageHeader focuses on, else the first of each."""
    header = w.graph.first("MessageHeader") or {}
    focus = [found for one in header.get("focus", ()) if (found := w.graph.resolve(one, header))]
    task = next((one for one in focus if one["resourceType"] == "Task"), None) or w.graph.first("Task")
    named = w.graph.resolve((task or {}).get("focus"), task)
    request = next((one for one in [*focus, named] if one and one["resourceType"] == "ServiceRequest"), None)
    return request or required(w, "ServiceRequest"), task


def numbered(segments: list[Segment]) -> list[Segment]:
    """The same, counted in their first field."""
    for place, segment in enumerate(segments, 1):
        segment.fields[1] = [{1: str(place)}]
    return segments


def insurance(covers: list[tuple[list[Segment], Resource | None]]) -> list[Segment]:
    numbered([segments[0] for segments, _ in covers])
    return [segment for segments, _ in covers for segment in segments]


_INJURY = {"coding": [{"system": "http://loinc.org", "code": "11374-6"}], "text": "Injury incident"}
_OF_ACCIDENT = frozenset({"resourceType", "id", "meta", "identifier", "status", "code", "subject", "encounter",
                          "effectiveDateTime", "performer", "valueString", "component", "extension"})  # fmt: skip


def accident_of(w: Writing) -> Resource | None:
    """The Observation that ACC tells whole; there is room for one."""
    told = (one for one in w.graph.all("Observation") if one.get("code") == _INJURY and one.get("status") == "final")
    return next((one for one in told if {key.lstrip("_") for key in one} <= _OF_ACCIDENT), None)


def accident(w: Writing) -> list[Segment]:
    """ACC."""
    made, one = Segment("ACC"), accident_of(w) or {}
    apply(w, "ACC[Observation]", one, made)
    if (place := w.graph.resolve(extension(one, OWN + "place"), one)) is not None:
        apply(w, "ACC[Location]", place, made)
    return [] if made.empty else [made]


def visit(w: Writing) -> list[Segment]:
    encounter = w.graph.first("Encounter")
    if encounter is None:
        return []
    more = pv2(w, encounter)
    return [pv1(w, encounter), *([] if more.empty else [more]), *participations(w, encounter)]


def no_visit() -> Segment:
    """PV1 where a message needs one and there is no visit."""
    made = Segment("PV1")
    made.put(2, "N")
    return made


def why(task: Resource | None) -> list[Segment]:
    """Why the referral stands so, and what is asked, as NTE."""
    reason = (task or {}).get("statusReason", {})
    said = [str(reason.get("text", "")), *(str(one.get("text", "")) for one in (task or {}).get("note", ()))]
    return [Segment("NTE", {3: [{1: one}]}) for one in dict.fromkeys(said) if one]


def is_member(w: Writing, observation: Resource) -> bool:
    """Whether another observation holds it."""
    return _is_in(w, observation, "hasMember", w.graph.all("Observation"))


def is_part(w: Writing, observation: Resource, orders: Iterable[Resource] = ()) -> bool:
    """Whether a report, another observation or one of these orders holds it."""
    return (
        is_member(w, observation)
        or _is_in(w, observation, "result", w.graph.all("DiagnosticReport"))
        or _is_in(w, observation, "supportingInfo", orders)
    )


def _is_in(w: Writing, observation: Resource, name: str, holders: Iterable[Resource]) -> bool:
    return any(w.graph.resolve(one, other) is observation for other in holders for one in other.get(name, ()))


def loose_results(w: Writing) -> list[Resource]:
    """Results that no report and no field of PD1 tells."""
    return [one for one in w.graph.all("Observation") if not is_part(w, one) and not directive(one)]


def early_results(w: Writing) -> list[Resource]:
    """Results of the patient alone, before any report: from version 2.6 on they have a place before the visit."""
    order = {id(resource): place for place, resource in enumerate(w.graph.resources)}
    first = next((order[id(one)] for one in w.graph.all("DiagnosticReport")), 0)
    return [one for one in loose_results(w) if order[id(one)] < first] if w.segments >= (2, 6) else []
