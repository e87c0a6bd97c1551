"""What acknowledgements mean to who sent a message."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from adapters.hl7v2.carrier import Carrier, read
from adapters.hl7v2.framing import wrap
from hub.domain.delivery import Answer, Route, Verdict

HEAD = "MSH|^~\\&|HIS|CITY|REFERRAL-HUB|TOWN|20261120100000||ACK|A1|P|{version}\r"
DELIVERED, REFUSED, AGAIN = Verdict.DELIVERED, Verdict.REFUSED, Verdict.AGAIN


def answer(code: str, err: str = "", version: str = "2.5.1", of: str = "C1") -> bytes:
    return (HEAD.format(version=version) + f"MSA|{code}|{of}\r" + err).encode("gb18030")


@pytest.mark.parametrize(
    ("raw", "outcome", "verdict", "code", "path"),
    [
        (answer("AA"), "AA", DELIVERED, "", ""),
        (answer("CA"), "CA", DELIVERED, "", ""),
        (answer("AA", of=" C1 "), "AA", DELIVERED, "", ""),
        (answer("AE", "ERR||PID^1^5|101^missing|E|||王秀英\r"), "AE", REFUSED, "101", "PID^1^5"),
        (answer("AE", "ERR|PID^1^5^101&missing\r", "2.3"), "AE", REFUSED, "101", ""),
        (answer("CE"), "CE", REFUSED, "", ""),
        (answer("AR", "ERR|||207^busy|E\r"), "AR", AGAIN, "207", ""),
        (answer("CR"), "CR", AGAIN, "", ""),
        (answer("AR", "ERR||MSH^1^9|200^type|E\r"), "AR", REFUSED, "200", "MSH^1^9"),
        (answer("AR", "ERR||王秀英|王秀英|E\r"), "AR", AGAIN, "", ""),
        (answer("AA", of="C2"), "other-message", AGAIN, "", ""),
        (answer("AA", of=""), "other-message", AGAIN, "", ""),
        (answer("OK"), "garbage", AGAIN, "", ""),
        (HEAD.format(version="2.5").encode(), "garbage", AGAIN, "", ""),
        (b"", "garbage", AGAIN, "", ""),
        (b"\xff\xff\xff", "garbage", AGAIN, "", ""),
        (b"HTTP/1.1 200 OK\r\n\r\n", "garbage", AGAIN, "", ""),
    ],
)
def test_each_answer_has_its_meaning(raw: bytes, outcome: str, verdict: Verdict, code: str, path: str) -> None:
    found = read(raw, "GB 18030-2000", "C1")
    assert (found.outcome, found.verdict, found.code, found.path) == (outcome, verdict, code, path)
    assert found.raw == raw


MESSAGE = b"MSH|^~\\&|REFERRAL-HUB|TOWN|HIS|CITY|20261120100000||REF^I12|C1|P|2.5.1\r"


def exchanged(*pieces: bytes) -> Answer:
    """What a carrier makes of these bytes, each sent alone, by a receiver that then hangs up."""

    def receive() -> None:
        connection, _ = server.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            assert connection.recv(65536) == wrap(MESSAGE)
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.001)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=receive)
        thread.start()
        route = Route("mllp", f"127.0.0.1:{server.getsockname()[1]}", "ref", timeout=5.0)
        carrier = Carrier(route)
        try:
            return carrier.deliver(MESSAGE, "C1")
        finally:
            carrier.close()
            thread.join()


def headless(code: str) -> bytes:
    """Without MSH-9, which nobody needs to know it by."""
    return f"MSH|^~\\&|HIS|CITY|||20261120||||P|2.3\rMSA|{code}|C1\r".encode()


def of(charset: str, codec: str) -> bytes:
    return f"MSH|^~\\&|HIS|CITY|||20261120||ACK|A1|P|2.4||||||{charset}\rMSA|AA|C1|已收到王秀英\r".encode(codec)


@pytest.mark.parametrize(
    ("sent", "outcome", "verdict", "taken"),
    [
        ([wrap(of("GB 18030-2000", "gb18030"))], "AA", DELIVERED, True),
        ([wrap(of("UNICODE", "utf-16"))], "AA", DELIVERED, True),
        ([wrap(of("", "gb18030"))], "AA", DELIVERED, True),
        ([wrap(of("KLINGON", "gb18030"))], "AA", DELIVERED, True),
        ([wrap(of("ASCII", "utf-8"))], "AA", DELIVERED, True),
        ([wrap(answer("aa"))], "AA", DELIVERED, True),
        ([wrap(answer(" Ae "))], "AE", REFUSED, False),
        ([wrap(answer("AA", of='"C1"'))], "AA", DELIVERED, True),
        ([wrap(answer("AA", of="  C1 "))], "AA", DELIVERED, True),
        ([wrap(headless("AA"))], "AA", DELIVERED, True),
        ([wrap(headless("CA"))], "CA", DELIVERED, False),
        ([wrap(answer("AA")) + wrap(answer("CA"))], "AA", DELIVERED, True),
        ([wrap(answer("CA")) + wrap(answer("AA"))], "AA", DELIVERED, True),
        ([wrap(answer("ca")) + wrap(answer("AE"))], "AE", REFUSED, False),
        ([wrap(answer("CA")) + wrap(answer("AE", of="C0"))], "CA", DELIVERED, False),
        ([wrap(answer("AE", of="C0")) + wrap(answer("CA")) + wrap(answer("AA"))], "AA", DELIVERED, True),
        ([bytes((byte,)) for byte in wrap(answer("AA"))], "AA", DELIVERED, True),
        ([wrap(b"\x15")], "NAK", AGAIN, False),
        ([wrap(b"\x06")], "ACK", DELIVERED, False),
        ([wrap(b"\x06"), wrap(answer("AA"))], "AA", DELIVERED, True),
        ([wrap(b"\x06") + wrap(answer("AE"))], "AE", REFUSED, False),
        ([b"\x06" + wrap(answer("AA"))], "AA", DELIVERED, True),
    ],
)
def test_receivers_peculiarities(sent: list[bytes], outcome: str, verdict: Verdict, taken: bool) -> None:
    found = exchanged(*sent)
    assert (found.outcome, found.verdict, found.taken) == (outcome, verdict, taken)
