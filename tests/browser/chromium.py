"""The Chromium of the system; without one the browser tests are skipped, or fail where BROWSER_TESTS=required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none")
MISSING = "NO BROWSER: install chromium and fonts-noto-cjk, or nothing that people see is tested"


def find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def required() -> bool:
    """Whether a machine without a browser fails the tests, as in CI."""
    return os.environ.get("BROWSER_TESTS") == "required"


@contextmanager
def started() -> Iterator[Browser]:
    """One Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
