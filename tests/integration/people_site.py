"""The whole HTTP server on a test's database, with a clinic, a hospital, another hospital, and people of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch

import psycopg
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from hub.domain.messages import Sender
from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.security import audit, passwords, sessions, users
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from tests.integration.seeds import Seeds

PASSWORD = "a password for tests"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Registers many people in no time; the hub's own parameters are tested apart."""
ROLES = {"doctor": ("clinic", "clinician"), "specialist": ("hospital", "clinician"),
         "stranger": ("other", "clinician"), "engineer": ("hospital", "administrator")}  # fmt: skip

REFERRAL = "MSH|^~\\&|LIS|CLINIC|||20260501||REF^I12|C1|P|2.5\rRF1|P|R\rPID|1||77~88||王^芳\rPID|2||99\r"
"""A referral message that is refused: two patients."""


@dataclass
class PeopleSite:
    """logins: doctor (of the clinic), specialist (hospital), stranger (other), engineer (administrator)."""

    database: str
    seeds: Seeds
    app: FastAPI
    clinic: Sender
    hospital: Sender
    other: Sender

    @property
    def connection(self) -> psycopg.Connection[Any]:
        return self.seeds.connection

    def browser(self, login: str | None = None, *, language: str = "zh") -> TestClient:
        """A client that follows no redirects; logged in without the log-in's page."""
        self.connection.commit()
        client = TestClient(self.app, base_url="http://hub.test", follow_redirects=False, client=("127.0.0.1", 50000))
        client.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
        client.cookies.set("language", language)
        if login:
            person = users.find(self.connection, login)
            assert person is not None
            client.cookies.set("session", sessions.open(self.connection, person.id))
            self.connection.commit()
        return client

    def enter(self, name: str = "doctor", password: str = PASSWORD, **more: str) -> Response:
        """Log in by the page, in a new browser."""
        browser = self.browser()
        token = csrf_token(browser.get("/login").text)
        return browser.post("/login", data={"csrf_token": token, "login": name, "password": password, **more})

    def trail(self, name: str) -> list[tuple[str, str, bool]]:
        """Actor, action and whether allowed, of what was done with a user since its registration."""
        self.connection.commit()
        return [(e.actor, e.action, e.allowed) for e in audit.of_object(self.connection, "user", name)][1:]

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a statement that is committed."""
        cursor = self.connection.execute(sql, values)  # type: ignore[call-overload]
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        self.connection.commit()
        return rows

    def post(self, browser: TestClient, url: str, data: dict[str, Any] | None = None, *, page: str = "/account",
             **more: Any) -> Response:  # fmt: skip
        """Send a form with the token that `page` carries."""
        return browser.post(url, data={"csrf_token": csrf_token(browser.get(page).text), **(data or {})}, **more)


@contextmanager
def people_site(database: str) -> Iterator[PeopleSite]:
    settings = Settings.from_environment({"REFERRAL_HUB_DATABASE": database, "REFERRAL_HUB_KAFKA": "127.0.0.1:1"})
    quick = patch.object(passwords, "HASHER", QUICK)
    with quick, connect(database) as connection, pool(database, 4, name="test") as connections:
        seeds = Seeds(connection)
        clinic = seeds.organization("clinic", "clinic")
        hospital, other = seeds.organization("hospital"), seeds.organization("other")
        for login, (organization, role) in ROLES.items():
            users.add(connection, login, organization=organization, role=role, name=login.title(), password=PASSWORD)
        connection.commit()
        intake = Intake(database, Directory(connections))
        try:
            app = serve.application(settings, connections, intake)
            yield PeopleSite(database, seeds, app, clinic, hospital, other)
        finally:
            intake.close()


def csrf_token(html: str) -> str:
    """The token of the page's first form. Raises IndexError where it has none."""
    found: list[str] = []

    class Inputs(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            named = dict(attrs)
            if tag == "input" and named.get("name") == "csrf_token":
                found.append(named.get("value") or "")

    Inputs().feed(html)
    return found[0]
