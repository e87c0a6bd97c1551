"""Conversion of one message to a checked Bundle with its ledger, without a database; by family beside other parsers."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import hl7
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from adapters.fhir.validation import check
from adapters.hl7v2 import files
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from hub.domain.errors import Refused
from hub.processes.memory import settle
from tests.benchmarks.messages import referral, results
from tests.benchmarks.tokenizer import median_ms
from tests.conftest import CORPORA

_T = TypeVar("_T")

EACH = 8
"""Messages of a family that are timed, at most."""


def measure() -> dict[str, float]:
    """Figures of the two messages that the aims name, then medians of the corpus by family, where it is there.

    The collector is set as the listener sets it.
    """
    figures = {}
    _warm()
    settle()
    for history in (10, 40):
        raw = referral("C1", 1, enhanced=False, sender="BENCH-A", receiver="BENCH-B", history=history)
        figures[f"ref_{history}_history_convert_ms"] = round(median_ms(lambda raw=raw: convert(raw), 300), 3)
    raw = results("C1", 1, sender="BENCH-A", observations=40)
    figures["oru_40_obx_convert_ms"] = round(median_ms(lambda: convert(raw), 300), 3)
    theirs = median_ms(lambda: parse_message(raw.decode()), 10)
    figures["oru_40_obx_hl7apy_parse_ms"] = round(theirs, 1)
    figures["oru_40_obx_times_faster_than_hl7apy"] = round(theirs / figures["oru_40_obx_convert_ms"], 1)
    for family, raws in sorted(_families().items()):
        figures |= _family(family.lower(), raws)
    return figures


def _warm() -> None:
    convert(referral("C0", 1, enhanced=False, sender="BENCH-A", receiver="BENCH-B", history=40))


def convert(raw: bytes) -> None:
    """Raises AssertionError where the message is refused or what it becomes is no FHIR."""
    envelope, _ = read_envelope(raw)
    now = datetime.now(UTC)
    normalised = normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=now)
    if check(normalised.bundle):
        raise AssertionError("the benchmark's message is refused")


def _families() -> Mapping[str, Sequence[bytes]]:
    """Messages of the corpus that convert, by type."""
    found: dict[str, list[bytes]] = {}
    manifest = CORPORA / "hl7v2" / "MANIFEST.tsv"
    if not manifest.exists():
        return found
    with manifest.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            for raw in files.split((CORPORA / "hl7v2" / row["source"] / row["file"]).read_bytes())[:1]:
                if len(found.get(row["type"], ())) < EACH and _converts(raw):
                    found.setdefault(row["type"], []).append(raw)
    return found


def _converts(raw: bytes) -> bool:
    try:
        convert(raw)
    except (Refused, KeyError, AssertionError):
        return False
    return True


def _family(name: str, raws: Sequence[bytes]) -> dict[str, float]:
    texts = [_lines(raw) for raw in raws]
    ours = _median(convert, raws, 20)
    figures = {f"{name}_convert_ms": ours, f"{name}_python_hl7_parse_ms": _median(hl7.parse, texts, 5)}
    parsed = [text for text in texts if _hl7apy_parses(text)]
    if parsed:
        theirs = _median(parse_message, parsed, 2)
        figures[f"{name}_hl7apy_parse_ms"] = theirs
        figures[f"{name}_times_faster_than_hl7apy"] = round(theirs / ours, 1)
    return figures


def _lines(raw: bytes) -> str:
    """As parsers want it: a carriage return between segments."""
    return "\r".join(line for line in raw.decode("utf-8", "replace").replace("\n", "\r").split("\r") if line.strip())


def _hl7apy_parses(text: str) -> bool:
    try:
        parse_message(text)
    except (HL7apyException, IndexError, AttributeError, KeyError, TypeError, ValueError):
        return False
    return True


def _median(work: Callable[[_T], object], inputs: Sequence[_T], runs: int) -> float:
    """The median over inputs of the median over runs, in milliseconds."""
    return round(statistics.median(median_ms(lambda one=one: work(one), runs) for one in inputs), 3)
