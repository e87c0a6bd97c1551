"""The consumer loop: take what came, process it, then commit the offsets.

One worker assigns itself all partitions (no waiting for a group to form); several share a group. Both commit to Kafka
under a group's name. A record may come again after a crash between processing and commit: `Lines` drops it by its id.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaConfigurationError, UnknownTopicOrPartitionError
from kafka.structs import OffsetAndMetadata

from hub.domain.events import Event
from hub.store.connections import decode
from hub.stream import topics
from hub.stream.backoff import TRANSIENT, Backoff
from hub.stream.broker import Broker
from hub.stream.lines import UNREADABLE, read

_log = structlog.get_logger()

BATCH = 50
"""Most records between two commits, so that stopping takes no longer than their work."""

POLL_MS = 200


class Consumer:
    """One consumer of some of the hub's topics.

    name: under which offsets are committed; group: the consumer group of several workers (None: this is the only one);
    process: deals with events, may raise what `TRANSIENT` lists; wait: seconds to pause, returns early when stopped.
    """

    def __init__(self, broker: Broker, names: Sequence[str], process: Callable[[Sequence[Event]], None], *, name: str,
                 group: str | None = None, wait: Callable[[float], object]) -> None:  # fmt: skip
        self._broker = broker
        self._names = tuple(names)
        self._process = process
        self._name = name
        self._group = group
        self._wait = wait
        self._backoff = Backoff()
        self._consumer: KafkaConsumer | None = None
        self._pending: list[Any] = []
        self._committed = False

    def run(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        """Until `stop`; ready: called once the broker has been asked for records. Survives its restarts."""
        told = False
        try:
            while not stop.is_set():
                self.step()
                if self._consumer is not None and not told:
                    told = True
                    ready()
        finally:
            self.close()

    def step(self) -> int:
        """Take, process, commit once; returns how many records were dealt with. After a passing error: pause."""
        try:
            consumer = self._consumer = self._consumer or self._open()
            if not self._pending:
                taken = consumer.poll(timeout_ms=POLL_MS, max_records=BATCH)
                self._pending = [record for records in taken.values() for record in records]
            dealt_with = len(self._pending)
            if dealt_with:
                self._process([_event(record) for record in self._pending])
                self._commit(consumer)
            self._backoff.reset()
        except KafkaConfigurationError:
            raise
        except TRANSIENT as error:
            _log.warning("consumer waits", consumer=self._name, error=type(error).__name__)
            self._wait(self._backoff.next())
            return 0
        return dealt_with

    def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False)

    def _open(self) -> KafkaConsumer:
        topics.ensure(self._broker, self._names)
        consumer = self._broker.consumer(group=self._group or self._name)
        try:
            self._choose(consumer)
        except BaseException:
            consumer.close(autocommit=False)
            raise
        return consumer

    def _choose(self, consumer: KafkaConsumer) -> None:
        if self._group:
            consumer.subscribe(self._names)
        else:
            consumer.assign(
                [TopicPartition(name, p) for name in self._names for p in sorted(_partitions(consumer, name))]
            )

    def _commit(self, consumer: KafkaConsumer) -> None:
        """Offsets after what is pending, unless the broker has forgotten the earlier ones: it is another, empty one,
        and all is read from its beginning."""
        ends = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in self._pending}
        self._pending = []
        if self._committed and not self._group and all(consumer.committed(p) is None for p in consumer.assignment()):
            self._committed = False
            consumer.seek_to_beginning()
            return
        consumer.commit({p: OffsetAndMetadata(offset, "", -1) for p, offset in ends.items()})
        self._committed = True


def _partitions(consumer: KafkaConsumer, name: str) -> set[int]:
    """Raises UnknownTopicOrPartitionError while the broker that was asked does not know the topic yet."""
    found: set[int] | None = consumer.partitions_for_topic(name)
    if not found:
        raise UnknownTopicOrPartitionError(name)
    return found


def _event(record: Any) -> Event:
    try:
        return read(decode(record.value))
    except (ValueError, TypeError, KeyError):
        place = f"{record.topic}/{record.partition}/{record.offset}"
        _log.error("a record holds no event", place=place)
        made = str(uuid.uuid5(uuid.NAMESPACE_URL, place))
        return Event(made, UNREADABLE, made, datetime.now(UTC), {"place": place})
