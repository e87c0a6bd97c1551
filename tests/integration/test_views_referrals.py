"""Referrals exist for their sender and their receiver; searches agree with their criteria and page without gaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.domain.patients import NATIONAL, Identifier
from hub.domain.referrals import State
from hub.store.connections import connect
from hub.views import referrals
from hub.views.referrals import REFERRAL_SYSTEM, Criteria
from tests.integration.seeds import START, Seeds


@pytest.fixture
def seeds(database: str) -> Iterator[Seeds]:
    with connect(database) as connection:
        yield Seeds(connection)


def test_a_referral_is_seen_by_its_sender_and_its_receiver_and_nobody_else(seeds: Seeds) -> None:
    clinic, hospital, other = (seeds.organization(code) for code in ("clinic", "hospital", "other"))
    patient = seeds.patient()
    identifier = seeds.referral(clinic, hospital, patient, identifiers=(("urn:a", "R1"), ("urn:b", "R2")))
    for viewer in (clinic, hospital):
        referral = referrals.read(seeds.connection, viewer.id, identifier)
        assert referral is not None
        assert (referral.sender.code, referral.receiver.code) == ("clinic", "hospital")
        assert referral.state is State.REQUESTED
        assert referral.patient_id == patient
        assert referral.identifiers == (Identifier("urn:a", "R1"), Identifier("urn:b", "R2"))
        assert referral.updated_at == START + timedelta(seconds=1)
    assert referrals.read(seeds.connection, other.id, identifier) is None
    assert referrals.search(seeds.connection, other.id, Criteria(), limit=10) == []


@pytest.mark.parametrize("text", ["", "x", "../1", "{00000000-0000-7000-8000-000000000000}", "0" * 400])
def test_what_is_no_id_is_found_nowhere(seeds: Seeds, text: str) -> None:
    viewer = seeds.organization("clinic")
    assert referrals.read(seeds.connection, viewer.id, text) is None


def test_each_criterion_narrows_the_search(seeds: Seeds) -> None:
    clinic, hospital = seeds.organization("clinic"), seeds.organization("hospital")
    mother, child = seeds.patient(), seeds.patient()
    seeds.patient_identifier(mother, NATIONAL, "110101195803071234")
    seeds.patient_identifier(child, "urn:mrn", "77", hospital)
    first = seeds.referral(clinic, hospital, mother, identifiers=(("urn:a", "R1"),))
    second = seeds.referral(clinic, hospital, child, State.ACCEPTED, identifiers=(("urn:b", "R1"),))
    back = seeds.referral(hospital, clinic, child, based_on=second)

    def found(**asked: object) -> list[str]:
        criteria = Criteria(**asked)  # type: ignore[arg-type]
        return [r.id for r in referrals.search(seeds.connection, clinic.id, criteria, limit=10, newest_first=False)]

    assert found() == [first, second, back]
    assert found(role="sent") == [first, second]
    assert found(role="received") == [back]
    assert found(ids=(first, back, "nonsense")) == [first, back]
    assert found(ids=()) == []
    assert found(identifiers=(("urn:a", "R1"),)) == [first]
    assert found(identifiers=((None, "R1"),)) == [first, second]
    assert found(identifiers=((REFERRAL_SYSTEM, back), ("urn:a", "R1"))) == [first, back]
    assert found(identifiers=(("urn:a", back),)) == []
    assert found(states=frozenset({State.ACCEPTED})) == [second]
    assert found(patient_ids=(child,)) == [second, back]
    assert found(patient_identifiers=((NATIONAL, "110101195803071234"),)) == [first]
    assert found(patient_identifiers=((None, "77"),)) == [second, back]
    assert found(based_on=(second,)) == [back]
    assert found(updated_since=START + timedelta(seconds=2)) == [second, back]
    assert found(updated_until=START + timedelta(seconds=2)) == [first]
    assert found(states=frozenset({State.REQUESTED}), role="sent") == [first]


def test_a_number_of_a_third_institution_finds_nobody(seeds: Seeds) -> None:
    clinic, hospital, third = (seeds.organization(code) for code in ("clinic", "hospital", "third"))
    patient = seeds.patient()
    seeds.patient_identifier(patient, "urn:mrn", "42", third)
    seeds.referral(clinic, hospital, patient)
    asked = Criteria(patient_identifiers=((None, "42"),))
    assert referrals.search(seeds.connection, hospital.id, asked, limit=10) == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_follow_one_another_without_gap_or_repetition(seeds: Seeds, newest_first: bool) -> None:
    clinic, hospital = seeds.organization("clinic"), seeds.organization("hospital")
    patient = seeds.patient()
    written = [seeds.referral(clinic, hospital, patient) for _ in range(7)]
    seeds.connection.execute("UPDATE referrals SET updated_at = %s", (START,))
    seen: list[str] = []
    after = None
    while page := referrals.search(
        seeds.connection, hospital.id, Criteria(), limit=3, after=after, newest_first=newest_first
    ):
        seen += [r.id for r in page]
        after = page[-1].position
    assert seen == (written[::-1] if newest_first else written)
