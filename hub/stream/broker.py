"""Clients of the Kafka broker, set up once for everything that the hub does with it (kafka-python 3)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

_Client = TypeVar("_Client")

BATCH_BYTES = 1_000_000
"""Of one partition in one request; Apache Kafka's own limit (message.max.bytes) is 1,048,588 unless changed."""

DELIVERY_SECONDS = 15
"""After which a producer gives a record up that the broker does not confirm."""

REQUEST_SECONDS = 10
"""How long a broker may take to answer. Where one hangs, kafka-python's own 30 would be waited for in full, and a
group's member spins meanwhile (3.0.12)."""

_CLIENT: dict[str, Any] = {
    "bootstrap_timeout_ms": 5_000,
    "request_timeout_ms": REQUEST_SECONDS * 1_000,
    "reconnect_backoff_max_ms": 1_000,
}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where Kafka is. address: `host:port,...`; security: keyword arguments of kafka-python's clients."""

    address: str
    security: Mapping[str, str] = field(default_factory=dict)

    def producer(self) -> KafkaProducer:
        """An idempotent producer that sends when it is flushed, never before: see `hub.stream.producer`.

        Raises kafka.errors.KafkaError when no broker answers within five seconds.
        """
        return self._open(
            KafkaProducer,
            acks="all",
            enable_idempotence=True,
            linger_ms=2_000,
            batch_size=BATCH_BYTES,
            max_request_size=16 * BATCH_BYTES,
            delivery_timeout_ms=DELIVERY_SECONDS * 1_000,
            metrics_enabled=False,
            max_block_ms=10_000,
            allow_auto_create_topics=False,
        )

    def consumer(self, *, group: str | None = None, reset: str = "earliest") -> KafkaConsumer:
        """A consumer without topics that commits only when told; reset: where to begin without a committed offset.

        The embedded broker wakes no long poll, so that a fetch waits only a little while.
        """
        return self._open(
            KafkaConsumer,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset=reset,
            fetch_max_wait_ms=20,
            metrics_enabled=False,
            allow_auto_create_topics=False,
        )

    def admin(self) -> KafkaAdminClient:
        """Raises kafka.errors.KafkaError when no broker answers within five seconds."""
        return self._open(KafkaAdminClient)

    def reachable(self, timeout: float = 1.0) -> bool:
        """Whether any of the brokers takes connections: what health checks tell."""
        for part in self.address.split(","):
            host, _, port = part.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout).close()
            except OSError:
                continue
            return True
        return False

    def _open(self, make: Callable[..., _Client], **options: Any) -> _Client:
        """Closes what kafka-python leaves of a client that finds no broker: a thread and its sockets, at each try."""
        made: list[KafkaNetClient] = []

        def network(**configuration: Any) -> KafkaNetClient:
            made.append(KafkaNetClient(**configuration))
            return made[-1]

        servers = self.address.split(",")
        try:
            return make(bootstrap_servers=servers, kafka_client=network, **_CLIENT, **self.security, **options)
        except BaseException:
            for client in made:
                client.close()
            raise


TRANSIENT = (KafkaError, OSError)
"""What kafka-python raises when the broker is away or changes; the same call may succeed later."""
