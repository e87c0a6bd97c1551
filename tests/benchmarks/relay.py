"""Outbox -> Kafka: the relay process against a bare kafka-python idempotent producer of the same records, same run."""

from __future__ import annotations

import time
import uuid

import msgspec
import psycopg
from kafka import KafkaProducer

from tests.benchmarks import servers

EVENTS = 20_000


def fill(url: str) -> None:
    """EVENTS unpublished referral events of both organisations, about 500 bytes of data each."""
    data = {
        "referral_id": "", "version": 1, "state": "requested", "previous_state": None, "direction": "up",
        "priority": "routine", "sender": "BENCH-A", "receiver": "BENCH-B", "department": "内分泌科",
        "identifiers": [{"system": "urn:referral-hub:namespace:BENCH-A", "value": "R1"}],
        "message_id": str(uuid.uuid4()), "control_id": "C1", "patient_id": str(uuid.uuid4()),
    }  # fmt: skip
    with psycopg.connect(url) as connection:
        ids = dict(connection.execute("SELECT code, id FROM organizations").fetchall())
        with connection.cursor().copy(
            "COPY outbox (event_id, type, subject, organizations, occurred_at, data) FROM STDIN"
        ) as copy:
            for _ in range(EVENTS):
                subject = str(uuid.uuid4())
                row = (str(uuid.uuid4()), "referral.requested.v1", subject, list(ids.values()), "2026-01-01T00:00:00Z")
                copy.write_row((*row, msgspec.json.encode({**data, "referral_id": subject}).decode()))


def bare(broker: str) -> float:
    """Records per second of a bare producer: three topics, 600-byte values, every future checked at the end."""
    producer = KafkaProducer(
        bootstrap_servers=broker, acks="all", enable_idempotence=True, linger_ms=5, batch_size=131072
    )
    headers = [("content-type", b"application/cloudevents+json")]
    value = b"x" * 800
    topics = [f"bare.{n}" for n in range(3)]
    for topic in topics:
        producer.send(topic, value).get(30)
    start = time.monotonic()
    futures = []
    for i in range(EVENTS):
        key = b"%032d" % i
        futures += [producer.send(topic, value, key=key, headers=headers) for topic in topics]
    producer.flush()
    for future in futures:
        future.get(30)
    seconds = time.monotonic() - start
    producer.close()
    return 3 * EVENTS / seconds


def measure() -> dict[str, float | str]:
    with servers.postgres() as url, servers.organizations(url), servers.kafka() as broker:
        bare_rate = bare(broker)
        with servers.hub("relay", url, broker), psycopg.connect(url, autocommit=True) as connection:
            _published(connection, 0)
            fill(url)
            connection.execute("NOTIFY referral_hub_outbox")
            start = time.monotonic()
            _published(connection, EVENTS)
            seconds = time.monotonic() - start
    return {
        "relay_broker": servers.broker_name(),
        "bare_producer_records_per_s": round(bare_rate),
        "relay_records_per_s": round(3 * EVENTS / seconds),
        "relay_events_per_s": round(EVENTS / seconds),
    }


def _published(connection: psycopg.Connection[tuple[int]], count: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        row = connection.execute("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL").fetchone()
        if row is not None and row[0] >= count:
            return
        time.sleep(0.05)
    raise TimeoutError("the relay did not publish in time")
