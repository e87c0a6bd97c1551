"""The loss ledger: every leaf of a message is mapped or, with a reason, unmapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.messages import TRANSLATORS
from adapters.hl7v2.maps.reading import NULL, Leaf
from hub.domain.messages import Ledger, Mapped, Unmapped

_REASONS: Mapping[str, str] = {
    **dict.fromkeys(
        ("MSH-8", "MSH-12", "MSH-13", "MSH-14", "MSH-15", "MSH-16", "MSH-18", "MSH-19", "MSH-20", "MSH-21", "MSH-23",
         "MSH-24", "MSH-25"),
        "message envelope: used in transport, no statement",
    ),
    **dict.fromkeys(
        ("PID-1", "PV1-1", "OBX-1", "OBR-1", "NTE-1", "AL1-1", "IAM-1", "DG1-1", "PR1-1", "NK1-1", "GT1-1", "IN1-1",
         "TXA-1", "SPM-1", "TQ1-1"),
        "set id: the order of the segments is kept",
    ),
    "NTE-2": "source of comment: no FHIR element",
    "DG1-2": "coding method: the code names its system (withdrawn)",
    "PR1-2": "coding method: the code names its system (withdrawn)",
    "OBX-4": "sub-id: the order of the lines is kept",
    "ORC-1": "order control: the request's status says what it does",
    "PRB-1": "action code: what it does is done",
}  # fmt: skip


def write(c: Conversion, mapped: Iterable[Mapped]) -> Ledger:
    """The ledger of a message whose mapped fields are known."""
    mapped = tuple(mapped)
    known = {entry.path for entry in mapped}
    return Ledger(mapped, tuple([
        Unmapped(leaf.path, leaf.text, _reason(c, reading.name, leaf))
        for reading in c.readings for leaf in reading.leaves if leaf.path not in known
    ]))  # fmt: skip


def _reason(c: Conversion, name: str, leaf: Leaf) -> str:
    if leaf.text == NULL:
        return "HL7 null: nothing is stated"
    if not leaf.value:
        return "blank"
    if name[0] == "Z":
        return "no rule for Z-segments"
    if name not in TRANSLATORS and name not in c.dialect.declared:
        return f"no rule for segment {name}"
    field = f"{name}-{leaf.path.split('-', 1)[1].split('[', 1)[0]}"
    return _REASONS.get(field) or f"no rule for {field}, or not a value that its FHIR element takes"
