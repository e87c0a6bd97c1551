"""Segments that need no translator: their sheets say what they become (`create`) or what they add to (`into`)."""

from __future__ import annotations

from adapters.hl7v2.maps.conversion import Conversion, Entry, first_of, put
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import Sheet, fill, run
from hub.domain.fragments import Resource

_ATTRIBUTES = ("patient", "encounter", "report", "request", "observed", "document", "immunization", "referral", "task")
"""Open resources that the conversion holds by name; others are those that a translator or a sheet opened."""

OPEN = frozenset(
    {*_ATTRIBUTES, "order", "header", "appointment", "specimen", "coverage", "insured", "holder", "dispense", "allergy",
     "trial"}
)  # fmt: skip
"""Those that a sheet may name without a sheet that opens them."""


def declared(c: Conversion, s: Reading, sheet: Sheet) -> None:
    """Read a segment by one of its sheets. Where what it adds to is not open, it stays in the ledger."""
    if sheet.given and not any(s.has(field) for field in sheet.given):
        return
    if sheet.without and opened(c, sheet.without):
        return
    if sheet.into:
        owner = opened(c, sheet.into)
        if owner:
            _add(c, s, sheet, owner.resource)
        return
    for repetition in s.each(sheet.each) if sheet.each else (None,):
        _create(c, s if repetition is None else s.with_only(sheet.each, repetition), sheet)


def _create(c: Conversion, s: Reading, sheet: Sheet) -> None:
    made: Resource = {"resourceType": sheet.create, **fill(sheet.begin)}
    entry = c.add(made, first_of(s.leaf(field) for field in sheet.recorded))
    if sheet.subject:
        put(made, tuple(sheet.subject.split(".")), c.subject())
    run(sheet.rules, c, s, made)
    _needed(sheet, made)
    if sheet.encounter and c.encounter:
        put(made, tuple(sheet.encounter.split(".")), c.encounter.reference)
    entry.part = sheet.fragment
    for name, target, back, within in sheet.links:
        owner = opened(c, name)
        if owner:
            held, other = (made, owner) if back else (owner.resource, entry)
            put(held, target, fill(within, other.reference))
    for name in sheet.opens:
        if name in _ATTRIBUTES:
            setattr(c, name, entry)
        else:
            c.opened[name] = entry


def _add(c: Conversion, s: Reading, sheet: Sheet, resource: Resource) -> None:
    """What the segment says of a resource; `at`: as one element of it, where a rule says something of that."""
    if not sheet.at:
        run(sheet.rules, c, s, resource)
        return
    made = run(sheet.rules, c, s, fill(sheet.begin))
    if made != fill(sheet.begin):
        put(resource, sheet.at, _needed(sheet, made))


def _needed(sheet: Sheet, made: Resource) -> Resource:
    for element, otherwise in sheet.needs.items():
        made.setdefault(element, fill(otherwise))
    return made


def opened(c: Conversion, name: str) -> Entry | None:
    """The open resource of a name. `order`: the request of the order in work; `header`: the MessageHeader."""
    if name in ("order", "header"):
        return c.order.request if name == "order" else c.entries[0]
    found: Entry | None = getattr(c, name) if name in _ATTRIBUTES else c.opened.get(name)
    return found
