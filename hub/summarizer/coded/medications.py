"""MedicationRequest, MedicationStatement, MedicationAdministration, MedicationDispense: one item per dose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hub.domain.fragments import INGREDIENT, ORDER_EFFECTIVE, discontinues, literal
from hub.summarizer import terms, units
from hub.summarizer.drafts import Concept, Draft, concept, period
from hub.summarizer.evidence import Evidence, Source
from hub.summarizer.reading.doses import frequency

Resolve = Callable[[Evidence, str], Evidence | None]
"""The resource of the same message that a reference names."""

_STATUS = {
    "active": "active", "completed": "completed", "stopped": "stopped", "ended": "stopped", "not-taken": "stopped",
    "not-done": "stopped", "declined": "stopped", "intended": "planned", "draft": "planned", "in-progress": "active",
    "preparation": "planned",
}  # fmt: skip
_REPEAT = {
    (1, 1, "d"): "qd", (2, 1, "d"): "bid", (3, 1, "d"): "tid", (4, 1, "d"): "qid", (1, 2, "d"): "qod",
    (1, 1, "wk"): "qw", (1, 24, "h"): "qd", (1, 12, "h"): "bid", (1, 8, "h"): "tid", (1, 6, "h"): "qid",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dosage:
    """How it is taken, as said; targets: in the order dose, unit, route, frequency."""

    dose: Decimal | int | None
    unit: str | None
    route: str | None
    frequency: str | None
    targets: tuple[str, ...]
    start: str | None
    end: str | None


def medication(evidence: Evidence, resolve: Resolve) -> list[Draft]:
    """One draft per dosage. A plan or proposal is no medication: it goes to the plans, as what is not to be given."""
    code, extra = _medicine(evidence, resolve)
    if code is None:
        return []
    dosages = _dosages(evidence)
    resource = evidence.resource
    status = _STATUS.get(str(resource.get("status")), "unknown")
    if evidence.type == "MedicationDispense":
        status = "unknown" if status == "completed" else status
    forbidden = resource.get("doNotPerform") is True
    if forbidden:
        status = "stopped" if status == "stopped" else "unknown"
    planned = not forbidden and (resource.get("intent") in ("plan", "proposal") or status == "planned")
    start, end, dates = period(evidence, "/effectivePeriod", "/effectiveDateTime")
    if discontinues(resource):
        end, dates = _ceased(evidence)
    elif start is None:
        start, dates = _ordered(evidence)
    ingredients, mixed = _ingredients(evidence)
    name = f"{code.name}（{'、'.join(ingredients)}）" if ingredients else code.name
    drafts = []
    for dosage in dosages:
        said = ("/doNotPerform",) if forbidden else ()
        own = tuple(evidence.sources(*code.targets, *said, *dosage.targets, *dates, *mixed))
        details = {"name": name, "dose": dosage.dose, "unit": dosage.unit, "route": dosage.route}
        drafts.append(
            Draft(
                section="plans" if planned or forbidden else "medications",
                kind="medication",
                name=name,
                code=code.code,
                keys=code.keys,
                assertion="absent" if forbidden else "present",
                status="planned" if planned else status,
                start=dosage.start or start,
                end=dosage.end or end,
                medication={**details, "frequency": dosage.frequency},
                group=(units.dose(dosage.dose, dosage.unit), dosage.frequency),
                sources=(*extra, *own) if extra else own,
                evidence=evidence,
            )
        )
    return drafts


def _ingredients(evidence: Evidence) -> tuple[list[str], list[str]]:
    """What a mixture is made of (RXC), each with its amount, else its strength; where that stands."""
    said: list[str] = []
    targets: list[str] = []
    for index, one in enumerate(evidence.value("/extension") or ()):
        parts = one.get("extension", ()) if one.get("url") == INGREDIENT else ()
        places = {part.get("url"): f"/extension/{index}/extension/{n}" for n, part in enumerate(parts)}
        named = concept(evidence, f"{places.get('code', '')}/valueCodeableConcept", "medicine")
        if named is None:
            continue
        measured = f"{places.get('amount') or places.get('strength', '')}/valueQuantity"
        amount = evidence.value(measured) or {}
        said.append(f"{named.name} {literal(amount.get('value', ''))}{amount.get('unit', '')}".strip())
        targets += [*named.targets, f"{measured}/value", f"{measured}/unit"]
    return said, targets


def stopped(draft: Draft, by: Evidence) -> Draft:
    """What was ordered, as the order's discontinuation tells it."""
    end, dates = _ceased(by)
    sources = (*draft.sources, *by.sources("/status", *dates))
    return replace(draft, status="stopped", end=end, sources=sources, evidence=by)


def _ceased(evidence: Evidence) -> tuple[str | None, tuple[str, ...]]:
    """The day from which an order's discontinuation holds (ORC-15), else on which it was told (ORC-9)."""
    effective = (f"/extension/{i}/valueDateTime" for i, e in enumerate(evidence.value("/extension") or ())
                 if e.get("url") == ORDER_EFFECTIVE)  # fmt: skip
    for pointer in (*effective, "/authoredOn"):
        told = evidence.value(pointer)
        if isinstance(told, str) and len(told) >= 10:
            return told[:10], (pointer,)
    return None, ()


def _medicine(evidence: Evidence, resolve: Resolve) -> tuple[Concept | None, list[Source]]:
    found = concept(evidence, "/medicationCodeableConcept", "medicine")
    if found:
        return found, []
    reference = evidence.value("/medicationReference") or {}
    target = str(reference.get("reference", ""))
    for index, contained in enumerate(evidence.value("/contained") or ()):
        if target == f"#{contained.get('id')}":
            return concept(evidence, f"/contained/{index}/code", "medicine"), []
    other = resolve(evidence, target) if target else None
    named = concept(other, "/code", "medicine") if other else None
    if other and named:
        return named, other.sources(*named.targets)
    if reference.get("display"):
        name = str(reference["display"])
        return Concept(name, None, frozenset({terms.key("medicine", name)}), ("/medicationReference/display",)), []
    return None, []


def _ordered(evidence: Evidence) -> tuple[str | None, tuple[str, ...]]:
    """The day of the order as start, unless it only repeats the day on which the message was made."""
    for pointer in ("/authoredOn", "/whenHandedOver"):
        moment = evidence.value(pointer)
        received = evidence.fragment.received_at.date().isoformat()
        if isinstance(moment, str) and len(moment) >= 10 and moment[:10] < received:
            return moment[:10], (pointer,)
    return None, ()


def _dosages(evidence: Evidence) -> list[Dosage]:
    if isinstance(evidence.value("/dosage"), dict):
        return [_dosage(evidence, "/dosage")]
    key = "/dosageInstruction" if evidence.value("/dosageInstruction") else "/dosage"
    found = [_dosage(evidence, f"{key}/{i}") for i in range(len(evidence.value(key) or ()))]
    distinct = {(units.dose(d.dose, d.unit), d.frequency): d for d in reversed(found)}
    return list(reversed(distinct.values())) or [Dosage(None, None, None, None, (), None, None)]


def _dosage(evidence: Evidence, base: str) -> Dosage:
    targets: list[str] = []
    dose = unit = None
    for place in ("/doseAndRate/0/doseQuantity", "/dose", "/doseAndRate/0/doseRange/low"):
        quantity = evidence.value(base + place)
        if isinstance(quantity, dict) and quantity.get("value") is not None:
            dose, unit = quantity["value"], quantity.get("unit") or quantity.get("code")
            targets += [f"{base}{place}/value", f"{base}{place}/{'unit' if quantity.get('unit') else 'code'}"]
            break
    route = concept(evidence, f"{base}/route", "route")
    targets += route.targets[:1] if route else ()
    often, often_targets = _timing(evidence, base)
    targets += often_targets
    start, end, dates = period(evidence, f"{base}/timing/repeat/boundsPeriod", f"{base}/timing/event/0")
    return Dosage(dose, unit, route.name if route else None, often, (*targets, *dates), start, end)


def _timing(evidence: Evidence, base: str) -> tuple[str | None, list[str]]:
    if evidence.value(f"{base}/asNeededBoolean") is True:
        return "prn", [f"{base}/asNeededBoolean"]
    code = concept(evidence, f"{base}/timing/code", "timing")
    if code:
        return frequency(code.name), list(code.targets[:1])
    repeat: dict[str, Any] = evidence.value(f"{base}/timing/repeat") or {}
    numbers = (repeat.get("frequency", 1), repeat.get("period"), repeat.get("periodUnit"))
    if numbers[1] is not None:
        pointers = [f"{base}/timing/repeat/{k}" for k in ("frequency", "period", "periodUnit") if k in repeat]
        known = _REPEAT.get((int(numbers[0]), int(numbers[1]), str(numbers[2])))
        return known or f"{numbers[0]}/{numbers[1]}{numbers[2]}", pointers
    text = evidence.value(f"{base}/text")
    return (frequency(str(text)), [f"{base}/text"]) if text else (None, [])
