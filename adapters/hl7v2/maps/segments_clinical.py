"""AL1, IAM, DG1, PR1, PRB: allergies, diagnoses, procedures, problems."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import location, performer, practitioner
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import (
    code,
    coded,
    concept,
    date_time,
    extension,
    number,
    positive,
    string,
)
from adapters.hl7v2.maps.parties import entity_identifier
from adapters.hl7v2.maps.reading import Leaf, Reading
from adapters.hl7v2.maps.rules import apply, rules

_ALLERGY = codes.TERMINOLOGY + "allergyintolerance-"
_CONDITION = codes.TERMINOLOGY + "condition-"
_DUE_TO = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"
_OWN = "urn:referral-hub:extension:"
_UNKNOWN = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}


def _reaction(c: Conversion, s: Reading, made: dict[str, Any], *, coded: bool) -> None:
    """AL1-4, -5 and IAM-4, -5: manifestations and severity of one reaction, criticality of the allergy."""
    severity = s.leaf(4)
    reaction: dict[str, Any] = {}
    shown: list[Any] = []
    for repetition in s.each(5):
        if coded and not repetition.lone:
            shown.append(concept(c, repetition))
        elif (leaf := repetition.leaf(2) or repetition.leaf(1)) is not None:
            shown.append({"text": leaf})
    if severity:
        critical = codes.ALLERGY_CRITICALITY.get(severity.text.strip().upper())
        severe = codes.REACTION_SEVERITY.get(severity.text.strip().upper())
        if critical:
            made["criticality"] = severity.give(critical)
        if severe:
            reaction["severity"] = severity.give(severe)
    if shown or reaction:
        made["reaction"] = [{"manifestation": shown or [dict(_UNKNOWN)], **reaction}]


_AL1 = rules(
    (2, "category[]", code(codes.ALLERGY_CATEGORY)),
    (2, "type", code(codes.ALLERGY_TYPE)),
    (3, "code", concept),
    (6, "onsetDateTime", date_time),
)
_IAM = rules(
    (2, "category[]", code(codes.ALLERGY_CATEGORY)),
    (2, "type", code(codes.ALLERGY_TYPE)),
    (3, "code", concept),
    (7, "identifier[]", entity_identifier()),
    (11, "onsetDateTime", date_time),
    (13, "recordedDate", date_time),
)


def al1(c: Conversion, s: Reading) -> None:
    """AllergyIntolerance; a statement that there is none (716186003) is one too, with that code."""
    made: dict[str, Any] = {"resourceType": "AllergyIntolerance"}
    made["clinicalStatus"] = {"coding": [{"system": _ALLERGY + "clinical", "code": "active"}]}
    apply(_AL1, c, s, made)
    _reaction(c, s, made, coded=False)
    made["patient"] = c.subject()
    c.add(made)


def iam(c: Conversion, s: Reading) -> None:
    """AllergyIntolerance; IAM-6 D takes it back."""
    made: dict[str, Any] = {"resourceType": "AllergyIntolerance"}
    action, status = s.leaf(6), s.leaf(17)
    if action and action.text.strip().upper() == "D":
        made["verificationStatus"] = _status(_ALLERGY + "verification", action.give("entered-in-error"))
    else:
        found = codes.ALLERGY_CLINICAL.get(status.text.strip().upper()) if status else None
        made["clinicalStatus"] = _status(_ALLERGY + "clinical", status.give(found) if status and found else "active")
    apply(_IAM, c, s, made)
    onset = s.leaf(12)
    if onset and "onsetDateTime" not in made:
        made["onsetString"] = onset
    _reaction(c, s, made, coded=True)
    made["patient"] = c.subject()
    c.add(made, s.leaf(13))


def _status(system: str, value: Leaf | str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": value}]}


_DIAGNOSIS = rules(
    (3, "code", concept),
    (5, "onsetDateTime", date_time),
    (6, "category[]", coded("0052")),
    (16, "asserter", practitioner),
    (19, "recordedDate", date_time),
    (20, "identifier[]", entity_identifier()),
    (26, "extension[]", extension(_OWN + "present-on-admission", "valueCodeableConcept", concept)),
    (15, "extension[]", extension(_OWN + "diagnosis-priority", "valuePositiveInt", positive)),
)


def dg1(c: Conversion, s: Reading) -> None:
    """Condition of the encounter."""
    made: dict[str, Any] = {"resourceType": "Condition"}
    action = s.leaf(21)
    if action and action.text.strip().upper() == "D":
        made["verificationStatus"] = _status(_CONDITION + "ver-status", action.give("entered-in-error"))
    made["category"] = [{"coding": [{"system": _CONDITION + "category", "code": "encounter-diagnosis"}]}]
    apply(_DIAGNOSIS, c, s, made)
    described = s.leaf(4)
    if described:
        made.setdefault("code", {})["text"] = described
    made["subject"] = c.subject()
    parent = s.first(22)
    due = entity_identifier()(c, parent) if parent else None
    if due:
        cause = {"url": _DUE_TO, "valueReference": {"type": "Condition", "identifier": due}}
        made.setdefault("extension", []).append(cause)
    entry = c.add(made, s.leaf(19), s.leaf(5))
    _of_encounter(c, made, entry)


def _of_encounter(c: Conversion, made: dict[str, Any], entry: Entry) -> None:
    if c.encounter:
        made["encounter"] = c.encounter.reference
        c.encounter.resource.setdefault("diagnosis", []).append({"condition": entry.reference})


_PROCEDURE = rules(
    (3, "code", concept),
    (6, "category", concept),
    (8, "performer[]", performer("88189002", "http://snomed.info/sct")),
    (11, "performer[]", performer("304292004", "http://snomed.info/sct")),
    (12, "performer[]", performer("", "")),
    (15, "reasonCode[]", concept),
    (19, "identifier[]", entity_identifier()),
    (23, "location", location),
)


def pr1(c: Conversion, s: Reading) -> None:
    """Procedure. PR1 has no status: one dated up to the message was done, of any other it is unknown."""
    made: dict[str, Any] = {"resourceType": "Procedure", "status": "unknown"}
    when = s.first(5)
    time = date_time(c, when) if when else None
    minutes = s.leaf(7)
    duration = number(minutes.text) if minutes else None
    moment = c.clock.moment(time.text) if time else None
    if time and moment and minutes and duration is not None and len(str(time.value)) > 10 and 0 <= duration < 100000:
        end = moment + timedelta(minutes=float(duration))
        made["performedPeriod"] = {"start": time, "end": minutes.give(end.isoformat(timespec="seconds"))}
    elif time:
        made["performedDateTime"] = time
    sent = c.clock.moment(c.entries[0].recorded[0].text) if c.entries and c.entries[0].recorded[0] else None
    if moment and sent and moment <= sent:
        made["status"] = "completed"
    apply(_PROCEDURE, c, s, made)
    described = s.leaf(4)
    if described and "text" not in made.get("code", {}):
        made.setdefault("code", {})["text"] = described
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    c.add(made, time)


_PROBLEM = rules(
    (3, "code", concept),
    (4, "identifier[]", entity_identifier()),
    (16, "onsetDateTime", date_time),
    (7, "recordedDate", date_time),
    (9, "abatementDateTime", date_time),
    (10, "category[]", concept),
    (12, "extension[]", extension(_OWN + "problem-persistence", "valueCodeableConcept", concept)),
    (17, "extension[]", extension(_OWN + "problem-onset-text", "valueString", string)),
)


def prb(c: Conversion, s: Reading) -> None:
    """Condition on the problem list (our own rules: schemas/hl7v2). PRB-1 DE takes it back."""
    made: dict[str, Any] = {"resourceType": "Condition"}
    made["category"] = [{"coding": [{"system": _CONDITION + "category", "code": "problem-list-item"}]}]
    apply(_PROBLEM, c, s, made)
    action = s.leaf(1)
    if action and action.text.strip().upper() in ("DE", "D"):
        made["verificationStatus"] = _status(_CONDITION + "ver-status", action.give("entered-in-error"))
    else:
        _states(c, s, made)
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    c.add(made, s.leaf(2), s.leaf(15), s.leaf(7))


def _states(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    for field, element, system, words in (
        (13, "verificationStatus", "ver-status", codes.PROBLEM_VERIFICATION),
        (14, "clinicalStatus", "clinical", codes.PROBLEM_CLINICAL),
    ):
        repetition = s.first(field)
        if repetition is None:
            continue
        for leaf in (repetition.leaf(1), repetition.leaf(2)):
            found = words.get(leaf.text.strip().upper()) if leaf else None
            if leaf and found:
                name = repetition.leaf(2)
                made[element] = _status(_CONDITION + system, leaf.give(found))
                if name:
                    made[element]["text"] = name
                break
        else:
            made.setdefault("extension", []).append(
                {"url": f"{_OWN}problem-{element}", "valueCodeableConcept": concept(c, repetition) or {}}
            )
    if "abatementDateTime" in made and "clinicalStatus" not in made:
        made["clinicalStatus"] = _status(_CONDITION + "clinical", "resolved")
