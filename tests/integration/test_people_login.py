"""Log-in, log-out and the account's page, over HTTP on a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.people_site import PASSWORD, PeopleSite, csrf_token, people_site


@pytest.fixture
def site(database: str) -> Iterator[PeopleSite]:
    with people_site(database) as opened:
        yield opened


def test_who_logs_in_reaches_his_page_and_who_logs_out_is_nobody_again(site: PeopleSite) -> None:
    browser = site.browser()
    asked = browser.get("/account?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/account%3Fx%3D1")
    token = csrf_token(browser.get("/login").text)
    form = {"csrf_token": token, "login": "Doctor", "password": PASSWORD, "next": "/account?x=1"}
    entered = browser.post("/login", data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account?x=1")
    page = browser.get("/account?x=1")
    assert page.status_code == 200
    assert "Name of clinic" in page.text
    left = site.post(browser, "/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert browser.get("/account").status_code == 303
