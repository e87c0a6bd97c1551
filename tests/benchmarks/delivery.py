"""Deliveries to one destination by MLLP: the process, HL7 v2 written, a receiver that accepts at once."""

from __future__ import annotations

import time

from tests.benchmarks import servers
from tests.integration.delivery_site import Receiver, destination, listening, place
from tests.integration.fhir_site import site as opened

MESSAGES = 1_000


def measure() -> dict[str, float | str]:
    with servers.postgres() as url, opened(url) as site, listening(Receiver()) as receiver:
        destination(site, f"127.0.0.1:{receiver.port}", timeout=30.0)
        for number in range(MESSAGES):
            site.refer(f"R-{number}", control=f"C-{number}")
        place(url)
        with servers.hub("delivery", url):
            _received(receiver, 1)
            start, before = time.monotonic(), len(receiver.received)
            _received(receiver, MESSAGES)
            seconds = time.monotonic() - start
    return {"deliveries_per_s": round((MESSAGES - before) / seconds, 1), "deliveries_in_flight": receiver.most}


def _received(receiver: Receiver, count: int) -> None:
    end = time.monotonic() + 300
    while len(receiver.received) < count:
        if time.monotonic() > end:
            raise TimeoutError("the messages did not arrive")
        time.sleep(0.01)
