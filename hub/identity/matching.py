"""Which patient a message is about: deterministic, by the identity rule of CONTRACTS.md; never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.domain.fragments import Resource
from hub.domain.patients import EVERYWHERE, NATIONAL, Identifier, Identity, contradictions, same_person, type_of

Name = tuple[int, str, str]
"""An identifier with its owner: (organisation's id or 0 when valid everywhere, system, value)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known patient. names: all its identifiers; the identity's own `identifiers` are not used; declared: those of
    which their owner said, by a merge, that they are this patient's; untyped: those whose type nobody told."""

    id: str
    identity: Identity
    names: frozenset[Name]
    declared: frozenset[Name] = frozenset()
    untyped: frozenset[Name] = frozenset()


def names(identity: Identity, organization_id: int) -> tuple[Name, ...]:
    """The identifiers of a patient whom this organisation tells of, with their owners, each once."""
    found = (
        (0 if i.system in EVERYWHERE else organization_id, i.system, _plain(i)) for i in identity.identifiers if i.value
    )
    return tuple(dict.fromkeys(found))


def types(identity: Identity) -> dict[tuple[str, str], str]:
    """By system and number, as they stand in `names`: the types that are told."""
    return {(i.system, _plain(i)): i.type for i in identity.identifiers if i.type}


def match(identity: Identity, organization_id: int, candidates: Sequence[Candidate]) -> Candidate | None:
    """The one of `candidates` (oldest first) that is the same person.

    Who has one of the numbers by declaration, whatever the name; of several others the one that shares a national
    identifier, then the oldest.
    """
    told = names(identity, organization_id)
    stated = next((c for c in candidates if not c.declared.isdisjoint(told) and one_everywhere(told, c)), None)
    if stated is not None:
        return stated
    incoming = replace(identity, identifiers=tuple(map(_identifier, told)))
    same = [c for c in candidates if same_person(incoming, _identity(c))]
    national = {name for name in told if name[1] == NATIONAL}
    return next((c for c in same if c.names & national), same[0] if same else None)


def compatible(identity: Identity, organization_id: int, candidate: Candidate) -> bool:
    """Whether a patient named otherwise (by the referral that a message is about) may be the one told of.

    At most one of name, birth date and sex contradicts, and no identifier has another value in the same numbering.
    """
    told = names(identity, organization_id)
    known = {(owner, system): value for owner, system, value in candidate.names}
    if any(known.get((owner, system), value) != value and (owner, system, value) not in candidate.names
           for owner, system, value in told):  # fmt: skip
        return False
    return len(contradictions(identity, candidate.identity)) <= 1


def mergeable(one: Candidate, other: Candidate) -> bool:
    """Whether two patients may be one as a whole, by the rule that holds for two messages with a common number."""
    return len(contradictions(one.identity, other.identity)) <= 1 and one_everywhere(one.names, other)


def one_everywhere(told: Iterable[Name], candidate: Candidate) -> bool:
    """Whether no number that is valid everywhere is another one of the candidate's."""
    known = {system: value for owner, system, value in candidate.names if not owner}
    return all(
        owner or known.get(system, value) == value or (owner, system, value) in candidate.names
        for owner, system, value in told
    )


def identity_of(patient: Resource) -> Identity:
    """What a FHIR Patient says of who it is; identifiers that are old or without system or value say nothing."""
    identifiers = [i for i in _dicts(patient.get("identifier"))
                   if i.get("system") and i.get("value") and i.get("use") != "old"]  # fmt: skip
    return Identity(
        name=_name(_dicts(patient.get("name"))),
        gender=patient.get("gender"),
        birth_date=patient.get("birthDate"),
        identifiers=tuple(Identifier(str(i["system"]), str(i["value"]), type_of(i)) for i in identifiers),
    )


def _name(found: Sequence[dict[str, Any]]) -> str | None:
    """The first usable name as one text; Chinese, Japanese and Korean family names stand first, without space."""
    for name in found:
        given, family = [str(g) for g in name.get("given", ()) if g], str(name.get("family", ""))
        eastern = any(ord(character) > 0x2E80 for character in family)
        text = name.get("text") or ("".join([family, *given]) if eastern else " ".join([*given, family]).strip())
        if text and name.get("use") not in ("old", "maiden"):
            return str(text)
    return None


def _dicts(value: object) -> list[dict[str, Any]]:
    found: Iterable[object] = value if isinstance(value, list) else ()
    return [item for item in found if isinstance(item, dict)]


def _plain(identifier: Identifier) -> str:
    value = identifier.value.strip()
    return value.upper() if identifier.system == NATIONAL else value


def _identifier(name: Name) -> Identifier:
    return Identifier(f"{name[0]}|{name[1]}", name[2])


def _identity(candidate: Candidate) -> Identity:
    return replace(candidate.identity, identifiers=tuple(map(_identifier, candidate.names)))
