"""The administrator's queries use their indexes, at 100,000 messages, events, lines of the audit trail and totals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from hub.domain.positions import WORKER
from hub.intake import totals
from hub.store.arrays import register
from hub.store.sql import blocks
from hub.views import audit, browsing, dead_letters, ledgers, pages, queues
from tests.integration.plans import PLANS, explained, growing

NOW = datetime.now(UTC)

GROW = (
    "INSERT INTO organizations (code, name, kind) SELECT 'more-' || n, 'x', 'hospital' FROM generate_series(1, 39) n",
    """INSERT INTO messages (id, received_at, organization_id, channel, format, type, version, charset, application,
                             facility, control_id, status, raw, sha256, ledger)
       SELECT uuidv7(n * interval '-1 minute'), now() - n * interval '1 minute', 1 + n % 40, 'mllp', 'hl7v2',
              'ORU^R01', '2.5', '', '', '', 'M' || n, CASE WHEN n % 1000 = 0 THEN 'rejected' ELSE 'accepted' END,
              '', '', '{"mapped": [], "unmapped": [{"path": "PID[1]-3", "value": "x", "reason": "no rule"}]}'
       FROM generate_series(100000, 1, -1) n""",
    "INSERT INTO ledgers_waiting SELECT id FROM messages",
    """INSERT INTO ledger_days
       SELECT 1 + n % 40, current_date - n % 50, 'ORU^R01', 'PID-' || n / 200, CASE WHEN n % 3 = 0 THEN 'r' ELSE '' END,
              n, now(), uuidv7() FROM generate_series(1, 100000) n""",
    """INSERT INTO outbox (event_id, type, subject, occurred_at, data, published_at)
       SELECT uuidv7(), 'referral.accepted.v1', uuidv7(), now(), '{}', now() FROM generate_series(1, 100000) n""",
    f"INSERT INTO processed_events (consumer, event_id) SELECT '{WORKER}', event_id FROM outbox WHERE id % 1000 > 0",
    """INSERT INTO audit (at, organization_id, actor, action, object_type, object_id)
       SELECT now() - n * interval '1 minute', 1 + n % 40, 'doctor', 'read', 'record', md5(n::text)
       FROM generate_series(100000, 1, -1) n""",
    """INSERT INTO dead_letters (consumer, subject, event_id, event, replayed_at)
       SELECT 'w', uuidv7(), uuidv7(), '{}', CASE WHEN n > 100 THEN now() END FROM generate_series(1, 20000) n""",
)


@pytest.fixture(scope="module")
def full(postgres: str, template: str) -> Iterator[str]:
    with growing(postgres, template, GROW) as name:
        yield name


@pytest.fixture
def grown(postgres: str, full: str) -> Iterator[psycopg.Connection[Any]]:
    with explained(postgres, full) as connection:
        yield connection


def _scanned() -> list[str]:
    small = (" on organizations", " on referrals", " on pg_database")
    return [
        line for plan in PLANS for line in plan.splitlines() if "Seq Scan" in line and not any(s in line for s in small)
    ]


def test_messages_are_browsed_by_index_whatever_is_asked_for(grown: psycopg.Connection[Any]) -> None:
    long_ago = NOW - timedelta(days=60)
    asked = [
        browsing.Criteria(),
        browsing.Criteria(organization="more-7"),
        browsing.Criteria(status="rejected"),
        browsing.Criteria(status="parked", organization="more-7"),
        browsing.Criteria(control_id="M5000"),
        browsing.Criteria(since=long_ago, until=long_ago + timedelta(hours=5)),
        browsing.Criteria(until=long_ago, organization="org-0"),
        browsing.Criteria(type="REF^I12"),
        browsing.Criteria(channel="fhir"),
    ]
    for criteria in asked:
        begun = time.perf_counter()
        first = browsing.page(grown, criteria, limit=50)
        if first.following:
            browsing.page(grown, criteria, limit=50, after=first.following)
        assert time.perf_counter() - begun < 2, criteria
    assert not _scanned(), _scanned()
    assert not [plan for plan in PLANS if "::text) DESC" in plan]


def test_a_time_long_ago_is_found_exactly(grown: psycopg.Connection[Any]) -> None:
    since = NOW - timedelta(days=60)
    found = browsing.page(grown, browsing.Criteria(since=since, until=since + timedelta(hours=1)), limit=100)
    assert 59 <= len(found.rows) <= 61
    assert all(since <= row.received_at < since + timedelta(hours=1) for row in found.rows)
    assert found.following is None


def test_what_is_rare_is_looked_for_in_bounded_steps(grown: psycopg.Connection[Any]) -> None:
    grown.execute("UPDATE messages SET channel = 'file' WHERE control_id = 'M45000'")
    criteria, after, pages_looked_at = browsing.Criteria(channel="file"), None, 0
    while True:
        found = browsing.page(grown, criteria, limit=50, after=after)
        pages_looked_at += 1
        if found.rows:
            break
        assert found.looked_back_to is not None and found.following is not None
        after = found.following
    assert [row.control_id for row in found.rows] == ["M45000"]
    assert pages_looked_at == 45_000 // pages.REACH + 1


def test_the_trail_is_searched_by_index(grown: psycopg.Connection[Any]) -> None:
    long_ago = NOW - timedelta(days=60)
    asked = [
        audit.Criteria(),
        audit.Criteria(object_id="nothing"),
        audit.Criteria(organization="more-7", action="read"),
        audit.Criteria(since=long_ago, until=long_ago + timedelta(hours=5)),
        audit.Criteria(until=long_ago, refused=True),
        audit.Criteria(actor="mallory"),
    ]
    for criteria in asked:
        begun = time.perf_counter()
        first = audit.page(grown, criteria, limit=50)
        if first.following:
            audit.page(grown, criteria, limit=50, after=first.following)
        assert time.perf_counter() - begun < 2, criteria
    assert not _scanned(), _scanned()


def test_the_overview_reads_indexes(grown: psycopg.Connection[Any]) -> None:
    grown.execute("UPDATE outbox SET published_at = NULL WHERE id > 99990")
    PLANS.clear()
    begun = time.perf_counter()
    found = queues.read(grown, WORKER, NOW)
    assert time.perf_counter() - begun < 1
    assert found.outbox.waiting.count == 10
    assert (found.worker.waiting.count, found.worker.looked_at) == (2, queues.REACH)
    assert [refused.messages for refused in found.refused] == [1]
    assert not _scanned(), _scanned()


def test_dead_letters_are_bounded(grown: psycopg.Connection[Any]) -> None:
    lines = dead_letters.lines(grown, limit=50)
    assert (len(lines), lines[0].lines) == (50, 100)
    assert len(dead_letters.letters(grown, lines, limit=5)) == 50
    assert browsing.caused(grown, "01a205ae-6eb4-7037-8e28-1ecc39167b2a", (str(browsing.id_at(NOW)), None)) == []
    assert not _scanned(), _scanned()


def test_totals_of_the_ledger_are_read_by_index(grown: psycopg.Connection[Any]) -> None:
    asked = [
        ledgers.Criteria(),
        ledgers.Criteria(organization="more-7", outcome="unmapped"),
        ledgers.Criteria(since=NOW - timedelta(days=3)),
        ledgers.Criteria(segment="PID", type="ORU^R01", outcome="mapped"),
    ]
    for criteria in asked:
        begun = time.perf_counter()
        assert len(ledgers.lines(grown, criteria, limit=51)) == 51
        assert time.perf_counter() - begun < 2, criteria
    assert ledgers.waiting(grown) == ledgers.WAITING
    assert not _scanned(), _scanned()


def test_ledgers_are_counted_by_index_in_bounded_steps(grown: psycopg.Connection[Any]) -> None:
    register(grown)
    begun = time.perf_counter()
    for _ in range(10):
        assert totals.count(grown, 50) == 50
    assert time.perf_counter() - begun < 2
    assert len(grown.execute(blocks("ledger")["take_waiting"], {"limit": 50}).fetchall()) == 50
    assert not _scanned(), _scanned()
