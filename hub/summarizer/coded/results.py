"""Observation: measurements and qualitative findings, each component its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.domain.fragments import PRELIMINARY, UNIT
from hub.summarizer import units
from hub.summarizer.drafts import Concept, Draft, concept, period
from hub.summarizer.evidence import Evidence

PROSE = 30
"""A string value longer than this, or with a sentence's end in it, is text to read, not a finding to list."""

_STATUS = {**dict.fromkeys(("final", "amended", "corrected"), "completed"), **dict.fromkeys(PRELIMINARY, "active")}
"""`active`: the laboratory is still at work on it."""
_INTERPRETATION = {"H": "偏高", "HH": "危急高", "L": "偏低", "LL": "危急低", "N": "正常", "A": "异常", "AA": "危急异常"}


def observation(evidence: Evidence) -> list[Draft]:
    """A draft for the observation's own value and for each component that has one."""
    drafts = [_draft(evidence, "")]
    drafts += [_draft(evidence, f"/component/{i}") for i in range(len(evidence.value("/component") or ()))]
    return [draft for draft in drafts if draft]


def prose(value: object) -> bool:
    """Whether a string value is text to read."""
    return isinstance(value, str) and (len(value) > PROSE or any(mark in value for mark in "。；！？\n"))


def _draft(evidence: Evidence, base: str) -> Draft | None:
    code = _code(evidence, base)
    read = _value(evidence, base)
    if code is None or read is None:
        return None
    value, targets = read
    start, end, dates = period(evidence, "/effectiveDateTime", "/effectivePeriod", "/effectiveInstant")
    history = _social(evidence)
    return Draft(
        section="history" if history else "results",
        kind="social" if history else "result",
        name=code.name,
        code=code.code,
        keys=code.keys,
        status=_STATUS.get(str(evidence.resource.get("status")), "unknown"),
        start=start,
        end=end,
        value=value,
        group=_group(code, value),
        sources=tuple(evidence.sources(*targets, *code.targets, *dates)),
        evidence=evidence,
    )


def _code(evidence: Evidence, base: str) -> Concept | None:
    """What was measured. A component whose code nobody sent is one more value of the observation (OBX-5 repeated),
    unless nobody sent that one's either: then its code says which field it was (an ACC)."""
    own, whole = concept(evidence, f"{base}/code", "analyte"), concept(evidence, "/code", "analyte")
    sent = (code for code in (own, whole) if code and evidence.sources(*code.targets))
    return next(sent, own or whole)


def _social(evidence: Evidence) -> bool:
    codings = [c for category in evidence.value("/category") or () for c in category.get("coding", ())]
    return any(c.get("code") == "social-history" for c in codings)


def _group(code: Concept, value: dict[str, Any]) -> tuple[Any, ...]:
    return () if value["number"] is not None else (str(value["text"]).strip().casefold(),)


def _value(evidence: Evidence, base: str) -> tuple[dict[str, Any], list[str]] | None:
    holder = evidence.value(base) if base else evidence.resource
    if "valueQuantity" in holder:
        return _quantity(evidence, base, holder["valueQuantity"], f"{base}/valueQuantity")
    if "valueCodeableConcept" in holder:
        found = concept(evidence, f"{base}/valueCodeableConcept", "value")
        return (_named(evidence, base, found.name), list(found.targets)) if found else None
    for kind in ("valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime"):
        if kind in holder and not prose(holder[kind]):
            given = holder[kind]
            number = given if isinstance(given, int) and not isinstance(given, bool) else None
            text = {True: "是", False: "否"}.get(given, str(given)) if isinstance(given, bool) else str(given)
            unit, told = _unit(holder, base) if kind == "valueString" else ({}, [])
            return {**_named(evidence, base, text), "number": number, **unit}, [f"{base}/{kind}", *told]
    for kind in ("valueRange", "valueRatio"):
        if kind in holder:
            return _pair(evidence, base, kind, holder[kind])
    return None


def _unit(holder: dict[str, Any], base: str) -> tuple[dict[str, Any], list[str]]:
    """The unit that was sent beside a text (`>=16`, OBX-6 mg/L), and where it stands."""
    for place, one in enumerate(holder.get("extension", ())):
        if one.get("url") == UNIT and (unit := one["valueQuantity"].get("unit")):
            return {"unit": unit, "ucum": units.ucum(unit)}, [f"{base}/extension/{place}/valueQuantity/unit"]
    return {}, []


def _quantity(
    evidence: Evidence, base: str, quantity: dict[str, Any], pointer: str
) -> tuple[dict[str, Any], list[str]] | None:
    number = quantity.get("value")
    if number is None:
        return None
    unit = quantity.get("unit") or quantity.get("code")
    coded = quantity.get("code") if quantity.get("system") == "http://unitsofmeasure.org" else None
    written = [c.text for c in evidence.citations(f"{pointer}/value")] or [str(number)]
    text = f"{quantity.get('comparator', '')}{written[0]}"
    low, high = _range(evidence, base)
    value = {**_named(evidence, base, text), "number": number, "unit": unit, "low": low, "high": high}
    value["ucum"] = coded or units.ucum(unit)
    targets = [
        f"{pointer}/value",
        f"{pointer}/comparator",
        f"{pointer}/unit" if quantity.get("unit") else f"{pointer}/code",
    ]
    return value, targets


def _pair(evidence: Evidence, base: str, kind: str, value: dict[str, Any]) -> tuple[dict[str, Any], list[str]] | None:
    ends = {"valueRange": ("low", "high"), "valueRatio": ("numerator", "denominator")}[kind]
    given = [(f"{base}/{kind}/{end}/value", value.get(end, {}).get("value")) for end in ends]
    if all(number is None for _, number in given):
        return None
    text = {"valueRange": "-", "valueRatio": ":"}[kind].join("" if n is None else str(n) for _, n in given)
    unit = value.get(ends[0], {}).get("unit")
    return {**_named(evidence, base, text), "unit": unit}, [pointer for pointer, n in given if n is not None]


def _named(evidence: Evidence, base: str, text: str) -> dict[str, Any]:
    codes = [c.get("code") for i in evidence.value(f"{base}/interpretation") or () for c in i.get("coding", ())]
    texts = [i.get("text") for i in evidence.value(f"{base}/interpretation") or () if i.get("text")]
    interpretation = next((str(c) for c in [*codes, *texts] if c), None)
    empty = {"number": None, "unit": None, "ucum": None, "low": None, "high": None}
    return {**empty, "interpretation": interpretation, "text": text}


def _range(evidence: Evidence, base: str) -> tuple[Decimal | int | None, Decimal | int | None]:
    first = (evidence.value(f"{base}/referenceRange") or [{}])[0]
    return first.get("low", {}).get("value"), first.get("high", {}).get("value")


def interpretation_word(code: str | None) -> str:
    """The word for an interpretation code, the code itself where there is none, "" for normal or nothing."""
    return "" if code in (None, "N") else _INTERPRETATION.get(code, code)
