"""Conversion of one message to a checked Bundle with its ledger, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.fhir.validation import check
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from tests.benchmarks.messages import referral
from tests.benchmarks.tokenizer import median_ms


def measure() -> dict[str, float]:
    now = datetime.now(UTC)

    def convert(raw: bytes) -> None:
        envelope, refusals = read_envelope(raw)
        normalised = normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=now)
        if refusals or check(normalised.bundle):
            raise AssertionError("the benchmark's message is refused")

    figures = {}
    for history in (10, 40):
        raw = referral("C1", 1, enhanced=False, sender="BENCH-A", receiver="BENCH-B", history=history)
        figures[f"ref_{history}_history_convert_ms"] = round(median_ms(lambda raw=raw: convert(raw), 300), 3)
    return figures
