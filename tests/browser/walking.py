"""Every address of the server, and people who ask for it without a browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psycopg
from fastapi.routing import iter_route_contexts

from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.store.connections import pool
from hub.store.directory import Directory
from tests.browser.site import Site

PUBLIC = ("/login", "/language/", "/static/", "/health/", "/metrics", "/openapi.json", "/asyncapi.yaml", "/docs",
          "/fhir/metadata", "/fhir/CodeSystem")  # fmt: skip
MACHINES = "/fhir"
OWN = ("/account", "/logout", "/logout/everywhere", "/")
"""Of everybody who is logged in."""
NAME = "陈桂英"
BOUND = ("{referral_id", "{key", "{fragment_id")
"""Parameters that name what belongs to an organisation or a person."""
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One method of one route."""

    path: str
    method: str

    def filled(self, values: dict[str, str]) -> str:
        """The path with its parameters; KeyError for one that no test knows."""
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], self.path)


def addresses(site: Site) -> list[Address]:
    """Every route of the server, as it is put together for production."""
    ours = {name: value for name, value in site.hub.environment.items() if name.startswith("REFERRAL_HUB_")}
    settings = Settings.from_environment(ours)
    with pool(settings.database, 1, name="walk") as connections:
        intake = Intake(settings.database, Directory(connections))
        try:
            app = serve.application(settings, connections, intake)
        finally:
            intake.close()
    return sorted(
        {Address(route.path, method) for route in iter_route_contexts(app.routes) if route.path
         for method in (route.methods or ()) if method != "HEAD"}
    )  # fmt: skip


@dataclass(frozen=True)
class Walk:
    """What to ask for: all addresses, and one real object for each parameter."""

    all: list[Address]
    values: dict[str, str]

    def pages(self) -> list[Address]:
        return [a for a in self.all if not a.path.startswith((*PUBLIC, MACHINES))]

    def clinical(self) -> list[Address]:
        return [a for a in self.pages() if a.path not in OWN and not a.path.startswith("/admin")]

    def administrative(self) -> list[Address]:
        return [a for a in self.pages() if a.path.startswith("/admin")]

    def bound(self) -> list[Address]:
        return [a for a in self.clinical() if any(name in a.path for name in BOUND)]


@dataclass
class Caller:
    """Somebody at the other end of the line; token: for the forms, "" of nobody."""

    client: httpx.Client
    token: str = ""

    def ask(self, method: str, path: str, *, forged: bool = False, **fields: str) -> httpx.Response:
        """The answer as it comes, redirects not followed. forged: as from another site's page."""
        if method == "GET":
            return self.client.get(path)
        return self.client.request(method, path, data=fields | ({} if forged else {"csrf_token": self.token}))


@contextmanager
def caller(site: Site, login: str | None) -> Iterator[Caller]:
    """Somebody who is logged in, None: nobody."""
    with httpx.Client(base_url=site.base, timeout=30, headers={"Accept": "text/html"}) as client:
        found = Caller(client)
        if login is not None:
            fields = {"login": login, "password": site.passwords[login], "csrf_token": token(client.get("/login"))}
            assert client.post("/login", data=fields).status_code == 303
            found.token = token(client.get("/account"))
        yield found


def token(answer: httpx.Response) -> str:
    found = TOKEN.search(answer.text)
    assert found, f"{answer.url} has no form: {answer.status_code}"
    return found[1]


def open_walk(site: Site) -> Walk:
    """One referral of QINGLIN to JIANGZHOU that is accepted, its messages and fragments, and a clinic's draft."""
    identifier, run = site.patient()
    site.history(identifier, run)
    site.deliver("QINGLIN", "09-township-referral.hl7", identifier, run)
    referral = site.referral(f"Q{run}-R1")
    site.move("JIANGZHOU", referral, "accepted")
    record = site.record("JIANGZHOU", referral)
    with psycopg.connect(site.hub.database, autocommit=True) as connection:
        [(message, fragment)] = connection.execute(
            "SELECT message_id::text, id::text FROM fragments WHERE referral_id = %s LIMIT 1", (referral,)
        ).fetchall()
        draft = str(uuid.uuid4())
        connection.execute(
            "INSERT INTO drafts (id, user_id, fields) SELECT %s, id, %s FROM users WHERE login = 'clinic'",
            (draft, '{"patient_name": "' + NAME + '"}'),
        )
    values = {"referral_id": referral, "message_id": message, "fragment_id": fragment, "n": "0",
              "number": "0", "position": "0", "action": "accept", "language": "zh", "code": "JIANGZHOU",
              "login": "specialist",
              "digest": "0", "name": "style.css", "attachment_id": str(uuid.uuid4()), "mark_id": str(uuid.uuid4()),
              "search_id": str(uuid.uuid4()), "id": "1", "dead_letter_id": "1", "delivery": "1", "key": draft,
              "part": "raw", "step": "enable", "item": record["brief"][0]}  # fmt: skip
    return Walk(addresses(site), values)
