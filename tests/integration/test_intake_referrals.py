"""I12, I13, I14, I15 and Task updates: what becomes of the referral, and the events that tell of it."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from hub.domain.messages import Amend, Claim, Open
from hub.domain.patients import Identifier, Identity
from hub.domain.referrals import State
from tests.integration.intake_cases import (
    SYSTEM,
    Message,
    amendment,
    cancellation,
    causes,
    content,
    hub,
    inquiry,
    opening,
    referral_of,
    task,
)


def test_a_new_referral_has_version_1_its_fragments_and_its_events(database: str) -> None:
    with hub(database) as h, psycopg.connect(database, autocommit=True) as listener:
        listener.execute("LISTEN referral_hub_outbox")
        receipt = h.send(opening("1", "R1", notes=("cough",)))
        referral_id = referral_of(receipt)
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
        columns = "version, state, direction, priority, department, question, service_request->>'id'"
        row = h.rows(f"SELECT {columns} FROM referrals WHERE id = %s", referral_id)
        assert row == [(1, "requested", "up", "routine", "endocrinology", "blood sugar", "s")]
        kinds = "SELECT resource_type, position, base, referral_id::text FROM fragments ORDER BY position"
        assert [k for k, *_ in h.rows(kinds)] == ["Patient", "DocumentReference", "ServiceRequest"]
        assert {r for *_, r in h.rows(kinds)} == {referral_id}
        requested, received = h.rows("SELECT type, subject::text, organizations, data FROM outbox ORDER BY id")
        assert requested[:3] == ("referral.requested.v1", referral_id, [1, 2])
        expected = {"version": 1, "state": "requested", "previous_state": None, "sender": "TOWN", "receiver": "CITY",
                    "identifiers": [{"system": SYSTEM, "value": "R1"}], "control_id": "1"}  # fmt: skip
        assert requested[3].items() >= expected.items()
        assert received[0] == "fragment.received.v1" and received[2] == []
        assert [f["resource_type"] for f in received[3]["fragments"]] == ["DocumentReference"]
        assert received[1] == received[3]["patient_id"] == requested[3]["patient_id"]
        message = h.rows("SELECT status, code, referral_id::text, acknowledgement, bundle IS NULL FROM messages")
        assert message == [("accepted", "AA", referral_id, receipt.acknowledgement, False)]


def test_no_clinical_fragment_no_fragment_event(database: str) -> None:
    with hub(database) as h:
        h.send(opening("1", "R1"))
        assert h.rows("SELECT type FROM outbox") == [("referral.requested.v1",)]


def test_history_alone_makes_fragments_without_referral(database: str) -> None:
    with hub(database) as h:
        assert h.send(Message("1", notes=("cough",))).outcome.referral is None
        assert h.rows("SELECT type FROM outbox") == [("fragment.received.v1",)]
        assert h.rows("SELECT DISTINCT referral_id FROM fragments") == [(None,)]


def test_unknown_sender_and_receiver_and_a_used_number_are_refused_with_their_place(database: str) -> None:
    with hub(database) as h:
        assert causes(h.send(opening("1", "R1", sender="STRANGER"))) == [("unknown-sender", "MSH[1]-4[1]")]
        assert causes(h.send(opening("2", "R1", receiver="NOBODY"))) == [("unknown-key", "PRD[1]-7[1]")]
        assert h.send(opening("3", "R1")).outcome.accepted
        assert causes(h.send(opening("4", "R1"))) == [("duplicate-key", "RF1[1]-6[1]")]
        assert h.send(opening("5", "R1", receiver="TOWN", sender="OTHER")).outcome.accepted
        assert h.rows("SELECT status, organization_id FROM messages ORDER BY id LIMIT 1") == [("rejected", None)]


def test_facilities_and_names_also_find_the_receiver(database: str) -> None:
    with hub(database) as h:
        for n, claim in enumerate((Claim("facility", "city-his", "x"), Claim("name", "City Hospital", "x"))):
            opened = Open(replace(content(f"R{n}"), receiver=(Claim("code", "NOBODY", "y"), claim)))
            h.send(Message(str(n), intent=opened))
        assert h.rows("SELECT DISTINCT receiver_id FROM referrals") == [(h.senders["CITY"].id,)]


def test_amendment_raises_the_version_and_keeps_the_state(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        assert causes(h.send(amendment("2", "R2"))) == [("unknown-key", "RF1[1]-6[1]")]
        assert causes(h.send(amendment("2", "R1", sender="OTHER"))) == [("unknown-key", "RF1[1]-6[1]")]
        h.send(amendment("2", "R1", notes=("more",)))
        assert h.rows("SELECT version, state, priority FROM referrals") == [(2, "requested", "urgent")]
        assert h.events(referral_id) == [("requested", 1, "requested"), ("amended", 2, "requested")]
        own = Amend((Identifier("urn:referral-hub:referral", referral_id),), "RF1[1]-11[1]", content("R1"))
        assert h.send(Message("3", intent=replace(own, content=replace(own.content, receiver=())))).outcome.accepted


def test_an_amendment_does_not_change_the_receiver(database: str) -> None:
    with hub(database) as h:
        h.send(opening("1", "R1"))
        elsewhere = Amend((Identifier(SYSTEM, "R1"),), "RF1[1]-6[1]", content("R1", "OTHER"))
        assert causes(h.send(Message("2", intent=elsewhere))) == [("unknown-key", "PRD[1]-7[1]")]
        unresolved = replace(elsewhere, content=content("R1", "REFHUB"))
        assert h.send(Message("3", intent=unresolved)).outcome.accepted


def test_messages_of_one_batch_see_each_other(database: str) -> None:
    with hub(database) as h:
        messages = (opening("1", "R1"), amendment("2", "R1"), cancellation("3", "R1", "recovered"), inquiry("4", "R1"))
        receipts = [f.result() for f in [h.intake.submit(h.submission(m)) for m in messages]]
        referral_id = referral_of(receipts[0])
        assert [r.outcome.referral.version for r in receipts if r.outcome.referral] == [1, 2, 3, 3]
        assert h.events(referral_id) == [
            ("requested", 1, "requested"), ("amended", 2, "requested"), ("cancelled", 3, "cancelled"),
        ]  # fmt: skip
        assert h.rows("SELECT version, state, reason FROM referrals") == [(3, "cancelled", "recovered")]


def test_an_inquiry_tells_the_status_and_changes_nothing(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        receipt = h.send(inquiry("2", "R1"))
        assert receipt.outcome.referral and receipt.outcome.referral.state is State.REQUESTED
        assert h.one("SELECT count(*) FROM outbox") == 1 and h.one("SELECT count(*) FROM fragments") == 2
        assert causes(h.send(inquiry("3", "R9"))) == [("unknown-key", "RF1[1]-6[1]")]
        assert referral_of(receipt) == referral_id


def test_moves_fill_in_what_is_skipped_with_an_event_each(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        receipt = h.send(task("", referral_id, State.ACCEPTED, 1, task={"note": [{"text": "ok"}]}))
        assert receipt.outcome.referral and receipt.outcome.referral.version == 3
        h.send(task("", referral_id, State.SCHEDULED, 3, details={"appointment": "2026-12-01T09:00:00+08:00"}))
        assert h.events(referral_id) == [
            ("requested", 1, "requested"), ("received", 2, "received"), ("accepted", 3, "accepted"),
            ("scheduled", 4, "scheduled"),
        ]  # fmt: skip
        row = h.rows("SELECT task, details FROM referrals")
        assert row == [({"note": [{"text": "ok"}]}, {"appointment": "2026-12-01T09:00:00+08:00"})]
        appointment = h.one("SELECT data->>'appointment' FROM outbox ORDER BY id DESC LIMIT 1")
        assert appointment == "2026-12-01T09:00:00+08:00"


def test_moves_are_refused_by_version_party_state_and_missing_reason(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        assert causes(h.send(task("", referral_id, State.RECEIVED, 7))) == [("stale-version", "Task.meta.versionId")]
        assert causes(h.send(task("", referral_id, State.RECEIVED, 1, sender="OTHER"))) == [("unknown-key", "Task.id")]
        assert causes(h.send(task("", "no-uuid", State.RECEIVED, 1))) == [("unknown-key", "Task.id")]
        assert causes(h.send(task("", referral_id, State.RECEIVED, 1, sender="TOWN")))[0][0] == "not-permitted"
        assert causes(h.send(task("", referral_id, State.CLOSED, 1)))[0][0] == "forbidden-state"
        assert causes(h.send(task("", referral_id, State.REJECTED, 1)))[0][0] == "required-missing"
        assert h.send(task("", referral_id, State.REJECTED, 1, reason="wrong department")).outcome.accepted
        assert causes(h.send(amendment("2", "R1"))) == [("forbidden-state", "RF1[1]-6[1]")]
        assert causes(h.send(cancellation("3", "R1"))) == [("forbidden-state", "RF1[1]-6[1]")]
        assert h.one("SELECT count(*) FROM outbox") == 3


def test_of_two_writers_with_the_same_version_one_is_stale(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        submissions = [h.submission(task("", referral_id, State.RECEIVED, 1)) for _ in range(2)]
        receipts = [f.result() for f in [h.intake.submit(s) for s in submissions]]
        assert [causes(r) for r in receipts] == [[], [("stale-version", "Task.meta.versionId")]]


def test_information_is_requested_and_supplied_by_an_amendment(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        h.send(task("", referral_id, State.INFORMATION_REQUESTED, 1, reason="HbA1c?"))
        h.send(amendment("2", "R1", notes=("HbA1c 8.1 %",)))
        assert h.events(referral_id)[2:] == [
            ("information-requested", 3, "information-requested"), ("information-supplied", 4, "received"),
        ]  # fmt: skip


def test_after_arrival_the_sender_asks_for_cancellation_and_the_receiver_answers(database: str) -> None:
    with hub(database) as h:
        referral_id = referral_of(h.send(opening("1", "R1")))
        h.send(task("", referral_id, State.ARRIVED, 1))
        version = h.one("SELECT version FROM referrals")
        assert causes(h.send(task("", referral_id, State.CANCELLED, version)))[0][0] == "forbidden-state"
        h.send(cancellation("2", "R1", "transferred elsewhere"))
        assert causes(h.send(cancellation("3", "R1"))) == [("forbidden-state", "RF1[1]-6[1]")]
        assert h.rows("SELECT state, cancellation_asked FROM referrals") == [("arrived", True)]
        h.send(task("", referral_id, State.ARRIVED, version + 1, cancellation="refuse", reason="already treated"))
        assert h.rows("SELECT state, cancellation_asked FROM referrals") == [("arrived", False)]
        h.send(task("", referral_id, State.CANCELLED, version + 2, sender="TOWN", cancellation="ask"))
        h.send(task("", referral_id, State.CANCELLED, version + 3))
        assert [e for e in h.events(referral_id) if "cancel" in e[0]] == [
            ("cancellation-requested", 5, "arrived"), ("cancellation-refused", 6, "arrived"),
            ("cancellation-requested", 7, "arrived"), ("cancelled", 8, "cancelled"),
        ]  # fmt: skip


def test_a_down_referral_names_the_one_it_answers_and_finds_its_patient(database: str) -> None:
    with hub(database) as h:
        town = Identity("王秀英", "female", "1956-03-04", (Identifier("urn:oid:1.2.3", "T1"),))
        city = Identity("王秀英", "female", "1956-03-04", (Identifier("urn:oid:4.5.6", "C1"),))
        first = referral_of(h.send(opening("1", "R1", patient=town)))
        back = content("B1", "TOWN", based_on=(Identifier(SYSTEM, "R1"),))
        second = referral_of(h.send(Message("1", sender="CITY", intent=Open(back), patient=city)))
        assert h.rows("SELECT direction, based_on::text FROM referrals WHERE id = %s", second) == [("down", first)]
        assert h.one("SELECT count(*) FROM patients") == 1
        stranger = content("X1", "TOWN", based_on=(Identifier("urn:referral-hub:referral", first),))
        third = referral_of(h.send(Message("1", sender="OTHER", intent=Open(stranger), patient=city)))
        assert h.rows("SELECT based_on FROM referrals WHERE id = %s", third) == [(None,)]
