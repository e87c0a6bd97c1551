"""The way in: every language, both screens, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.watching import DESK, PHONE, Way

WAYS = [Way("zh", PHONE), Way("en", DESK), Way("zh", DESK, scripts=False)]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_person_logs_in_and_out(enter: Open, way: Way) -> None:
    with enter("specialist", way) as tab:
        tab.picture("home")
        tab.page.locator("form[action='/logout'] button").click()
        expect(tab.page.locator("input[name=password]")).to_be_visible()
        tab.look()
        tab.page.goto(tab.base + "/worklist")
        assert "/login?next=/worklist" in tab.page.url


def test_a_wrong_password_is_told_and_leads_nowhere(enter: Open) -> None:
    with enter(None) as tab:
        page = tab.go("/login?next=/worklist")
        page.locator("input[name=login]").fill("specialist")
        page.locator("input[name=password]").fill("not the password")
        page.locator("form:has(input[name=password]) button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("input[name=login]")).to_have_value("specialist")
        expect(page.locator("input[name=password]")).to_have_value("")
        tab.picture("refused")
        assert tab.accessible() == []


def test_a_form_of_another_site_is_refused(enter: Open, site: Site) -> None:
    with enter("specialist") as tab:
        forged = tab.page.request.post(f"{site.base}/logout", form={"csrf_token": "x"}, max_redirects=0)
        assert forged.status == 403
        foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        assert tab.page.request.post(f"{site.base}/logout", headers=foreign, max_redirects=0).status == 403
        tab.go("/account")
