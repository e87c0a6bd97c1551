"""`python -m tests.browser.pictures`: the README's pictures, taken of the demo as a visitor sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.watching import DESK, PHONE

FOLDER = Path(__file__).parents[2] / ".pictures"
LARGEST = 150_000
SHOTS = (
    ("demo", "/", DESK, None),
    ("worklist", "/worklist", DESK, "specialist"),
    ("record", "/referrals/{her}/record", DESK, "specialist"),
    ("source", "{source}", DESK, "specialist"),
    ("referral", "/referrals/{her}", DESK, "clinic"),
    ("new-referral", "/referrals/new", PHONE, "clinic"),
    ("my-referrals", "/referrals", PHONE, "clinic"),
    ("message", "/admin/messages/{message}", DESK, "administrator"),
)
"""Name, address, screen, whose log-in."""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "hub.processes.commands", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            base = json.loads(demo.stdout.readline())["http"]
            with chromium.started() as browser:
                for shot in SHOTS:
                    _take(browser, base, *shot)
        finally:
            demo.terminate()
            demo.wait(60)


def _take(browser: Browser, base: str, name: str, address: str, screen: tuple[int, int], role: str | None) -> None:
    context = browser.new_context(viewport={"width": screen[0], "height": screen[1]}, locale="zh-CN")
    page = context.new_page()
    page.goto(base)
    if role:
        stop = {"worklist": 2, "record": 4, "source": 5, "referral": 6, "message": 7}.get(name)
        chosen = (
            f"form:has([name=stop][value='{stop}'])" if stop is not None else f"form:has([name=role][value={role}])"
        )
        page.locator(f"{chosen} button").click()
        page.wait_for_load_state()
    if "{" not in address:
        page.goto(base + address)
    _keep(page, name)
    context.close()


def _keep(page: Page, name: str) -> None:
    """As a palette of 128 colours: letters stay sharp and the file small."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    path = FOLDER / f"{name}.png"
    picture.save(path, optimize=True)
    size = path.stat().st_size
    sys.stderr.write(f"{size:>8} {path.name}\n")
    assert size <= LARGEST, f"{path} weighs {size} bytes"


if __name__ == "__main__":
    main()
