"""An MLLP load client: N connections, one message in flight on each, bounded in time; prints counts as JSON.

Runs as a process of its own (`python -m tests.benchmarks.load HOST PORT ...`), so that its work is not the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import cast

import uvloop

from tests.benchmarks.messages import referral

START, END = b"\x0b", b"\x1c\r"


class Client(asyncio.Protocol):
    """Sends the next message when the last is acknowledged; counts positive answers by MSA-1."""

    def __init__(self, messages: list[bytes], done: asyncio.Future[None], codes: dict[str, int]) -> None:
        self.messages, self.done, self.codes = messages, done, codes
        self.buffer = b""
        self.deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def begin(self, deadline: float) -> None:
        self.deadline = deadline
        self.next()

    def next(self) -> None:
        if self.messages and time.monotonic() < self.deadline:
            self.transport.write(self.messages.pop())
        elif not self.done.done():
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(END)) >= 0:
            answer, self.buffer = self.buffer[:end], self.buffer[end + 2 :]
            at = answer.find(b"MSA|")
            code = answer[at + 4 : at + 6].decode()
            self.codes[code] = self.codes.get(code, 0) + 1
            self.next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def message(arguments: argparse.Namespace, number: int, suffix: str) -> bytes:
    return referral(
        arguments.prefix + suffix,
        arguments.first + number,
        enhanced=arguments.enhanced,
        sender=arguments.sender,
        receiver=arguments.receiver,
        history=arguments.history,
    )


async def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Messages per second by acknowledgement code."""
    loop = asyncio.get_running_loop()
    codes: dict[str, int] = {}
    clients = []
    each = arguments.messages // arguments.connections
    for c in range(arguments.connections):
        batch = [START + message(arguments, c * each + i, f"{c:03d}{i:06d}") + END for i in range(each)]
        done: asyncio.Future[None] = loop.create_future()
        _, client = await loop.create_connection(
            lambda b=batch, d=done: Client(b, d, codes), arguments.host, arguments.port
        )
        clients.append(client)
    start = time.monotonic()
    for client in clients:
        client.begin(start + arguments.seconds)
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.monotonic() - start
    for client in clients:
        client.transport.close()
    return {"seconds": seconds, **{code: count / seconds for code, count in codes.items()}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--history", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--prefix", default="B")
    parser.add_argument("--sender", default="BENCH-A")
    parser.add_argument("--receiver", default="BENCH-B")
    parser.add_argument("--enhanced", action="store_true")
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
