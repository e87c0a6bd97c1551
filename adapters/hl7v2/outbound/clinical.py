"""AllergyIntolerance, Condition and Procedure to AL1, DG1 and PR1."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, FIELD
from adapters.hl7v2.maps.systems import system_name
from adapters.hl7v2.outbound.datatypes import Writing, back, concept, date_time, number
from adapters.hl7v2.outbound.graph import codes_of, extension, mark, text
from adapters.hl7v2.outbound.parties import entity_identifier
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Repetition, Segment
from hub.domain.fragments import Resource, withdrawn

_DUE_TO = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"


def al1(w: Writing, allergy: Resource) -> Segment:
    made = Segment("AL1")
    apply(w, "AL1[AllergyIntolerance]", allergy, made, without=(2,))
    _allergy(w, allergy, made)
    return made


def _allergy(w: Writing, allergy: Resource, made: Segment) -> None:
    kind = back("allergy-category").get(next(iter(allergy.get("category", ())), ""), "")
    sent = mark(allergy, AS_SENT, "category") or mark(allergy, AS_SENT, "type")
    made.put(2, sent or kind or ("MA" if allergy.get("type") == "allergy" else ""))
    reaction: Resource = next(iter(allergy.get("reaction", ())), {})
    severe, critical = str(reaction.get("severity", "")), str(allergy.get("criticality", ""))
    made.put(4, back("reaction-severity").get(severe) or back("allergy-criticality").get(critical))
    for shown in (m for one in allergy.get("reaction", ()) for m in one.get("manifestation", ())):
        if "text" in shown or "coding" in shown:
            made.put(5, _words(shown))


def _words(shown: dict[str, Any]) -> Repetition:
    first: dict[str, Any] = next(iter(shown.get("coding", ())), {})
    return {1: text(shown, "text") or str(first.get("display") or first.get("code", ""))}


def _diagnosis(w: Writing, value: Any) -> Repetition | None:
    """DG1-3: the code; words beside one stand in DG1-4."""
    coded = {key: held for key, held in value.items() if key not in ("text", "_text")}
    return concept(w, coded if value.get("coding") else value)


def _method(made: Segment, value: Resource) -> Resource:
    """The coding method where the sender told the code's system by it (`segments_clinical`); the code without it."""
    codings: list[Resource] = value.get("coding", [])
    first = codings[0] if codings else {}
    if mark(first, FIELD) != f"{made.name}-2":
        return value
    made.put(2, mark(first, AS_SENT, "system") or system_name(str(first["system"])))
    return {**value, "coding": [{key: first[key] for key in ("code", "display") if key in first}, *codings[1:]]}


def dg1(w: Writing, condition: Resource) -> Segment:
    """DG1; its description (DG1-4) is the text of the code."""
    made = Segment("DG1")
    what = _method(made, condition.get("code", {}))
    apply(w, "DG1[Condition]", condition, made, without=(3,))
    described = w.version < (2, 6) or mark(what, FIELD, "text") == "DG1-4"
    made.put(3, _diagnosis(w, what) if described else concept(w, what))
    made.put(4, text(what, "text") if described else "")
    if not made.has(6):
        made.put(6, "W" if _is(condition, "verificationStatus", "provisional", "differential") else "F")
    if withdrawn(condition):
        made.put(21, "D")
    due = extension(condition, _DUE_TO)
    if due and "identifier" in due:
        made.put(22, entity_identifier(w, due["identifier"]))
    return made


def _is(condition: Resource, element: str, *wanted: str) -> bool:
    return not codes_of(condition.get(element, {})).isdisjoint(wanted)


def pr1(w: Writing, procedure: Resource) -> Segment:
    """PR1; the minutes between start and end are its duration (PR1-7)."""
    made = Segment("PR1")
    apply(w, "PR1[Procedure]", {**procedure, "code": _method(made, procedure.get("code", {}))}, made)
    when = procedure.get("performedDateTime") or procedure.get("performedPeriod", {}).get("start")
    made.put(5, date_time(w, when) if when else None)
    made.put(4, text(procedure.get("code", {}), "text"))
    start, end = (procedure.get("performedPeriod", {}).get(key, "") for key in ("start", "end"))
    if len(start) > 10 and len(end) > 10:
        minutes = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 60
        made.put(7, number(f"{minutes:g}"))
    return made
