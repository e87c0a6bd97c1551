"""RXE, RXO, RXG, RXD, RXC, RXR, TQ1: what was prescribed and dispensed, and how it is given."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import appointments
from adapters.hl7v2.maps.actors import coded_organization_entry
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import unsigned_of
from adapters.hl7v2.maps.marks import OWN
from adapters.hl7v2.maps.medicines import medicine, spoken_of
from adapters.hl7v2.maps.names import address, telecom
from adapters.hl7v2.maps.orders import control
from adapters.hl7v2.maps.quantities import number, quantity
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.maps.systems import UNITS, namespace
from adapters.hl7v2.maps.timing import quantity_timing, timed
from adapters.hl7v2.maps.timing import tq1 as apply_timing


def _dose(s: Reading, dosage: dict[str, Any], low: int, high: int, unit: int) -> None:
    """Amounts: one a quantity, two a range; what is no number is said as text."""
    smallest, largest, measured = s.leaf(low), s.leaf(high), s.first(unit)
    least, most = quantity(smallest, measured), quantity(largest, measured)
    if smallest and least is None:
        unit_text = measured.leaf(2) or measured.leaf(1) if measured else None
        dosage.setdefault("text", smallest)
        if unit_text:
            dosage.setdefault("extension", []).append({"url": OWN + "dose-unit", "valueString": unit_text})
        return
    if least and most:
        dosage["doseAndRate"] = [{"doseRange": {"low": least, "high": most}}]
    elif least or most:
        dosage["doseAndRate"] = [{"doseQuantity": least or most}]


_EXTRA: dict[str, tuple[int, int, int, int, int]] = {
    "RXE": (10, 11, 12, 25, 26), "RXO": (11, 12, 13, 18, 19), "RXG": (0, 0, 0, 17, 18),
}  # fmt: skip
"""Dispense amount, its units, refills, strength, its units."""


def _request(c: Conversion, intent: str) -> tuple[Entry, dict[str, Any], dict[str, Any]]:
    made: dict[str, Any] = {"resourceType": "MedicationRequest", "status": "unknown", "intent": intent}
    dosage: dict[str, Any] = {}
    made["dosageInstruction"] = [dosage]
    entry = c.add(made)
    control(c, made, entry)
    return entry, made, dosage


def _finish(c: Conversion, s: Reading, entry: Entry, made: dict[str, Any], dosage: dict[str, Any]) -> None:
    amount, unit, refills, strength, strength_unit = _EXTRA[s.name]
    supply = quantity(s.leaf(amount), s.first(unit))
    if supply:
        made.setdefault("dispenseRequest", {})["quantity"] = supply
    again = unsigned_of(s.leaf(refills))
    if again:
        made.setdefault("dispenseRequest", {})["numberOfRepeatsAllowed"] = again
    strong = quantity(s.leaf(strength), s.first(strength_unit))
    if strong:
        made.setdefault("extension", []).append({"url": OWN + "strength", "valueQuantity": strong})
    if "medicationCodeableConcept" not in made:
        made["medicationCodeableConcept"] = {"text": "unknown"}
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    for timing in c.order.timings:
        apply_timing(c, timing, dosage, made)
    c.order.timings.clear()
    if not dosage:
        made.pop("dosageInstruction")
    medicine(c, s, entry)
    c.order.request = c.observed = entry


def rxe(c: Conversion, s: Reading) -> None:
    """MedicationRequest as encoded by the pharmacy."""
    earlier = c.order.request
    entry, made, dosage = _request(c, "order")
    _dose(s, dosage, 3, 4, 5)
    _rate(s, dosage, 23, 24)
    given = s.first(1)
    if given:
        quantity_timing(c, given, dosage, made)
    apply(c, "RXE[MedicationRequest]", s, made)
    if earlier:
        made["basedOn"] = [earlier.reference]
    number_ = s.leaf(15)
    if number_:
        made.setdefault("identifier", []).append({"system": namespace(c.facility, "prescription"), "value": number_})
    _daily(s, dosage, 19)
    _pharmacy(c, s, made, 40, 41, 45)
    if first := quantity(s.leaf(39), s.first(11)):
        made.setdefault("dispenseRequest", {})["initialFill"] = {"quantity": first}
    _finish(c, s, entry, made, dosage)


def _pharmacy(c: Conversion, s: Reading, made: dict[str, Any], name: int, place: int, phone: int) -> None:
    """Who dispenses, with address and telephone (RXE-40, -41, -45; RXO-32, -33, -36)."""
    named = s.first(name)
    house = coded_organization_entry(c, named) if named else None
    if house is None:
        return
    for element, field, convert in (("address", place, address), ("telecom", phone, telecom("work"))):
        for repetition in s.each(field):
            if (value := convert(c, repetition)) is not None:
                c.join(house, element, repetition.raw, value)
    made.setdefault("dispenseRequest", {})["performer"] = house.reference


def _rate(s: Reading, dosage: dict[str, Any], amount: int, unit: int) -> None:
    """How fast it is given."""
    rate = quantity(s.leaf(amount), s.first(unit))
    if rate:
        dosage.setdefault("doseAndRate", [{}])[0]["rateQuantity"] = rate


def _daily(s: Reading, dosage: dict[str, Any], field: int) -> None:
    """The total daily dose (RXE-19, RXO-23)."""
    total = s.first(field)
    value = total.leaf(1) if total else None
    found = number(value.text) if value else None
    if total and value and found is not None:
        unit = total.leaf(2)
        amount: dict[str, Any] = {"value": value.give(found), **({"unit": unit} if unit else {})}
        day = {"value": 1, "unit": "d", "system": UNITS, "code": "d"}
        dosage["maxDosePerPeriod"] = {"numerator": amount, "denominator": day}


def rxo(c: Conversion, s: Reading) -> None:
    """MedicationRequest as ordered."""
    entry, made, dosage = _request(c, "original-order")
    _dose(s, dosage, 2, 3, 4)
    _rate(s, dosage, 21, 22)
    apply(c, "RXO[MedicationRequest]", s, made)
    _daily(s, dosage, 23)
    _pharmacy(c, s, made, 32, 33, 36)
    _finish(c, s, entry, made, dosage)


def rxg(c: Conversion, s: Reading) -> None:
    """MedicationRequest as it is to be given."""
    entry, made, dosage = _request(c, "instance-order")
    _dose(s, dosage, 5, 6, 7)
    _rate(s, dosage, 15, 16)
    given = s.first(3)
    if given:
        quantity_timing(c, given, dosage, made)
    apply(c, "RXG[MedicationRequest]", s, made)
    _finish(c, s, entry, made, dosage)


def rxd(c: Conversion, s: Reading) -> None:
    """MedicationDispense of the order before it."""
    made: dict[str, Any] = {"resourceType": "MedicationDispense", "status": "completed"}
    entry = c.add(made, s.leaf(3))
    control(c, made, entry)
    apply(c, "RXD[MedicationDispense]", s, made)
    supply = quantity(s.leaf(4), s.first(5))
    if supply:
        made["quantity"] = supply
    made.setdefault("medicationCodeableConcept", {"text": "unknown"})
    made["subject"] = c.subject()
    if c.encounter:
        made["context"] = c.encounter.reference
    if c.order.request:
        made["authorizingPrescription"] = [c.order.request.reference]
    dosage: dict[str, Any] = {}
    _daily(s, dosage, 12)
    if dosage:
        made["dosageInstruction"] = [dosage]
    medicine(c, s, entry)
    c.observed = c.opened["dispense"] = entry


def rxr(c: Conversion, s: Reading) -> None:
    """Route, site and method, of the request or immunization before it, or of all administrations since the last."""
    if c.immunization:
        for entry in c.order.given or [c.immunization]:
            apply(c, f"RXR[{entry.resource['resourceType']}]", s, entry.resource)
        c.order.given.clear()
    elif owner := spoken_of(c):
        dosage = owner.resource.setdefault("dosageInstruction", [{}])[0]
        if "route" in dosage:
            dosage = {}
            owner.resource["dosageInstruction"].append(dosage)
        apply(c, "RXR[Dosage]", s, dosage)


def tq1(c: Conversion, s: Reading) -> None:
    """Timing of the order that it stands in; before the request it waits for it."""
    if c.order.request is None and appointments.timed(c, s):
        return
    if c.order.request is None:
        c.order.timings.append(s)
    else:
        timed(c, s, c.order.request)
