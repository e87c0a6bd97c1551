"""Whether what was made of an HL7 v2 message is FHIR; a profile may make what is none."""

from __future__ import annotations

import re

from adapters.fhir.validation import check
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Ledger, Normalised

_STEP = re.compile(r"([A-Za-z_]+)(?:\[(\d+)\])?")


def valid(made: Normalised) -> Normalised:
    """The same. Raises Refused(WRONG_DATATYPE) at the fields that each fault of its Bundle was made of."""
    faults = check(made.bundle)
    if faults:
        raise Refused(*(_at_origin(fault, made.ledger) for fault in faults))
    return made


def _at_origin(fault: Refusal, ledger: Ledger) -> Refusal:
    """The fault at the field that the faulty element or its neighbour in the entry was made of, else MSH."""
    pointer = _pointer(fault.path)
    best, shared = "MSH[1]", 2
    for mapped in ledger.mapped:
        common = _common(pointer, mapped.target.split("/")[1:])
        if common > shared:
            best, shared = mapped.path, common
    return Refusal(Cause.WRONG_DATATYPE, best, f"the field makes no valid {fault.path}")


def _pointer(expression: str) -> list[str]:
    """`Bundle.entry[2].resource.code` -> its JSON pointer's steps."""
    steps: list[str] = []
    for name, index in _STEP.findall(expression)[1:]:
        steps += [name, index] if index else [name]
    return steps


def _common(left: list[str], right: list[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
