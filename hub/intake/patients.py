"""The patients of a batch: found by the rule of `hub.identity`, else new; messages of one person find each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import uuid_utils
from psycopg import Connection

from hub.domain.fragments import Resource
from hub.domain.patients import Identifier, Identity
from hub.identity.matching import Candidate, Name, compatible, match, names, types
from hub.identity.names import keys
from hub.intake.rows import Rows, as_columns
from hub.store.connections import encode
from hub.store.sql import blocks

_SPACE = 0x5245_4648
"""First key of the advisory locks on names of patients and referrals."""


@dataclass(slots=True)
class Patients:
    """What is known of the patients that a batch may concern, and what the batch adds to it."""

    rows: Rows
    by_id: dict[str, Candidate] = field(default_factory=dict)
    by_name: dict[Name, dict[str, None]] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)

    def resolve(self, identity: Identity, organization_id: int, resource: Resource, *, linked: str | None = None,
                link_first: bool = False, otherwise: str | None = None) -> str:  # fmt: skip
        """The patient's id; what the message adds to a known patient is noted, an unknown one is opened.

        linked: the patient of the referral that the message names; it is the one told of when identifiers find
        nobody (link_first: before they are asked) and nothing speaks against it. otherwise: who it is when nobody
        else is.
        """
        told = names(identity, organization_id)
        link = self.by_id.get(linked) if linked else None
        if link is not None and not compatible(identity, organization_id, link):
            link = None
        found = link if link_first else None
        found = found or match(identity, organization_id, self._candidates(told)) or link
        found = found or (self.by_id.get(otherwise) if otherwise else None)
        if found is None:
            return self.open(identity, told, resource)
        self._complete(found, identity, told, resource)
        return found.id

    def holder(self, told: Sequence[Name], organization_id: int) -> Candidate | None:
        """Who carries one of these numbers."""
        identity = Identity(identifiers=tuple(Identifier(system, value) for _, system, value in told))
        return match(identity, organization_id, self._candidates(told)) if told else None

    def declare(self, patient_id: str, stated: Iterable[Name]) -> None:
        """The owner of these numbers says that they are this patient's."""
        known = self.by_id[patient_id]
        stated = frozenset(stated)
        self.know(replace(known, names=known.names | stated, declared=known.declared | stated))
        for organization_id, system, value in sorted(stated):
            self.rows.add("declare_patient_identifiers", patient_id, organization_id, system, value)

    def give(self, source: str, target: str, moved: Iterable[Name]) -> None:
        """Numbers of one patient become another's, for the messages that follow; `merges.carry_out` writes it."""
        moved = frozenset(moved)
        was, becomes = self.by_id[source], self.by_id[target]
        self.know(replace(becomes, names=becomes.names | moved, declared=becomes.declared | (was.declared & moved)))
        self.know(replace(was, names=was.names - moved, declared=was.declared - moved))
        for name in moved:
            self.by_name[name].pop(source, None)

    def know(self, candidate: Candidate) -> None:
        self.by_id[candidate.id] = candidate
        for name in candidate.names:
            self.by_name.setdefault(name, {})[candidate.id] = None

    def _candidates(self, told: Iterable[Name]) -> list[Candidate]:
        found = {patient for name in told for patient in self.by_name.get(name, ())}
        return [self.by_id[patient] for patient in sorted(found)]

    def open(self, identity: Identity, told: tuple[Name, ...], resource: Resource) -> str:
        """A new patient."""
        patient_id = str(uuid_utils.uuid7())
        known = types(identity)
        untyped = frozenset(name for name in told if name[1:] not in known)
        self.know(Candidate(patient_id, identity, frozenset(told), untyped=untyped))
        self.rows.add("insert_patients", patient_id, *_demographics(identity), encode(resource))
        self._add_names(patient_id, told, known)
        self._add_keys(patient_id, identity.name)
        return patient_id

    def _complete(self, known: Candidate, identity: Identity, told: tuple[Name, ...], resource: Resource) -> None:
        typed = types(identity)
        new = tuple(name for name in told
                    if name not in known.names or (name in known.untyped and name[1:] in typed))  # fmt: skip
        was = known.identity
        filled = replace(
            was,
            name=was.name or identity.name,
            gender=was.gender or identity.gender,
            birth_date=was.birth_date or identity.birth_date,
        )
        if not new and filled == was:
            return
        untyped = (known.untyped | set(new)) - {name for name in new if name[1:] in typed}
        self.know(replace(known, identity=filled, names=known.names | set(new), untyped=untyped))
        self._add_names(known.id, new, typed)
        if not was.name:
            self._add_keys(known.id, identity.name)
        if known.id not in self.completed:
            self.completed.add(known.id)
            self.rows.add("complete_patients", known.id, *_demographics(identity), encode(resource))

    def _add_names(self, patient_id: str, new: Iterable[Name], typed: Mapping[tuple[str, str], str]) -> None:
        for organization_id, system, value in new:
            kind = typed.get((system, value), "")
            self.rows.add("insert_patient_identifiers", patient_id, organization_id, system, value, kind)

    def _add_keys(self, patient_id: str, name: str | None) -> None:
        for key in keys(name or ""):
            self.rows.add("insert_patient_keys", patient_id, key)


def _demographics(identity: Identity) -> tuple[str, str, str]:
    return identity.name or "", identity.gender or "", identity.birth_date or ""


def lock_names(connection: Connection[Any], wanted: Iterable[tuple[object, ...]]) -> None:
    """Lock names until the transaction ends, in one order for all writers."""
    locks = sorted({_lock(name) for name in wanted})
    if locks:
        connection.execute(blocks("identity")["lock_names"], {"space": _SPACE, "names": locks})


def _lock(name: tuple[object, ...]) -> int:
    digest = hashlib.blake2b("|".join(map(str, name)).encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)


def load_patients(connection: Connection[Any], wanted: Iterable[Name], ids: Iterable[str]) -> list[Candidate]:
    """Patients with one of these identifiers or ids, oldest first, locked in that order."""
    columns = as_columns(("organization", "system", "value"), sorted(set(wanted)))
    cursor = connection.execute(blocks("identity")["lock_patients"], {**columns, "id": sorted(set(ids))})
    return [
        Candidate(
            patient_id,
            Identity(name, gender, birth_date),
            frozenset(map(_name, identifiers or ())),
            frozenset(_name(row) for row in identifiers or () if row[3]),
            frozenset(_name(row) for row in identifiers or () if row[4]),
        )
        for patient_id, name, gender, birth_date, identifiers in cursor
    ]


def _name(row: list[Any]) -> Name:
    return int(row[0]), str(row[1]), str(row[2])
