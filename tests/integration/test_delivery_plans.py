"""The queries of deliveries use their indexes, at 100,000 that are delivered, 5,500 that wait and 500 dead letters."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from hub.delivery import inquiries, queue
from hub.views import deliveries
from tests.integration.plans import PLANS, explained, growing

GROW = (
    """INSERT INTO destinations (organization_id, name, protocol, address, dialect, version, charset, application,
                                  facility, timeout, tls, most_tries, most_hours, position)
       SELECT id, 'main', 'mllp', 'his:1', 'ref', '2.5', '', '', '', 1, false, 20, 72, 105900 FROM organizations""",
    """INSERT INTO outbox (event_id, type, subject, organizations, occurred_at, data, published_at)
       SELECT uuidv7(), 'referral.accepted.v1', uuidv7(), '{}', now(), '{}', now() FROM generate_series(1, 106000)""",
    """INSERT INTO organization_events (organization_id, sequence, outbox_id)
       SELECT (SELECT min(id) FROM organizations), id, id FROM outbox""",
    """INSERT INTO deliveries (destination_id, outbox_id, referral_id, kind, control_id, status)
       SELECT (SELECT min(id) FROM destinations), o.id, md5((o.id % 50000)::text)::uuid, 'REF^I12', o.id::text,
              CASE WHEN o.id <= 100000 THEN 'delivered' WHEN o.id <= 100500 THEN 'dead' ELSE 'waiting' END
       FROM outbox o ORDER BY o.id""",
    """UPDATE deliveries SET settled_at = now() WHERE status = 'delivered'""",
    """INSERT INTO patients (id, resource) SELECT uuidv7(), '{}' FROM generate_series(1, 500)""",
    """INSERT INTO referrals (id, version, state, direction, priority, sender_id, receiver_id, patient_id,
                              service_request, requested_at, updated_at, state_since)
       SELECT DISTINCT ON (d.referral_id) d.referral_id, 1, 'received', 'up', 'stat', t.organization_id,
              t.organization_id, (SELECT id FROM patients LIMIT 1), '{}', now() - interval '1 day', now(), now()
       FROM deliveries d JOIN destinations t ON t.id = d.destination_id WHERE d.id % 20 = 0""",
    """UPDATE outbox o SET subject = d.referral_id FROM deliveries d WHERE d.outbox_id = o.id""",
    """INSERT INTO delivery_attempts (delivery_id, number, ended_at, outcome)
       SELECT id, 1, now(), 'AA' FROM deliveries WHERE status <> 'waiting'""",
)


@pytest.fixture(scope="module")
def full(postgres: str, template: str) -> Iterator[str]:
    with growing(postgres, template, GROW) as name:
        yield name


@pytest.fixture
def grown(postgres: str, full: str) -> Iterator[psycopg.Connection[Any]]:
    with explained(postgres, full, autocommit=True) as connection:
        yield connection


def test_planning_and_taking_read_no_table_from_end_to_end(grown: psycopg.Connection[Any]) -> None:
    [led] = queue.lead(grown, [])
    assert queue.plan(grown, [led]) == 100
    assert queue.ready(grown, [led]) == [led]
    PLANS.clear()
    taken = queue.take(grown, led)
    assert taken is not None
    assert taken.control_id == "100501"
    for plan in PLANS:
        assert "Seq Scan on deliveries" not in plan
        assert "Seq Scan on delivery_attempts" not in plan
        assert "Seq Scan on outbox" not in plan


def test_what_is_left_and_what_is_old_is_found_by_indexes(grown: psycopg.Connection[Any]) -> None:
    [led] = queue.lead(grown, [])
    began = time.monotonic()
    assert inquiries.plan(grown, [led]) == inquiries.BATCH
    assert time.monotonic() - began < 2
    assert queue.forget(grown, timedelta(days=1)) == 0
    for plan in PLANS:
        assert "Seq Scan on outbox" not in plan
        assert "Seq Scan on delivery_attempts" not in plan
    assert "deliveries_settled" in PLANS[-1]
    assert queue.forget(grown, timedelta(0)) == 100_000
    assert {row[0] for row in grown.execute("SELECT DISTINCT status FROM deliveries")} == {"waiting", "dead"}


def test_pages_read_no_table_from_end_to_end(grown: psycopg.Connection[Any]) -> None:
    [standing] = deliveries.standings(grown)
    assert (standing.waiting, standing.dead) == (5500, 500)
    assert len(deliveries.listing(grown, deliveries.Criteria(), limit=50, newest_first=True)) == 50
    assert len(deliveries.listing(grown, deliveries.Criteria(status="dead"), limit=50, newest_first=True)) == 50
    assert deliveries.stuck(grown)[0].letters == 500
    assert deliveries.read(grown, 1) is not None
    for plan in PLANS:
        assert "Seq Scan on deliveries" not in plan
        assert "Seq Scan on outbox" not in plan
        assert "Seq Scan on delivery_attempts" not in plan
