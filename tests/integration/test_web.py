"""Health, metrics and the record over HTTP, against a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from hub.domain.messages import Sender
from hub.domain.positions import Reader, Readers
from hub.domain.referrals import State
from hub.security import audit
from hub.store.connections import connect, pool
from hub.views import figures
from hub.web import health, metrics, records
from tests.integration.seeds import Seeds

LOOPBACK = ("127.0.0.1", 50000)
TOLD = Readers(datetime.now(UTC), True, (Reader("org.hospital.v1", "his", 4, 7),))


@dataclass
class Site:
    """The routes on a database with a referral from a clinic to a hospital."""

    seeds: Seeds
    app: FastAPI
    client: TestClient
    clinic: Sender
    hospital: Sender
    other: Sender
    referral: str

    def record(self, viewer: str | None, referral: str | None = None, **headers: str) -> Any:
        self.seeds.connection.commit()
        token = {"Authorization": f"Bearer {self.seeds.tokens.get(viewer, viewer)}"} if viewer else {}
        path = f"/referrals/{referral or self.referral}/record"
        return self.client.get(path, headers={"Accept": "application/json", **token, **headers})

    def audited(self) -> list[tuple[str | None, str, bool]]:
        return [
            (e.organization, e.actor, e.allowed)
            for e in audit.of_object(self.seeds.connection, "record", self.referral)
        ]


@pytest.fixture
def connections(database: str) -> Iterator[ConnectionPool[psycopg.Connection[tuple[object, ...]]]]:
    with pool(database, 2, name="test") as opened:
        yield opened


@pytest.fixture
def site(database: str, connections: ConnectionPool[psycopg.Connection[tuple[object, ...]]]) -> Iterator[Site]:
    def read() -> figures.Figures:
        with connections.connection() as connection:
            return figures.read(connection)

    app = FastAPI()
    app.include_router(records.router(connections.connection, patience=0.2))
    app.include_router(metrics.router(read, lambda: TOLD, lambda token: token == "administrator"))
    with connect(database) as connection:
        seeds = Seeds(connection)
        clinic, hospital, other = (seeds.organization(code) for code in ("clinic", "hospital", "other"))
        referral = seeds.referral(clinic, hospital, seeds.patient())
        connection.commit()
        yield Site(seeds, app, TestClient(app, client=LOOPBACK), clinic, hospital, other, referral)


def test_the_receiver_reads_the_record_and_the_look_is_audited(site: Site) -> None:
    site.seeds.record(site.referral, text="正文")
    answer = site.record("hospital")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"schema": "continuous-record/1", "text": "正文"}
    assert answer.headers["cache-control"] == "no-store"
    assert site.audited() == [("hospital", "token", True)]


@pytest.mark.parametrize(
    ("viewer", "status", "trail"),
    [
        ("clinic", 404, ("clinic", "token", False)),
        ("other", 404, ("other", "token", False)),
        ("no token", 401, (None, "nobody", False)),
        (None, 401, (None, "nobody", False)),
    ],
)
def test_others_learn_nothing_and_their_attempt_is_audited(
    site: Site, viewer: str | None, status: int, trail: tuple[str | None, str, bool]
) -> None:
    site.seeds.record(site.referral, text="secret")
    answer = site.record(viewer)
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert site.audited() == [trail]


def test_an_unknown_referral_answers_as_one_of_others(site: Site) -> None:
    unknown = site.record("hospital", "00000000-0000-7000-8000-000000000000")
    site.seeds.record(site.referral)
    assert (unknown.status_code, unknown.json()) == (404, site.record("other").json())
    assert site.record("hospital", "no-id").status_code == 404


def test_a_record_that_is_not_made_yet_is_asked_for_again(site: Site) -> None:
    answer = site.record("hospital")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "record-not-ready")
    assert int(answer.headers["retry-after"]) > 0
    assert site.audited() == []


def test_after_acceptance_the_whole_record_is_waited_for(site: Site) -> None:
    site.seeds.record(site.referral, text="came with it")
    site.seeds.connection.execute("UPDATE referrals SET state = %s", (State.ACCEPTED.value,))
    assert site.record("hospital").status_code == 503
    site.seeds.record(site.referral, whole=True, text="whole")
    assert site.record("hospital").json()["text"] == "whole"


def test_a_whole_record_is_not_read_after_a_cancellation(site: Site) -> None:
    site.seeds.record(site.referral, whole=True, text="whole")
    site.seeds.connection.execute("UPDATE referrals SET state = %s", (State.CANCELLED.value,))
    answer = site.record("hospital")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no-record")


def test_a_revoked_token_reads_nothing(site: Site) -> None:
    site.seeds.record(site.referral)
    site.seeds.connection.execute("UPDATE tokens SET revoked_at = now()")
    assert site.record("hospital").status_code == 401


@pytest.mark.parametrize(("accept", "status"), [("*/*", 200), ("text/html, application/*;q=0.5", 200),
                                                ("text/html", 406), ("application/fhir+json", 406)])  # fmt: skip
def test_the_record_is_json(site: Site, accept: str, status: int) -> None:
    site.seeds.record(site.referral)
    assert site.record("hospital", Accept=accept).status_code == status


def test_without_postgres_the_record_is_unavailable() -> None:
    def refuse() -> psycopg.Connection[tuple[object, ...]]:
        raise psycopg.OperationalError

    app = FastAPI()
    app.include_router(records.router(refuse))
    answer = TestClient(app).get("/referrals/x/record", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_metrics_count_and_name_nobody(site: Site) -> None:
    site.seeds.message(site.clinic, status="parked")
    site.seeds.record(site.referral)
    site.seeds.connection.execute("UPDATE organizations SET last_sequence = 7 WHERE code = 'hospital'")
    site.seeds.connection.commit()
    text = site.client.get("/metrics").text
    assert 'referral_hub_referrals{state="requested"} 1.0' in text
    assert 'referral_hub_referrals{state="closed"} 0.0' in text
    assert 'referral_hub_messages{status="parked"} 1.0' in text
    assert "referral_hub_outbox_backlog 0.0" in text
    assert "referral_hub_records 1.0" in text
    assert "referral_hub_database_up 1.0" in text
    assert 'referral_hub_stream_position{organization="hospital"} 7.0' in text
    assert 'referral_hub_stream_lag{group="his",organization="hospital"} 3.0' in text
    assert "referral_hub_kafka_up 1.0" in text
    for private in ("王芳", site.referral, "specialist"):
        assert private not in text


def test_metrics_tell_what_senders_lose(site: Site) -> None:
    site.seeds.connection.execute(
        "INSERT INTO message_totals SELECT id, 'REF^I12', 5, 1, 500, 7 FROM organizations WHERE code = 'clinic' "
        "UNION ALL SELECT id, 'ADT^A08', 2, 0, 60, 1 FROM organizations WHERE code = 'clinic' "
        "UNION ALL SELECT NULL, 'other', 0, 3, 0, 0"
    )
    site.seeds.connection.execute("INSERT INTO ledgers_waiting VALUES (uuidv7())")
    site.seeds.connection.execute(
        "INSERT INTO ledger_days SELECT id, current_date - age, 'REF^I12', field, reason, 5 - age, now(), uuidv7() "
        "FROM organizations, (VALUES (0, 'PID-33', 'no rule'), (1, 'PID-33', 'no rule'), (0, 'PID-5', ''), "
        "(9, 'PID-34', 'no rule')) AS of (age, field, reason) WHERE code = 'clinic'"
    )
    site.seeds.connection.commit()
    text = site.client.get("/metrics").text
    told = 'referral_hub_hl7v2_messages_total{organization="%s",outcome="%s",type="%s"} %.1f'
    assert told % ("clinic", "converted", "REF^I12", 5) in text
    assert told % ("clinic", "refused", "REF^I12", 1) in text
    assert told % ("", "refused", "other", 3) in text
    assert 'referral_hub_hl7v2_leaves_total{organization="clinic",outcome="mapped"} 560.0' in text
    assert 'referral_hub_hl7v2_leaves_total{organization="clinic",outcome="unmapped"} 8.0' in text
    assert "referral_hub_ledgers_waiting 1.0" in text
    assert [line for line in text.splitlines() if "PID" in line] == [
        'referral_hub_hl7v2_unmapped{field="PID-33",organization="clinic",reason="no rule"} 9.0'
    ]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (LOOPBACK, {}, 200),
        (("::1", 1), {}, 200),
        (LOOPBACK, {"X-Forwarded-For": "192.0.2.7"}, 401),
        (("192.0.2.7", 1), {}, 401),
        (("192.0.2.7", 1), {"Authorization": "Bearer wrong"}, 403),
        (("192.0.2.7", 1), {"Authorization": "Bearer administrator"}, 200),
    ],
)
def test_metrics_are_for_this_machine_and_administrators(
    site: Site, client: tuple[str, int], headers: dict[str, str], status: int
) -> None:
    answer = TestClient(site.app, client=client).get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("referral_hub" in answer.text) == (status == 200)


def test_metrics_say_when_postgres_is_gone() -> None:
    def gone() -> figures.Figures:
        raise psycopg.OperationalError

    app = FastAPI()
    app.include_router(metrics.router(gone, lambda: TOLD, lambda _: False))
    answer = TestClient(app, client=LOOPBACK).get("/metrics")
    assert (answer.status_code, "referral_hub_database_up 0.0" in answer.text) == (200, True)


@pytest.mark.parametrize(("postgres", "kafka", "status"), [(True, True, 200), (True, False, 200), (False, True, 503)])
def test_readiness_is_postgres_and_tells_of_kafka(postgres: bool, kafka: bool, status: int) -> None:
    app = FastAPI()
    app.include_router(health.router(lambda: postgres, lambda: kafka))
    client = TestClient(app)
    answer = client.get("/health/ready")
    assert answer.status_code == status
    assert answer.json()["kafka"] == ("up" if kafka else "down")
    assert answer.json()["postgres"] == ("up" if postgres else "down")
    assert client.get("/health/live").json() == {"status": "live"}
