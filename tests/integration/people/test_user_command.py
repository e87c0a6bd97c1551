"""`referral-hub user`: people by command, against a real database; their tokens over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.domain.errors import Refused
from hub.processes import commands
from hub.security import audit, sessions, tokens, users
from tests.integration.people_site import PASSWORD, PeopleSite


@dataclass
class Outcome:
    status: int
    lines: list[dict[str, Any]]
    errors: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(site: PeopleSite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", site.database)

    def execute(*words: str) -> Outcome:
        site.connection.commit()
        try:
            status = commands.main(["user", *words])
        except SystemExit as error:
            status = int(error.code or 0)
        told = capsys.readouterr()
        return Outcome(status, [json.loads(line) for line in told.out.splitlines()], told.err)

    return execute


def test_a_new_person_logs_in_with_the_password_that_was_printed(site: PeopleSite, run: Run) -> None:
    made = run("add", "li.na", "--organization", "CLINIC", "--role", "clinician", "--name", "李娜")
    assert made.status == 0
    [line] = made.lines
    assert set(line) == {"user", "password"}
    assert len(line["password"]) == 24
    assert site.enter("LI.NA", line["password"]).status_code == 303
    [user] = [u for u in users.listing(site.connection) if u.login == "li.na"]
    assert (user.name, user.organization, user.role) == ("李娜", "clinic", "clinician")
    [entry] = audit.of_object(site.connection, "user", "li.na")[:1]
    assert (entry.actor, entry.action, entry.organization) == ("command", "add", "clinic")


def test_a_password_may_come_from_a_file_and_is_not_printed(site: PeopleSite, run: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("村卫生室的长长的密码一二三\r\nsecond line")
    made = run(
        "add", "wang", "--organization", "clinic", "--role", "clinician", "--password-file", f"{tmp_path}/password"
    )
    assert (made.status, made.lines) == (0, [{"user": "wang"}])
    assert site.enter("wang", "村卫生室的长长的密码一二三").status_code == 303


@pytest.mark.parametrize(("words", "status", "code", "path"), [
    (["DOCTOR", "--organization", "clinic"], 1, "duplicate-key", "login"),
    (["new", "--organization", "nowhere"], 1, "unknown-key", "organization"),
    (["bad login", "--organization", "clinic"], 2, "code-invalid", "login"),
    (["王", "--organization", "clinic"], 2, "code-invalid", "login"),
    (["x", "--organization", "clinic"], 2, "code-invalid", "login"),
    (["new", "--organization", "clinic", "--name", "n" * 101], 2, "code-invalid", "name"),
])  # fmt: skip
def test_a_bad_person_is_refused_and_told_why(
    site: PeopleSite, run: Run, words: list[str], status: int, code: str, path: str
) -> None:
    before = len(users.listing(site.connection))
    refused = run("add", *words, "--role", "clinician")
    assert refused.status == status
    [line] = refused.lines
    assert (line["user"], line["error"]["code"], line["error"]["path"]) == (words[0], code, path)
    assert refused.errors.startswith("referral-hub: ")
    assert len(users.listing(site.connection)) == before


def test_a_short_password_is_refused_without_being_repeated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("too-short-1")
    words = ("new", "--organization", "clinic", "--role", "clinician", "--password-file", f"{tmp_path}/password")
    refused = run("add", *words)
    assert (refused.status, refused.lines[0]["error"]["path"]) == (2, "password")
    assert "too-short-1" not in refused.errors + json.dumps(refused.lines)


@pytest.mark.parametrize("words", [
    ["add", "new"], ["add", "new", "--organization", "clinic", "--role", "king"], ["nothing"], ["disable"],
    ["password", "doctor", "--password-file", "/no/such/file"],
])  # fmt: skip
def test_wrong_usage_ends_with_2(run: Run, words: list[str]) -> None:
    assert run(*words).status == 2


def test_a_disabled_person_is_out_at_once_and_may_come_back(site: PeopleSite, run: Run) -> None:
    browser = site.browser("doctor")
    assert run("disable", "Doctor").lines == [{"user": "doctor", "disabled": True}]
    assert browser.get("/account").status_code == 303
    assert site.enter().status_code == 401
    assert run("enable", "doctor").lines == [{"user": "doctor", "disabled": False}]
    assert browser.get("/account").status_code == 303
    assert site.enter().status_code == 303


def test_a_new_password_opens_a_lock_and_ends_sessions(site: PeopleSite, run: Run) -> None:
    browser = site.browser("doctor")
    site.execute("UPDATE users SET failures = 9, locked_until = now() + interval '1 day' WHERE login = 'doctor'")
    [line] = run("password", "doctor").lines
    assert browser.get("/account").status_code == 303
    assert site.enter(password=PASSWORD).status_code == 401
    assert site.enter(password=line["password"]).status_code == 303


@pytest.mark.parametrize("verb", ["disable", "enable", "password", "token"])
def test_nobody_known_is_refused(run: Run, verb: str) -> None:
    refused = run(verb, "nobody")
    assert (refused.status, refused.lines[0]["error"]["code"]) == (1, "unknown-key")


def test_the_list_names_people_and_no_secret(site: PeopleSite, run: Run) -> None:
    listed = run("list", "--organization", "hospital")
    assert [line["user"] for line in listed.lines] == ["engineer", "specialist"]
    assert set(listed.lines[0]) == {"user", "name", "organization", "role", "created_at", "disabled_at", "locked_until",
                                    "seen_at"}  # fmt: skip
    assert len(run("list").lines) == 4


def test_an_administrators_token_opens_the_figures_from_anywhere(site: PeopleSite, run: Run) -> None:
    far = TestClient(site.app, client=("203.0.113.9", 5000))

    def figures(token: str) -> int:
        return far.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code

    [engineer], [doctor] = run("token", "engineer").lines, run("token", "doctor").lines
    assert (figures(engineer["token"]), figures(doctor["token"]), figures("x")) == (200, 403, 403)
    [newer] = run("token", "engineer").lines
    assert (figures(engineer["token"]), figures(newer["token"])) == (403, 200)
    run("disable", "engineer")
    assert figures(newer["token"]) == 403


def test_a_persons_token_is_not_the_organisations(site: PeopleSite, run: Run) -> None:
    [line] = run("token", "specialist").lines
    bearer = {"Authorization": f"Bearer {line['token']}"}
    client = TestClient(site.app)
    assert client.get("/fhir/Task", headers=bearer).status_code == 401
    assert client.get("/account", headers=bearer, follow_redirects=False).status_code == 401
    machine = {"Authorization": f"Bearer {site.seeds.tokens['hospital']}"}
    assert client.get("/fhir/Task", headers=machine).status_code == 200
    tokens.rotate(site.connection, site.hospital.id)
    site.connection.commit()
    assert client.get("/fhir/Task", headers=machine).status_code == 401
    person = tokens.person_of(site.connection, line["token"])
    assert person is not None
    assert person.login == "specialist"


def test_users_of_the_register_are_unique_without_regard_to_case(site: PeopleSite) -> None:
    with pytest.raises(Refused) as refused:
        users.add(site.connection, "Doctor", organization="nowhere", role="king", password="short")
    assert {r.path for r in refused.value.refusals} == {"login", "organization", "role", "password"}
    doctor = users.find(site.connection, "DocTor")
    assert doctor is not None
    assert doctor.login == "doctor"
    assert sessions.count(site.connection, doctor.id) == 0
