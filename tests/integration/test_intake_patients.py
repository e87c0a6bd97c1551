"""Whom a message is about: the identity rule of CONTRACTS.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.domain.patients import INSURANCE, NATIONAL, Identifier, Identity
from hub.domain.referrals import State
from hub.intake.accept import Intake
from tests.integration.intake_cases import WANG, Hub, Message, hub, opening, referral_of, task

OWN = Identifier("urn:oid:1.2.3", "4711")


def patients(h: Hub) -> int:
    return int(h.one("SELECT count(*) FROM patients"))


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"name": "王秀珍"}, True),
        ({"birth_date": "1956"}, True),
        ({"name": "王秀珍", "gender": "male"}, False),
        ({"name": None, "birth_date": "1957-01-01", "gender": "male"}, False),
        ({"gender": "unknown", "name": "王 秀英"}, True),
    ],
)
def test_an_agreeing_identifier_and_at_most_one_contradiction(
    database: str, changed: dict[str, str], same: bool
) -> None:
    with hub(database) as h:
        h.send(Message("1"))
        h.send(Message("2", sender="CITY", patient=replace(WANG, **changed)))
        assert patients(h) == (1 if same else 2)


def test_a_wrong_check_digit_still_identifies_and_is_a_warning(database: str) -> None:
    with hub(database) as h:
        wrong = replace(WANG, identifiers=(Identifier(NATIONAL, "11010519560304009X"),))
        h.send(Message("1", patient=wrong))
        h.send(Message("2", sender="CITY", patient=wrong))
        assert patients(h) == 1
        warnings = h.one("SELECT ledger->'warnings' FROM messages LIMIT 1")
        assert [w["code"] for w in warnings] == ["code-invalid"]
        h.send(Message("3", patient=WANG))
        assert h.one("SELECT ledger->'warnings' FROM messages ORDER BY id DESC LIMIT 1") == []


def test_an_organisations_own_number_identifies_within_it_only(database: str) -> None:
    with hub(database) as h:
        own = replace(WANG, identifiers=(OWN,))
        for control_id, sender in (("1", "TOWN"), ("2", "TOWN"), ("3", "CITY")):
            h.send(Message(control_id, sender=sender, patient=own))
        assert patients(h) == 2


def test_new_identifiers_are_added_to_a_matched_patient(database: str) -> None:
    with hub(database) as h:
        h.send(Message("1", patient=replace(WANG, identifiers=(OWN,), birth_date=None)))
        h.send(Message("2", patient=replace(WANG, identifiers=(OWN, *WANG.identifiers))))
        h.send(Message("3", sender="CITY", patient=WANG))
        assert patients(h) == 1
        assert h.one("SELECT count(*) FROM patient_identifiers") == 2
        assert h.one("SELECT birth_date FROM patients") == "1956-03-04"


@pytest.mark.parametrize("together", [False, True])
def test_the_type_of_a_number_is_kept_whenever_it_is_told_first(database: str, together: bool) -> None:
    with hub(database) as h:
        told = [replace(WANG, identifiers=(replace(OWN, type=kind),)) for kind in (None, "MR", "PI", None)]
        messages = [Message(str(n), patient=patient) for n, patient in enumerate(told)]
        if together:
            futures = [h.intake.submit(h.submission(message)) for message in messages]
            assert all(future.result().outcome.accepted for future in futures)
        else:
            for message in messages:
                h.send(message)
        assert patients(h) == 1
        assert h.rows("SELECT value, type FROM patient_identifiers") == [("4711", "MR")]


def test_of_several_the_national_identifier_decides_then_age(database: str) -> None:
    with hub(database) as h:
        insured = Identifier(INSURANCE, "S1")
        h.send(Message("1", patient=replace(WANG, identifiers=(insured,))))
        h.send(Message("2", patient=WANG))
        h.send(Message("3", patient=replace(WANG, identifiers=(insured, *WANG.identifiers))))
        assert patients(h) == 2
        oldest, newest = (r[0] for r in h.rows("SELECT id FROM patients ORDER BY id"))
        sql = "SELECT patient_id FROM messages WHERE control_id = %s"
        assert h.one(sql, "3") == newest
        h.send(Message("4", patient=replace(WANG, identifiers=(insured,))))
        assert h.one(sql, "4") == oldest


def test_without_identifiers_each_message_has_a_patient_of_its_own(database: str) -> None:
    with hub(database) as h:
        for control_id in ("1", "2"):
            h.send(Message(control_id, patient=Identity("王秀英")))
        assert patients(h) == 2


def test_messages_of_a_new_patient_in_one_batch_and_of_two_processes_find_each_other(database: str) -> None:
    with hub(database) as h:
        second = Intake(database, h.directory)
        people = [replace(WANG, identifiers=(Identifier(INSURANCE, f"S{n}"),)) for n in range(30)]
        futures = []
        for n, person in enumerate(people * 3):
            for intake, sender in ((h.intake, "TOWN"), (second, "CITY")):
                futures.append(intake.submit(h.submission(Message(str(n), sender=sender, patient=person))))
        assert all(f.result().outcome.accepted for f in futures)
        second.close()
        assert patients(h) == 30


def test_what_comes_with_a_move_belongs_to_the_referrals_patient(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        outcome = replace(task("2", referral_id, State.OUTCOME_SENT, 1), notes=("follow-up in 4 weeks",))
        h.send(outcome)
        assert patients(h) == 1
        sql = "SELECT count(*), count(DISTINCT patient_id) FROM fragments WHERE referral_id = %s"
        assert h.rows(sql, referral_id) == [(4, 1)]


def test_a_patient_is_found_by_name_from_the_message_on_that_names_them(database: str) -> None:
    with hub(database) as h:
        h.send(Message("1", patient=replace(WANG, name=None)))
        found = "SELECT count(DISTINCT patient_id) FROM patient_keys WHERE key LIKE %s"
        assert h.one(found, "%") == 0
        h.send(Message("2", patient=replace(WANG, name="王秀英")))
        h.send(Message("3", patient=replace(WANG, name="王 秀英")))
        assert [h.one(found, key) for key in ("王秀英", "wxy%", "wangxiuying", "xiu%", "zhang%")] == [1, 1, 1, 1, 0]
