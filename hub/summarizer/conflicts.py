"""Items that contradict each other: found by codes, numbers and dates, told in neutral words, never resolved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.summarizer.items import Item
from hub.summarizer.reconcile import (
    allergy_conflicts,
    medicine_conflicts,
    plan_conflicts,
    problem_conflicts,
    result_conflicts,
)
from hub.summarizer.reconcile.opposed import Opposed

_RULES: dict[str, tuple[Callable[[Sequence[Item]], list[Opposed]], ...]] = {
    "medications": (medicine_conflicts.medicines,),
    "allergies": (allergy_conflicts.allergies,),
    "problems": (problem_conflicts.assertions, problem_conflicts.diagnoses, problem_conflicts.onsets,
                 problem_conflicts.sides),
    "procedures": (problem_conflicts.assertions, problem_conflicts.onsets, problem_conflicts.sides),
    "results": (result_conflicts.measurements, result_conflicts.qualitative, result_conflicts.blood_groups),
}  # fmt: skip
"""What to look for in each section of the record; what is not to be done is looked for in all."""


@dataclass(frozen=True, slots=True)
class Conflict:
    kind: str
    items: tuple[Item, ...]
    text: str


def find(items: Sequence[Item]) -> list[Conflict]:
    """All conflicts of items, each pair once for each kind."""
    by_section: dict[str, list[Item]] = {}
    for item in items:
        by_section.setdefault(item.head.section, []).append(item)
    within = (
        opposed
        for section, rules in _RULES.items()
        if section in by_section
        for rule in rules
        for opposed in rule(by_section[section])
    )
    return [_conflict(opposed) for opposed in (*within, *plan_conflicts.forbidden(items))]


def _conflict(opposed: Opposed) -> Conflict:
    items = (opposed.one, opposed.other)
    told = "；".join(f"“{i.text}”（{_said_by(i)}）" for i in items)
    return Conflict(opposed.kind, items, f"{opposed.what}：{told}")


def _said_by(item: Item) -> str:
    said = {d.evidence.organization: d.evidence.at.date().isoformat() for d in item.drafts}
    return "、".join(f"{organization} {day}" for organization, day in said.items())
