"""Gives a topic again what it has lost: a broker that keeps nothing when it stops, a topic that somebody deleted.

A topic's end offsets never fall, and every confirmed event raised them. So a topic whose end is below the number of
its published events is not the one they were sent to, and gets all of them again: same ids, same positions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import structlog
from kafka import TopicPartition

from hub.stream.broker import Broker
from hub.stream.outbox import Outbox
from hub.stream.producer import Publisher

_log = structlog.get_logger()


def refill(broker: Broker, outbox: Outbox, publisher: Publisher, names: Collection[str],
           give_up: Callable[[], bool]) -> tuple[str, ...]:  # fmt: skip
    """Send what the topics of these names lack; returns those that lacked some. Raises Unconfirmed, KafkaError."""
    published = outbox.published()
    ends = _ends(broker, names)
    short = tuple(name for name in sorted(names) if ends[name] < published.get(name, 0))
    for name in short:
        for portion in outbox.again(name):
            publisher.publish([[record] for record in portion], give_up)
        _log.info("topic filled again", topic=name, events=published[name])
    return short


def _ends(broker: Broker, names: Collection[str]) -> dict[str, int]:
    consumer = broker.consumer()
    try:
        partitions = [TopicPartition(name, p) for name in names for p in consumer.partitions_for_topic(name) or ()]
        ends = dict.fromkeys(names, 0)
        for partition, offset in consumer.end_offsets(partitions).items():
            ends[partition.topic] += offset
    finally:
        consumer.close()
    return ends
