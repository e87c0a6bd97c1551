"""A FHIR site of the test's own: the routes with the real intake on the test's database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.fhir_site import Site
from tests.integration.fhir_site import site as opened


@pytest.fixture
def site(database: str) -> Iterator[Site]:
    with opened(database) as it:
        yield it
