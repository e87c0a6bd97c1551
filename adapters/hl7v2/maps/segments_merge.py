"""MRG and linked PIDs: who is who from now on. The event says what moves, see `merge-scope` in tables.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.placing import place
from adapters.hl7v2.maps.reading import Reading
from adapters.hl7v2.maps.sheets import apply
from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Resource
from hub.domain.messages import Merge, Part, Separate
from hub.domain.patients import Identifier, Identity

_MOVES = ("chart", "account", "visit")
"""Scopes in which the prior patient goes on being one."""


@dataclass(frozen=True, slots=True)
class Merging:
    """One MRG, or two linked PIDs, by entries of the Bundle in the making. scope: of the table.

    told: what the segment says of the prior patient; account, visit: its MRG-3, and MRG-5 and -6, as resources."""

    scope: str
    surviving: Entry
    prior: Entry | None
    told: Resource
    account: Resource
    visit: Resource
    path: str


def mrg(c: Conversion, s: Reading) -> None:
    """The prior identity of the patient in work: an inactive Patient linked with it, or an old number of its own."""
    patient = c.patient
    if patient is None:
        return
    scope = c.codes["merge-scope"].get(c.event, "patient") if c.kind == "ADT" else "patient"
    told = apply(c, "MRG[Patient]", s, {"resourceType": "Patient"})
    prior = None
    if scope == "identifier":
        for element in ("identifier", "name"):
            for value in told.get(element, ()):
                value["use"] = "old"
                patient.resource.setdefault(element, []).append(value)
    elif len(told) > 1:
        prior = c.add(told)
        prior.patient = prior
        if scope not in _MOVES:
            told["active"] = False
            _link(patient, prior, "replaces", "replaced-by")
    account = apply(c, "MRG[Account]", s, {"resourceType": "Account", "status": "unknown"})
    if "identifier" in account:
        c.add(account | {"subject": [(prior or patient).reference]})
    visit = apply(c, "MRG[Encounter]", s, {})
    c.merges.append(Merging(scope, patient, prior, told, account, visit, s.leaves[0].path if s.leaves else ""))


def _link(one: Entry, other: Entry, forth: str, back: str) -> None:
    """Two Patients that are one person, each with a number by which the other is known outside of this Bundle too."""
    for entry, linked, kind in ((one, other, forth), (other, one, back)):
        number = next(iter(linked.resource.get("identifier", ())), None)
        known = {"identifier": {key: number[key] for key in ("system", "value") if key in number}} if number else {}
        entry.resource.setdefault("link", []).append({"other": {**linked.reference, **known}, "type": kind})


def close(c: Conversion) -> None:
    """What needed the segments after it: visits under their prior numbers, the second of two PIDs, a deleted person."""
    scope = c.codes["merge-scope"].get(c.event, "") if c.kind == "ADT" else ""
    if scope == "delete":
        for entry in c.patients:
            entry.resource["active"] = False
    if scope in ("link", "unlink") and len(c.patients) > 1:
        one, other = c.patients[:2]
        if scope == "link":
            _link(one, other, "seealso", "seealso")
        c.merges.append(Merging(scope, one, other, other.resource, {}, {}, "PID[2]-3[1]"))
    visits: dict[int, Iterator[Entry]] = {}
    for merging in c.merges:
        of_patient = visits.setdefault(id(merging.surviving), _visits(c, merging.surviving))
        visit = next(of_patient, None)
        if visit:
            for number in merging.visit.get("identifier", ()):
                number["use"] = "old"
                visit.resource.setdefault("identifier", []).append(number)


def unnamed(c: Conversion) -> Iterator[Refusal]:
    """What the event needs to merge or move anything, and the message lacks."""
    scope = c.codes["merge-scope"].get(c.event, "delete") if c.kind == "ADT" else "delete"
    if scope in ("link", "unlink") and len(c.patients) < 2:
        yield Refusal(Cause.REQUIRED_MISSING, "PID[2]-3[1]", "the second patient is missing: nothing changes")
    elif scope not in ("delete", "link", "unlink") and not c.merges and c.event not in _MAY_MERGE:
        yield Refusal(Cause.REQUIRED_MISSING, "MRG[1]-1[1]", "the segment MRG is missing: nothing is merged or moved")


_MAY_MERGE = frozenset({"A06", "A07"})
"""Events of a visit in which MRG is optional."""


def _visits(c: Conversion, patient: Entry) -> Iterator[Entry]:
    return (e for e in c.entries if e.patient is patient and e.resource["resourceType"] == "Encounter")


def identities(merges: Iterable[Merging], parts: Sequence[Part]) -> tuple[Merge | Separate, ...]:
    """What the message says of who is who, once its resources hold plain values."""
    places = {id(part.resource): number for number, part in enumerate(parts)}
    return tuple(_identity(merging, places) for merging in merges)


def _identity(merging: Merging, places: Mapping[int, int]) -> Merge | Separate:
    surviving = places[id(merging.surviving.resource)]
    part = places[id(merging.prior.resource)] if merging.prior else None
    if merging.scope == "unlink" and part is not None:
        return Separate(surviving, part, merging.path)
    place(merging.visit, "", [])
    told = [*merging.told.get("identifier", ())]
    moved = merging.visit if merging.scope == "visit" else merging.account if merging.scope == "account" else {}
    if merging.scope == "identifier":
        told += merging.account.get("identifier", ())
    return Merge(
        scope=cast(Any, "patient" if merging.scope == "link" else merging.scope),
        surviving=surviving,
        prior=Identity(identifiers=_plain(told)),
        part=part,
        numbers=_plain(moved.get("identifier", ())),
        path=merging.path,
    )


def _plain(identifiers: Iterable[Mapping[str, Any]]) -> tuple[Identifier, ...]:
    return tuple(Identifier(str(one.get("system", "")), str(one["value"])) for one in identifiers)
