"""AL1, IAM, DG1, PR1, PRB, CSR: allergies, diagnoses, procedures, problems, part in a clinical trial."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.conversion import ABSENT, Conversion
from adapters.hl7v2.maps.datatypes import concept, date_time
from adapters.hl7v2.maps.marks import FIELD, OWN, mark
from adapters.hl7v2.maps.parties import entity_identifier
from adapters.hl7v2.maps.quantities import number
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading
from adapters.hl7v2.maps.sheets import apply
from hub.domain.fragments import CORRECTS

_ALLERGY = codes.TERMINOLOGY + "allergyintolerance-"
_CONDITION = codes.TERMINOLOGY + "condition-"
_DUE_TO = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"


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
    if critical := c.looked_up("allergy-criticality", severity):
        made["criticality"] = critical
    if severe := c.looked_up("reaction-severity", severity):
        reaction["severity"] = severe
    if shown or reaction:
        made["reaction"] = [{"manifestation": shown or [dict(ABSENT)], **reaction}]


def al1(c: Conversion, s: Reading) -> None:
    """AllergyIntolerance; a statement that there is none (716186003) is one too, with that code."""
    made: dict[str, Any] = {"resourceType": "AllergyIntolerance"}
    made["clinicalStatus"] = {"coding": [{"system": _ALLERGY + "clinical", "code": "active"}]}
    apply(c, "AL1[AllergyIntolerance]", s, made)
    _reaction(c, s, made, coded=False)
    made["patient"] = c.subject()
    c.add(made)


def iam(c: Conversion, s: Reading) -> None:
    """AllergyIntolerance; IAM-6 D or IAM-17 E takes it back, IAM-6 U puts it in the earlier one's place."""
    made: dict[str, Any] = {"resourceType": "AllergyIntolerance"}
    action, status = s.leaf(6), s.leaf(17)
    verified = c.looked_up("allergy-verification", status)
    if action and action.text.strip().upper() == "D":
        verified = action.give("entered-in-error")
    if verified:
        made["verificationStatus"] = _status(_ALLERGY + "verification", verified)
    if verified is None or verified.value != "entered-in-error":
        made["clinicalStatus"] = _status(_ALLERGY + "clinical", c.looked_up("allergy-clinical", status) or "active")
    if action and action.text.strip().upper() == "U":
        made["extension"] = [{"url": CORRECTS, "valueCode": action}]
    apply(c, "IAM[AllergyIntolerance]", s, made)
    onset = s.leaf(12)
    if onset and "onsetDateTime" not in made:
        made["onsetString"] = onset
    _reaction(c, s, made, coded=True)
    made["patient"] = c.subject()
    c.opened["allergy"] = c.add(made, s.leaf(13))


def _status(system: str, value: Leaf | str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": value}]}


def dg1(c: Conversion, s: Reading) -> None:
    """Condition of the encounter."""
    made: dict[str, Any] = {"resourceType": "Condition"}
    action = s.leaf(21)
    if action and action.text.strip().upper() == "D":
        made["verificationStatus"] = _status(_CONDITION + "ver-status", action.give("entered-in-error"))
    made["category"] = [{"coding": [{"system": _CONDITION + "category", "code": "encounter-diagnosis"}]}]
    apply(c, "DG1[Condition]", s, made)
    _by_method(c, s, made.get("code", {}))
    described = s.leaf(4)
    if described:
        code = made.setdefault("code", {})
        told = code.get("text")
        same = isinstance(told, Leaf) and told.text == described.text
        code["text"] = Joined(described.value, (described, told)) if same else described
        if c.since_2_6 and not same:
            mark(code, FIELD, "DG1-4", "text")
    made["subject"] = c.subject()
    parent = s.first(22)
    due = entity_identifier()(c, parent) if parent else None
    if due:
        cause = {"url": _DUE_TO, "valueReference": {"type": "Condition", "identifier": due}}
        made.setdefault("extension", []).append(cause)
    entry = c.add(made, s.leaf(19), s.leaf(5))
    if c.encounter:
        made["encounter"] = c.encounter.reference
        diagnosis: dict[str, Any] = {"condition": entry.reference}
        apply(c, "DG1[Encounter]", s, diagnosis)
        c.encounter.resource.setdefault("diagnosis", []).append(diagnosis)


def _by_method(c: Conversion, s: Reading, code: dict[str, Any]) -> None:
    """The system of a code that names none is that of the coding method (DG1-2, PR1-2), as until version 2.3."""
    method, codings = s.leaf(2), code.get("coding", ())
    uri = c.dialect.systems.get(method.text.strip().upper()) if method else None
    if method and uri and codings and "system" not in codings[0]:
        codings[0]["system"] = method.give(uri)
        mark(codings[0], FIELD, f"{s.name}-2")


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
    apply(c, "PR1[Procedure]", s, made)
    _by_method(c, s, made.get("code", {}))
    described = s.leaf(4)
    code = made.get("code", {})
    if described and ("text" not in code or ("coding" in code and s.leaf(3, 9) is None)):
        made.setdefault("code", {})["text"] = described
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    c.opened["procedure"] = c.add(made, time)


def prb(c: Conversion, s: Reading) -> None:
    """Condition on the problem list (our own rules: schemas/hl7v2). PRB-1 DE, and PC3 without it, takes it back."""
    made: dict[str, Any] = {"resourceType": "Condition"}
    made["category"] = [{"coding": [{"system": _CONDITION + "category", "code": "problem-list-item"}]}]
    apply(c, "PRB[Condition]", s, made)
    action = s.leaf(1)
    if s.text(1).upper() in ("DE", "D") or (action is None and c.event == "PC3"):
        error = "entered-in-error"
        made["verificationStatus"] = _status(_CONDITION + "ver-status", action.give(error) if action else error)
    else:
        _states(c, s, made)
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    c.observed = c.add(made, s.leaf(2), s.leaf(15), s.leaf(7))


def _states(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    for field, element, system, table in (
        (13, "verificationStatus", "ver-status", "problem-verification"),
        (14, "clinicalStatus", "clinical", "problem-clinical"),
    ):
        repetition = s.first(field)
        if repetition is None:
            continue
        for leaf in (repetition.leaf(1), repetition.leaf(2)):
            if found := c.looked_up(table, leaf):
                made[element] = _status(_CONDITION + system, found)
                if name := repetition.leaf(2):
                    made[element]["text"] = name
                break
        else:
            made.setdefault("extension", []).append(
                {"url": f"{OWN}problem-{element}", "valueCodeableConcept": concept(c, repetition) or {}}
            )
    if "abatementDateTime" in made and "clinicalStatus" not in made:
        made["clinicalStatus"] = _status(_CONDITION + "clinical", "resolved")


def csr(c: Conversion, s: Reading) -> None:
    """Part in a clinical trial; it is over with its end (CSR-15), or as the event says. A study whose patients are told
    of is under way: FHIR wants its status, and nothing says it."""
    study = c.add(apply(c, "CSR[ResearchStudy]", s, {"resourceType": "ResearchStudy", "status": "active"}))
    study.part = False
    status = c.codes["trial-event"].get(c.event) or ("off-study" if s.has(15) else "on-study")
    made = apply(c, "CSR[ResearchSubject]", s, {"resourceType": "ResearchSubject", "status": status})
    made |= {"study": study.reference, "individual": c.subject()}
    c.opened["trial"] = c.add(made, s.leaf(6))
