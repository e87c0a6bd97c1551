"""The FHIR routes on a real database and the real intake, with three organisations."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from adapters.fhir.routes import Commands, router
from hub.domain.messages import Sender
from hub.intake.accept import Intake
from hub.security import audit, organizations, tokens
from hub.store.connections import pool
from hub.store.directory import Directory

ORGANIZATIONS = (
    ("TOWN", "双庙镇中心卫生院", "clinic"),
    ("CITY", "市第一医院", "hospital"),
    ("OTHER", "Other", "hospital"),
)

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": "110105195603040024"}],
    "name": [{"text": "王秀英"}],
    "gender": "female",
    "birthDate": "1956-03-04",
}
DIABETES: dict[str, Any] = {
    "resourceType": "Condition",
    "code": {"text": "2型糖尿病"},
    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
    "recordedDate": "2026-11-01",
}


def bundle(kind: str, *resources: dict[str, Any], identifier: str = "", **elements: Any) -> dict[str, Any]:
    """A Bundle whose nth resource has the fullUrl urn:uuid:00000000-0000-4000-8000-00000000000n (1-based)."""
    entries = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{n:012d}", "resource": copy.deepcopy(resource)}
        for n, resource in enumerate(resources, 1)
    ]
    named = {"identifier": {"system": "urn:town", "value": identifier}} if identifier else {}
    return {"resourceType": "Bundle", "type": kind, **named, **elements, "entry": entries}


def referral(number: str = "R-1", *, receiver: str = "CITY", event: str = "referral-request", control: str = "",
             **elements: Any) -> dict[str, Any]:  # fmt: skip
    """A message Bundle that refers the patient."""
    header = {
        "resourceType": "MessageHeader",
        "id": f"m-{control or number}",
        "eventCoding": {"system": "urn:referral-hub:event", "code": event},
        "source": {"endpoint": "urn:town:his"},
        "focus": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000003"}],
    }
    request = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "urn:town:referrals", "value": number}],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
        "reasonCode": [{"text": "血糖控制不佳，请会诊"}],
        "performer": [{"identifier": {"system": "urn:referral-hub:organization", "value": receiver}}],
        **elements,
    }
    sent = bundle("message", header, PATIENT, request, DIABETES, identifier=control)
    return sent | {"timestamp": "2026-11-20T10:00:00+08:00"}


@dataclass
class Site:
    """tokens: by code of organisation."""

    url: str
    client: TestClient
    tokens: dict[str, str]
    senders: dict[str, Sender]

    def request(self, method: str, path: str, who: str | None, body: object = None, **headers: str) -> Response:
        token = {"Authorization": f"Bearer {self.tokens.get(who, who)}"} if who else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        kind = {"Content-Type": "application/fhir+json"} if body is not None else {}
        return self.client.request(method, f"/fhir{path}", headers={**token, **kind, **named}, **content)

    def refer(self, *arguments: Any, **keywords: Any) -> str:
        """Send a referral from TOWN; its id."""
        answer = self.request("POST", "/$process-message", "TOWN", referral(*arguments, **keywords))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["entry"][1]["resource"]["id"])

    def task(self, referral_id: str, who: str = "CITY") -> dict[str, Any]:
        return dict(self.request("GET", f"/Task/{referral_id}", who).json())

    def move(self, referral_id: str, who: str, status: str, business: str | None = None, **elements: Any) -> Response:
        """PUT the Task as read, with another status."""
        task = self.task(referral_id, who)
        task.pop("businessStatus", None)
        task["status"] = status
        if business:
            task["businessStatus"] = {"coding": [{"system": "urn:referral-hub:business-status", "code": business}]}
        version = f'W/"{task["meta"]["versionId"]}"'
        return self.request("PUT", f"/Task/{referral_id}", who, {**task, **elements}, If_Match=version)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql, parameters).fetchall()


@contextmanager
def site(url: str) -> Iterator[Site]:
    with pool(url, 4, name="fhir") as connections:
        issued, senders = {}, {}
        with connections.connection() as connection:
            for code, name, kind in ORGANIZATIONS:
                senders[code], issued[code] = organizations.add(connection, code, name, kind)  # type: ignore[arg-type]

        def authenticate(token: str) -> Sender | None:
            with connections.connection() as connection:
                return tokens.authenticate(connection, token)

        intake = Intake(url, Directory(connections))
        app = FastAPI()
        app.include_router(router(Commands(authenticate, intake.accept, connections.connection, audit.write)))
        try:
            with TestClient(app, raise_server_exceptions=True) as client:
                yield Site(url, client, issued, senders)
        finally:
            intake.close()


def issue(response: Any) -> tuple[int, str, list[str]]:
    """Status, code and expression of the first issue of an answer."""
    first = response.json()["issue"][0]
    return response.status_code, first["code"], first.get("expression", [])
