"""Fragments: before acceptance what came with the referral, afterwards the whole history; outcomes for the sender."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hub.domain.messages import Sender
from hub.domain.referrals import WHOLE_RECORD, State
from hub.store.connections import connect
from hub.views import fragments, patients, referrals
from hub.views.fragments import Criteria
from tests.integration.seeds import Seeds


@dataclass
class Story:
    """A clinic refers a patient to a hospital; a third institution knows the patient as well."""

    seeds: Seeds
    clinic: Sender
    hospital: Sender
    third: Sender
    patient: str
    referral: str
    came_with: str
    earlier: str
    elsewhere: str
    outcome: str

    def move(self, state: State) -> None:
        self.seeds.connection.execute("UPDATE referrals SET state = %s", (state.value,))

    def seen(self, viewer: Sender, **asked: object) -> set[str]:
        criteria = Criteria(**asked)  # type: ignore[arg-type]
        return {f.id for f in fragments.search(self.seeds.connection, viewer.id, criteria, limit=50)}


@pytest.fixture
def story(database: str) -> Iterator[Story]:
    with connect(database) as connection:
        seeds = Seeds(connection)
        clinic, hospital, third = (seeds.organization(code) for code in ("clinic", "hospital", "third"))
        patient = seeds.patient()
        referral = seeds.referral(clinic, hospital, patient)
        yield Story(
            seeds, clinic, hospital, third, patient, referral,
            came_with=seeds.fragment(clinic, patient, referral),
            earlier=seeds.fragment(clinic, patient),
            elsewhere=seeds.fragment(third, patient, resource_type="Condition"),
            outcome=seeds.fragment(hospital, patient, referral, resource_type="Composition"),
        )  # fmt: skip


@pytest.mark.parametrize("state", [s for s in State if s not in WHOLE_RECORD])
def test_a_receiver_that_has_not_accepted_sees_what_came_with_the_referral(story: Story, state: State) -> None:
    story.move(state)
    assert story.seen(story.hospital) == {story.came_with, story.outcome}


@pytest.mark.parametrize("state", sorted(WHOLE_RECORD))
def test_from_acceptance_on_the_receiver_sees_the_whole_history(story: Story, state: State) -> None:
    story.move(state)
    assert story.seen(story.hospital) == {story.came_with, story.earlier, story.elsewhere, story.outcome}


@pytest.mark.parametrize("state", list(State))
def test_the_sender_sees_its_own_and_the_outcome_but_no_other_history(story: Story, state: State) -> None:
    story.move(state)
    assert story.seen(story.clinic) == {story.came_with, story.earlier, story.outcome}


@pytest.mark.parametrize("state", sorted(WHOLE_RECORD))
def test_who_refers_to_itself_sees_no_history_of_others(story: Story, state: State) -> None:
    own = story.seeds.referral(story.clinic, story.clinic, story.patient)
    story.move(state)
    assert story.seen(story.clinic) == {story.came_with, story.earlier, story.outcome}
    found = referrals.read(story.seeds.connection, story.clinic.id, own)
    assert found is not None
    assert not found.whole_record


def test_others_see_what_they_sent_themselves(story: Story) -> None:
    story.move(State.ACCEPTED)
    assert story.seen(story.third) == {story.elsewhere}
    assert story.seen(story.seeds.organization("stranger")) == set()


def test_a_whole_history_is_of_the_referred_patient_only(story: Story) -> None:
    story.move(State.ACCEPTED)
    another = story.seeds.fragment(story.clinic, story.seeds.patient("李雷"))
    assert another not in story.seen(story.hospital)


def test_a_fragment_is_read_by_id_by_those_who_see_it(story: Story) -> None:
    connection = story.seeds.connection
    found = fragments.read(connection, story.hospital.id, story.came_with)
    assert found is not None
    assert (found.organization, found.referral_id, found.resource_type) == ("clinic", story.referral, "Observation")
    assert fragments.read(connection, story.hospital.id, story.elsewhere) is None
    assert fragments.read(connection, story.hospital.id, "no-id") is None


def test_criteria_narrow_what_is_seen(story: Story) -> None:
    story.move(State.ACCEPTED)
    assert story.seen(story.hospital, types=("Condition",)) == {story.elsewhere}
    assert story.seen(story.hospital, referral_ids=(story.referral,)) == {story.came_with, story.outcome}
    assert story.seen(story.hospital, patient_ids=(story.referral,)) == set()
    assert story.seen(story.hospital, ids=(story.earlier,), types=("Observation",)) == {story.earlier}


def test_pages_of_fragments_follow_one_another(story: Story) -> None:
    story.move(State.ACCEPTED)
    seen: list[str] = []
    after = None
    while page := fragments.search(story.seeds.connection, story.hospital.id, Criteria(), limit=1, after=after):
        seen += [f.id for f in page]
        after = page[-1].id
    assert seen == [story.outcome, story.elsewhere, story.earlier, story.came_with]


def test_a_patient_is_seen_through_a_referral_or_through_own_data(story: Story) -> None:
    connection = story.seeds.connection
    for viewer in (story.clinic, story.hospital, story.third):
        assert patients.read(connection, viewer.id, story.patient) is not None
    assert patients.read(connection, story.seeds.organization("stranger").id, story.patient) is None


def test_a_patient_resource_of_another_institution_shows_only_with_the_whole_history(story: Story) -> None:
    connection = story.seeds.connection
    story.seeds.fragment(story.clinic, story.patient, story.referral, resource_type="Patient", address="of the clinic")
    story.seeds.fragment(story.third, story.patient, resource_type="Patient", address="of the third")

    def address() -> str:
        found = patients.read(connection, story.hospital.id, story.patient)
        assert found is not None
        assert found.resource is not None
        return str(found.resource["address"])

    assert address() == "of the clinic"
    story.move(State.ACCEPTED)
    assert address() == "of the third"


def test_patient_numbers_are_known_to_whom_they_were_told(story: Story) -> None:
    seeds = story.seeds
    seeds.patient_identifier(story.patient, "urn:national", "1")
    for owner in (story.clinic, story.hospital, story.third):
        seeds.patient_identifier(story.patient, "urn:mrn", owner.code, owner)

    def known(viewer: Sender) -> set[str]:
        found = patients.read(seeds.connection, viewer.id, story.patient)
        assert found is not None
        return {i.value for i in found.identifiers}

    def found_by(viewer: Sender, value: str) -> bool:
        return bool(patients.search(seeds.connection, viewer.id, identifiers=((None, value),), limit=5))

    assert known(story.hospital) == {"1", "clinic", "hospital"}
    assert known(story.clinic) == {"1", "clinic"}
    assert found_by(story.hospital, "clinic")
    assert found_by(story.hospital, "1")
    assert not found_by(story.hospital, "third")
    assert not found_by(story.clinic, "hospital")


def test_who_sends_a_number_learns_nothing_more_by_it(story: Story) -> None:
    seeds, third = story.seeds, story.third
    known = {"system": "urn:national", "value": "1"}
    seeds.patient_identifier(story.patient, "urn:national", "1")
    seeds.patient_identifier(story.patient, "urn:insurance", "2")
    seeds.fragment(story.clinic, story.patient, story.referral, resource_type="Patient", address="of the clinic")
    seeds.fragment(third, story.patient, resource_type="Patient", identifier=[known])
    found = patients.read(seeds.connection, third.id, story.patient)
    assert found is not None
    assert (found.name, found.gender, found.birth_date) == (None, None, None)
    assert [i.value for i in found.identifiers] == ["1"]
    assert found.resource == {"resourceType": "Patient", "identifier": [known]}
    party = patients.read(seeds.connection, story.hospital.id, story.patient)
    assert party is not None
    assert (party.name, [i.value for i in party.identifiers]) == ("王芳", ["2", "1"])
