"""Which reader reads which resource type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hub.domain import absence
from hub.summarizer.coded import events, problems, results
from hub.summarizer.coded.medications import Resolve, medication
from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence

READERS: dict[str, Callable[[Evidence], list[Draft]]] = {
    "Condition": problems.condition,
    "AllergyIntolerance": problems.allergy,
    "FamilyMemberHistory": problems.family,
    "Observation": results.observation,
    "Procedure": events.procedure,
    "Immunization": events.immunization,
    "Encounter": events.encounter,
    "ServiceRequest": events.order,
    "Appointment": events.appointment,
    "CarePlan": events.care_plan,
    "Goal": events.goal,
}
_NAMED = ("/code", "/medicationCodeableConcept", "/vaccineCode")
MEDICATIONS = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"})


def read(evidence: Evidence, resolve: Resolve) -> list[Draft]:
    """The drafts of one coded fragment; those that no source supports are left out. `No information` is none."""
    codings = [coding for name in _NAMED for coding in evidence.value(f"{name}/coding") or ()]
    absent = next(filter(None, map(absence.meaning, codings)), None)
    if absent == "unknown":
        return []
    if evidence.type in MEDICATIONS:
        found = medication(evidence, resolve)
    else:
        reader = READERS.get(evidence.type)
        found = reader(evidence) if reader else []
    if absent == "none":
        found = [replace(draft, assertion="absent", status="unknown") for draft in found]
    return [draft for draft in found if draft.sources]
