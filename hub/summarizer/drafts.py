"""A draft: what one fragment says, before it is merged with what others say. Readers of fragments yield drafts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from hub.summarizer import terms
from hub.summarizer.evidence import Evidence, Source

SECTIONS = (
    "problems", "allergies", "medications", "results", "procedures", "immunizations", "encounters", "history", "plans",
)  # fmt: skip

GLOBAL_SYSTEMS = frozenset(
    {
        "http://loinc.org",
        "http://snomed.info/sct",
        "http://hl7.org/fhir/sid/icd-10",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "http://hl7.org/fhir/sid/icd-9-cm",
        "http://www.whocc.no/atc",
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "http://hl7.org/fhir/sid/cvx",
    }
)
"""Code systems whose codes mean the same wherever they come from; others mean something within one organisation."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A CodeableConcept as read. name: display, else text, else code; keys: under which it equals others.

    targets: JSON pointers of what was read, the name's first; code: `{system, code, display}` of the best coding.
    """

    name: str
    code: dict[str, str] | None
    keys: frozenset[str]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One statement of one fragment, in the words of the record contract.

    keys: equal where they share one; group: what must agree
    besides (value, dose, laterality); details: further source values for the text; free: read from free text; ago: the
    start was counted back from the document's date (`3年前`), so it may be off by one of its unit; reason, by: why a
    medicine was changed or stopped, and by whom, as written.
    """

    section: str
    kind: str
    name: str
    sources: tuple[Source, ...]
    evidence: Evidence
    code: dict[str, str] | None = None
    keys: frozenset[str] = frozenset()
    assertion: str = "present"
    status: str = "unknown"
    start: str | None = None
    end: str | None = None
    value: dict[str, Any] | None = None
    medication: dict[str, Any] | None = None
    laterality: str = ""
    group: tuple[Any, ...] = ()
    details: tuple[str, ...] = ()
    free: bool = False
    ago: bool = False
    reason: str = ""
    by: str = ""


def concept(evidence: Evidence, pointer: str, kind: str, *, code_keys: bool = True) -> Concept | None:
    """The CodeableConcept at `pointer`, None where it says nothing. kind: of `terms`, for names that are the same.

    code_keys: whether an equal code is enough to be equal (not for allergies: ICD Z codes cover many substances).
    """
    value = evidence.value(pointer)
    if not isinstance(value, dict):
        return None
    codings = tuple(
        _Coding(f"{pointer}/coding/{i}", *(str(c.get(name) or "") for name in ("system", "code", "display")))
        for i, c in enumerate(value.get("coding", ()))
        if isinstance(c, dict)
    )
    local = code_keys and any(c.code and c.system not in GLOBAL_SYSTEMS for c in codings)
    owner = evidence.organization if local else ""
    return _concept(pointer, kind, codings, str(value.get("text") or ""), owner, code_keys)


class _Coding(NamedTuple):
    pointer: str
    system: str
    code: str
    display: str


@lru_cache(maxsize=16384)
def _concept(pointer: str, kind: str, codings: tuple[_Coding, ...], text: str, owner: str,
             code_keys: bool) -> Concept | None:  # fmt: skip
    """owner: of codes that only one organisation knows. Remembered: a record says the same concepts again and again."""
    named = [(f"{c.pointer}/display", c.display) for c in codings if c.display]
    if text:
        named.append((f"{pointer}/text", text))
    named += [(f"{c.pointer}/code", c.code) for c in codings if c.code]
    if not named:
        return None
    target, name = named[0]
    coded = [c for c in codings if c.code]
    best = next((c for c in coded if c.system in GLOBAL_SYSTEMS), coded[0] if coded else None)
    code = {"system": best.system, "code": best.code, "display": best.display or name} if best else None
    targets = (target, f"{best.pointer}/code") if best else (target,)
    names = {n for t, n in named if not t.endswith("/code")} or {name}
    keys = {terms.key(kind, n) for n in names}
    keys |= {k for c in codings if (k := terms.key_of_code(kind, c.system, c.code))}
    if code_keys:
        keys |= {f"code|{'' if c.system in GLOBAL_SYSTEMS else owner}|{c.system}|{c.code}" for c in coded}
    return Concept(name, code, frozenset(keys), tuple(dict.fromkeys(targets)))


def precision(moment: str | None) -> str:
    """Of a FHIR date or dateTime."""
    if not moment:
        return "unknown"
    return {4: "year", 7: "month", 10: "day"}.get(len(moment), "time")


def period(evidence: Evidence, *pointers: str) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Start, end and their targets from the first pointer that has a date: a dateTime or a Period."""
    for pointer in pointers:
        value = evidence.value(pointer)
        if isinstance(value, str) and value[:4].isdigit():
            return value, None, (pointer,)
        if isinstance(value, dict) and (value.get("start") or value.get("end")):
            targets = tuple(f"{pointer}/{k}" for k in ("start", "end") if value.get(k))
            return value.get("start"), value.get("end"), targets
    return None, None, ()
