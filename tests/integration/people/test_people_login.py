"""Log-in, log-out, lock-out, sessions and the account's page, over HTTP on a real database."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from hub.security import login, passwords, users
from hub.store.connections import connect
from tests.integration.people_site import PASSWORD, PeopleSite, csrf_token

WRONG = "not the password at all"


def test_who_logs_in_reaches_his_page_and_who_logs_out_is_nobody_again(site: PeopleSite) -> None:
    browser = site.browser()
    asked = browser.get("/account?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/account%3Fx%3D1")
    token = csrf_token(browser.get("/login").text)
    form = {"csrf_token": token, "login": " Doctor ", "password": PASSWORD, "next": "/account?x=1"}
    entered = browser.post("/login", data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account?x=1")
    page = browser.get("/account?x=1")
    assert page.status_code == 200
    assert "Name of clinic" in page.text
    session = browser.cookies["session"]
    left = site.post(browser, "/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert "您已退出登录" in browser.get("/login").text
    browser.cookies.set("session", session)
    assert browser.get("/account").status_code == 303
    assert site.trail("doctor") == [("doctor", "log-in", True), ("doctor", "log-out", True)]


@pytest.mark.parametrize(
    ("who", "home"), [("doctor", "/referrals"), ("specialist", "/worklist"), ("engineer", "/admin")]
)
def test_each_role_begins_at_its_own_page(site: PeopleSite, who: str, home: str) -> None:
    assert site.browser(who).get("/").headers["location"] == home


def test_the_session_cookie_is_for_this_site_alone(site: PeopleSite) -> None:
    cookie = next(c for c in site.enter().headers.get_list("set-cookie") if c.startswith("session="))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    value = cookie.split(";")[0].removeprefix("session=")
    assert site.execute("SELECT count(*) FROM sessions WHERE position(%s IN encode(sha256, 'escape')) > 0", value) == [
        (0,)
    ]


def test_over_an_encrypted_line_the_cookie_stays_on_it(site: PeopleSite) -> None:
    browser = site.browser()
    browser.base_url = "https://hub.test"
    token = csrf_token(browser.get("/login").text)
    entered = browser.post("/login", data={"csrf_token": token, "login": "doctor", "password": PASSWORD})
    cookie = next(c for c in entered.headers.get_list("set-cookie") if "session=" in c)
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert browser.get("/account").status_code == 200
    assert browser.get("/account").headers["strict-transport-security"] == "max-age=31536000"


def test_a_proxy_on_this_machine_tells_that_the_line_is_encrypted(site: PeopleSite) -> None:
    answer = site.browser().get("/login", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["set-cookie"].startswith("__Host-visit=")


def test_a_log_in_form_of_another_site_is_refused(site: PeopleSite) -> None:
    form = {"login": "doctor", "password": PASSWORD}
    browser, other = site.browser(), site.browser()
    token = csrf_token(other.get("/login").text)
    assert browser.post("/login", data={**form, "csrf_token": token}).status_code == 403
    own = csrf_token(browser.get("/login").text)
    for forged in (form, {**form, "csrf_token": token}, {**form, "csrf_token": "字"}, {**form, "csrf_token": own[:-8]}):
        assert browser.post("/login", data=forged).status_code == 403
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.test"}):
        assert browser.post("/login", data={**form, "csrf_token": own}, headers=headers).status_code == 403
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://hub.test"}):
        answer = site.browser()
        own = csrf_token(answer.get("/login").text)
        assert answer.post("/login", data={**form, "csrf_token": own}, headers=headers).status_code == 303


def test_a_token_of_one_session_is_nothing_in_another(site: PeopleSite) -> None:
    doctor, specialist = site.browser("doctor"), site.browser("specialist")
    token = csrf_token(doctor.get("/account").text)
    assert specialist.post("/logout/everywhere", data={"csrf_token": token}).status_code == 403
    assert specialist.get("/account").status_code == 200
    assert doctor.post("/logout", headers={"X-CSRF-Token": token}).status_code == 303


def test_a_token_is_masked_anew_in_each_page(site: PeopleSite) -> None:
    browser = site.browser("doctor")
    first, second = (csrf_token(browser.get("/account").text) for _ in range(2))
    assert first[:20] != second[:20]


@pytest.mark.parametrize(("who", "home"), [
    ("doctor", "/referrals"), ("specialist", "/worklist"), ("engineer", "/admin"),
])  # fmt: skip
def test_a_log_in_leads_to_ones_work(site: PeopleSite, who: str, home: str) -> None:
    """Not to `/`, which is everybody's tour in the demo."""
    assert site.enter(who).headers["location"] == home
    assert site.enter(who, next="/account").headers["location"] == "/account"


ELSEWHERE = ("//evil.test", "https://evil.test/", "\\\\evil.test", "javascript:alert", "/\\evil.test", "/\t/evil.test",
             "/login?next=/login", "/logout", "", "evil.test")  # fmt: skip


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_log_in_leads_to_no_other_site(site: PeopleSite, url: str) -> None:
    assert site.enter(next=url).headers["location"] == "/referrals"
    assert site.browser("doctor").get("/login", params={"next": url}).headers["location"] == "/referrals"
    assert site.browser().get("/language/en", params={"next": url}).headers["location"] in ("/", "/login?next=/login")


def test_five_refused_log_ins_lock_and_the_lock_doubles(site: PeopleSite) -> None:
    remaining = (
        "SELECT failures, round(extract(epoch FROM locked_until - now()) / 60)::int FROM users WHERE login = 'doctor'"
    )
    for _ in range(4):
        assert site.enter(password=WRONG).status_code == 401
    assert site.execute(remaining) == [(4, None)]
    site.enter(password=WRONG)
    assert site.execute(remaining) == [(5, 15)]
    assert site.enter().status_code == 401  # right, but locked
    assert site.execute(remaining) == [(5, 15)]
    for minutes in (30, 60, 120, 240, 480, 960, 1440, 1440):
        site.execute("UPDATE users SET locked_until = now() WHERE login = 'doctor'")
        assert login.log_in(lambda: connect(site.database), "doctor", WRONG) is None
        assert site.execute(remaining)[0][1] == minutes
    site.execute("UPDATE users SET locked_until = now() WHERE login = 'doctor'")
    assert site.enter().status_code == 303
    assert site.execute(remaining) == [(0, None)]
    refused = ("doctor", "log-in", False)
    assert site.trail("doctor")[:7] == [*[refused] * 5, ("doctor", "lock", True), refused]


def test_right_log_ins_do_not_add_up_to_a_lock(site: PeopleSite) -> None:
    for password in (WRONG, WRONG, WRONG, WRONG, PASSWORD) * 2:
        answer = site.enter(password=password)
    assert answer.status_code == 303


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(site: PeopleSite) -> None:
    def guess(number: int) -> str | None:
        return login.log_in(lambda: connect(site.database), "doctor", PASSWORD if number > 5 else WRONG)

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(guess, [0] * 12)) == [None] * 12
    assert site.execute("SELECT failures FROM users WHERE login = 'doctor'") == [(login.ATTEMPTS,)]
    assert guess(6) is None


def test_every_refusal_looks_the_same(site: PeopleSite) -> None:
    users.disable(site.connection, "stranger")
    site.execute("UPDATE users SET locked_until = now() + interval '1 hour' WHERE login = 'specialist'")
    attempts = (("doctor", WRONG), ("nobody-knows", WRONG), ("stranger", PASSWORD), ("specialist", PASSWORD))
    answers = [site.enter(name, password) for name, password in attempts]
    texts = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert {answer.status_code for answer in answers} == {401}
    assert len(texts) == 1


def test_no_unknown_login_and_no_password_is_in_the_trail(site: PeopleSite) -> None:
    site.enter("my-secret-passphrase", WRONG)
    site.enter("doctor", WRONG)
    rows = site.execute("SELECT actor, action, object_type, object_id, allowed FROM audit ORDER BY id")
    assert ("nobody", "log-in", "user", "unknown", False) in rows
    assert "my-secret" not in str(rows)
    assert WRONG not in str(rows)


def test_a_refusal_takes_the_same_work_for_a_known_and_an_unknown_login(
    site: PeopleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1))
    passwords._nobodys.cache_clear()
    users.set_password(site.connection, "doctor", PASSWORD)
    site.connection.commit()

    def work(name: str) -> float:
        def once() -> float:
            begin = time.thread_time()
            login.log_in(lambda: connect(site.database), name, WRONG)
            return time.thread_time() - begin

        return min(once() for _ in range(4))

    work("warm-up")
    known, unknown = work("doctor"), work("nobody-knows")
    site.execute("UPDATE users SET locked_until = now() + interval '1 hour'")
    locked = work("doctor")
    passwords._nobodys.cache_clear()
    assert max(known, unknown, locked) < 1.5 * min(known, unknown, locked)
