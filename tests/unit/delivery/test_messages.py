"""The table of messages by event and dialect."""

from __future__ import annotations

from typing import get_args

import pytest

from adapters.fhir.code_systems import ALL
from hub.delivery.messages import OVERDUE, rules
from hub.domain.delivery import Dialect
from hub.domain.referrals import TRANSITIONS

EVENTS = {f"{step.event}.v1" for step in TRANSITIONS} | {
    "referral.amended.v1", "referral.cancellation-requested.v1", "referral.cancellation-refused.v1",
    OVERDUE,
}  # fmt: skip
V2 = {"REF^I12", "REF^I13", "REF^I14", "REF^I15", "RRI^I12", "OMG^O19", "OSU^O51", "SIU^S12", "SIU^S26", "ORU^R01",
      "MDM^T02"}  # fmt: skip
FHIR = {concept.code for codes in ALL if codes.id == "event" for concept in codes.concepts}


def test_each_line_names_what_there_is_and_none_stands_twice() -> None:
    assert len(set(rules())) == len(rules())
    for rule in rules():
        assert rule.dialect in get_args(Dialect)
        assert rule.event in EVENTS
        assert rule.to in ("sender", "receiver")
        assert rule.kind in (FHIR if rule.dialect == "fhir" else V2)


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_what_each_side_must_know_is_told_in_each_dialect(dialect: str) -> None:
    told = {(rule.event.split(".")[1], rule.to) for rule in rules() if rule.dialect == dialect}
    assert told >= {(event, "receiver") for event in ("requested", "amended", "information-supplied", "cancelled",
                                                     "cancellation-requested")}  # fmt: skip
    assert told >= {(event, "sender") for event in ("accepted", "rejected", "information-requested", "scheduled",
                                                   "no-show", "outcome-sent", "closed", "cancelled")}  # fmt: skip
