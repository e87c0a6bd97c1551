"""How far readers of an organisation's own stream are behind, against a real broker; and a broker that is away."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from hub.domain.positions import Reader, Readers
from hub.processes.administration import Watch
from hub.stream import lag
from hub.stream.broker import Broker
from hub.views import queues
from tests.integration.streams import eventually, parties, published, relaying, write


def test_each_groups_position_is_told_beside_the_end(database: str, kafka: str) -> None:
    broker, hospitals = Broker(kafka), parties(database)
    group = f"g-{uuid.uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as connection, relaying(database, broker):
        for version in range(1, 8):
            write(connection, str(uuid.uuid4()), version, hospitals.ids[:1])
        eventually(lambda: published(database))
        consumer = broker.consumer(group=group)
        consumer.commit({TopicPartition(hospitals.topics[0], 0): OffsetAndMetadata(3, "", -1)})
        consumer.close(autocommit=False)
        found = [reader for reader in lag.readers(broker) if reader.group == group]
        assert [(reader.topic, reader.committed) for reader in found] == [(hospitals.topics[0], 3)]
        streams = queues.streams(connection)
    told = queues.followers(streams, Readers(datetime.now(UTC), True, tuple(found)))
    lags = {f.stream.code: [reader.lag for reader in f.readers] for f in told}
    assert lags == {hospitals.codes[0]: [4], hospitals.codes[1]: []}


def test_a_broker_that_is_away_is_told_without_waiting_for_it() -> None:
    with pytest.raises(KafkaError):
        lag.readers(Broker("127.0.0.1:1"))
    hold, asked = threading.Event(), 0

    def slow() -> tuple[Reader, ...]:
        nonlocal asked
        asked += 1
        hold.wait(20)
        raise OSError

    watch = Watch(slow)
    begun = time.monotonic()
    assert watch().reachable is None
    assert watch().reachable is None
    assert time.monotonic() - begun < 0.5
    hold.set()
    eventually(lambda: watch().reachable is False)
    assert asked == 1


def test_readings_stay_while_the_broker_is_away() -> None:
    reader = Reader("org.x.v1", "g", 1, 2)
    watch = Watch(lambda: (reader,))
    eventually(lambda: watch().reachable)
    assert watch().readers == (reader,)
