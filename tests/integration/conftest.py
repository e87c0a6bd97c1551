"""Sites of a test's own, on its database: the FHIR routes with the real intake; a referral with its record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.fhir_site import Site
from tests.integration.fhir_site import site as opened
from tests.integration.record_site import RecordSite, record_site


@pytest.fixture
def site(database: str) -> Iterator[Site]:
    with opened(database) as it:
        yield it


@pytest.fixture
def one(database: str) -> Iterator[RecordSite]:
    """A referral with its record."""
    with record_site(database) as opened_site:
        yield opened_site
