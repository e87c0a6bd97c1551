"""`/metrics` in Prometheus' text format: gauges read from the database at each scrape, and what Kafka said last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import psycopg
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.domain.errors import Unavailable
from hub.domain.positions import Readers
from hub.domain.referrals import State
from hub.views import deliveries, ledgers, queues
from hub.views.figures import Figures
from hub.web import access

MESSAGE_STATUSES = ("stored", "accepted", "rejected", "parked", "incomplete")


def router(figures: Callable[[], Figures], readers: Callable[[], Readers],
           administrator: Callable[[str], bool]) -> APIRouter:  # fmt: skip
    """figures: read now, may raise Unavailable or psycopg.OperationalError; readers: what Kafka said last, at once;
    administrator: whether a token is an administrator's."""
    routes = APIRouter(tags=["metrics"])
    registry = CollectorRegistry()
    registry.register(_FromDatabase(figures, readers))
    ProcessCollector(registry=registry)

    @routes.get("/metrics", response_class=Response, responses={401: {}, 403: {}})
    def metrics(request: Request) -> Response:
        """Figures of the hub's work; for this machine itself, or with an administrator's token."""
        token = access.bearer(request)
        if not access.from_loopback(request):
            if token is None:
                return access.unauthenticated()
            if not administrator(token):
                return access.problem(403, "forbidden", "the figures are for this machine and for administrators")
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes


class _FromDatabase(Collector):
    def __init__(self, figures: Callable[[], Figures], readers: Callable[[], Readers]) -> None:
        self._figures = figures
        self._readers = readers

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        try:
            figures = self._figures()
        except (Unavailable, psycopg.OperationalError):
            yield _gauge("database_up", "whether PostgreSQL answers", 0)
            return
        yield _gauge("database_up", "whether PostgreSQL answers", 1)
        yield _gauge("outbox_backlog", "events that wait for publication", figures.outbox_waiting)
        yield _gauge("outbox_oldest_seconds", "how long the oldest of them has waited", figures.outbox_oldest)
        yield _gauge("records", "continuous records stored", figures.records)
        yield _gauges("messages", "messages", "status", dict.fromkeys(MESSAGE_STATUSES, 0) | dict(figures.messages))
        yield _gauges("referrals", "referrals", "state", {s.value: 0 for s in State} | dict(figures.referrals))
        yield _gauges("dead_letters_waiting", "events that wait for replay", "consumer", figures.dead_letters)
        yield _gauge("ledgers_waiting", "HL7 v2 messages that are not counted yet", figures.uncounted)
        yield from _hl7v2(figures.totals)
        yield _lost(figures.lost)
        yield from _streams(figures.streams, self._readers())
        yield _gauge("delivery_up", "whether a process delivers, or there is nowhere to deliver to",
                     figures.delivering or not figures.destinations)  # fmt: skip
        yield from _deliveries(figures.destinations, datetime.now(UTC))


def _hl7v2(totals: Sequence[ledgers.Total]) -> Iterable[Metric]:
    """By sender, "" for unknown ones."""
    messages = CounterMetricFamily("referral_hub_hl7v2_messages", "HL7 v2 messages by sender, type and outcome",
                                   labels=["organization", "type", "outcome"])  # fmt: skip
    leaves = CounterMetricFamily("referral_hub_hl7v2_leaves", "leaves of converted HL7 v2 messages by outcome",
                                 labels=["organization", "outcome"])  # fmt: skip
    of_sender: Counter[tuple[str, str]] = Counter()
    for total in totals:
        sender = total.organization or ""
        messages.add_metric([sender, total.type, "converted"], total.converted)
        messages.add_metric([sender, total.type, "refused"], total.refused)
        of_sender.update({(sender, "mapped"): total.mapped, (sender, "unmapped"): total.unmapped})
    for labels, count in of_sender.items():
        leaves.add_metric(list(labels), count)
    yield messages
    yield leaves


def _lost(lines: Sequence[ledgers.Line]) -> Metric:
    """By sender and field. All of them, of all days that are kept, are on /admin/ledger: each is a series here."""
    text = "HL7 v2 messages of yesterday and today with something of the field in no Bundle, the most frequent"
    found = GaugeMetricFamily("referral_hub_hl7v2_unmapped", text, labels=["organization", "field", "reason"])
    for line in lines:
        found.add_metric([line.organization, line.field, line.reason], line.messages)
    return found


def _streams(streams: Sequence[queues.Stream], told: Readers) -> Iterable[Metric]:
    """How far the organisations' own streams are, and their readers, of whom only Kafka knows."""
    positions = {stream.code: stream.last_sequence for stream in streams}
    yield _gauges("stream_position", "the newest position of an organisation's stream", "organization", positions)
    if told.reachable is None:
        return
    yield _gauge("kafka_up", "whether Kafka answered when it was asked last", told.reachable)
    labels = ["organization", "group"]
    lag = GaugeMetricFamily("referral_hub_stream_lag", "events that a group has not taken yet", labels=labels)
    for follower in queues.followers(streams, told) if told.reachable else ():
        for reader in follower.readers:
            lag.add_metric([follower.stream.code, reader.group], reader.lag)
    yield lag


def _deliveries(destinations: Sequence[deliveries.Standing], now: datetime) -> Iterable[Metric]:
    """How the destinations stand; their tokens are not known here."""
    labels = ["organization", "destination"]
    waiting = GaugeMetricFamily("referral_hub_deliveries_waiting", "messages that wait", labels=labels)
    dead = GaugeMetricFamily("referral_hub_deliveries_dead", "dead letters", labels=labels)
    oldest = GaugeMetricFamily(
        "referral_hub_deliveries_oldest_seconds", "how long the oldest that waits has waited", labels=labels
    )
    delivered = CounterMetricFamily("referral_hub_delivered", "messages delivered", labels=labels)
    failures = CounterMetricFamily("referral_hub_delivery_failures", "tries that did not deliver", labels=labels)
    for standing in destinations:
        where = (standing.organization, standing.name)
        waiting.add_metric(where, standing.waiting)
        dead.add_metric(where, standing.dead)
        oldest.add_metric(where, (now - standing.oldest).total_seconds() if standing.oldest else 0)
        delivered.add_metric(where, standing.delivered)
        failures.add_metric(where, standing.failed)
    return waiting, dead, oldest, delivered, failures


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"referral_hub_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"referral_hub_{name}", f"{text} by {label}", labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
