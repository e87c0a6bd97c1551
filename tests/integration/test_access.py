"""Every route of the server, walked as nobody and as an organisation that has no part in the referral.

The routes are taken from the application: one without a rule here fails the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from hub.domain.patients import NATIONAL
from hub.domain.referrals import State
from hub.intake.accept import Intake
from hub.processes import serve
from hub.processes.settings import Settings
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from tests.integration.seeds import Seeds

Rule = Literal["public", "hidden", "own", "this machine", "nothing"]
"""public: anybody; all else 401 for nobody. hidden: 403 or 404 for others; own: others get what is their own; this
machine: 403 for every organisation's token; nothing: there is nothing at this address."""

RULES: dict[str, Rule] = {
    "GET /openapi.json": "public",
    "GET /asyncapi.yaml": "public",
    "GET /health/live": "public",
    "GET /health/ready": "public",
    "GET /metrics": "this machine",
    "GET /referrals/{referral_id}/record": "hidden",
    "GET /fhir/metadata": "public",
    "GET /fhir/CodeSystem": "own",
    "GET /fhir/CodeSystem/{codes_id}": "own",
    **{f"{method} /fhir/{{path:path}}": "nothing" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
    "POST /fhir": "own",
    "POST /fhir/": "own",
    "POST /fhir/$process-message": "own",
    "POST /fhir/{kind}": "own",
    "POST /fhir/{kind}/_search": "own",
    "GET /fhir/{kind}": "own",
    "GET /fhir/{kind}/{resource_id}": "hidden",
    "GET /fhir/Patient/{patient_id}/$summary": "hidden",
    "PUT /fhir/Task/{task_id}": "hidden",
    "PATCH /fhir/Task/{task_id}": "hidden",
}

ALLOWED: dict[Rule, set[int]] = {"hidden": {403, 404}, "this machine": {403}, "nothing": {404, 405}}
"""What another organisation is answered."""

SECRETS = ("王秘密", "110101195803071234", "秘密的问题", "RF-SECRET", "secret finding", "19580307", "1958-03-07")
"""What stands in the referral, its history and its record, and in no request of the walk."""


@dataclass
class Walk:
    """The application on a database with a referral in which `other` has no part."""

    app: FastAPI
    client: TestClient
    connection: psycopg.Connection[Any]
    tokens: dict[str, str]
    ids: dict[str, list[str]]

    def urls(self, path: str) -> Iterator[str]:
        """The path with every example of each of its parameters. KeyError: a parameter that has none."""
        plain = path.replace(":path}", "}")
        names = [name for _, name, _, _ in Formatter().parse(plain) if name]
        for values in product(*(self.ids[name] for name in names)):
            yield plain.format(**dict(zip(names, values, strict=True)))

    def ask(self, method: str, url: str, token: str | None) -> Any:
        headers = {"Accept": "application/json", "If-Match": 'W/"1"', "Content-Type": CONTENT_TYPES.get(method, "")}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = json.dumps(self._body(method, url)) if method in CONTENT_TYPES else None
        if url.endswith("/_search"):
            headers["Content-Type"], body = "application/x-www-form-urlencoded", ""
        return self.client.request(method, url, headers=headers, content=body)

    def _body(self, method: str, url: str) -> object:
        [referral] = self.ids["referral_id"]
        task = {"resourceType": "Task", "id": referral, "status": "cancelled", "intent": "order"}
        if method == "PATCH":
            return [{"op": "replace", "path": "/status", "value": "cancelled"}]
        if method == "PUT":
            return task
        if url.rstrip("/").endswith("/fhir"):
            request = {"method": "PUT", "url": f"Task/{referral}"}
            return {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": task, "request": request}]}
        kind = url.rsplit("/", 1)[-1]
        return {"resourceType": kind, "subject": {"reference": f"Patient/{self.ids['patient_id'][0]}"}}

    def state(self) -> list[tuple[Any, ...]]:
        self.connection.rollback()
        return self.connection.execute(
            "SELECT id, version, state, (SELECT count(*) FROM fragments f WHERE f.patient_id = r.patient_id) "
            "FROM referrals r"
        ).fetchall()


CONTENT_TYPES = {
    "POST": "application/fhir+json",
    "PUT": "application/fhir+json",
    "PATCH": "application/json-patch+json",
}


@pytest.fixture
def walk(database: str, tmp_path: Path) -> Iterator[Walk]:
    with connect(database) as connection, pool(database, 4, name="access") as connections:
        seeds = Seeds(connection)
        clinic, hospital, _ = (seeds.organization(code) for code in ("clinic", "hospital", "other"))
        patient = seeds.patient("王秘密")
        seeds.patient_identifier(patient, NATIONAL, "110101195803071234")
        referral = seeds.referral(clinic, hospital, patient, State.ACCEPTED, identifiers=(("urn:x", "RF-SECRET"),))
        connection.execute("UPDATE referrals SET question = '秘密的问题'")
        message = seeds.message(clinic)
        found = [
            seeds.fragment(clinic, patient, referral, message=message, resource_type=kind, text="secret finding")
            for kind in TYPES
        ]
        seeds.record(referral, whole=True, text="secret finding")
        connection.commit()
        intake = Intake(database, Directory(connections))
        settings = Settings(home=tmp_path, database=database, kafka="127.0.0.1:1")
        app = serve.application(settings, connections, intake)
        every_id = [referral, patient, message, *found]
        ids = dict.fromkeys(("task_id", "id", "resource_id"), every_id)
        ids |= {"referral_id": [referral], "patient_id": [patient], "kind": list(TYPES), "resource_type": list(TYPES)}
        ids |= {"codes_id": ["event", "no-such"], "path": ["nothing", "nothing/here/at/all"]}
        yield Walk(app, TestClient(app, raise_server_exceptions=False), connection, seeds.tokens, ids)
        intake.close()


TYPES = ("ServiceRequest", "Task", "Patient", "DocumentReference", "Observation", "Condition")


def _routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every (method, path) of the machines' interface; the pages are walked by test_people_access."""
    return sorted(
        (method, str(route.path))
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or ())
        if method not in ("HEAD", "OPTIONS") and "pages" not in getattr(route, "tags", ())
    )


def _leaks(answer: Any) -> list[str]:
    text = answer.text + str(dict(answer.headers)) + json.dumps(answer.text, ensure_ascii=False)
    return [secret for secret in SECRETS if secret in text]


def test_every_route_has_a_rule_and_every_rule_a_route(walk: Walk) -> None:
    assert {f"{method} {path}" for method, path in _routes(walk.app)} == set(RULES)


def test_nobody_gets_further_than_the_door(walk: Walk) -> None:
    before = walk.state()
    for method, path in _routes(walk.app):
        rule = RULES[f"{method} {path}"]
        for url in walk.urls(path):
            for token in (None, "wrong", walk.tokens["clinic"] + "x"):
                answer = walk.ask(method, url, token)
                expected = {200} if rule == "public" else {403, 401} if rule == "this machine" and token else {401}
                assert answer.status_code in expected, (method, url, answer.status_code)
                assert _leaks(answer) == [], (method, url)
                if answer.status_code == 401:
                    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert walk.state() == before


def test_another_organisation_sees_and_changes_nothing(walk: Walk) -> None:
    before = walk.state()
    for method, path in _routes(walk.app):
        rule = RULES[f"{method} {path}"]
        for url in walk.urls(path):
            answer = walk.ask(method, url, walk.tokens["other"])
            assert answer.status_code < 500, (method, url, answer.text)
            assert _leaks(answer) == [], (method, url)
            assert answer.status_code in ALLOWED.get(rule, {answer.status_code}), (method, url, answer.status_code)
    assert walk.state() == before


def test_searches_of_another_organisation_find_nothing(walk: Walk) -> None:
    [referral], [patient] = walk.ids["referral_id"], walk.ids["patient_id"]
    for kind, query in product(TYPES, ("", f"_id={referral}", f"patient={patient}", f"patient=Patient/{patient}",
                                       f"subject=Patient/{patient}", "identifier=RF-SECRET",
                                       f"patient.identifier={NATIONAL}|110101195803071234")):  # fmt: skip
        answer = walk.ask("GET", f"/fhir/{kind}?{query}", walk.tokens["other"])
        assert answer.status_code < 500, (kind, query, answer.text)
        if answer.status_code == 200:
            assert answer.json().get("entry", []) == [], (kind, query)


def test_the_parties_see_it(walk: Walk) -> None:
    """What the walk finds closed is open to whom it belongs, so the walk proves something."""
    [referral] = walk.ids["referral_id"]
    for party in ("clinic", "hospital"):
        answer = walk.ask("GET", f"/fhir/Task/{referral}", walk.tokens[party])
        assert answer.status_code == 200, answer.text
        assert "RF-SECRET" in walk.ask("GET", f"/fhir/ServiceRequest/{referral}", walk.tokens[party]).text
    record = walk.ask("GET", f"/referrals/{referral}/record", walk.tokens["hospital"])
    assert (record.status_code, "secret finding" in record.text) == (200, True)
    assert walk.ask("GET", f"/referrals/{referral}/record", walk.tokens["clinic"]).status_code == 404
