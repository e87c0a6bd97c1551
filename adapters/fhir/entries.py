"""Entries of a transaction or batch Bundle: which of them stand, and those left out of what is taken.

An entry that is left out keeps its place, without its resource, so that every other one keeps its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from adapters.fhir.document import identifier_of
from adapters.fhir.patients import Register, identity
from adapters.fhir.validation import check_received, known_types
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource, leaves, literal
from hub.domain.messages import Ledger, Normalised, Unmapped

Refusals = Mapping[int, tuple[Refusal, ...]]
"""What is wrong with entries, by their index."""

_STORED = frozenset({"POST", "PUT"})
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


def by_entry(refusals: Iterable[Refusal]) -> dict[int | None, tuple[Refusal, ...]]:
    """Refusals by the entry that their place is in; None: of the Bundle."""
    found: dict[int | None, tuple[Refusal, ...]] = {}
    for refusal in refusals:
        match = _ENTRY.match(refusal.path)
        number = int(match[1]) if match else None
        found[number] = (*found.get(number, ()), refusal)
    return found


def faulty(bundle: Resource, register: Register) -> Refusals:
    """The entries of a batch that are no FHIR or that ask for what is not supported; each is judged by itself.

    Raises Refused where the Bundle itself is no FHIR.
    """
    entries = _entries(bundle)
    wrong = check_received(without(bundle, range(len(entries))))
    told = by_entry(wrong)
    if None in told:
        raise Refused(*wrong)
    found: dict[int, tuple[Refusal, ...]] = {}
    for number, entry in enumerate(entries):
        faults = told.get(number, ())
        if isinstance(entry, dict) and "resource" in entry:
            faults += check_received(entry["resource"], f"Bundle.entry[{number}].resource")
        faults = faults or tuple(_unsupported(entry, number, register))
        if faults:
            found[number] = faults
    return found


def unsupported(bundle: Resource, register: Register) -> tuple[Refusal, ...]:
    """What the entries ask for beside the storing of resources."""
    entries = enumerate(bundle.get("entry", ()))
    return tuple(refusal for number, entry in entries for refusal in _unsupported(entry, number, register))


def without(bundle: Resource, numbers: Collection[int]) -> Resource:
    """The Bundle without the resources of these entries."""
    bare = [_bare(entry) if number in numbers else entry for number, entry in enumerate(_entries(bundle))]
    return {**bundle, "entry": bare} if bare else bundle


def _entries(bundle: Resource) -> list[Any]:
    entries = bundle.get("entry")
    return entries if isinstance(entries, list) else []


def _bare(entry: Any) -> Any:
    return {name: value for name, value in entry.items() if name != "resource"} if isinstance(entry, dict) else entry


def left_out(found: Normalised, bundle: Resource, refusals: Refusals) -> Normalised:
    """What was made of a Bundle without these entries, which the ledger and the warnings tell of."""
    told = [
        Unmapped(f"/entry/{number}/resource{path}", literal(value), f"entry not taken: {faults[0].text}")
        for number, faults in refusals.items()
        for path, value in leaves(bundle["entry"][number].get("resource"))
        if value is not None
    ]
    ledger = Ledger(found.ledger.carried, (*found.ledger.unmapped, *told))
    return replace(found, ledger=ledger, warnings=(*found.warnings, *(f for each in refusals.values() for f in each)))


def unless_existing(found: Normalised, register: Register) -> Normalised:
    """Without the entries whose `ifNoneExist` names what the sender has given already (conditional create).

    A Patient is matched by its identifiers all the same. Raises Refused where the condition names several.
    """
    existing = dict(_existing(found, register))
    if not existing:
        return found
    several = [each for faults in existing.values() for each in faults if each.cause is Cause.SEVERAL_MATCHES]
    if several:
        raise Refused(*several)
    bases = {f"/entry/{number}/resource" for number in existing}
    kept = tuple((base, [one for one in told if "/".join(one.path.split("/", 4)[:4]) not in bases])
                 for base, told in found.ledger.carried)  # fmt: skip
    parts = tuple(part for part in found.parts if part.base not in bases)
    reduced = replace(
        found, bundle=without(found.bundle, existing), parts=parts, ledger=Ledger(kept, found.ledger.unmapped)
    )
    return left_out(reduced, found.bundle, existing)


def _existing(found: Normalised, register: Register) -> Iterator[tuple[int, tuple[Refusal, ...]]]:
    numbers = {f"/entry/{n}/resource": n for n in range(len(found.bundle.get("entry", ())))}
    who = cache(lambda patient: identity(found.parts[patient].resource))
    for part in found.parts:
        number = numbers.get(part.base)
        asked = None if number is None else found.bundle["entry"][number].get("request", {}).get("ifNoneExist")
        wanted = identifier_of(asked) if asked else None
        if number is None or wanted is None or part.patient is None:
            continue
        kind = str(part.resource["resourceType"])
        known = register.existing(kind, wanted, who(part.patient))
        place = f"Bundle.entry[{number}].request.ifNoneExist"
        if len(known) == 1:
            yield number, (Refusal(Cause.DUPLICATE_KEY, place, f"already there: {kind}/{known[0]}"),)
        elif known:
            yield number, (Refusal(Cause.SEVERAL_MATCHES, place, "the condition names several resources"),)


def _unsupported(entry: Resource, number: int, register: Register) -> Iterator[Refusal]:
    request = entry.get("request", {})
    method, (kind, name) = request.get("method", "POST"), _addressed(request)
    if method not in _STORED or "resource" not in entry:
        text = "entries that bring a resource by POST or PUT are supported"
        yield Refusal(Cause.UNSUPPORTED_TYPE, f"Bundle.entry[{number}].request.method", text)
    elif kind in known_types() and kind != entry["resource"]["resourceType"]:
        text = f"a {kind} is expected at this address"
        yield Refusal(Cause.WRONG_STRUCTURE, f"Bundle.entry[{number}].request.url", text)
    elif kind == "Task" and method == "PUT" and register.patient_of(name) is not None:
        text = "a Task is updated by PUT or PATCH of Task/{id}, or by $process-message"
        yield Refusal(Cause.UNSUPPORTED_TYPE, f"Bundle.entry[{number}].resource", text)
    elif "ifNoneExist" in request and identifier_of(request["ifNoneExist"]) is None:
        text = "the condition identifier=SYSTEM|VALUE is supported"
        yield Refusal(Cause.UNSUPPORTED_TYPE, f"Bundle.entry[{number}].request.ifNoneExist", text)


def _addressed(request: Resource) -> tuple[str, str]:
    """The type and, of a PUT that is not conditional, the id that an entry's address names."""
    url = str(request.get("url", ""))
    steps = ["", *url.partition("?")[0].rstrip("/").split("/")]
    named = request.get("method") == "PUT" and "?" not in url
    return (steps[-2], steps[-1]) if named else (steps[-1], "")
