"""Referrals on the whole server, sent by FHIR from the clinic and moved by people's forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from hub.views import referrals
from tests.integration.fhir_site import referral as bundle
from tests.integration.people_site import PeopleSite, csrf_token


@dataclass
class Referrals:
    """Sends and moves referrals of a site."""

    site: PeopleSite

    def send(self, number: str = "R-1", **elements: Any) -> str:
        """A referral from the clinic to the hospital; its id."""
        return self.post_bundle("clinic", bundle(number, receiver="hospital", **elements))

    def post_bundle(self, code: str, sent: dict[str, Any]) -> str:
        """The id of the referral that a message Bundle opens."""
        answer = self._machine(code).post("/fhir/$process-message", json=sent)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["entry"][1]["resource"]["id"])

    def put_task(self, code: str, referral: str, status: str, **elements: Any) -> None:
        """Move a referral as an organisation's own system does."""
        machine = self._machine(code)
        task = machine.get(f"/fhir/Task/{referral}").json() | {"status": status} | elements
        headers = {"If-Match": f'W/"{task["meta"]["versionId"]}"'}
        answer = machine.put(f"/fhir/Task/{referral}", json=task, headers=headers)
        assert answer.status_code == 200, answer.text

    def _machine(self, code: str) -> TestClient:
        self.site.connection.commit()
        client = TestClient(self.site.app, base_url="http://hub.test")
        client.headers["Authorization"] = f"Bearer {self.site.seeds.tokens[code]}"
        return client

    def state(self, referral: str) -> tuple[str, int]:
        [row] = self.rows("SELECT state, version FROM referrals WHERE id = %s", referral)
        return row[0], row[1]

    def rows(self, sql: Any, *parameters: object) -> list[tuple[Any, ...]]:
        self.site.connection.commit()
        return self.site.connection.execute(sql, parameters).fetchall()

    def events(self, referral: str) -> list[str]:
        found = self.rows("SELECT type FROM outbox WHERE subject = %s ORDER BY id", referral)
        return [kind.removeprefix("referral.").removesuffix(".v1") for (kind,) in found]

    def form(self, browser: TestClient, referral: str, action: str) -> dict[str, str]:
        """The hidden fields of the form of a step."""
        page = browser.get(f"/referrals/{referral}/steps/{action}")
        assert page.status_code == 200, page.text
        named = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return {name: named[name] for name in ("csrf_token", "key", "version")}

    def take(self, login: str, referral: str, action: str, **fields: Any) -> Response:
        """Open the form of a step and send it."""
        browser = self.site.browser(login)
        return self.post(browser, referral, action, **self.form(browser, referral, action) | fields)

    def post(self, browser: TestClient, referral: str, action: str, *, files: Any = None, **fields: Any) -> Response:
        return browser.post(f"/referrals/{referral}/steps/{action}", data=fields, files=files)

    def force(self, login: str, referral: str, action: str, **fields: Any) -> Response:
        """Send a step whose form is not offered, as somebody who keeps an old page."""
        browser = self.site.browser(login)
        token = csrf_token(browser.get("/account").text)
        version = fields.pop("version", None) or self.state(referral)[1]
        return self.post(browser, referral, action, csrf_token=token, version=str(version), **fields)

    def read(self, login: str, referral: str, *, language: str = "zh") -> str:
        answer = self.site.browser(login, language=language).get(f"/referrals/{referral}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def known(self, referral: str, viewer: int) -> referrals.Referral:
        self.site.connection.commit()
        found = referrals.read(self.site.connection, viewer, referral)
        assert found is not None
        return found
