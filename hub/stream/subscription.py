"""An organisation's own stream, as its own programs follow it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CommitFailedError, RetriableError
from kafka.structs import OffsetAndMetadata

from hub.domain.events import organization_topic
from hub.stream.broker import Broker

_log = structlog.get_logger()

WAIT_SECONDS = 0.3


def follow(broker: Broker, code: str, stop: threading.Event, *, group: str | None = None,
           from_beginning: bool = False) -> Iterator[bytes]:  # fmt: skip
    """Values of the topic's records, from now on or from its beginning; waits for the topic to appear.

    group: Kafka keeps, under this name, what was read: a record's offset is committed when the next is asked for.
    Raises kafka.errors.KafkaError when the broker is not there at the start; later it is waited for.
    """
    topic = organization_topic(code)
    consumer = broker.consumer(group=group, reset="earliest" if from_beginning else "latest")
    try:
        partitions, late = _wait_for(consumer, topic, stop)
        if stop.is_set():
            return
        if group:
            consumer.subscribe([topic])
        else:
            consumer.assign(partitions)
            if from_beginning or late:
                consumer.seek_to_beginning()
            else:
                consumer.seek_to_end()
            _log.info("following", topic=topic, position=[consumer.position(p) for p in partitions])
        yield from _values(consumer, stop, committing=group is not None)
    finally:
        consumer.close(autocommit=False)


def _wait_for(consumer: KafkaConsumer, topic: str, stop: threading.Event) -> tuple[list[TopicPartition], bool]:
    """The topic's partitions, and whether it was not there at first."""
    late = False
    while not (found := consumer.partitions_for_topic(topic)) and not stop.is_set():
        if not late:
            _log.info("waiting for the topic", topic=topic)
        late = True
        stop.wait(WAIT_SECONDS)
    return [TopicPartition(topic, p) for p in sorted(found or ())], late


def _values(consumer: KafkaConsumer, stop: threading.Event, *, committing: bool) -> Iterator[bytes]:
    while not stop.is_set():
        for partition, records in consumer.poll(timeout_ms=200).items():
            for record in records:
                yield record.value
                if committing:
                    _commit(consumer, {partition: OffsetAndMetadata(record.offset + 1, "", -1)}, stop)
                if stop.is_set():
                    return


def _commit(consumer: KafkaConsumer, offsets: dict[TopicPartition, OffsetAndMetadata], stop: threading.Event) -> None:
    """As often as it takes. A group that was formed anew meanwhile gets again what it had not committed."""
    while True:
        try:
            consumer.commit(offsets)
            return
        except CommitFailedError:
            return
        except RetriableError as error:
            if stop.wait(WAIT_SECONDS):
                raise
            _log.warning("waiting for Kafka", error=type(error).__name__)
