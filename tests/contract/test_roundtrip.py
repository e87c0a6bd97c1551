"""v2 -> FHIR -> v2: what of a message's mapped leaves stands where it stood when its Bundle alone is written again."""

from __future__ import annotations

import pytest

from tests.roundtrip.generated import generated
from tests.roundtrip.measure import CORPUS, OWN, Trip, messages, trip

HELD = 0.9998
"""The share that returns; `python -m tests.roundtrip` tells each field that does not. The aim is all."""

FILLED = ((1.0, (0,), 1, 0.9999), (0.5, (0, 1), 2, 0.997), (0.5, (2, 3), 1, 0.9995))
"""Generated messages: share of the fields that are filled, seeds, repetitions of a group at most, share that returns.
What does not: a second TQ1 of an order, starts that an offset moved, a note's second writer."""


@pytest.fixture(scope="module")
def trips() -> list[Trip]:
    if not CORPUS.exists():
        pytest.skip("the corpora are not here")
    return [found for name, raw in messages() if (found := trip(name, raw))]


def test_mapped_leaves_return(trips: list[Trip]) -> None:
    leaves = [leaf for one in trips for leaf in one.leaves]
    assert len(trips) > 200 and len(leaves) > 60_000
    assert sum(bool(leaf.returned) for leaf in leaves) / len(leaves) >= HELD


def test_no_message_loses_more_than_a_few(trips: list[Trip]) -> None:
    lost = {one.name: sum(not leaf.returned for leaf in one.leaves) for one in trips}
    assert {name: count for name, count in lost.items() if count > 10} == {}
    assert [one.name for one in trips if one.refused] == []


@pytest.mark.parametrize(("share", "seeds", "most", "held"), FILLED)
def test_mapped_leaves_of_generated_messages_return(
    share: float, seeds: tuple[int, ...], most: int, held: float
) -> None:
    made = [one for seed in seeds for one in generated(share, seed, most=most)]
    trips = [found for name, raw in made if (found := trip(name, raw))]
    leaves = [leaf for one in trips for leaf in one.leaves]
    assert len(trips) == len(made) and len(leaves) > 8_000
    assert [one.name for one in trips if one.refused] == []
    assert sum(bool(leaf.returned) for leaf in leaves) / len(leaves) >= held


def test_a_referral_of_our_own_returns_to_the_character() -> None:
    name = "referral-every-field.hl7"
    found = trip(name, (OWN / name).read_bytes())
    assert found is not None and len(found.leaves) > 100
    assert [(leaf.path, leaf.value, leaf.found) for leaf in found.leaves if leaf.returned != "same"] == []


def test_what_hl7_requires_and_the_message_lacks_is_told(trips: list[Trip]) -> None:
    told = {one.name: one.faults for one in trips if one.faults}
    assert "needs it here" in told["xtn_4_PRN_in_xtn2.hl7#0"]
