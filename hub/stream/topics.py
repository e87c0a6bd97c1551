"""The topics: declared in `schemas/topics/*.yaml`, created before anything is sent to them or read from them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError

from hub.stream.broker import Broker

ORGANIZATION = "org.<code>.v1"


@dataclass(frozen=True, slots=True)
class Topic:
    """One declaration. name: or its pattern; key: what the record key is; retention_days: how long records stay."""

    name: str
    description: str
    key: str
    partitions: int
    retention_days: int
    events: tuple[str, ...]


@cache
def declared() -> dict[str, Topic]:
    """The declarations by name; organisations' topics under `org.<code>.v1`."""
    found = {}
    for file in files("schemas").joinpath("topics").iterdir():
        if file.name.endswith(".yaml"):
            values = yaml.safe_load(file.read_text(encoding="utf-8"))
            found[values["name"]] = Topic(**{**values, "events": tuple(values["events"])})
    return found


def internal() -> tuple[str, ...]:
    """Names of the hub's own topics."""
    return tuple(sorted(name for name in declared() if name != ORGANIZATION))


def declaration(name: str) -> Topic:
    """Of a topic by its name; every name that is not the hub's own is an organisation's."""
    return declared().get(name) or declared()[ORGANIZATION]


def ensure(broker: Broker, names: Iterable[str], *, wait: float = 10.0) -> tuple[str, ...]:
    """Create those topics that are not there and wait until they have leaders; returns the created ones.

    A topic that is there stays as it is. Raises kafka.errors.KafkaError when the broker is away or refuses.
    """
    admin = broker.admin()
    try:
        existing = set(admin.list_topics())
        created = tuple(name for name in sorted(set(names)) if name not in existing)
        for name in created:
            try:
                admin.create_topics([_new(declaration(name), name)])
            except TopicAlreadyExistsError:
                continue
        end = time.monotonic() + wait
        while created and not _led(admin.describe_topics(list(created))):
            if time.monotonic() > end:
                raise UnknownTopicOrPartitionError("the topics created have no leaders yet")
            time.sleep(0.02)
    finally:
        admin.close()
    return created


def _new(topic: Topic, name: str) -> NewTopic:
    retention = str(topic.retention_days * 86_400_000)
    return NewTopic(name, topic.partitions, -1, topic_configs={"retention.ms": retention})


def _led(described: list[dict[str, Any]]) -> bool:
    return all(
        not topic["error_code"] and topic["partitions"] and all(p["leader_id"] >= 0 for p in topic["partitions"])
        for topic in described
    )
