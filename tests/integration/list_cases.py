"""Referrals for tests of the lists, and what a list shows."""

from __future__ import annotations

import re
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from uuid_utils import uuid7

from hub.domain.messages import Sender
from hub.domain.referrals import State
from hub.identity.names import keys
from tests.integration.people_site import PeopleSite


def refer(site: PeopleSite, name: str = "王芳", *, sender: Sender | None = None, receiver: Sender | None = None,
          number: str = "", national: str = "", **columns: Any) -> str:  # fmt: skip
    """A referral of a new patient, by its columns; from the clinic to the hospital unless told."""
    seeds = site.seeds
    patient = seeds.patient(name)
    seeds.connection.cursor().executemany(
        "INSERT INTO patient_keys (key, patient_id) VALUES (%s, %s)", [(key, patient) for key in keys(name)]
    )
    if national:
        seeds.patient_identifier(patient, "urn:oid:2.16.156.10011.1.3", national)
    sender, receiver = sender or site.clinic, receiver or site.hospital
    referral = seeds.referral(sender, receiver, patient, columns.pop("state", State.REQUESTED),
                              identifiers=(("urn:x", number),) if number else ())  # fmt: skip
    for column, value in columns.items():
        seeds.connection.execute(f"UPDATE referrals SET {column} = %s WHERE id = %s", (value, referral))  # type: ignore[arg-type]
    return referral


def happen(site: PeopleSite, referral: str, kind: str, at: Any) -> None:
    site.connection.execute(
        "INSERT INTO outbox (event_id, type, subject, occurred_at, data) VALUES (%s, %s, %s, %s, '{}')",
        (str(uuid7()), f"{kind}.v1", referral, at),
    )
    site.connection.execute("UPDATE referrals SET updated_at = %s WHERE id = %s", (at, referral))


def shown(answer: Response) -> list[str]:
    """Ids of the referrals on the page, in its order."""
    assert answer.status_code == 200, answer.text[:200]
    return re.findall(r'<a href="/referrals/([0-9a-f-]{36})">', answer.text)


def found(site: PeopleSite, browser: TestClient, text: str, side: str = "received") -> list[str]:
    """What a search shows, after its redirect."""
    answer = site.post(browser, "/worklist/search", {"text": text, "side": side})
    assert answer.status_code == 303
    return shown(browser.get(answer.headers["location"]))
