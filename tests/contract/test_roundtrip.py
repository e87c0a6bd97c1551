"""v2 -> FHIR -> v2: what of a message's mapped leaves stands where it stood when its Bundle alone is written again."""

from __future__ import annotations

import pytest

from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from adapters.hl7v2.outbound.writer import write
from tests.roundtrip.generated import generated
from tests.roundtrip.measure import CORPUS, NOW, OWN, ZONE, Trip, messages, outbound, trip

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


@pytest.mark.parametrize(
    ("kind", "said", "flags", "status"),
    [
        ("NM", "5.5", "H", "F"),
        ("NM", "5.5", "H^High^HL70078", "F"),
        ("TX", "first line~second line", "", "F"),
        ("CX", "7^^^TOWN^MR", "", "F"),
        ("ST", "a\\S\\b", "", "F"),
        ("", "", "", ""),
    ],
)
def test_a_result_returns_as_it_was_written(kind: str, said: str, flags: str, status: str) -> None:
    """Its flag without a system that nobody sent, lines as lines, components as components; of a status that no field
    said nothing."""
    told = f"OBX|1|{kind}|X^Y^L||{said}|||{flags}|||{status}".rstrip("|")
    assert rewritten("ORU^R01", PID, "OBR|1|1^T|2^T|P^Q^L", told)[-1] == told


def test_how_the_insured_is_related_is_told_once() -> None:
    told = "IN1|1|P1^Plan^L|C1^^^T|House||||||||||||Jones^Bob|SPO^Spouse^HL70063|19600101"
    assert told in rewritten("REF^I12", "RF1|P|R||||1^T||||reason", "PRD|RT||||||X", PID, told)


PID = "PID|1||7^^^T^MR||A^B"


def rewritten(kind: str, *segments: str) -> list[str]:
    raw = "\r".join((f"MSH|^~\\&|HIS|T|HUB|X|20260310||{kind}|1|P|2.5.1", *segments, "")).encode()
    envelope, _ = read_envelope(raw)
    there = normalise(raw, envelope, charset=None, timezone=ZONE, received_at=NOW)
    return write(outbound(envelope, there)).decode().rstrip("\r").split("\r")
