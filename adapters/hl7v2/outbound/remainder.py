"""What a REF has no segment for, in words: nothing that came with a referral is left out."""

from __future__ import annotations

from collections.abc import Set

from adapters.hl7v2.outbound import documents
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.values import Segment
from hub.domain import readable
from hub.domain.fragments import Resource, is_clinical

_WRITTEN = frozenset({"Condition", "AllergyIntolerance", "Procedure", "Observation", "DiagnosticReport", "Encounter",
                      "ServiceRequest", "Specimen", "Appointment"})  # fmt: skip
"""Types with segments of their own; an ORC cannot say that something is not to be done."""

_HEADINGS = {
    **dict.fromkeys(("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
                    ("10160-0", "History of medication use")),
    "Immunization": ("11369-6", "History of immunization"),
    "CarePlan": ("18776-5", "Plan of care note"),
    "FamilyMemberHistory": ("10157-6", "History of family member diseases"),
}  # fmt: skip
"""LOINC code and name of the section that such a resource would stand in."""


def remainder(w: Writing, request: Resource) -> list[Segment]:
    """An OBR with what no segment of a REF tells."""
    made = told_in_words(w, request)
    return [Segment("OBR", {4: [{1: "34133-9", 2: "Summary of episode note", 3: "LN"}]}), *made] if made else []


def told_in_words(w: Writing, request: Resource | None = None, beside: Set[str] = _WRITTEN) -> list[Segment]:
    """OBX: documents with their content, everything else but the referral and some types as a line of text."""
    made: list[Segment] = []
    for one in w.graph.resources:
        kind = one["resourceType"]
        if (kind in beside and one.get("doNotPerform") is not True) or not is_clinical(one, request):
            continue
        if kind == "DocumentReference":
            made += [] if documents.is_note(one) else documents.lines(w, one)
            continue
        said = readable.document_text(one) if kind in readable.DOCUMENTS else readable.line(one)
        if said:
            code, name = _HEADINGS.get(kind, ("", kind))
            segment = Segment("OBX")
            segment.put(2, "TX")
            segment.put(3, {1: code, 2: name, 3: "LN"} if code else {2: name})
            segment.put(5, said)
            segment.put(11, "F")
            made.append(segment)
    return made
