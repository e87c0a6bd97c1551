"""The worker's records: of what came with a referral, then of the whole history; only when something changed."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest

from hub.domain.events import Event
from hub.domain.messages import Sender
from hub.domain.referrals import State
from hub.processes.records import Records
from hub.store.connections import connect
from hub.stream.lines import Lines
from hub.summarizer.embedding import Kind, Vectors
from tests.integration.merge_cases import mrg, pid, registry
from tests.integration.seeds import Seeds


class Counting:
    """Vectors that follow from the text, without a model; counts what it embeds."""

    name, revision = "counting", "1"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        self.texts += texts
        rows = [np.frombuffer(hashlib.sha256(f"{kind}{text}".encode()).digest(), np.uint8) for text in texts]
        vectors = np.array(rows, np.float32).reshape(len(texts), 32) + 1
        found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return found


class Case:
    """A referral of TOWN to CITY, history of the patient in both."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.seeds = Seeds(connection)
        self.town: Sender = self.seeds.organization("TOWN", "clinic")
        self.city: Sender = self.seeds.organization("CITY")
        self.patient = self.seeds.patient()
        self.referral = self.seeds.referral(self.town, self.city, self.patient)
        self.embedder = Counting()
        self.records = Records(self.embedder)
        message = self.seeds.message(self.town)
        self._fragment(message, "Patient", id="p", name=[{"text": "王芳"}])
        self._fragment(message, "ServiceRequest", status="active", reasonCode=[{"text": "血糖控制不佳"}])
        self.with_referral = self._condition(self.town, "2型糖尿病", self.referral, message)
        self.earlier = self._condition(self.city, "高血压", None)

    def _fragment(self, message: str, resource_type: str, **content: Any) -> str:
        return self.seeds.fragment(
            self.town, self.patient, self.referral, resource_type=resource_type, message=message, **content
        )

    def _condition(self, sender: Sender, text: str, referral: str | None, message: str | None = None) -> str:
        found = self.seeds.fragment(
            sender, self.patient, referral, resource_type="Condition", message=message, code={"text": text}
        )
        self.connection.execute(
            "UPDATE fragments SET citations = %s WHERE id = %s",
            (json.dumps([["/code/text", "DG1[1]-4[1]", text]]), found),
        )
        return found

    def move(self, state: State) -> None:
        self.connection.execute(
            "UPDATE referrals SET state = %s, version = version + 1 WHERE id = %s", (state.value, self.referral)
        )

    def handle(self) -> None:
        with self.connection.transaction():
            self.records.handle(self.connection, self.referral, [])

    def stored(self) -> list[tuple[int, bool, dict[str, Any], bytes]]:
        return self.connection.execute(
            "SELECT version, whole, record, sha256 FROM records WHERE referral_id = %s ORDER BY id", (self.referral,)
        ).fetchall()

    def told(self) -> list[dict[str, Any]]:
        rows = self.connection.execute("SELECT data FROM outbox WHERE type = 'record.ready.v1' ORDER BY id").fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def case(database: str) -> Iterator[Case]:
    with connect(database, autocommit=True) as connection:
        yield Case(connection)


def _sources(record: dict[str, Any]) -> set[str]:
    items = [item for section in record["sections"].values() for item in section]
    return {source["fragment_id"] for item in items for source in item["sources"]}


def test_before_acceptance_a_record_holds_only_what_came_with_the_referral(case: Case) -> None:
    case.handle()
    ((version, whole, record, _),) = case.stored()
    assert (version, whole) == (1, False)
    assert case.with_referral in _sources(record)
    assert case.earlier not in json.dumps(record, default=str)
    (source,) = record["sections"]["problems"][0]["sources"]
    assert (source["organization"], source["text"]) == ("Name of TOWN", "2型糖尿病")


def test_from_acceptance_on_it_holds_the_whole_history_and_says_so_in_an_event(case: Case) -> None:
    case.handle()
    case.move(State.ACCEPTED)
    case.handle()
    version, whole, record, digest = case.stored()[-1]
    assert (version, whole) == (2, True)
    assert {case.with_referral, case.earlier} <= _sources(record)
    told = case.told()[-1]
    assert (told["referral_id"], told["version"], told["record_sha256"]) == (case.referral, 2, digest.hex())
    assert (told["sender"], told["receiver"]) == ("TOWN", "CITY")
    row = case.connection.execute("SELECT organizations FROM outbox ORDER BY id DESC LIMIT 1").fetchone()
    assert row == ([case.city.id],)


def test_who_refers_to_itself_opens_no_history_of_others(case: Case) -> None:
    case.connection.execute("UPDATE referrals SET receiver_id = sender_id")
    case.move(State.ACCEPTED)
    case.handle()
    [(_, whole, record, _)] = case.stored()
    assert not whole
    assert "高血压" not in json.dumps(record, ensure_ascii=False)


def test_a_request_that_no_word_calls_a_referral_is_known_as_the_stored_one(case: Case) -> None:
    """Of this referral: no plan of anybody's; of another referral of the patient: not there at all."""
    mine, other = ({"status": "active", "code": {"text": text}} for text in ("心血管内科", "眼科"))
    case._fragment(case.seeds.message(case.town), "ServiceRequest", **mine)
    case.move(State.ACCEPTED)
    another = case.seeds.referral(case.town, case.city, case.patient)
    case.seeds.fragment(case.town, case.patient, another, resource_type="ServiceRequest", **other)
    for referral, content in ((case.referral, mine), (another, other)):
        case.connection.execute(
            "UPDATE referrals SET service_request = %s WHERE id = %s",
            (json.dumps({"resourceType": "ServiceRequest"} | content), referral),
        )
    case.handle()
    _, _, record, _ = case.stored()[-1]
    assert record["sections"]["plans"] == []
    assert "眼科" not in json.dumps(record, ensure_ascii=False)


def test_a_record_that_says_the_same_is_not_stored_again(case: Case) -> None:
    case.handle()
    case.handle()
    assert len(case.stored()) == len(case.told()) == 1


def test_only_new_texts_are_embedded(case: Case) -> None:
    case.handle()
    embedded = len(case.embedder.texts)
    assert embedded
    case.move(State.ACCEPTED)
    case.handle()
    assert len(set(case.embedder.texts)) == len(case.embedder.texts) > embedded


def test_a_rejected_referral_needs_no_record(case: Case) -> None:
    case.move(State.REJECTED)
    case.handle()
    assert case.stored() == []


def _event(type_: str, subject: str, **data: object) -> Event:
    return Event(str(uuid.uuid4()), type_, subject, datetime.now(UTC), dict(data))


def test_new_history_concerns_the_referrals_that_may_show_it(case: Case) -> None:
    plain = _event("fragment.received.v1", case.patient, referral_id=None)
    assert case.records.lines(case.connection, plain) == []
    own = _event("fragment.received.v1", case.patient, referral_id=case.referral)
    assert case.records.lines(case.connection, own) == [case.referral]
    case.move(State.ACCEPTED)
    assert case.records.lines(case.connection, plain) == [case.referral]


def test_events_of_a_referral_that_is_not_stored_here_concern_nobody(case: Case) -> None:
    assert case.records.lines(case.connection, _event("referral.accepted.v1", str(uuid.uuid4()))) == []


def test_a_referral_that_moves_while_its_record_is_made_gets_one_of_its_newest_version(
    database: str, case: Case
) -> None:
    embed, moved = case.embedder.embed, threading.Event()

    def slow(texts: Sequence[str], kind: Kind) -> Vectors:
        if not moved.is_set():
            moved.set()
            with connect(database, autocommit=True) as other:
                start = time.monotonic()
                other.execute(
                    "UPDATE referrals SET state = 'accepted', version = version + 1 WHERE id = %s", (case.referral,)
                )
                assert time.monotonic() - start < 1
        return embed(texts, kind)

    case.embedder.embed = slow  # type: ignore[method-assign]
    case.handle()
    assert [(version, whole) for version, whole, *_ in case.stored()] == [(2, True)]


def test_several_events_of_one_referral_need_one_record(database: str, case: Case) -> None:
    from hub.store.connections import pool

    case.move(State.RECEIVED)
    case.move(State.ACCEPTED)
    events = [_event(f"referral.{name}.v1", case.referral) for name in ("requested", "received", "accepted")]
    with pool(database, 1, name="test") as connections:
        Lines(connections, "test", case.records).process(events)
    assert [version for version, *_ in case.stored()] == [3]


def test_a_merge_makes_the_record_of_what_both_numbers_told_and_its_end_unmakes_it(database: str) -> None:
    zhao = "Zhao^Min||19881111|M"
    with registry(database) as h, connect(database, autocommit=True) as connection:
        h.tell("A01", pid("100", zhao), "DG1|1||I10^Hypertension^I10")
        h.tell("A01", pid("100", zhao), "DG1|1||J45^Asthma^I10")
        opened = h.tell("I12", "RF1||R||||R1||||chest pain", "PRD|RT|OTHER^^^^^|||||OTHER", pid("200"), kind="REF")
        assert opened.outcome.referral is not None
        referral = opened.outcome.referral.id
        connection.execute("UPDATE referrals SET state = 'accepted'")
        records = Records(Counting())
        told: list[set[str]] = []
        for event, *segments in (("A40", pid("200"), mrg("100")), ("A37", pid("200"), pid("100", zhao))):
            h.tell(event, *segments)
            row = connection.execute(
                "SELECT type, subject::text, occurred_at, data FROM outbox WHERE type LIKE 'patient.%%' "
                "ORDER BY id DESC"
            ).fetchone()
            assert row is not None
            [line] = records.lines(connection, Event("e", row[0], row[1], row[2], row[3]))
            assert line == referral
            with connection.transaction():
                records.handle(connection, line, [])
            newest = connection.execute("SELECT record FROM records ORDER BY generated_at DESC LIMIT 1").fetchone()
            assert newest is not None
            told.append({item["text"] for item in newest[0]["sections"]["problems"]})
            assert not any(one["reason"] == "another patient" and "Hypertension" in one["text"]
                           for one in newest[0]["unplaced"])  # fmt: skip
        assert len(told[0]) >= 2
        assert told[1] == set()
