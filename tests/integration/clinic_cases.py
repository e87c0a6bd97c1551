"""A referral form as the pages' tests send it, and what the database then holds."""

from __future__ import annotations

import re
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from uuid_utils import uuid7

from tests.integration.people_site import PeopleSite

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(30)
CHEN = {
    "patient_name": "陈桂英", "national_identifier": "990101195803120027", "receiver": "hospital",
    "department": "心内科", "priority": "urgent", "reason": "活动后胸闷", "question": "需要造影吗？",
    "history": "高血压10年。\r\n服用氨氯地平",
}  # fmt: skip
XSS = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"


def key() -> str:
    return str(uuid7())


def send(site: PeopleSite, browser: TestClient, do: str = "send", files: Any = None, **fields: str) -> Response:
    return site.post(browser, "/referrals/new", {**CHEN, "key": key(), "do": do, **fields}, page="/referrals/new",
                     files=files or {"nothing": b""})  # fmt: skip


def rows(site: PeopleSite, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    site.connection.commit()
    return site.connection.execute(sql, parameters).fetchall()


def sent_id(answer: Response) -> str:
    assert answer.status_code == 303, re.findall(r'class="error"[^>]*>([^<]*)', answer.text)
    found = re.fullmatch(r"/referrals/([0-9a-f-]{36})", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]
