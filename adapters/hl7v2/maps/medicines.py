"""Form, strength and ingredients of what is ordered: a Medication beside the request, which has its code (official map
RXO[MedicationRequest]: RXO-5, -18, -19, -25, -26)."""

from __future__ import annotations

from typing import Any, NamedTuple

from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import concept
from adapters.hl7v2.maps.quantities import composite_quantity, number, quantity
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.systems import UNITS
from hub.domain.fragments import INGREDIENT


class Fields(NamedTuple):
    """Numbers of the fields that say it: code, form, strength and the volume that has it; units follow their amount."""

    code: int
    form: int
    strength: int
    volume: int


_ORDERED = {"RXO": Fields(1, 5, 18, 25), "RXE": Fields(2, 6, 25, 33), "RXG": Fields(4, 8, 17, 23),
            "RXD": Fields(2, 6, 16, 28)}  # fmt: skip
_COMPONENT = Fields(2, 0, 5, 8)


def medicine(c: Conversion, s: Reading, owner: Entry) -> None:
    """A Medication where the segment says more than a code."""
    at = _ORDERED[s.name]
    form, strength = s.first(at.form), _strength(s, at)
    if form is None and strength is None:
        return
    made = _whole(c, s.name, owner)
    if (named := s.first(at.code)) and (what := concept(c, named)):
        made["code"] = what
    if form and (told := concept(c, form)):
        made["form"] = told
    if strength:
        made["ingredient"] = [{"itemCodeableConcept": made.get("code", {"text": "unknown"}), "strength": strength}]


def rxc(c: Conversion, s: Reading) -> None:
    """A component of what was dispensed or ordered before it: code, amount, and whether it is base or additive."""
    owner, named = spoken_of(c), s.first(2)
    what = concept(c, named) if named else None
    if owner is None or what is None:
        return
    amount, strength = quantity(s.leaf(3), s.first(4)), quantity(s.leaf(5), s.first(6))
    parts: list[dict[str, Any]] = [{"url": "code", "valueCodeableConcept": what}]
    parts += [{"url": name, "valueQuantity": one} for name, one in (("amount", amount), ("strength", strength)) if one]
    kind = s.leaf(1)
    if kind:
        parts.append({"url": "type", "valueCode": kind})
    owner.resource.setdefault("extension", []).append({"url": INGREDIENT, "extension": parts})
    part = c.repeat({"resourceType": "Medication"}, s.name)
    part.resource["code"] = concept(c, named) if named else what
    if again := quantity(s.leaf(3), s.first(4)):
        part.resource["amount"] = {"numerator": again, "denominator": {"value": 1}}
    ratio = _strength(s, _COMPONENT)
    ingredient = {"itemReference": part.reference, **({"strength": ratio} if ratio else {})}
    _whole(c, s.name, owner).setdefault("ingredient", []).append(ingredient)


def spoken_of(c: Conversion) -> Entry | None:
    """What an RXR or RXC speaks of: the dispense right before it, else the order's request."""
    for entry, kind in ((c.observed, "MedicationDispense"), (c.order.request, "MedicationRequest")):
        if entry and entry.resource["resourceType"] == kind:
            return entry
    return None


def _strength(s: Reading, at: Fields) -> dict[str, Any] | None:
    """An amount in a volume; in one of what is given where no volume is told."""
    strength = quantity(s.leaf(at.strength), s.first(at.strength + 1))
    volume = quantity(s.leaf(at.volume), s.first(at.volume + 1))
    return {"numerator": strength, "denominator": volume or {"value": 1}} if strength else None


def _whole(c: Conversion, name: str, owner: Entry) -> dict[str, Any]:
    """The Medication of a request or dispense."""
    key = ("Medication", owner.url)
    entry = c.shared.get(key)
    if entry is None:
        entry = c.shared[key] = c.repeat({"resourceType": "Medication"}, name)
        owner.resource.setdefault("supportingInformation", []).append(entry.reference)
    return entry.resource


def cdo(c: Conversion, s: Reading) -> None:
    """How much may be given in a time or in the patient's life (CDO-4, table 0924), of what stands before it."""
    medication, limit, span = c.observed, s.first(3), s.first(4)
    most = composite_quantity(c, limit) if limit else None
    kind = span.component(2) if span else None
    leaf = kind.leaf() if kind else None
    if medication is None or medication.resource["resourceType"] not in _DOSED or not (span and most and leaf):
        return
    dosages = medication.resource.setdefault("dosageInstruction", [{}])
    if leaf.text.strip().upper() == "PL":
        dosages[-1]["maxDosePerLifetime"] = most
        medication.also.append((leaf, f"/dosageInstruction/{len(dosages) - 1}/maxDosePerLifetime"))
    elif unit := c.looked_up("dose-limit", leaf):
        times = span.leaf(1)
        count = number(times.text) if times else None
        found = times.give(count) if times and count is not None else 1
        span_of = {"value": found, "unit": unit.value, "system": UNITS, "code": unit}
        dosages[-1]["maxDosePerPeriod"] = {"numerator": most, "denominator": span_of}


_DOSED = frozenset({"MedicationRequest", "MedicationDispense"})
