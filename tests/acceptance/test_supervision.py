"""`referral-hub all` on its embedded services: whatever dies is there again, and what was accepted arrives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.acceptance.installation import Hub
from tests.acceptance.messages import referral


def children(hub: Hub) -> dict[str, int]:
    """Pids of the children of `all` by their last word (`serve`, `worker`, ..., the broker's storage)."""
    assert hub.process is not None
    listed = subprocess.run(["pgrep", "-P", str(hub.process.pid), "-a"], capture_output=True, text=True).stdout
    return {line.split()[-1]: int(line.split()[0]) for line in listed.splitlines()}


def send(hub: Hub, tmp_path: Path, control_id: str) -> None:
    path = tmp_path / f"{control_id}.hl7"
    path.write_bytes(referral(control_id, sender="SVTOWN", receiver="SVCITY", number=sum(map(ord, control_id))))
    [line] = hub.run("send", "--mllp", f"127.0.0.1:{hub.mllp_port}", "--timeout", "60", str(path))
    assert line["code"] == "AA", line


def received(hub: Hub, wanted: set[str], seconds: float = 60) -> list[dict[str, Any]]:
    """The organisation's stream from its beginning, until it has a request of every wanted control id."""
    broker = json.loads((hub.home / "kafka.json").read_text())
    end, events = time.monotonic() + seconds, []
    consumer = KafkaConsumer(bootstrap_servers=f"127.0.0.1:{broker['port']}", auto_offset_reset="earliest")
    consumer.assign([TopicPartition("org.sv-city.v1", 0)])
    while time.monotonic() < end and wanted - {e["data"].get("control_id") for e in events}:
        for records in consumer.poll(timeout_ms=200).values():
            events += [json.loads(record.value) for record in records]
    consumer.close()
    return events


@pytest.mark.timeout(280)
def test_what_dies_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "home", "embedded")
    hub.add("SV-TOWN", "甲镇卫生院", "clinic", "SVTOWN", charset="GB 18030-2000")
    hub.add("SV-CITY", "乙市医院", "hospital", "SVCITY")
    try:
        ready = hub.start()
        assert set(ready) == {"ready", "http", "mllp", "kafka"}
        send(hub, tmp_path, "SV0")
        for name in ("mllp", "relay", "worker", "delivery", "serve"):
            os.kill(children(hub)[name], signal.SIGKILL)
        send(hub, tmp_path, "SV1")
        os.kill(children(hub)["memory://tansu/"], signal.SIGKILL)
        send(hub, tmp_path, "SV2")
        os.kill(int((hub.home / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        send(hub, tmp_path, "SV3")
        time.sleep(2)
        events = received(hub, {"SV0", "SV1", "SV2", "SV3"})
        requested = [e["data"]["control_id"] for e in events if e["type"] == "referral.requested.v1"]
        assert list(dict.fromkeys(requested)) == ["SV0", "SV1", "SV2", "SV3"]
        hub.kill()
        assert hub.start()["kafka"] == ready["kafka"]
        send(hub, tmp_path, "SV4")
        events = received(hub, {"SV0", "SV1", "SV2", "SV3", "SV4"})
        sequences = [int(e["sequence"]) for e in events]
        assert list(dict.fromkeys(sequences)) == list(range(1, max(sequences) + 1))
    finally:
        assert hub.stop() == 0, hub.log()[-3000:]
