"""v2 -> FHIR -> v2: what of a message's mapped leaves stands where it stood when its Bundle alone is written again."""

from __future__ import annotations

import pytest

from tests.roundtrip.generated import generated
from tests.roundtrip.measure import CORPUS, OWN, Trip, messages, trip

FILLED = ((1.0, (0,), 1), (0.5, (0, 1), 2), (0.5, (2, 3), 1), (0.25, (4, 5, 6), 3))
"""Generated messages: share of the fields that are filled, seeds, how often a group stands there at most."""


@pytest.fixture(scope="module")
def trips() -> list[Trip]:
    if not CORPUS.exists():
        pytest.skip("the corpora are not here")
    return [found for name, raw in messages() if (found := trip(name, raw))]


def test_mapped_leaves_return(trips: list[Trip]) -> None:
    assert len(trips) > 200 and sum(len(one.leaves) for one in trips) > 60_000
    assert lost(trips) == []
    assert [one.name for one in trips if one.refused] == []


def lost(trips: list[Trip]) -> list[tuple[str, str, str, str | None]]:
    """`python -m tests.roundtrip` tells them by field, too."""
    return [(one.name, leaf.path, leaf.value, leaf.found) for one in trips for leaf in one.leaves if not leaf.returned]


@pytest.mark.parametrize(("share", "seeds", "most"), FILLED)
def test_mapped_leaves_of_generated_messages_return(share: float, seeds: tuple[int, ...], most: int) -> None:
    made = [one for seed in seeds for one in generated(share, seed, most=most)]
    trips = [found for name, raw in made if (found := trip(name, raw))]
    assert len(trips) == len(made) and sum(len(one.leaves) for one in trips) > 8_000
    assert [one.name for one in trips if one.refused] == []
    assert lost(trips) == []


def test_a_referral_of_our_own_returns_to_the_character() -> None:
    name = "referral-every-field.hl7"
    found = trip(name, (OWN / name).read_bytes())
    assert found is not None and len(found.leaves) > 100
    assert [(leaf.path, leaf.value, leaf.found) for leaf in found.leaves if leaf.returned != "same"] == []


def test_what_hl7_requires_and_the_message_lacks_is_told(trips: list[Trip]) -> None:
    told = {one.name: one.faults for one in trips if one.faults}
    assert "needs it here" in told["xtn_4_PRN_in_xtn2.hl7#0"]
