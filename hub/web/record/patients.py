"""The patient's line: name, sex, age, numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.domain.patients import INSURANCE, NATIONAL
from hub.web.record.document import Identifier, Patient
from hub.web.words import N_

_SYSTEMS = {NATIONAL: N_("Identity number"), INSURANCE: N_("Insurance number")}


@dataclass(frozen=True, slots=True)
class Number:
    """msgid: what kind of number, "" where only its owner knows; owner: whose number it is as its system says."""

    value: str
    msgid: str
    owner: str


@dataclass(frozen=True, slots=True)
class Person:
    """age: in whole years on the record's day, None where the birth date does not say."""

    name: str | None
    gender: str | None
    birth_date: str | None
    age: int | None
    numbers: tuple[Number, ...]


def person(patient: Patient, as_of: str) -> Person:
    """A number that stands under several systems is told once, valid everywhere first."""
    ordered = sorted(patient.identifiers, key=lambda one: one.system not in _SYSTEMS)
    numbers = {one.value: one for one in reversed(ordered)}
    return Person(patient.name, patient.gender, patient.birth_date, age(patient.birth_date, as_of),
                  tuple(_number(numbers[v]) for v in dict.fromkeys(one.value for one in ordered)))  # fmt: skip


def age(birth_date: str | None, as_of: str) -> int | None:
    """Years lived on a day; of a birth date without month or day where it is the same on every day it may be."""
    try:
        today = date.fromisoformat(as_of)
        born = [int(part) for part in (birth_date or "").split("-")]
        years = today.year - born[0]
    except ValueError:
        return None
    if len(born) == 3:
        years -= (today.month, today.day) < (born[1], born[2])
    elif len(born) == 2:
        years -= today.month < born[1]
    return years if 0 <= years < 150 else None


def _number(one: Identifier) -> Number:
    """`urn:referral-hub:namespace:XRMYY723` and `urn:org:FSYY606:mrn` are told by whose number it is."""
    parts = [part for part in one.system.split(":") if part not in ("urn", "org", "referral-hub", "namespace", "mrn")]
    return Number(one.value, _SYSTEMS.get(one.system, ""), "" if one.system in _SYSTEMS else ":".join(parts)[-40:])
