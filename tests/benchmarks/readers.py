"""Readers of one page: N people, each opens it again and again; prints times as JSON.

Runs as a process of its own (`python -m tests.benchmarks.readers HOST PORT PATH ...`); the cookie is on standard input.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from http.client import HTTPConnection


def read(host: str, port: int, path: str, cookie: str, *, seconds: float, think: float, seed: int) -> list[float]:
    """Milliseconds of each answer, until `seconds` are over. think: mean pause between two looks."""
    chance, times = random.Random(seed), list[float]()
    line = HTTPConnection(host, port, timeout=30)
    headers = {"Cookie": cookie, "Accept": "text/html", "Accept-Encoding": "gzip"}
    end = time.monotonic() + seconds
    time.sleep(chance.uniform(0, think))
    while time.monotonic() < end:
        began = time.perf_counter()
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status}")
        if think:
            time.sleep(chance.uniform(0.5 * think, 1.5 * think))
    line.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--think", type=float, default=0)
    arguments = parser.parse_args()
    cookie, found = sys.stdin.read(), list[list[float]]()

    def one(seed: int) -> None:
        found.append(read(arguments.host, arguments.port, arguments.path, cookie, seconds=arguments.seconds,
                          think=arguments.think, seed=seed))  # fmt: skip

    threads = [threading.Thread(target=one, args=(n,)) for n in range(arguments.readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) != arguments.readers:
        raise SystemExit("a reader got no page")
    print(json.dumps([time for times in found for time in times]))


if __name__ == "__main__":
    main()
