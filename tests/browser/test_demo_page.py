"""The first page of the demo; on any other hub there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.installation import Hub
from tests.browser.site import PEOPLE, Site
from tests.browser.walking import Walk, addresses
from tests.browser.watching import DESK, PHONE, Way, tab

KEYS = {"clinic": "clinic", "specialist": "specialist", "administrator": "engineer"}


@pytest.fixture(scope="module")
def demo(site: Site, walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the same hub that has a demo's file."""
    folder = tmp_path_factory.mktemp("demo")
    people = [{"key": key, "login": login, "password": site.passwords[login], "name": login, "role": PEOPLE[login][1],
               "organization": PEOPLE[login][0]} for key, login in KEYS.items()]  # fmt: skip
    places = {"her": walk.values["referral_id"], "urgent": walk.values["referral_id"], "item": walk.values["item"],
              "message": walk.values["message_id"]}  # fmt: skip
    (folder / "demo.json").write_text(json.dumps({"people": people, "places": places}), encoding="utf-8")
    settings = {"REFERRAL_HUB_DEMO_FILE": str(folder / "demo.json")}
    hub = Hub(folder / "home", site.hub.kafka, site.hub.database, settings)
    try:
        yield hub.start(command="serve")["http"]
    finally:
        hub.stop()


@pytest.mark.parametrize("way", [Way("zh", PHONE), Way("en", DESK)], ids=str)
def test_each_stop_of_the_tour_leads_to_its_page(browser: Browser, demo: str, shots: Path, way: Way) -> None:
    with tab(browser, demo, way, shots, "demo") as visitor:
        visitor.page.context.add_cookies([{"name": "language", "value": way.language, "url": demo}])
        visitor.go("/")
        visitor.picture("welcome")
        assert visitor.accessible() == []
        stops = visitor.page.locator("ol.tour form button").count()
        assert stops == 9
        for number in range(stops):
            visitor.go("/")
            with visitor.page.expect_navigation() as led:
                visitor.page.locator("ol.tour form button").nth(number).click()
            assert led.value.status == 200, f"{visitor.page.url}: {led.value.status}"
            visitor.look()


def test_one_press_enters_as_each_role_also_without_scripts(browser: Browser, demo: str, shots: Path) -> None:
    with tab(browser, demo, Way(scripts=False), shots, "demo") as visitor:
        for key, home in (("clinic", "/referrals"), ("specialist", "/worklist"), ("administrator", "/admin")):
            visitor.go("/")
            visitor.page.locator(f"form:has([name=role][value={key}]) button").click()
            visitor.page.wait_for_url(f"**{home}")
            expect(visitor.page.locator("form[action='/logout']").first).to_be_attached()


def test_no_other_page_can_enter_a_visitor(demo: str) -> None:
    assert httpx.post(f"{demo}/demo/enter", data={"role": "specialist"}).status_code == 403


def test_no_other_hub_has_it(site: Site) -> None:
    assert not [a for a in addresses(site) if a.path.startswith("/demo")]
    assert httpx.post(f"{site.base}/demo/enter", data={"role": "specialist"}).status_code == 404
    assert httpx.get(f"{site.base}/").headers["location"] == "/login"
