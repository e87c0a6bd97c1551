"""Whatever becomes of a message or Bundle on its way, it is answered in time and each of its leaves is accounted for.

A short run of `python -m tests.fuzz`, and every input that once failed (`kept`: the name tells what it showed).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import HUGE_EVERY, KINDS, mutated

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""More of them, other ones at each run: FUZZ_EXAMPLES=5000."""

KEPT = sorted((Path(__file__).parent / "kept").iterdir())


@settings(max_examples=EXAMPLES, deadline=None, derandomize="FUZZ_EXAMPLES" not in os.environ,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(number=st.integers(0, 10**9).filter(lambda number: number % HUGE_EVERY > 1), seed=st.integers(0, 10**9))
def test_a_mutated_input_is_answered_and_accounted_for(number: int, seed: int) -> None:
    found = mutated(number, seed)
    judged = KINDS[found.kind].judge(found.raw)
    assert judged.faults == [], found.mutation
    assert judged.cpu < 2


@pytest.mark.parametrize("number", range(0, 8 * HUGE_EVERY, HUGE_EVERY))
def test_a_huge_input_is_answered_in_time(number: int) -> None:
    for found in (mutated(number, 7), mutated(number + 1, 7)):
        judged = KINDS[found.kind].judge(found.raw)
        assert judged.faults == [], found.mutation
        assert judged.cpu < 2, found.mutation


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_once_failed_is_mended(path: Path) -> None:
    judged = KINDS[path.suffix.removeprefix(".")].judge(path.read_bytes())
    assert judged.faults == []
    assert judged.cpu < 2
