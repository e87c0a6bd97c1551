"""Sends referrals over MLLP at a fixed rate; prints control id -> time of sending (monotonic seconds) as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import time

import uvloop

from tests.benchmarks.load import END, START
from tests.benchmarks.messages import referral


async def run(arguments: argparse.Namespace) -> dict[str, float]:
    count = int(arguments.rate * arguments.seconds)
    frames: list[tuple[str, bytes]] = []
    for i in range(count):
        control_id = f"{arguments.prefix}{i:06d}"
        raw = referral(control_id, arguments.first + i, enhanced=False, sender="BENCH-A", receiver="BENCH-B")
        frames.append((control_id, START + raw + END))
    streams = [await asyncio.open_connection(arguments.host, arguments.port) for _ in range(16)]
    readers = [asyncio.create_task(reader.read(-1)) for reader, _ in streams]
    sent: dict[str, float] = {}
    start = time.monotonic()
    for i, (control_id, frame) in enumerate(frames):
        await asyncio.sleep(max(0.0, start + i / arguments.rate - time.monotonic()))
        sent[control_id] = time.monotonic()
        streams[i % len(streams)][1].write(frame)
    await asyncio.sleep(1)
    for reader in readers:
        reader.cancel()
    return sent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--prefix", required=True)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
