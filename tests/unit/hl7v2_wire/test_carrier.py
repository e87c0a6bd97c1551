"""What acknowledgements mean to who sent a message."""

from __future__ import annotations

import pytest

from adapters.hl7v2.carrier import read
from hub.domain.delivery import Verdict

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
