"""The pages of a test's own hub: organisations, people and browsers of `tests.integration.people_site`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Json

from tests.integration.people_site import REFERRAL, PeopleSite, people_site


@pytest.fixture
def site(database: str) -> Iterator[PeopleSite]:
    with people_site(database) as opened:
        yield opened


@pytest.fixture
def engineer(site: PeopleSite) -> TestClient:
    return site.browser("engineer")


@pytest.fixture
def message(site: PeopleSite) -> str:
    """A refused referral message of the clinic, with a Bundle and a ledger."""
    error = {"code": "required-missing", "path": "PID[1]-3[2]", "text": "a number is wanted"}
    found = site.seeds.message(site.clinic, status="rejected", raw=REFERRAL.encode(), charset="UNICODE UTF-8",
                               error=error)  # fmt: skip
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "p"}}]}
    ledger = {
        "mapped": [{"path": "PID[1]-3[1]", "target": "/entry/0/resource/id"}],
        "unmapped": [{"path": "PID[2]-3", "value": "99", "reason": "a second patient"}],
        "warnings": [],
    }
    site.execute(
        "UPDATE messages SET bundle = %s, ledger = %s, acknowledgement = %s, code = 'AE' WHERE id = %s",
        Json(bundle), Json(ledger), b"MSH|^~\\&|HUB", found,
    )  # fmt: skip
    return found
