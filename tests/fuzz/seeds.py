"""What is mutated: the messages and Bundles of this repository, and those of ../shared/corpora where they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from adapters.fhir.parsing import decode, encode
from adapters.hl7v2 import files
from tests.conftest import CORPORA

ROOT = Path(__file__).parents[2]
FEW = 12
"""Entries of a long Bundle that are taken at a time."""


@cache
def hl7v2() -> tuple[bytes, ...]:
    """HL7 v2 messages, each by itself, in the same order wherever the repository is."""
    own = [*ROOT.glob("tests/messages/*.hl7"), *ROOT.glob("hub/processes/scenario/*.hl7")]
    others = [path for path in CORPORA.rglob("*") if path.suffix in (".hl7", ".txt") and "hl7v2/" in str(path)]
    others += CORPORA.glob("reassembly-sample/inputs/**/*.hl7")
    messages = (raw for path in (*sorted(own), *sorted(others)) for raw in files.split(path.read_bytes()))
    return tuple(dict.fromkeys(raw for raw in messages if raw.startswith(b"MSH")))


@cache
def fhir() -> tuple[bytes, ...]:
    """FHIR documents: whole, and long Bundles also a few entries at a time."""
    own = ROOT.glob("hub/processes/scenario/*.json")
    others = [*CORPORA.glob("fhir/nhs-bars/**/*.json"), *CORPORA.glob("reassembly-sample/inputs/**/*.json")]
    others += CORPORA.glob("fhir/synthea-r4/*.json")
    found: list[bytes] = []
    for path in (*sorted(own), *sorted(others)):
        raw = path.read_bytes()
        try:
            document = decode(raw)
        except msgspec.DecodeError:
            continue
        if isinstance(document, dict) and "resourceType" in document:
            found += _pieces(document) if len(document.get("entry", ())) > 2 * FEW else [raw]
    return tuple(found)


def _pieces(bundle: dict[str, Any]) -> list[bytes]:
    """The Bundle cut: each piece its first entry (the Patient) and a few others."""
    first, *others = bundle["entry"]
    starts = range(0, min(len(others), 5 * FEW), FEW)
    return [encode({**bundle, "entry": [first, *others[at : at + FEW]]}) for at in starts]
