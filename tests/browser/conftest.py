"""One hub and one Chromium for all browser tests; what the pages look like is kept in `.screenshots`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.acceptance.installation import Hub
from tests.browser import chromium, people
from tests.browser.site import Site, open_site
from tests.browser.walking import Walk, open_walk
from tests.browser.watching import Watched, Way
from tests.conftest import cloned

SHOTS = Path(os.environ.get("BROWSER_SCREENSHOTS") or Path(__file__).parent / ".screenshots")
USUAL = Way()
Open = Callable[..., AbstractContextManager[Watched]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chromium.find() is None and not chromium.required():
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=chromium.MISSING))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if chromium.find() is None:
        terminalreporter.write_line(chromium.MISSING, red=True, bold=True)


@pytest.fixture(scope="package")
def site(postgres: str, template: str, kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hub with its people, for the whole folder: tests take patients of their own."""
    with cloned(postgres, template) as database:
        hub = Hub(tmp_path_factory.mktemp("browser") / "home", kafka, database)
        try:
            opened = open_site(hub)
            yield opened
            opened.close()
        finally:
            hub.stop()


@pytest.fixture(scope="package")
def walk(site: Site) -> Walk:
    """Every address of the server and something real for each of its parameters."""
    return open_walk(site)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Package, not session: Playwright keeps an event loop, in which the asynchronous tests of others cannot run."""
    with chromium.started() as started:
        yield started


@pytest.fixture(scope="package", autouse=True)
def shots() -> Path:
    """An empty folder for the pictures of this run."""
    shutil.rmtree(SHOTS, ignore_errors=True)
    return SHOTS


@pytest.fixture
def enter(browser: Browser, site: Site, shots: Path) -> Open:
    """`with enter("specialist", Way("zh", PHONE)) as tab:` a watched tab of somebody who is logged in; None: nobody."""

    def opened(login: str | None, way: Way = USUAL) -> AbstractContextManager[Watched]:
        return people.entered(browser, site, way, shots, login)

    return opened
