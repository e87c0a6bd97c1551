"""How far each consumer group is behind on the hub's topics, as Kafka knows it; reads only."""

from __future__ import annotations

from collections.abc import Mapping, Set

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from hub.domain.positions import Reader
from hub.stream.broker import Broker

_LATEST = -1


def readers(broker: Broker) -> tuple[Reader, ...]:
    """Every group that has committed an offset on a topic of the hub's, by topic and group.

    Ends are the broker's word; the embedded one counts a batch as one there, so that a group may stand after the end.
    Raises what `hub.stream.broker.TRANSIENT` lists when no broker answers.
    """
    admin = broker.admin()
    try:
        offsets = {group["group_id"]: _committed(admin, group["group_id"]) for group in admin.list_groups()}
        ends = _ends(admin, {partition.topic for committed in offsets.values() for partition in committed})
    finally:
        admin.close()
    found = (
        Reader(topic, group, committed, ends[topic])
        for group, partitions in offsets.items()
        for topic, committed in _by_topic(partitions).items()
    )
    return tuple(sorted(found, key=lambda reader: (reader.topic, reader.group)))


def _ends(admin: KafkaAdminClient, topics: Set[str]) -> dict[str, int]:
    """Of all partitions, those also from which a group has taken nothing yet."""
    if not topics:
        return {}
    partitions = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(sorted(topics))
        for partition in topic["partitions"]
    ]
    told = admin.list_partition_offsets(dict.fromkeys(partitions, _LATEST))
    return dict.fromkeys(topics, 0) | _by_topic({partition: end.offset for partition, end in told.items()})


def _by_topic(offsets: Mapping[TopicPartition, int]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for partition, offset in offsets.items():
        totals[partition.topic] = totals.get(partition.topic, 0) + offset
    return totals


def _committed(admin: KafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    """Group after group: the embedded broker knows no request for several."""
    [offsets] = admin.list_group_offsets(group).values()
    return {p: told.offset for p, told in offsets.items() if told.offset >= 0 and p.topic.endswith(".v1")}
