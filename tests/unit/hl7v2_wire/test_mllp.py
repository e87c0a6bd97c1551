"""The listener over real sockets: order, limits, timeouts, draining; and the client."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import hl7.client
import pytest
import uvloop

from adapters.hl7v2 import mllp
from adapters.hl7v2.connection import OUTSTANDING, Connection
from adapters.hl7v2.framing import wrap

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


class Hub:
    """Answers each payload with `A` + payload, but keeps what begins with `later` for the test to answer."""

    def __init__(self) -> None:
        self.incomplete: list[bytes] = []
        self.kept: list[tuple[Connection, int, bytes]] = []
        self.oversize_bytes = 0

    def handle(self, payload: bytes, connection: Connection) -> None:
        if payload.startswith(b"later"):
            self.kept.append((connection, connection.slot, payload))
        else:
            connection.answer(connection.slot, b"A" + payload)

    def oversize(self, received: bytes, connection: Connection) -> None:
        self.oversize_bytes = len(received)
        connection.answer(connection.slot, b"too large")

    def keep(self, data: bytes, peer: str) -> None:
        assert peer.startswith("127.0.0.1:")
        self.incomplete.append(data)


def run(scenario: Callable[[Hub, Reader, Writer, mllp.Listener], Awaitable[None]], **options: Any) -> Hub:
    """Play a scenario on one connection to a listener, on uvloop as in production."""
    hub = Hub()

    async def play() -> None:
        listener = await mllp.listen(
            "127.0.0.1", 0, hub.handle, incomplete=hub.keep, oversize=hub.oversize, **options
        )  # fmt: skip
        reader, writer = await asyncio.open_connection(*listener.address)
        try:
            await asyncio.wait_for(scenario(hub, reader, writer, listener), 20)
        finally:
            writer.close()
            await listener.close(1)

    uvloop.run(play())
    return hub


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_answers_leave_in_the_order_of_arrival() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later 1") + wrap(b"2") + wrap(b"later 3") + wrap(b"4"))
        await until(lambda: len(hub.kept) == 2)
        for connection, slot, payload in reversed(hub.kept):
            connection.answer(slot, b"A" + payload)
        expected = b"".join(map(wrap, [b"Alater 1", b"A2", b"Alater 3", b"A4"]))
        assert await reader.readexactly(len(expected)) == expected

    run(scenario)


def test_a_message_that_gets_no_answer_does_not_hold_up_the_next() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later") + wrap(b"2"))
        await until(lambda: bool(hub.kept))
        connection, slot, _ = hub.kept[0]
        connection.answer(slot, b"")
        assert await reader.readexactly(5) == wrap(b"A2")

    run(scenario)


def test_an_application_acknowledgement_follows_the_accept_acknowledgement() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later 1") + wrap(b"later 2"))
        await until(lambda: len(hub.kept) == 2)
        (connection, first, _), (_, second, _) = hub.kept
        connection.answer(second, b"CA2")
        connection.send(b"AA2", after=second)
        connection.answer(first, b"CA1")
        connection.send(b"AA1", after=first)
        expected = b"".join(map(wrap, [b"CA1", b"CA2", b"AA2", b"AA1"]))
        assert await reader.readexactly(len(expected)) == expected

    run(scenario)


def test_answers_may_come_from_another_thread() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later"))
        await until(lambda: bool(hub.kept))
        connection, slot, _ = hub.kept[0]
        loop = asyncio.get_running_loop()
        threading.Thread(target=loop.call_soon_threadsafe, args=(connection.answer, slot, b"late")).start()
        assert await reader.readexactly(7) == wrap(b"late")

    run(scenario)


def test_a_frame_without_end_is_kept_and_its_connection_closed() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"1") + b"\x0bhalf a message")
        assert await reader.read() == wrap(b"A1")

    assert run(scenario, frame_timeout=0.2).incomplete == [b"half a message"]


def test_a_frame_that_trickles_is_late_by_its_start() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(b"\x0b")
        for _ in range(200):
            if not listener.connections:
                break
            if not writer.is_closing():
                writer.write(b"x")
            await asyncio.sleep(0.02)
        assert not listener.connections

    assert run(scenario, frame_timeout=0.2).incomplete[0].startswith(b"xx")


def test_silence_closes_and_waiting_for_an_answer_is_no_silence() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later"))
        await asyncio.sleep(0.4)
        connection, slot, _ = hub.kept[0]
        assert not connection.closed
        connection.answer(slot, b"late")
        assert await reader.read() == wrap(b"late")

    assert run(scenario, idle_timeout=0.15).incomplete == []


def test_bytes_outside_frames_are_kept_when_the_connection_ends() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(b"MSH|unframed" + wrap(b"1") + b"\r\n")
        assert await reader.readexactly(5) == wrap(b"A1")
        writer.close()
        await until(lambda: not listener.connections)

    assert run(scenario).incomplete == [b"MSH|unframed"]


def test_a_sender_that_half_closes_still_gets_its_answers() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later") + wrap(b"2"))
        writer.write_eof()
        await until(lambda: bool(hub.kept))
        await asyncio.sleep(0.05)
        connection, slot, _ = hub.kept[0]
        connection.answer(slot, b"late")
        assert await reader.read() == wrap(b"late") + wrap(b"A2")

    run(scenario)


def test_a_frame_over_the_limit_is_answered_and_its_connection_closed() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"1") + b"\x0b" + b"x" * 5_000_000)
        assert await reader.read() == wrap(b"A1") + wrap(b"too large")

    hub = run(scenario, limit=1000)
    assert 1000 < hub.oversize_bytes < 1_000_000
    assert hub.incomplete == []


def test_reading_pauses_while_answers_are_outstanding() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        message = wrap(b"later" + b"x" * 10_000)
        count = 2000

        async def write() -> None:
            for _ in range(count):
                writer.write(message)
                await writer.drain()

        writing = asyncio.create_task(write())
        await until(lambda: len(hub.kept) > OUTSTANDING)
        await asyncio.sleep(0.2)
        assert len(hub.kept) < OUTSTANDING + 200
        for answered in range(count):
            await until(lambda answered=answered: len(hub.kept) > answered)  # type: ignore[misc]
            connection, slot, _ = hub.kept[answered]
            connection.answer(slot, b"ok")
        await writing
        assert await reader.readexactly(5 * count) == wrap(b"ok") * count

    run(scenario)


def test_closing_answers_what_came_and_takes_no_more() -> None:
    async def scenario(hub: Hub, reader: Reader, writer: Writer, listener: mllp.Listener) -> None:
        writer.write(wrap(b"later"))
        await until(lambda: bool(hub.kept))
        closing = asyncio.create_task(listener.close(5))
        await asyncio.sleep(0.05)
        writer.write(wrap(b"too late"))
        connection, slot, _ = hub.kept[0]
        connection.answer(slot, b"in time")
        assert await reader.read() == wrap(b"in time")
        await closing
        assert not listener.connections

    run(scenario)


@contextmanager
def hub_in_a_thread(handle: mllp.Handle) -> Iterator[tuple[str, int]]:
    started = threading.Event()
    held: list[Any] = []

    async def serve() -> None:
        stop = asyncio.Event()
        listener = await mllp.listen("127.0.0.1", 0, handle, incomplete=lambda data, peer: None)
        held.extend([asyncio.get_running_loop(), stop, listener.address])
        started.set()
        await stop.wait()
        await listener.close(1)

    thread = threading.Thread(target=uvloop.run, args=(serve(),))
    thread.start()
    started.wait(10)
    try:
        yield held[2]
    finally:
        held[0].call_soon_threadsafe(held[1].set)
        thread.join(10)


def message(control_id: str, accept: str = "", application: str = "") -> bytes:
    return f"MSH|^~\\&|A|B|C|D|2024||ADT^A01|{control_id}|P|2.5|||{accept}|{application}\rPID|1".encode()


def acknowledging(payload: bytes, connection: Connection) -> None:
    """CA, and the application's answer after it, which the next exchange must pass over."""
    control_id = payload.split(b"|")[9]
    connection.answer(connection.slot, b"MSH|^~\\&|\rMSA|CA|" + control_id)
    connection.send(b"MSH|^~\\&|\rMSA|AA|" + control_id, after=connection.slot)


def test_the_client_gets_the_answer_to_each_message() -> None:
    with hub_in_a_thread(acknowledging) as (host, port):
        answers = list(mllp.send(host, port, [message("1"), message("2"), message("3")], 5))
    assert [answer.split(b"|", 3)[2:] for answer in answers] == [[b"\rMSA", f"CA|{n}".encode()] for n in (1, 2, 3)]


def test_the_client_does_not_wait_where_no_answer_is_asked_for() -> None:
    with hub_in_a_thread(lambda p, c: c.answer(c.slot, b"")) as (host, port):
        assert list(mllp.send(host, port, [message("1", "NE", "NE")], 5)) == [b""]
        with pytest.raises(TimeoutError):
            list(mllp.send(host, port, [message("1")], 0.2))


def test_the_client_tells_a_closed_connection() -> None:
    with hub_in_a_thread(lambda p, c: c.abort()) as (host, port), pytest.raises(ConnectionError):
        list(mllp.send(host, port, [message("1")], 5))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionError):
            mllp.Client("127.0.0.1", free.getsockname()[1], 1)


def test_python_hl7_s_client_is_answered() -> None:
    with hub_in_a_thread(acknowledging) as (host, port), hl7.client.MLLPClient(host, port) as client:
        assert client.send_message(message("7")).startswith(b"\x0bMSH|^~\\&|\rMSA|CA|7")
