"""Sent over MLLP -> consumed by a hospital's own kafka-python consumer, in milliseconds."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import threading
import time

from kafka import KafkaConsumer, TopicPartition

from tests.benchmarks import servers

TOPIC = "org.bench-b.v1"


def follow(broker: str, seen: dict[str, float], stop: threading.Event) -> None:
    """Note when each control id's first event arrives."""
    consumer = KafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(TOPIC, 0)])
    while not stop.is_set():
        for records in consumer.poll(timeout_ms=100).values():
            now = time.monotonic()
            for record in records:
                control_id = json.loads(record.value)["data"].get("control_id")
                if control_id:
                    seen.setdefault(control_id, now)
    consumer.close()


def run(address: str, broker: str, rate: float, prefix: str, first: int) -> tuple[float, float]:
    """p50 and p99 in milliseconds. Raises RuntimeError when an event never arrives."""
    seen: dict[str, float] = {}
    stop = threading.Event()
    consumer = threading.Thread(target=follow, args=(broker, seen, stop))
    consumer.start()
    host, port = address.rsplit(":", 1)
    command = [sys.executable, "-m", "tests.benchmarks.paced", host, port, "--rate", str(rate), "--prefix", prefix]
    sent = json.loads(
        subprocess.run([*command, "--first", str(first)], capture_output=True, text=True, check=True).stdout
    )
    end = time.monotonic() + 60
    while len(seen.keys() & sent.keys()) < len(sent) and time.monotonic() < end:
        time.sleep(0.1)
    stop.set()
    consumer.join()
    if seen.keys() & sent.keys() != sent.keys():
        raise RuntimeError(f"{len(sent.keys() - seen.keys())} of {len(sent)} events never arrived")
    times = sorted((seen[c] - sent[c]) * 1000 for c in sent)
    return statistics.median(times), times[int(len(times) * 0.99)]


def measure() -> dict[str, float]:
    figures: dict[str, float] = {}
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(servers.postgres())
        stack.enter_context(servers.organizations(url))
        broker = stack.enter_context(servers.kafka())
        stack.enter_context(servers.hub("relay", url, broker))
        mllp = stack.enter_context(servers.hub("mllp", url, broker))["mllp"]
        run(mllp, broker, 20, "W", 900_000)
        for name, rate, first in (("50_per_s", 50, 0), ("400_per_s", 400, 100_000)):
            p50, p99 = run(mllp, broker, rate, f"L{rate}-", first)
            figures |= {
                f"send_to_consumed_{name}_p50_ms": round(p50, 1),
                f"send_to_consumed_{name}_p99_ms": round(p99, 1),
            }
        stack.enter_context(servers.hub("worker", url, broker))
        p50, p99 = run(mllp, broker, 50, "K50-", 200_000)
        figures["send_to_consumed_50_per_s_with_worker_p50_ms"] = round(p50, 1)
        figures["send_to_consumed_50_per_s_with_worker_p99_ms"] = round(p99, 1)
    return figures
