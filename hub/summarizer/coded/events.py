"""Procedure, Immunization, Encounter, and what is planned: orders, care plans, goals, appointments."""

from __future__ import annotations

from hub.summarizer.coded.problems import laterality
from hub.summarizer.drafts import Concept, Draft, concept, period
from hub.summarizer.evidence import Evidence

_DONE = {
    "completed": "completed", "in-progress": "active", "preparation": "planned", "not-done": "stopped",
    "stopped": "stopped", "on-hold": "unknown", "finished": "completed", "planned": "planned", "arrived": "active",
    "triaged": "active", "onleave": "active",
}  # fmt: skip
_ENCOUNTER_CLASS = {"IMP": "住院", "ACUTE": "住院", "NONAC": "住院", "AMB": "门诊", "EMER": "急诊", "HH": "家庭访视",
                    "OBSENC": "留观", "PRENC": "预入院", "SS": "日间", "VR": "远程"}  # fmt: skip
_PASSING = (None, "门诊", "远程")
_CLASSES = {"I": "IMP", "O": "AMB", "E": "EMER", "P": "PRENC"}
_PLAN_STATUS = {"completed": "completed", "revoked": "stopped", "fulfilled": "completed", "noshow": "stopped",
                "rejected": "stopped"}  # fmt: skip


def procedure(evidence: Evidence) -> list[Draft]:
    code = concept(evidence, "/code", "procedure")
    if code is None:
        return []
    start, end, dates = period(evidence, "/performedDateTime", "/performedPeriod", "/performedString")
    status = _DONE.get(str(evidence.resource.get("status")), "unknown")
    side, side_targets = laterality(evidence, code.name)
    absent = evidence.resource.get("status") == "not-done"
    sources = evidence.sources(*code.targets, *dates, *side_targets)
    planned = status == "planned"
    return [
        _event(evidence, code, "plans" if planned else "procedures", "procedure", sources, status=status, start=start,
               end=end, laterality=side, assertion="absent" if absent else "present")
    ]  # fmt: skip


def immunization(evidence: Evidence) -> list[Draft]:
    code = concept(evidence, "/vaccineCode", "vaccine")
    if code is None:
        return []
    start, _, dates = period(evidence, "/occurrenceDateTime", "/occurrenceString")
    absent = evidence.resource.get("status") == "not-done"
    sources = evidence.sources(*code.targets, *dates)
    return [
        _event(evidence, code, "immunizations", "immunization", sources, status="stopped" if absent else "completed",
               start=start, assertion="absent" if absent else "present")
    ]  # fmt: skip


def _event(evidence: Evidence, code: Concept, section: str, kind: str, sources: list[dict[str, object]],
           *, status: str, start: str | None, end: str | None = None, assertion: str = "present",
           laterality: str = "") -> Draft:  # fmt: skip
    return Draft(section=section, kind=kind, name=code.name, code=code.code, keys=code.keys, assertion=assertion,
                 status=status, start=start, end=end, laterality=laterality, sources=tuple(sources),
                 evidence=evidence)  # fmt: skip


def encounter(evidence: Evidence) -> list[Draft]:
    """A stay or visit: its class by a fixed word, where and why by the source's own words. Of one organisation.

    A visit of which neither when nor where nor why is said is nothing that a doctor can read: it stays unplaced.
    """
    given = str((evidence.value("/class") or {}).get("code", ""))
    label = _ENCOUNTER_CLASS.get(_CLASSES.get(given, given))
    start, end, dates = period(evidence, "/period")
    details, targets = [], []
    for pointer in ("/type/0", "/serviceType", "/reasonCode/0"):
        found = concept(evidence, pointer, "encounter")
        if found:
            details.append(found.name)
            targets.append(found.targets[0])
    place = evidence.value("/location/0/location/display")
    if place:
        details.append(str(place))
        targets.append("/location/0/location/display")
    sources = evidence.sources(*dates, *targets, "/class/code", "/class/display")
    if not (details or start or end or label not in _PASSING) or not sources:
        return []
    name = label or (details[0] if details else "就诊")
    return [
        Draft(section="encounters", kind="encounter", name=name, keys=frozenset({f"encounter|{given}"}),
              status=_DONE.get(str(evidence.resource.get("status")), "unknown"), start=start, end=end,
              group=(evidence.organization, "" if start else tuple(details)),
              details=tuple(d for d in details if d != name), sources=tuple(sources), evidence=evidence)
    ]  # fmt: skip


def order(evidence: Evidence) -> list[Draft]:
    """What somebody asked for: planned until another fragment says that it was done; or asked not to be done."""
    code = concept(evidence, "/code", "procedure")
    return _plan(evidence, code, "/occurrenceDateTime", "/occurrencePeriod", forbidden="/doNotPerform")


def appointment(evidence: Evidence) -> list[Draft]:
    """Each of its services; without one what it is described as."""
    services = range(len(evidence.value("/serviceType") or ()))
    named = [code for i in services if (code := concept(evidence, f"/serviceType/{i}", "procedure"))]
    described = [] if named else [_words(evidence, "/description")]
    return [draft for code in (*named, *described) for draft in _plan(evidence, code, "/start")]


def care_plan(evidence: Evidence) -> list[Draft]:
    """The plan's own title and each planned activity."""
    drafts = _plan(evidence, _words(evidence, "/title"), "/period")
    for index in range(len(evidence.value("/activity") or ())):
        base = f"/activity/{index}/detail"
        code = concept(evidence, f"{base}/code", "procedure") or _words(evidence, f"{base}/description")
        drafts += _plan(evidence, code, f"{base}/scheduledPeriod", f"{base}/scheduledTiming/event/0",
                        forbidden=f"{base}/doNotPerform")  # fmt: skip
    return drafts


def goal(evidence: Evidence) -> list[Draft]:
    return _plan(evidence, concept(evidence, "/description", "goal"), "/target/0/dueDate", "/startDate")


def _words(evidence: Evidence, pointer: str) -> Concept | None:
    text = evidence.value(pointer)
    if not isinstance(text, str) or not text.strip():
        return None
    return Concept(text, None, frozenset({f"name|{text.strip().casefold()}"}), (pointer,))


def _plan(evidence: Evidence, code: Concept | None, *dates: str, forbidden: str = "") -> list[Draft]:
    """forbidden: where the resource says that it is not to be done; then it is absent from the plans."""
    if code is None:
        return []
    start, end, cited = period(evidence, *dates)
    absent = bool(forbidden) and evidence.value(forbidden) is True
    status = _PLAN_STATUS.get(str(evidence.resource.get("status")), "unknown" if absent else "planned")
    sources = evidence.sources(*code.targets, *([forbidden] if absent else ()), *cited)
    return [
        _event(evidence, code, "plans", "plan", sources, status=status, start=start, end=end,
               assertion="absent" if absent else "present")
    ]  # fmt: skip
