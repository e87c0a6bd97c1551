"""The services behind the hub: the configured ones, or PostgreSQL and the broker from their wheels.

Several commands may use one home at once. Whoever comes first starts what is not running, whoever goes last stops
PostgreSQL; the broker lives and dies with the process that started it. Locks are `flock`s, which the kernel drops
with their process, so that after a `kill -9` the next command finds its way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from hub.processes import embedded_kafka, embedded_postgres, schema
from hub.processes.settings import EMBEDDED, Settings

Broker = Literal["own", "join"] | None


@contextmanager
def started(settings: Settings, *, database: bool = True, broker: Broker = None) -> Iterator[Settings]:
    """Settings whose `database` and `kafka` are real addresses, the services there for as long as the block runs.

    broker: `own` starts the embedded one (or joins it where another process of this home has it), `join` waits for
    it, None takes its address if it is there and leaves `embedded` otherwise. Raises hub.domain.errors.Unavailable
    when a service is not there, or when the database is not migrated (the embedded one is migrated here).
    """
    with ExitStack() as stack:
        if database:
            url = settings.database
            if url == EMBEDDED:
                url = stack.enter_context(embedded_postgres.running(settings.home))
                schema.bring_up(url)
            else:
                schema.check(url)
            settings = dataclasses.replace(settings, database=url)
        if settings.kafka == EMBEDDED:
            found = embedded_kafka.address(settings.home)
            if broker == "own":
                found = stack.enter_context(embedded_kafka.running(settings.home))
            elif broker == "join":
                found = embedded_kafka.wait(settings.home)
            if found:
                settings = dataclasses.replace(settings, kafka=found)
        yield settings
