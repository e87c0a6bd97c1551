"""Tokenize + validate a REF^I12 against hl7apy's own parse of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from hl7apy.parser import parse_message

from adapters.hl7v2 import er7
from adapters.hl7v2.validation import validate
from tests.benchmarks.messages import referral


def median_ms(work: Callable[[], object], runs: int) -> float:
    """Median time of one call in milliseconds, after one call to warm up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def measure() -> dict[str, float]:
    raw = referral("T1", 1, enhanced=False, sender="BENCH-A", receiver="BENCH-B")
    text = raw.decode()
    ours = median_ms(lambda: validate(er7.parse(text)), 2000)
    theirs = median_ms(lambda: parse_message(text, find_groups=False), 20)
    grouped = median_ms(lambda: parse_message(text), 20)
    return {
        "ref_tokenize_validate_ms": round(ours, 4),
        "ref_hl7apy_parse_ms": round(grouped, 2),
        "ref_hl7apy_parse_without_groups_ms": round(theirs, 2),
        "ref_tokenize_times_faster_than_hl7apy": round(grouped / ours, 1),
    }
