"""What the OpenAPI description promises is fuzzed by schemathesis: whatever is asked, no answer is a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings

from hub.domain.referrals import State
from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from tests.integration.seeds import Seeds

EXAMPLES = 8


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[tuple[FastAPI, str]]:
    """The application on a database with a referral, and its receiver's token."""
    with connect(database) as connection, pool(database, 4, name="openapi") as connections:
        seeds = Seeds(connection)
        clinic, hospital = seeds.organization("clinic"), seeds.organization("hospital")
        referral = seeds.referral(clinic, hospital, seeds.patient(), State.ACCEPTED)
        seeds.record(referral, whole=True)
        connection.commit()
        intake = Intake(database, Directory(connections))
        there = Settings(home=tmp_path, database=database, kafka="127.0.0.1:1")
        yield serve.application(there, connections, intake), seeds.tokens["hospital"]
        intake.close()


def test_no_request_makes_the_server_fail(served: tuple[FastAPI, str]) -> None:
    app, token = served
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 8
    for operation in operations:

        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def answered(case: schemathesis.Case) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code < 500 or answer.headers.get("retry-after"), (case.method, case.formatted_path)

        answered()
