"""What a REF has no segment for, in words: nothing that came with a referral is left out."""

from __future__ import annotations

from collections.abc import Set

from adapters.hl7v2.outbound import documents
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.graph import codes_of
from adapters.hl7v2.outbound.values import Segment
from hub.domain import readable
from hub.domain.fragments import Resource, denied, is_clinical, withdrawn

_WRITTEN = frozenset({"Condition", "AllergyIntolerance", "Procedure", "Observation", "DiagnosticReport", "Encounter",
                      "ServiceRequest", "Specimen", "Appointment"})  # fmt: skip
"""Types with segments of their own, which say that something is so."""

_HEADINGS = {
    **dict.fromkeys(("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
                    ("10160-0", "History of medication use")),
    "Immunization": ("11369-6", "History of immunization"),
    "CarePlan": ("18776-5", "Plan of care note"),
    "FamilyMemberHistory": ("10157-6", "History of family member diseases"),
}  # fmt: skip
"""LOINC code and name of the section that such a resource would stand in."""


_STANDING = {"entered-in-error": "记录有误", "cancelled": "已取消", "refuted": "已排除", "not-done": "未做",
             "not-taken": "未用", "stopped": "已停"}  # fmt: skip
"""Codes of a status that changes what a line says, and the word before it."""


def is_so(resource: Resource) -> bool:
    """Whether a segment may tell it: none can say that something is not so, nor AL1 or PR1 that it is taken back."""
    lasting = resource["resourceType"] in ("AllergyIntolerance", "Procedure")
    return not denied(resource) and not (lasting and withdrawn(resource))


def remainder(w: Writing, request: Resource) -> list[Segment]:
    """An OBR with what no segment of a REF tells."""
    made = told_in_words(w, request)
    return [Segment("OBR", {4: [{1: "34133-9", 2: "Summary of episode note", 3: "LN"}]}), *made] if made else []


def told_in_words(w: Writing, request: Resource | None = None, beside: Set[str] = _WRITTEN) -> list[Segment]:
    """OBX: documents with their content, everything else but the referral and some types as a line of text."""
    made: list[Segment] = []
    for one in w.graph.resources:
        kind = one["resourceType"]
        if (kind in beside and is_so(one)) or not is_clinical(one, request):
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
            segment.put(5, _standing(one) + said)
            segment.put(11, "F")
            made.append(segment)
    return made


def _standing(resource: Resource) -> str:
    codes = {resource.get("status"), *codes_of(resource.get("verificationStatus", {}))}
    return next((f"{word}：" for code, word in _STANDING.items() if code in codes), "")
