"""The pages of a test's own hub: organisations, people and browsers of `tests.integration.people_site`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.integration.people_site import PeopleSite, people_site


@pytest.fixture
def site(database: str) -> Iterator[PeopleSite]:
    with people_site(database) as opened:
        yield opened


@pytest.fixture
def engineer(site: PeopleSite) -> TestClient:
    return site.browser("engineer")
