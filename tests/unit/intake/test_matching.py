"""The identity rule, without a database."""

from __future__ import annotations

from hub.domain.patients import NATIONAL, Identifier, Identity
from hub.identity.matching import Candidate, compatible, identity_of, match, names

OWN = Identifier("urn:oid:1.2.3", "7")
NUMBER = Identifier(NATIONAL, "110105195603040024")


def candidate(identity: Identity, organization_id: int = 1, key: str = "a") -> Candidate:
    return Candidate(key, identity, frozenset(names(identity, organization_id)))


def test_names_belong_to_the_sender_unless_valid_everywhere() -> None:
    told = names(Identity(identifiers=(OWN, NUMBER, NUMBER)), 5)
    assert told == ((5, OWN.system, "7"), (0, NATIONAL, NUMBER.value))


def test_a_national_number_agrees_without_regard_to_its_letters_case_and_space() -> None:
    upper, lower = (
        Identity(identifiers=(Identifier(NATIONAL, v),)) for v in ("11010519491231002X", " 11010519491231002x")
    )
    assert match(lower, 9, [candidate(upper)]) is not None


def test_another_organisations_number_is_no_agreement() -> None:
    known = candidate(Identity("A", identifiers=(OWN,)))
    assert match(Identity("A", identifiers=(OWN,)), 1, [known]) is known
    assert match(Identity("A", identifiers=(OWN,)), 2, [known]) is None


def test_two_contradictions_are_another_person() -> None:
    known = candidate(Identity("A", "male", "1950", (NUMBER,)))
    assert match(Identity("B", "male", "1950-01-02", (NUMBER,)), 2, [known]) is known
    assert match(Identity("B", "female", "1950-01-02", (NUMBER,)), 2, [known]) is None


def test_the_national_number_decides_between_several_then_the_oldest() -> None:
    older = candidate(Identity(identifiers=(OWN,)), key="a")
    newer = candidate(Identity(identifiers=(OWN, NUMBER)), key="b")
    assert match(Identity(identifiers=(OWN, NUMBER)), 1, [older, newer]) is newer
    assert match(Identity(identifiers=(OWN,)), 1, [older, newer]) is older


def test_compatible_unless_numbered_or_described_otherwise() -> None:
    known = candidate(Identity("A", "male", "1950", (OWN,)))
    assert compatible(Identity("A"), 1, known)
    assert compatible(Identity("A", identifiers=(Identifier(OWN.system, "8"),)), 2, known)
    assert not compatible(Identity("A", identifiers=(Identifier(OWN.system, "8"),)), 1, known)
    assert not compatible(Identity("B", "female"), 1, known)


def test_identity_of_a_fhir_patient() -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "王", "given": ["秀", "英"]}],
        "gender": "female",
        "birthDate": "1956",
        "identifier": [{"value": "no system"}, {"system": OWN.system, "value": "7"}],
    }
    assert identity_of(patient) == Identity("王秀英", "female", "1956", (OWN,))
    assert identity_of({"resourceType": "Patient"}) == Identity()
