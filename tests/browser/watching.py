"""A page that is watched: what a person would not notice, but must not be, is noted and told at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

PHONE, DESK = (375, 812), (1280, 800)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE_MS = 15_000
EXPECTED = re.compile(r"the server responded with a status of 4\d\d")
"""What Chromium itself says about a page that was answered with 4xx on purpose."""

_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_AXE = """async tags => {
    const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']});
    return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`));
}"""


@cache
def _axe_source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@dataclass
class Watched:
    """One tab of one person. base: the hub's address; shots: folder of the pictures; name: begins their names."""

    page: Page
    base: str
    shots: Path
    name: str
    scripts: bool = True
    faults: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("dialog", self._popped)

    def go(self, path: str, status: int = 200) -> Page:
        """Open an address and look at what comes."""
        response = self.page.goto(self.base + path)
        assert response is not None and response.status == status, f"{path}: {response and response.status}"
        self.look(path)
        return self.page

    def look(self, what: str = "") -> None:
        """What every page must be: within the screen, with one heading, a title and a language."""
        what = what or urlsplit(self.page.url).path
        if self.scripts:
            wider = self.page.evaluate(_WIDER)
            if wider > 0:
                self.faults.append(f"{what}: {wider} px wider than the screen")
        if self.page.locator("h1").count() != 1:
            self.faults.append(f"{what}: {self.page.locator('h1').count()} headings of first rank")
        if not self.page.title():
            self.faults.append(f"{what}: no title")

    def picture(self, what: str, *, whole: bool = True) -> None:
        """Keep how the page looks now."""
        self._count += 1
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.shots / f"{self.name}-{self._count:02d}-{what}.png", full_page=whole)

    def accessible(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA on the page as it is."""
        self.page.evaluate(_axe_source())
        return [str(found) for found in self.page.evaluate(_AXE, WCAG)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.faults.append(f"console: {message.text} ({self.page.url})")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != urlsplit(self.base).netloc:
            self.faults.append(f"another host is asked: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status} at {response.url}")

    def _popped(self, dialog: Dialog) -> None:
        self.faults.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()


@dataclass(frozen=True, slots=True)
class Way:
    """How a person looks: language, screen, line."""

    language: str = "zh"
    screen: tuple[int, int] = DESK
    scripts: bool = True
    slow: bool = False

    def __str__(self) -> str:
        marks = ("" if self.scripts else "-no-script") + ("-slow" if self.slow else "")
        return f"{self.language}-{self.screen[0]}{marks}"


@contextmanager
def tab(browser: Browser, base: str, way: Way, shots: Path, name: str) -> Iterator[Watched]:
    """A browser of one person's own. AssertionError at the end with all that must not have been."""
    width, height = way.screen
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=way.scripts, locale="zh-CN",
        has_touch=width < 600, accept_downloads=True,
    )  # fmt: skip
    try:
        page = context.new_page()
        if way.slow:
            slow_down(context, page)
        watched = Watched(page, base, shots, f"{way}-{name}", way.scripts)
        yield watched
        assert not watched.faults, "\n".join(watched.faults)
    finally:
        context.close()


def slow_down(context: BrowserContext, page: Page) -> None:
    """The line of a village: 400 ms there and back, 50 kB/s down, 20 kB/s up."""
    line = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line)
