"""Sessions and the account's page, over HTTP on a real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx import Response

from hub.security import passwords, sessions, users
from hub.security.people import Person
from tests.integration.people_site import PASSWORD, PeopleSite

WRONG = "not the password at all"


@pytest.mark.parametrize("sql", [
    "UPDATE sessions SET seen_at = now() - interval '2 hours 1 second'",
    "UPDATE sessions SET created_at = now() - interval '12 hours 1 second'",
    "UPDATE users SET disabled_at = now()",
    "DELETE FROM sessions",
])  # fmt: skip
def test_a_session_ends(site: PeopleSite, sql: str) -> None:
    browser = site.browser("doctor")
    assert browser.get("/account").status_code == 200
    site.execute(sql)
    assert browser.get("/account").headers["location"].startswith("/login")
    assert browser.post("/logout", data={"csrf_token": "x"}).headers["location"] == "/login"
    assert browser.post("/account", data={"csrf_token": "x"}).headers["location"] == "/login?next=/account"
    assert "登录已过期，请重新登录。" in browser.get("/login").text


def test_use_is_written_down_once_a_minute_at_most(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    for seconds, written in ((30, False), (90, True)):
        site.execute("UPDATE sessions SET seen_at = now() - make_interval(secs => %s)", seconds)
        [before] = site.execute("SELECT seen_at FROM sessions")
        browser.get("/account")
        [after] = site.execute("SELECT seen_at FROM sessions")
        assert (after != before) is written


def test_ended_sessions_are_not_kept(site: PeopleSite) -> None:
    site.browser("doctor")
    site.execute("UPDATE sessions SET seen_at = now() - interval '3 hours'")
    site.browser("specialist")
    assert site.execute("SELECT count(*) FROM sessions") == [(1,)]


def test_log_out_everywhere_ends_the_other_browsers_too(site: PeopleSite) -> None:
    here, there, other = site.browser("doctor"), site.browser("doctor"), site.browser("specialist")
    assert "2 个登录会话" in here.get("/account").text
    assert site.post(here, "/logout/everywhere").status_code == 303
    assert there.get("/account").status_code == 303
    assert other.get("/account").status_code == 200
    assert site.trail("doctor") == [("doctor", "log-out-everywhere", True)]


def test_a_new_password_ends_the_other_sessions_and_this_one_goes_on(site: PeopleSite) -> None:
    here, there = site.browser("doctor"), site.browser("doctor")
    new = "quite another password"
    form = {"old_password": PASSWORD, "password": new, "password_again": new}
    assert site.post(here, "/account", form).headers["location"] == "/account"
    assert "密码已修改" in here.get("/account").text
    assert "密码已修改" not in here.get("/account").text
    assert there.get("/account").status_code == 303
    assert site.enter().status_code == 401
    assert site.enter(password=new).status_code == 303


@pytest.mark.parametrize(("changed", "told"), [
    ({"old_password": WRONG}, "当前密码不正确"),
    ({"password_again": "another new password"}, "两次输入的新密码不一致"),
    ({"password": "short", "password_again": "short"}, "密码至少 12 个字符"),
    ({"password": "x" * 201, "password_again": "x" * 201}, "密码至少 12 个字符"),
])  # fmt: skip
def test_a_bad_new_password_is_told_at_its_field(site: PeopleSite, changed: dict[str, str], told: str) -> None:
    browser = site.browser("doctor")
    form = {"old_password": PASSWORD, "password": "a longer password", "password_again": "a longer password"}
    answer = site.post(browser, "/account", {**form, **changed})
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert site.enter().status_code == 303


def test_who_guesses_the_password_in_a_session_left_open_locks_the_login(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    form = {"old_password": WRONG, "password": "a longer password", "password_again": "a longer password"}
    for _ in range(5):
        site.post(browser, "/account", form)
    assert site.post(browser, "/account", {**form, "old_password": PASSWORD}).status_code == 422


def test_a_hash_of_other_parameters_is_made_anew_at_log_in(site: PeopleSite) -> None:
    weak = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1).hash(PASSWORD)
    site.execute("UPDATE users SET password = %s WHERE login = 'doctor'", weak)
    assert site.enter().status_code == 303
    [(stored,)] = site.execute("SELECT password FROM users WHERE login = 'doctor'")
    assert stored != weak
    assert not passwords.outdated(stored)
    assert site.enter().status_code == 303


def test_a_session_knows_its_person(site: PeopleSite) -> None:
    doctor = users.find(site.connection, "DOCTOR")
    assert doctor is not None
    value = sessions.open(site.connection, doctor.id)
    assert sessions.person_of(site.connection, value) == Person(doctor.id, "doctor", "Doctor", "clinician", site.clinic)
    assert sessions.person_of(site.connection, value + "x") is None
    assert sessions.count(site.connection, doctor.id) == 1


@pytest.mark.parametrize("ask", [
    lambda b: b.get("/account", headers={"Accept": "application/json"}),
    lambda b: b.get("/account", headers={"Authorization": "Bearer x"}),
])  # fmt: skip
def test_a_program_without_a_session_is_told_401(site: PeopleSite, ask: Callable[[Any], Response]) -> None:
    answer = ask(site.browser())
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")


def test_a_part_of_a_page_leads_the_whole_page_to_the_log_in(site: PeopleSite) -> None:
    answer = site.browser().get("/account", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")
