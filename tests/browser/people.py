"""People of the tests at the log-in page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.browser.watching import Watched, Way, tab


@contextmanager
def entered(browser: Browser, site: Site, way: Way, shots: Path, login: str | None) -> Iterator[Watched]:
    """A tab of that person's, logged in and on the first page of the role."""
    with tab(browser, site.base, way, shots, login or "nobody") as watched:
        watched.page.context.add_cookies([{"name": "language", "value": way.language, "url": site.base}])
        if login is not None:
            log_in(watched, login, site.passwords[login])
        yield watched


def log_in(watched: Watched, login: str, password: str) -> None:
    page = watched.go("/login")
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(password)
    page.locator("form:has(input[name=password]) button").click()
    page.wait_for_url(lambda url: "/login" not in url)
    watched.look()
