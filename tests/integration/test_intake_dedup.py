"""A repeat gets the first answer, other content is refused, a refused message may be corrected."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import replace

from hub.domain.errors import Cause, Refusal, Refused
from hub.intake.accept import Intake
from tests.integration.intake_cases import Message, causes, hub, opening


def test_a_repeat_gets_the_same_bytes_and_has_no_second_effect(database: str) -> None:
    with hub(database) as h:
        first = h.send(opening("1", "R1", notes=("cough",)))
        again = h.send(opening("1", "R1", notes=("cough",)))
        assert again.repeated and not first.repeated
        assert again.acknowledgement == first.acknowledgement
        assert again.outcome.message_id == first.outcome.message_id
        assert again.outcome.referral and first.outcome.referral
        assert again.outcome.referral.id == first.outcome.referral.id
        assert h.one("SELECT count(*) FROM messages") == 1
        assert h.one("SELECT count(*) FROM outbox") == 2


def test_other_content_under_an_accepted_control_id_is_refused_and_kept(database: str) -> None:
    with hub(database) as h:
        h.send(Message("1", notes=("a",)))
        receipt = h.send(Message("1", notes=("b",)))
        assert causes(receipt) == [("duplicate-key", "MSH[1]-10[1]")]
        assert h.rows("SELECT status FROM messages ORDER BY id") == [("accepted",), ("rejected",)]


def test_another_organisation_may_use_the_same_control_id(database: str) -> None:
    with hub(database) as h:
        receipts = [h.send(Message("1", sender=s, notes=("a",))) for s in ("TOWN", "CITY")]
        assert all(r.outcome.accepted and not r.repeated for r in receipts)


def test_duplicates_within_one_batch_keep_their_order(database: str) -> None:
    with hub(database) as h:
        same = [h.intake.submit(h.submission(opening("1", "R1"))) for _ in range(20)]
        other = h.intake.submit(h.submission(opening("1", "R1", body="changed")))
        receipts = [future.result() for future in same]
        assert [r.repeated for r in receipts] == [False] + [True] * 19
        assert len({r.acknowledgement for r in receipts}) == 1
        assert causes(other.result()) == [("duplicate-key", "MSH[1]-10[1]")]
        assert h.one("SELECT count(*) FROM referrals") == 1


def test_concurrent_duplicates_of_two_processes_take_effect_once(database: str) -> None:
    with hub(database) as h:
        second = Intake(database, h.directory)
        futures = []
        for n in range(200):
            for intake in (h.intake, second) if n % 2 else (second, h.intake):
                futures.append(intake.submit(h.submission(opening(str(n), f"R{n}", notes=("x",)))))
        wait(futures)
        second.close()
        receipts = [future.result() for future in futures]
        assert sum(r.repeated for r in receipts) == 200
        assert all(r.outcome.accepted for r in receipts)
        assert h.one("SELECT count(*) FROM referrals") == 200
        assert h.one("SELECT count(*) FROM outbox") == 400
        assert h.one("SELECT count(*) FROM patients") == 1


def test_a_refused_message_claims_no_key_and_may_be_corrected(database: str) -> None:
    with hub(database) as h:
        bad = opening("1", "R1", receiver="NOBODY")
        assert causes(h.send(bad)) == [("unknown-key", "PRD[1]-7[1]")]
        refused = Refused(Refusal(Cause.REQUIRED_MISSING, "PID[1]-5[1]", "the patient's name is missing"))
        assert causes(h.send(replace(bad, refused=refused))) == [("required-missing", "PID[1]-5[1]")]
        corrected = h.send(opening("1", "R1"))
        assert corrected.outcome.accepted and not corrected.repeated
        assert h.rows("SELECT status FROM messages ORDER BY id") == [("rejected",), ("rejected",), ("accepted",)]
        assert h.one("SELECT encode(raw, 'escape') FROM messages ORDER BY id LIMIT 1").startswith("MSH|1|")
        assert h.one("SELECT error FROM messages ORDER BY id LIMIT 1")["code"] == "unknown-key"


def test_a_correction_in_the_same_batch_takes_the_key_over(database: str) -> None:
    with hub(database) as h:
        messages = [opening("1", "R1", receiver="NOBODY"), opening("1", "R1"), opening("1", "R1")]
        first, second, third = [f.result() for f in [h.intake.submit(h.submission(m)) for m in messages]]
        assert not first.outcome.accepted and second.outcome.accepted and third.repeated
        held = h.one("SELECT message_id::text FROM accepted_keys")
        assert held == second.outcome.message_id == third.outcome.message_id


def test_without_a_control_id_nothing_is_a_repeat(database: str) -> None:
    with hub(database) as h:
        receipts = [h.send(Message("", format="fhir", notes=("a",))) for _ in range(2)]
        assert not any(r.repeated for r in receipts)
        assert h.one("SELECT count(*) FROM messages") == 2
