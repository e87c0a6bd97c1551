"""The key facts of the corpora's expected FHIR outputs that stand in ours, and that every other is explained."""

from __future__ import annotations

from functools import cache

import pytest

from tests.conftest import CORPORA
from tests.fidelity.corpus import cases
from tests.fidelity.scoring import Tally, reasons, score


@cache
def _tally() -> Tally:
    if not CORPORA.exists():
        pytest.skip("../shared/corpora is not here")
    return score(cases(CORPORA / "hl7v2"))


def test_the_expected_key_facts_are_found_in_each_family_and_of_each_source() -> None:
    tally = _tally()
    assert tally.expected["all"] > 11_000
    assert tally.found["all"] / tally.expected["all"] >= 0.99
    poor = {group: tally.found[group] / of for group, of in tally.expected.items() if tally.found[group] / of < 0.95}
    assert poor == {}


OTHERS_OWN = {"ORU": "a converter's own name in a twelfth of the facts", "ORM": "a message that CONTRACTS.md refuses"}
"""Families that cannot reach 95% where no more is set aside than what the official maps contradict."""


def test_with_nothing_aside_but_what_the_official_maps_contradict_each_family_is_found() -> None:
    tally = _tally()
    families = [group for group in tally.expected if len(group) == 3 and group.isupper() and group not in OTHERS_OWN]
    whole = {group: tally.expected[group] + tally.disputed[group] for group in tally.expected}
    shares = {group: tally.found[group] / (whole[group] - tally.contradicted[group]) for group in families}
    assert len(shares) >= 11
    assert {group: share for group, share in shares.items() if share < 0.95} == {}
    assert tally.found["all"] / whole["all"] >= 0.93


def test_every_miss_is_explained() -> None:
    tally = _tally()
    unexplained = {miss: tally.examples[miss][:2] for miss in tally.misses if miss[3] in ("", "elsewhere")}
    assert unexplained == {}


def test_every_reason_explains_something() -> None:
    tally = _tally()
    assert [reason.name for reason in reasons() if not tally.used[reason.name]] == []
