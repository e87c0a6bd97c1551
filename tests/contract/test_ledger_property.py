"""Whatever a message of a supported type says, each leaf of it is mapped to a place that exists, or told with its value
and a reason; and what is made of it is FHIR."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from hypothesis import HealthCheck, assume, event, given, settings

from adapters.fhir import validation
from adapters.hl7v2.envelope import read_envelope, unreadable
from adapters.hl7v2.normalise import normalise
from hub.domain.errors import Refused
from hub.domain.messages import Normalised
from tests.accounting import er7_leaves, unbalanced
from tests.contract.generated_messages import messages

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "60"))
"""More of them, other ones at each run: LEDGER_EXAMPLES=2000."""
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def converted(raw: bytes) -> Normalised:
    """Gives the example up where the message is refused; that must be seldom, which Hypothesis watches."""
    envelope, refusals = read_envelope(raw)
    assert not unreadable(refusals), refusals
    try:
        return normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=NOW)
    except Refused as error:
        event(f"refused: {error.refusals[0].path}")
    assume(False)
    raise AssertionError


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize="LEDGER_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(messages())
def test_each_leaf_of_any_message_is_mapped_or_told_with_a_reason(raw: bytes) -> None:
    found = converted(raw)
    assert list(unbalanced(er7_leaves(raw), found)) == []
    assert validation.check(found.bundle) == ()
