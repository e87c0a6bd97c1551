"""Methods of HTTP at every address: HEAD is GET, OPTIONS and 405 name what the address has."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from hub.intake.accept import Intake
from hub.processes.serve import application
from hub.processes.settings import Settings
from hub.security import organizations
from hub.store.connections import pool
from hub.store.directory import Directory


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    with psycopg.connect(database) as connection:
        _, token = organizations.add(connection, "TOWN", name="双庙镇中心卫生院", kind="clinic")
    with pool(database, 4, name="test") as connections:
        intake = Intake(database, Directory(connections))
        app = application(Settings.from_environment({"REFERRAL_HUB_KAFKA": "127.0.0.1:1"}), connections, intake)
        yield TestClient(app, headers={"Authorization": f"Bearer {token}"})
        intake.close()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/fhir/metadata", "/fhir/Task"])
def test_head_is_answered_as_get(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (get.status_code, get.headers["content-type"])


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/fhir/Task/x", "GET, HEAD, PATCH, PUT"),
        ("/fhir/Task", "GET, HEAD, POST"),
        ("/fhir/ServiceRequest/x", "GET, HEAD"),
        ("/health/live", "GET, HEAD"),
        ("/fhir", "POST"),
    ],
)
def test_what_an_address_does_not_have_is_405_with_what_it_has(client: TestClient, path: str, methods: str) -> None:
    answer = client.delete(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)
    asked = client.options(path)
    assert (asked.status_code, asked.headers["allow"]) == (204, methods)
