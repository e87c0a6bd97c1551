"""A fact of a generated patient, and how the truth file says it (reassembly-truth/1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.evaluation.generator.vocabulary import Concept

ANY = ["active", "resolved", "stopped", "planned", "completed", "unknown"]
RULES: dict[str, tuple[str, list[str], str, list[str]]] = {
    # kind: section, sections accepted, status, statuses accepted
    "problem": ("problems", ["problems", "history"], "active", ["active"]),
    "historic": ("problems", ["problems", "history"], "resolved", ["resolved", "completed"]),
    "symptom": ("problems", ["problems", "history", "encounters"], "active", ["active", "unknown"]),
    "negated_problem": ("problems", ["problems", "history", "results"], "unknown", ANY),
    "negated_symptom": ("problems", ["problems", "history", "encounters", "results"], "unknown", ANY),
    "negated_finding": ("problems", ["problems", "history", "results"], "unknown", ANY),
    "uncertain": ("problems", ["problems", "results", "history"], "unknown", ["active", "unknown", "planned"]),
    "family": ("history", ["history"], "unknown", ["active", "resolved", "unknown", "completed"]),
    "med_current": ("medications", ["medications"], "active", ["active"]),
    "med_stopped": ("medications", ["medications"], "stopped", ["stopped", "completed"]),
    "med_plan": ("plans", ["plans", "medications"], "planned", ["planned"]),
    "lab": ("results", ["results"], "completed", ["active", "resolved", "completed", "unknown"]),
    "bp": ("results", ["results"], "completed", ["active", "resolved", "completed", "unknown"]),
    "vital": ("results", ["results"], "completed", ["active", "resolved", "completed", "unknown"]),
    "allergy": ("allergies", ["allergies"], "active", ["active", "unknown"]),
    "allergy_absent": ("allergies", ["allergies"], "unknown", ANY),
    "procedure": ("procedures", ["procedures", "history"], "completed", ["completed", "resolved", "unknown"]),
    "procedure_plan": ("plans", ["plans", "procedures"], "planned", ["planned"]),
    "smoking": ("history", ["history"], "unknown", ["active", "resolved", "stopped", "unknown", "completed"]),
    "drinking": ("history", ["history"], "unknown", ["active", "resolved", "stopped", "unknown", "completed"]),
    "vaccine": ("immunizations", ["immunizations"], "completed", ["completed", "active", "unknown"]),
    "encounter": ("encounters", ["encounters", "history"], "completed", ["completed", "active", "resolved", "unknown"]),
    "blood": ("results", ["results", "history", "problems"], "completed", ["completed", "active", "unknown"]),
    "finding": ("results", ["results", "problems"], "active", ["active", "completed", "unknown", "resolved"]),
}
KINDS = {
    "historic": "problem", "negated_problem": "problem", "negated_symptom": "symptom", "negated_finding": "problem",
    "uncertain": "problem", "med_current": "medication", "med_stopped": "medication", "med_plan": "medication-plan",
    "bp": "lab", "vital": "lab", "allergy_absent": "allergy", "procedure_plan": "procedure-plan", "smoking": "social",
    "drinking": "social",
}  # fmt: skip
TRAPS = {
    "negated_problem": ("negation", ["present"], None, None),
    "negated_symptom": ("negation", ["present"], None, None),
    "negated_finding": ("negation", ["present"], None, None),
    "uncertain": ("uncertainty", ["present", "absent"], None, None),
    "family": ("family", ["present", "uncertain"], None, ["problems"]),
    "med_plan": ("plan", None, ["active", "completed", "stopped"], ["medications"]),
    "procedure_plan": ("planned-vs-done", None, ["completed", "active"], ["procedures"]),
}
_ASSERTIONS = {"uncertain": "uncertain", "allergy_absent": "absent"}


@dataclass(slots=True, eq=False)
class Fact:
    """wording: the kind of sentence; known: the first day on which it could be written; more: what only wording needs.

    concept: None for what has no table (住院, blood groups).
    """

    wording: str
    name: str
    names: list[str]
    codes: list[str]
    concept: Concept | None = None
    start: date | None = None
    end: date | None = None
    value: dict[str, Any] | None = None
    medication: dict[str, Any] | None = None
    laterality: str | None = None
    kin: str | None = None
    safety: bool = False
    main: bool = False
    grade: int = 0
    tags: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    statements: list[dict[str, Any]] = field(default_factory=list)
    start_ok: set[str] = field(default_factory=set)
    status_ok: list[str] | None = None
    id: str = ""

    @property
    def known(self) -> date:
        """Before this day nobody knew."""
        return self.end or self.start or date.min

    @property
    def assertion(self) -> str:
        return _ASSERTIONS.get(self.wording, "absent" if self.wording.startswith("negated") else "present")

    def tag(self, name: str) -> None:
        if name not in self.tags:
            self.tags.append(name)

    def truth(self) -> dict[str, Any]:
        """The fact as the truth file has it."""
        section, sections_ok, status, status_ok = RULES[self.wording]
        assertion_ok = ["present", "uncertain"] if self.wording.endswith("_plan") else [self.assertion]
        dated = self.start is not None and self.start_ok
        borne = "structured" if any(s["mode"] == "coded" for s in self.statements) else "text"
        return {
            "id": self.id, "section": section, "sections_ok": sections_ok,
            "kind": KINDS.get(self.wording, self.wording), "concept": self.name, "names": self.names,
            "codes": self.codes, "assertion": self.assertion, "assertion_ok": assertion_ok, "status": status,
            "status_ok": self.status_ok or status_ok, "start": max(sorted(self.start_ok), key=len) if dated else None,
            "start_ok": sorted(self.start_ok) if dated else [], "precision": None,
            "end": self.end.isoformat() if self.end else None, "value": self.value, "medication": self.medication,
            "laterality": self.laterality, "kin": self.kin, "safety": self.safety, "main": self.main,
            "grade": self.grade, "tags": self.tags, "statements": self.statements, "borne": borne,
            "value_text": self.more.get("value_text"),
        }  # fmt: skip
