"""kill -9 of the whole hub, ten times under load: what was acknowledged is there once, every event arrives in order.

Eight connections of python-hl7's client send referrals, amendments and cancellations; what got no answer is sent again
under its control id, as a clinic's system does. The embedded PostgreSQL keeps the data, the tests' broker the topics.
"""

from __future__ import annotations

import queue
import random
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hl7.client import MLLPClient

from hub.processes import embedded
from hub.processes.settings import Settings
from hub.store.connections import connect
from tests.acceptance.installation import Hub
from tests.acceptance.messages import referral
from tests.acceptance.test_clients import events

KILLS, CONNECTIONS, PAUSE = 10, 8, 0.08
STEPS = ("I12", "I13", "I13", "I14")
TOPIC = "org.ak-city.v1"
Event = dict[str, Any]


@dataclass
class Clinic:
    """One connection: sends each message until it is acknowledged, connecting again when the hub was killed."""

    number: int
    port: int
    over: threading.Event
    acknowledged: list[str] = field(default_factory=list)
    repeats: int = 0
    faults: list[str] = field(default_factory=list)
    client: MLLPClient | None = None

    def run(self) -> None:
        count = 0
        while not self.over.is_set():
            count += 1
            identifier, patient = f"AK{self.number}-{count}", self.number * 10_000 + count
            for step, event in enumerate(STEPS):
                control_id = f"{identifier}-{step}"
                message = referral(
                    control_id, sender="AKTOWN", receiver="AKCITY", number=patient, event=event, identifier=identifier
                )
                self._deliver(control_id, message)
                time.sleep(PAUSE)

    def _deliver(self, control_id: str, message: bytes) -> None:
        for attempt in range(2000):
            answer = self._exchange(message)
            told = re.search(rb"MSA\|(\w\w)\|([^|\r]*)", answer)
            if told and told[1] != b"AR":
                self.repeats += attempt > 0
                self.acknowledged.append(control_id)
                if told.groups() != (b"AA", control_id.encode()):
                    self.faults.append(f"{control_id}: {answer!r}")
                return
            time.sleep(0.05)
        self.faults.append(f"{control_id}: never acknowledged")

    def _exchange(self, message: bytes) -> bytes:
        """The answer; b"" when there is no hub, or when it was killed before it answered."""
        try:
            if self.client is None:
                self.client = MLLPClient("127.0.0.1", self.port)
                self.client.socket.settimeout(20)
            answer = bytes(self.client.send_message(message))
        except OSError:
            answer = b""
        if not answer and self.client is not None:
            self.client.close()
            self.client = None
        return answer


@pytest.fixture
def hub(tmp_path: Path, kafka: str) -> Iterator[Hub]:
    hub = Hub(tmp_path / "home", kafka)
    hub.add("AK-TOWN", "甲镇卫生院", "clinic", "AKTOWN", charset="GB 18030-2000")
    hub.add("AK-CITY", "乙市医院", "hospital", "AKCITY")
    yield hub
    hub.stop()


@pytest.mark.timeout(600)  # the hub is started twelve times
def test_ten_kills_under_load_lose_nothing_and_double_nothing(hub: Hub, kafka: str) -> None:
    clinics = _send_while_killing(hub)
    acknowledged = sorted(control_id for clinic in clinics for control_id in clinic.acknowledged)
    assert [fault for clinic in clinics for fault in clinic.faults] == []
    assert len(acknowledged) > KILLS * CONNECTIONS
    assert sum(clinic.repeats for clinic in clinics) > 0, "no kill met a message on its way"

    stored, versions, written = _stored(hub)
    assert stored == acknowledged
    assert len(versions) == sum(control_id.endswith("-0") for control_id in acknowledged)
    assert written == {identifier: list(range(1, version + 1)) for identifier, version in versions.items()}

    told = events(kafka, TOPIC, lambda found: _versions(found).keys() >= versions.keys() and _ended(found, versions))
    first = _first_deliveries(told)
    assert [int(event["sequence"]) for event in first.values()] == list(range(1, len(first) + 1))
    assert all(event == first[event["id"]] for event in told)
    assert _versions(list(first.values())) == written


def _send_while_killing(hub: Hub) -> list[Clinic]:
    """The hub is killed as soon as it takes messages, every fourth time after all its processes are ready."""
    chance, over = random.Random(3), threading.Event()
    clinics = [Clinic(number, hub.mllp_port, over) for number in range(1, CONNECTIONS + 1)]
    senders = [threading.Thread(target=clinic.run, daemon=True) for clinic in clinics]
    for sender in senders:
        sender.start()
    for kill in range(KILLS):
        _start(hub, wait=kill % 4 == 0)
        time.sleep(chance.uniform(0.1, 1.2))
        hub.kill()
    hub.start()
    over.set()
    for sender in senders:
        sender.join(60)
    assert not any(sender.is_alive() for sender in senders)
    return clinics


def _start(hub: Hub, *, wait: bool) -> None:
    """wait: until all are ready, else until messages are taken."""
    if wait:
        hub.start()
        return
    with suppress(queue.Empty):
        hub.start(timeout=0.01)
    for _ in range(900):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", hub.mllp_port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens: {hub.log()[-2000:]}")


def _stored(hub: Hub) -> tuple[list[str], dict[str, int], dict[str, list[int]]]:
    """Control ids of accepted messages, referrals with their versions, and the versions of each one's events."""
    settings = Settings.from_environment({k: v for k, v in hub.environment.items() if k.startswith("REFERRAL_HUB_")})
    with embedded.started(settings) as resolved, connect(resolved.database) as connection:
        accepted = connection.execute("SELECT control_id FROM messages WHERE status = 'accepted'").fetchall()
        referrals = connection.execute("SELECT id::text, version FROM referrals").fetchall()
        outbox = connection.execute(
            "SELECT subject::text, (data->>'version')::int FROM outbox WHERE type LIKE 'referral.%' ORDER BY id"
        ).fetchall()
    written = defaultdict(list)
    for subject, version in outbox:
        written[subject].append(version)
    return sorted(control_id for (control_id,) in accepted), dict(referrals), dict(written)


def _versions(found: list[Event]) -> dict[str, list[int]]:
    """Of each referral the versions in the order in which its events came."""
    versions = defaultdict(list)
    for event in found:
        if event["type"].startswith("referral."):
            versions[event["subject"]].append(event["data"]["version"])
    return dict(versions)


def _ended(found: list[Event], versions: Mapping[str, int]) -> bool:
    came = _versions(found)
    return all(version in came[identifier] for identifier, version in versions.items())


def _first_deliveries(told: list[Event]) -> dict[str, Event]:
    first: dict[str, Event] = {}
    for event in told:
        first.setdefault(event["id"], event)
    return first
