"""A draft: what one fragment says, before it is merged with what others say. Readers of fragments yield drafts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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

    keys: equal where they share one; analyte: for measurements, what a series is made by; group: what must agree
    besides (value, dose, laterality); details: further source values for the text; free: read from free text; ago: the
    start was counted back from the document's date (`3年前`), so it may be off by one of its unit; reason, by: why a
    medicine was changed or stopped, and by whom, as written; broader: keys of the terms of which this is a kind.
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
    broader: frozenset[str] = frozenset()


def concept(evidence: Evidence, pointer: str, kind: str, *, code_keys: bool = True) -> Concept | None:
    """The CodeableConcept at `pointer`, None where it says nothing. kind: of `terms`, for names that are the same.

    code_keys: whether an equal code is enough to be equal (not for allergies: ICD Z codes cover many substances).
    """
    value = evidence.value(pointer)
    if not isinstance(value, dict):
        return None
    codings = [(f"{pointer}/coding/{i}", c) for i, c in enumerate(value.get("coding", ())) if isinstance(c, dict)]
    named = [(f"{p}/display", str(c["display"])) for p, c in codings if c.get("display")]
    if value.get("text"):
        named.append((f"{pointer}/text", str(value["text"])))
    named += [(f"{p}/code", str(c["code"])) for p, c in codings if c.get("code")]
    if not named:
        return None
    target, name = named[0]
    best = next((pc for pc in codings if pc[1].get("code") and pc[1].get("system") in GLOBAL_SYSTEMS), None)
    best = best or next((pc for pc in codings if pc[1].get("code")), None)
    code = None
    targets = [target]
    if best:
        coding = best[1]
        display = str(coding.get("display") or name)
        code = {"system": str(coding.get("system", "")), "code": str(coding["code"]), "display": display}
        targets.append(f"{best[0]}/code")
    keys = set(_code_keys(evidence, (c for _, c in codings))) if code_keys else set()
    names = {n for t, n in named if not t.endswith("/code")} or {name}
    keys |= {terms.key(kind, n) for n in names}
    keys |= {k for _, c in codings if (k := terms.key_of_code(kind, str(c.get("system", "")), str(c.get("code", ""))))}
    return Concept(name, code, frozenset(keys), tuple(dict.fromkeys(targets)))


def _code_keys(evidence: Evidence, codings: Iterable[dict[str, Any]]) -> Iterable[str]:
    for coding in codings:
        if coding.get("code"):
            system = str(coding.get("system", ""))
            owner = "" if system in GLOBAL_SYSTEMS else evidence.organization
            yield f"code|{owner}|{system}|{coding['code']}"


def precision(moment: str | None) -> str:
    """Of a FHIR date or dateTime."""
    if not moment:
        return "unknown"
    return {4: "year", 7: "month", 10: "day"}.get(len(moment), "time")


def compatible(a: str | None, b: str | None) -> bool:
    """Whether two FHIR dates may be the same: a shorter one agrees with what it begins, none with any."""
    return not a or not b or a.startswith(b) or b.startswith(a)


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
