"""FHIR datatypes to HL7 datatypes, each the inverse of the map of the same name in `maps`.

An inverse takes the FHIR value and gives a repetition, or None for a value that its field cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.datatypes import CODINGS, LANGUAGE, REGISTERED, VALUE_SET, VALUE_SET_VERSION
from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, SYSTEM_OID, turned, turned_pairs
from adapters.hl7v2.maps.systems import UNITS, system_name
from adapters.hl7v2.outbound.graph import Graph, extension, mark, text
from adapters.hl7v2.outbound.values import Component, Repetition, clean, subcomponents
from hub.domain.delivery import Outbound
from hub.domain.fragments import Resource

Inverse = Callable[["Writing", Any], Repetition | None]
_V2_TABLE = re.compile(re.escape(codes.TERMINOLOGY) + r"v2-\d{4}$")


class Writing:
    """One message being written. zone: the receiver's, in which times are told; number, version: MSH-12, whose fields
    and datatypes it has; structure, segments: the version whose segments it has, in their places; withdrawn: whether
    fields of OBR that version 2.7 withdrew are left out, as TQ1 and SPM have what they said; a REF has neither."""

    def __init__(self, message: Outbound) -> None:
        self.message = message
        self.graph = Graph(message.bundle)
        self.zone = ZoneInfo(message.timezone)
        self.number, _, self.structure = message.version.partition("+")
        self.structure = self.structure or self.number
        self.version, self.segments = (
            tuple(int(part) for part in one.split(".")) for one in (self.number, self.structure)
        )
        self.offsets = self.version >= (2, 2)
        self.withdrawn = self.version >= (2, 7) and not message.kind.startswith("REF")

    def by_patient(self) -> list[tuple[Writing, Resource]]:
        """For each patient what is to be written of it alone."""
        patients = self.graph.all("Patient")
        if len(patients) < 2:
            return [(self, one) for one in patients]
        parts = [(copy(self), one) for one in patients]
        for part, one in parts:
            part.graph = self.graph.about(one)
        return parts


def date_time(w: Writing, value: str) -> str:
    """A FHIR date, dateTime or instant as DTM (TS) at its precision, in the receiver's zone."""
    if len(value) <= 10:
        return value.replace("-", "")
    moment = datetime.fromisoformat(value).astimezone(w.zone)
    fraction = re.search(r"\.(\d+)", value)
    return (
        moment.strftime("%Y%m%d%H%M%S") + (f".{fraction[1]}" if fraction else "")
        + (moment.strftime("%z") if w.offsets else "")
    )  # fmt: skip


def time(w: Writing, value: Any) -> Repetition | None:
    return {1: date_time(w, str(value))}


def moment(w: Writing, value: Any) -> Repetition | None:
    """The same of a time that stands beside its day: it takes that one's place."""
    return time(w, value)


def string(w: Writing, value: Any) -> Repetition | None:
    return {1: str(value)}


def uri(w: Writing, value: Any) -> Repetition | None:
    """A URI, an OID by its number."""
    return {1: system_name(str(value))}


def note(w: Writing, value: Any) -> Repetition | None:
    """An Annotation to CWE: its words, where they stood."""
    return clean({int(mark(value, COMPONENT, "text") or 1): str(value.get("text", ""))}) or None


def boolean(w: Writing, value: Any) -> Repetition | None:
    return {1: "Y" if value else "N"}


def number(value: Any) -> str:
    """A number as HL7 NM writes it: without exponent."""
    return format(value if isinstance(value, Decimal) else Decimal(str(value)), "f")


@cache
def back(table: str) -> Mapping[str, str]:
    """A table of tables.yaml backwards: FHIR code to the first HL7 code that means it."""
    return turned(codes.WORDS[table])


def code(table: str) -> Inverse:
    """A FHIR code by a table of tables.yaml, backwards."""

    def inverse(w: Writing, value: Any) -> Repetition | None:
        return {1: back(table)[value]} if value in back(table) else None

    return inverse


def coding(w: Writing, value: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """(code, text, system, version)."""
    oid_alone = mark(value, SYSTEM_OID, "system") and str(value.get("system", "")).startswith("urn:oid:")
    named = "" if oid_alone else system_name(str(value.get("system", "")))
    system = mark(value, AS_SENT, "system") or named
    return text(value, "code"), text(value, "display"), system, text(value, "version")


def _registered(value: Mapping[str, Any], numbers: tuple[int, int, int]) -> dict[int, str]:
    """CWE.14 to .22 of a code: the OID of its system is the system; the value set and its version."""
    made = {
        numbers[0]: mark(value, SYSTEM_OID, "system"),
        numbers[1]: system_name(str(extension(value, VALUE_SET) or "")),
    }
    return {**made, numbers[2]: str(extension(value, VALUE_SET_VERSION) or "")}


def concept(w: Writing, value: Any) -> Repetition | None:
    """CodeableConcept to CWE: up to three codings, the text as original text. A text without code is component 2."""
    made: Repetition = {}
    codings = value.get("coding", ())[:3]
    for usual, held in zip(CODINGS, codings, strict=False):
        numbers = next((one for one in CODINGS if str(one[0]) == mark(held, COMPONENT)), usual)
        made |= dict(zip(numbers, coding(w, held), strict=True))
        made |= _registered(held, REGISTERED[CODINGS.index(numbers)])
        if mark(held, COMPONENT, "display"):
            made[numbers[0]], made[numbers[1]] = made[numbers[1]], made[numbers[0]]
    words = text(value, "text")
    if not words:
        return clean(made) or None
    where = mark(value, COMPONENT, "text")
    if where:
        made[int(where)] = words
    elif not any(held.get("code") for held in codings):
        made.setdefault(2, words)
    elif made != {1: words} and (len(codings) > 1 or len(codings[0]) > 1 or words != made[1]):
        made[9] = words
    return clean(made) or None


def coded(number: str) -> Inverse:
    """CodeableConcept of an HL7 table to ID or IS; one of FHIR's own code systems is no such code."""

    def inverse(w: Writing, value: Any) -> Repetition | None:
        systems = [str(held.get("system", "")) for held in value.get("coding", ())]
        if any("/" in one and not _V2_TABLE.match(one) for one in systems):
            return None
        made = concept(w, value)
        plain = len(systems) == 1 and systems[0].endswith(number) and not ({"text"} & value.keys())
        return {1: made[1]} if made and 1 in made and plain and not _worded(value) else made

    return inverse


def _worded(value: Mapping[str, Any]) -> bool:
    return any({"display", "version"} & one.keys() for one in value.get("coding", ()))


@cache
def pairs_back(table: str) -> Mapping[tuple[str, str], str]:
    return turned_pairs(codes.PAIRS[table])


def translated(table: str) -> Inverse:
    """CodeableConcept by a table of (code, system), backwards; what the table lacks stays what it is."""

    def inverse(w: Writing, value: Any) -> Repetition | None:
        for held in value.get("coding", ())[:1]:
            meant = (str(held.get("code", "")), str(held.get("system", "")))
            known = mark(held, AS_SENT, "code") or pairs_back(table).get(meant)
            if known:
                where = int(mark(value, COMPONENT, "text") or 2)
                more: Repetition = {}
                for numbers, other in zip(CODINGS[1:], value["coding"][1:], strict=False):
                    more |= dict(zip(numbers, coding(w, other), strict=True))
                return clean({**more, 1: known, where: text(value, "text"), 3: mark(held, AS_SENT, "system")})
        return concept(w, value)

    return inverse


def interpretation(w: Writing, value: Any) -> Repetition | None:
    """OBX-8: the code, and its name in the text component. Its own system is the one that receivers expect there."""
    coded = {key: held for key, held in value.items() if key not in ("text", "_text")}
    words = text(value, "text")
    if not value.get("coding"):
        return {1: words} if words else None
    made = concept(w, coded) or {}
    known = any(str(one.get("system", "")).endswith("ObservationInterpretation") for one in value["coding"])
    if known and not mark(value["coding"][0], AS_SENT, "system"):
        made.pop(3, None)
    where = int(mark(value, COMPONENT, "text") or (2 if known and 2 not in made else 9))
    return clean({**made, **({where: words} if words else {})})


def language(w: Writing, value: Any) -> Repetition | None:
    """A language: its tag as its sender wrote it, and its name."""
    words = text(value, "text")
    own = [one["valueCoding"] for one in value.get("extension", ()) if one.get("url") == LANGUAGE]
    if own:
        marked = {key: held for key, held in value.items() if key == "_text"}
        return concept(w, {"coding": own, "text": words, **marked})
    first: Mapping[str, Any] = next(iter(value.get("coding", ())), {})
    tag = text(first, "code")
    where = int(mark(value, COMPONENT, "text") or (2 if tag else 1))
    return clean({1: tag, **({where: words} if words != tag else {})}) or None


def first_coding(w: Writing, value: Any) -> Repetition | None:
    return concept(w, {"coding": [value]})


def days(w: Writing, value: Any) -> Repetition | None:
    return {1: number(value["value"])} if value.get("code", "d") == "d" and "value" in value else None


def money(w: Writing, value: Any) -> Repetition | None:
    """Money as the MO in a CP."""
    return clean({1: {1: text(value, "value"), 2: text(value, "currency")}}) if "value" in value else None


def decimal(w: Writing, value: Any) -> Repetition | None:
    return {1: number(value)}


def units(w: Writing, value: Mapping[str, Any]) -> Repetition | None:
    """Quantity.unit with its UCUM code: `code^unit^UCUM`; a unit in its sender's own words stands where it stood."""
    unit, held = str(value.get("unit", "")), text(value, "code")
    where, named = mark(value, COMPONENT, "unit"), mark(value, AS_SENT, "unit")
    system = str(value.get("system", ""))
    of = mark(value, AS_SENT, "system") or ("" if system == UNITS else system_name(system))
    if named:
        return clean({1: named, 2: unit, 3: of})
    if where or not held or system != UNITS:
        return clean({int(where or 1): unit, 3: of}) or None
    return clean({1: held, 2: unit or held, 3: "UCUM"})


def quantity(w: Writing, value: Any) -> Repetition | None:
    """A number alone, with its comparator: `<0.5`."""
    return {1: str(value.get("comparator", "")) + number(value["value"])} if "value" in value else None


def composite_quantity(w: Writing, value: Any) -> Repetition | None:
    """CQ."""
    if "value" not in value:
        return None
    measured = units(w, value) if "unit" in value else None
    alone = measured is not None and 1 in measured and set(map(str, measured.values())) <= {str(value["unit"]), "UCUM"}
    unit: Component = str(value.get("unit", "")) if alone or not measured else subcomponents(measured)
    return clean({1: number(value["value"]), 2: unit})
