"""Every route, as nobody, as another organisation, as another role, and from another site's page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.browser.site import Site
from tests.browser.walking import Address, addresses, caller

PUBLIC = ("/login", "/language/", "/static/", "/health/", "/metrics", "/openapi.json", "/docs", "/fhir/metadata",
          "/fhir/CodeSystem")  # fmt: skip
MACHINES = "/fhir"
OWN = ("/account", "/logout", "/logout/everywhere", "/")
"""Of everybody who is logged in."""
NAME = "陈桂英"
BOUND = ("{referral_id", "{draft_id", "{fragment_id")
"""Parameters that name what belongs to an organisation or a person."""


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


@pytest.fixture(scope="package")
def walk(site: Site) -> Iterator[Walk]:
    """One referral of QINGLIN to JIANGZHOU that is accepted, its messages and fragments, and a clinic's draft."""
    identifier, run = site.patient()
    site.history(identifier, run)
    site.deliver("QINGLIN", "09-township-referral.hl7", identifier, run)
    referral = site.referral(f"Q{run}-R1")
    site.move("JIANGZHOU", referral, "accepted")
    site.record("JIANGZHOU", referral)
    with psycopg.connect(site.hub.database, autocommit=True) as connection:
        [(message, fragment)] = connection.execute(
            "SELECT message_id::text, id::text FROM fragments WHERE referral_id = %s LIMIT 1", (referral,)
        ).fetchall()
        draft = str(uuid.uuid4())
        connection.execute(
            "INSERT INTO drafts (id, user_id, fields) SELECT %s, id, %s FROM users WHERE login = 'clinic'",
            (draft, '{"patient_name": "' + NAME + '"}'),
        )
    values = {"referral_id": referral, "message_id": message, "fragment_id": fragment, "draft_id": draft, "n": "0",
              "number": "0", "position": "0", "action": "accept", "language": "zh", "code": "JIANGZHOU",
              "login": "specialist",
              "digest": "0", "name": "style.css", "attachment_id": str(uuid.uuid4()), "mark_id": str(uuid.uuid4()),
              "search_id": str(uuid.uuid4()), "id": "1", "dead_letter_id": "1"}  # fmt: skip
    yield Walk(addresses(site), values)


def test_every_page_sends_nobody_to_the_log_in(site: Site, walk: Walk) -> None:
    with caller(site, None) as nobody:
        for address in walk.pages():
            answer = nobody.ask(address.method, address.filled(walk.values))
            assert answer.status_code == 303, (address, answer.status_code)
            assert answer.headers["location"].startswith("/login"), address
            assert NAME not in answer.text


def test_no_machine_is_served_without_a_token(site: Site, walk: Walk) -> None:
    values = walk.values | {"task_id": walk.values["referral_id"], "kind": "Task", "path": "x",
                            "resource_id": walk.values["referral_id"], "codes_id": "x"}  # fmt: skip
    with caller(site, "specialist") as logged_in:
        for address in walk.all:
            if address.path.startswith(MACHINES) and not address.path.startswith(PUBLIC):
                answer = logged_in.ask(address.method, address.filled(values))
                assert answer.status_code in (401, 404, 405), (address, answer.status_code)
                assert NAME not in answer.text


def test_another_organisation_finds_nothing(site: Site, walk: Walk) -> None:
    assert walk.bound()
    with caller(site, "stranger") as stranger:
        for address in walk.bound():
            answer = stranger.ask(address.method, address.filled(walk.values))
            assert answer.status_code == 404, (address, answer.status_code)
            assert NAME not in answer.text, address


def test_a_colleague_does_not_see_a_draft(site: Site, walk: Walk) -> None:
    with caller(site, "colleague") as colleague:
        for address in (a for a in walk.bound() if "{draft_id" in a.path):
            answer = colleague.ask(address.method, address.filled(walk.values))
            assert answer.status_code == 404, (address, answer.status_code)


def test_lists_of_another_organisation_name_no_patient(site: Site, walk: Walk) -> None:
    with caller(site, "stranger") as stranger:
        for address in (a for a in walk.clinical() if a.method == "GET" and "{" not in a.path):
            answer = stranger.ask("GET", address.path)
            assert answer.status_code == 200, (address, answer.status_code)
            assert NAME not in answer.text, address


def test_an_administrator_has_no_clinical_pages(site: Site, walk: Walk) -> None:
    assert walk.clinical()
    with caller(site, "engineer") as engineer:
        for address in walk.clinical():
            answer = engineer.ask(address.method, address.filled(walk.values))
            assert answer.status_code in (403, 404), (address, answer.status_code)
            assert NAME not in answer.text, address


@pytest.mark.parametrize("login", ["clinic", "specialist", "stranger"])
def test_a_clinician_does_not_administer(site: Site, walk: Walk, login: str) -> None:
    assert walk.administrative()
    with caller(site, login) as clinician:
        for address in walk.administrative():
            answer = clinician.ask(address.method, address.filled(walk.values))
            assert answer.status_code in (403, 404), (address, answer.status_code)
            assert NAME not in answer.text, address


@pytest.mark.parametrize("login", ["clinic", "specialist", "engineer"])
def test_no_form_is_taken_from_another_site(site: Site, walk: Walk, login: str) -> None:
    with caller(site, login) as person:
        for address in (a for a in walk.pages() if a.method != "GET"):
            answer = person.ask(address.method, address.filled(walk.values), forged=True)
            assert answer.status_code in (403, 404), (address, answer.status_code)
        assert person.ask("GET", "/account").status_code == 200


@pytest.mark.parametrize("login", ["clinic", "specialist", "engineer"])
def test_nonsense_in_any_address_or_form_is_no_fault_of_the_hub(site: Site, walk: Walk, login: str) -> None:
    bad = ["x", "0", "-1", "\ud7ff", "%00", "%FF", "9" * 40, str(uuid.uuid4()), "a'b\"<c>"]
    with caller(site, login) as person:
        for address in (a for a in walk.pages() if not a.path.startswith("/logout")):
            for value in bad if "{" in address.path else ("x",):
                path = address.filled(dict.fromkeys(walk.values, value)) + f"?after={value}&page={value}&since={value}"
                fields = dict.fromkeys(("version", "key", "start", "end", "text", "item", "verdict", "q"), value)
                answer = person.ask(address.method, path, **fields)
                assert answer.status_code < 500, (address, value, answer.status_code)
                if answer.status_code == 200 and address.method == "GET":
                    assert "a'b\"<c>" not in answer.text, address
