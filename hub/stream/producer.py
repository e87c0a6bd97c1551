"""Sends records in waves, each confirmed by the broker before the next one leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from hub.stream.broker import BATCH_BYTES, DELIVERY_SECONDS, Broker

CONTENT_TYPE = [("content-type", b"application/cloudevents+json")]
RECORD_BYTES = BATCH_BYTES * 3 // 4
"""The longest value that a record may have."""

CLOSE_SECONDS = 2.0
"""How long the end of a producer's thread is waited for."""

_WAVE_BYTES = BATCH_BYTES * 9 // 10
_OVERHEAD = 160
"""Of a record beyond its value: key, header, lengths; rather too much than too little."""


class Record(NamedTuple):
    """partition: None where the key decides."""

    topic: str
    key: bytes
    value: bytes
    partition: int | None = None


class Unconfirmed(Exception):
    """The broker did not confirm a wave. confirmed: how many of the groups given were, from the first on."""

    def __init__(self, confirmed: int) -> None:
        super().__init__("records were not confirmed")
        self.confirmed = confirmed


class Publisher:
    """The one place that produces. A producer that failed is replaced at the next call.

    A wave holds no more of any topic than fits into one batch of a partition, and nothing leaves before the whole
    wave is gathered. So what a partition gets of a wave is written as a whole or not at all, and no record overtakes
    an earlier one even where kafka-python gives a batch up (KIP-360) while later ones of the partition wait behind.
    A wave has an end of its own: after one batch has expired kafka-python 3.0.12 may wait for ever with the others.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._producer: KafkaProducer | None = None

    def publish(self, groups: Sequence[Sequence[Record]], give_up: Callable[[], bool]) -> None:
        """Send groups (the records of one event) in order; returns when all are confirmed.

        give_up: asked twice a second while the broker does not answer. Raises Unconfirmed, with the cause.
        """
        confirmed = 0
        try:
            producer = self._producer = self._producer or self._broker.producer()
            for wave in _waves(groups):
                self._send(producer, wave, give_up)
                confirmed += len(wave)
        except (KafkaError, OSError) as error:
            self.close()
            raise Unconfirmed(confirmed) from error

    def close(self) -> None:
        """Drop the producer with what it has not sent.

        kafka-python's close() flushes first and, where that fails, leaves its thread sending: this is ended before.
        """
        producer, self._producer = self._producer, None
        if producer is not None:
            producer._sender.force_close()
            producer._sender.join(CLOSE_SECONDS)
            with suppress(KafkaTimeoutError):
                producer.close(timeout=0)

    def _send(self, producer: KafkaProducer, wave: Sequence[Sequence[Record]], give_up: Callable[[], bool]) -> None:
        send = producer.send
        futures = [
            send(record.topic, record.value, record.key, CONTENT_TYPE, record.partition)
            for group in wave
            for record in group
        ]
        end = time.monotonic() + DELIVERY_SECONDS + 1
        while not _flushed(producer):
            if give_up() or time.monotonic() > end:
                raise KafkaTimeoutError("gave up waiting for the broker")
        for future in futures:
            if not future.succeeded():
                future.get(timeout=0)


def _flushed(producer: KafkaProducer) -> bool:
    with suppress(KafkaTimeoutError):
        producer.flush(timeout=0.5)
        return True
    return False


def _waves(groups: Sequence[Sequence[Record]]) -> Iterator[list[Sequence[Record]]]:
    wave: list[Sequence[Record]] = []
    sizes: dict[str, int] = {}
    for group in groups:
        for record in group:
            sizes[record.topic] = sizes.get(record.topic, 0) + len(record.value) + _OVERHEAD
        if wave and any(sizes[record.topic] > _WAVE_BYTES for record in group):
            yield wave
            wave, sizes = [], {}
            for record in group:
                sizes[record.topic] = sizes.get(record.topic, 0) + len(record.value) + _OVERHEAD
        wave.append(group)
    if wave:
        yield wave
