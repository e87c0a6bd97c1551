"""Drafts as a reader of text or of resources yields them, one fragment each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.domain.fragments import Fragment
from hub.summarizer import terms, units
from hub.summarizer.drafts import Draft
from hub.summarizer.evidence import Evidence

COUNTY, TERTIARY, VILLAGE = "县医院", "三甲", "卫生室"
_numbers = itertools.count(1)


def fragment(by: str = COUNTY, on: str = "2025-05-01", message: str = "") -> Evidence:
    number = next(_numbers)
    return Evidence(
        Fragment(f"d-{number}", message or f"M{number}", "", by, _moment(on), None, None, "text", {}, ())
    )  # fmt: skip


def _moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def source(evidence: Evidence, text: str) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "fragment_id": evidence.fragment.id, "message_id": evidence.fragment.message_id,
        "organization": evidence.organization, "received_at": evidence.at.isoformat(), "recorded_at": None,
        "file": None, "location": {"kind": "text", "path": "", "start": number, "end": number + len(text)},
        "text": text,
    }  # fmt: skip


_FAMILIES = {"problem": "problem", "symptom": "problem", "family": "problem", "allergy": "allergen",
             "procedure": "procedure", "immunization": "vaccine", "medication": "medicine", "result": "analyte",
             "plan": "procedure"}  # fmt: skip
_SECTIONS = {"problem": "problems", "symptom": "problems", "family": "history", "social": "history",
             "allergy": "allergies", "procedure": "procedures", "immunization": "immunizations",
             "medication": "medications", "result": "results", "encounter": "encounters", "plan": "plans"}  # fmt: skip


def say(kind: str, name: str, *, by: str = COUNTY, on: str = "2025-05-01", code: str = "", text: str = "",
        message: str = "", evidence: Evidence | None = None, **given: Any) -> Draft:  # fmt: skip
    """A statement in free text, or coded where it has a code (of ICD-10)."""
    evidence = evidence or fragment(by, on, message)
    coded = {"system": "http://hl7.org/fhir/sid/icd-10", "code": code, "display": name} if code else None
    values: dict[str, Any] = {
        "section": _SECTIONS[kind], "kind": kind, "name": name, "code": coded, "evidence": evidence,
        "keys": frozenset({terms.key(_FAMILIES.get(kind, kind), name)}), "free": not code,
        "sources": (source(evidence, text or name),),
        "status": "active" if kind in ("problem", "symptom", "allergy", "medication") else "unknown",
    }  # fmt: skip
    return Draft(**{**values, **given})


def take(name: str, dose: str | None = None, unit: str | None = "mg", often: str | None = None, *,
         status: str = "active", route: str | None = None, **given: Any) -> Draft:  # fmt: skip
    amount = Decimal(dose) if dose else None
    unit = unit if dose else None
    intake = {"name": name, "dose": amount, "unit": unit, "route": route, "frequency": often}
    return say("medication", name, status=status, medication=intake, group=(units.dose(amount, unit), often), **given)


def measure(name: str, number: str, unit: str | None, start: str | None, **given: Any) -> Draft:
    value = {"number": Decimal(number), "unit": unit, "ucum": units.ucum(unit), "low": None, "high": None,
             "interpretation": None, "text": number}  # fmt: skip
    return say("result", name, value=value, start=start, **given)


def find(name: str, text: str, start: str | None = None, **given: Any) -> Draft:
    """A result that is no number."""
    value = {"number": None, "unit": None, "ucum": None, "low": None, "high": None, "interpretation": None,
             "text": text}  # fmt: skip
    return say("result", name, value=value, start=start, **given)


def relative(who: str, name: str, **given: Any) -> Draft:
    return say("family", name, group=(who,), details=(who,), **given)


def names(drafts: Iterable[Draft]) -> list[str]:
    return [d.name for d in drafts]
