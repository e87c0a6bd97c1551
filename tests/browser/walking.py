"""Every address of the server, and people who ask for it without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from fastapi.routing import iter_route_contexts

from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.store.connections import pool
from hub.store.directory import Directory
from tests.browser.site import Site

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
