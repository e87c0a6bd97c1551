"""Every page of every role: within the screen, without faults of the browser, and without violations of WCAG 2.2 AA."""

from __future__ import annotations

import pytest

from tests.browser import crawling
from tests.browser.conftest import Open
from tests.browser.walking import Walk
from tests.browser.watching import DESK, PHONE, Way

STARTS = {
    "clinic": ["/referrals", "/referrals/new", "/drafts", "/referrals/import", "/account", "/worklist"],
    "specialist": ["/worklist", "/account"],
    "engineer": [
        "/admin",
        "/admin/messages",
        "/admin/users",
        "/admin/organizations",
        "/admin/deliveries",
        "/admin/ledger",
        "/admin/audit",
        "/account",
    ],
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", [Way("zh", PHONE), Way("en", DESK)], ids=str)
@pytest.mark.parametrize("login", STARTS)
def test_axe_finds_nothing(enter: Open, walk: Walk, login: str, way: Way) -> None:
    referral = f"/referrals/{walk.values['referral_id']}"
    more = {"specialist": [referral, f"{referral}/record"], "clinic": [referral]}.get(login, [])
    found: list[str] = []
    with enter(login, way) as tab:
        for path in crawling.pages(tab, [*STARTS[login], *more], each=1, most=40):
            tab.picture(crawling.shape(path).strip("/").replace("/", "-").replace("*", "x")[:50] or "home")
            found += [f"{path}: {violation}" for violation in tab.accessible()]
    assert found == []


def test_keyboard_alone_reaches_a_referral(enter: Open, walk: Walk) -> None:
    """The first press of Tab is the way past the navigation; the referral's link is reached and opened by Enter."""
    with enter("specialist") as tab:
        page = tab.go("/worklist")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
        page.keyboard.press("Enter")
        for _ in range(60):
            page.keyboard.press("Tab")
            if walk.values["referral_id"] in (page.evaluate("document.activeElement.getAttribute('href')") or ""):
                break
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/referrals/{walk.values['referral_id']}**")
