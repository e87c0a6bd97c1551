"""A script in every text of every message and form that reaches a page is shown as text and never runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page

from hub.processes.demo_hub import scenario
from tests.browser import crawling, payloads
from tests.browser.conftest import Open
from tests.browser.payloads import PAYLOAD
from tests.browser.site import HISTORY, SCENARIO_PATIENT, Site
from tests.browser.watching import Watched

MESSAGES = Path(__file__).parents[1] / "messages"
HURT = "() => [window.xss, document.querySelectorAll('img[src=\"x\"], script:not([src])').length]"


@dataclass(frozen=True)
class Poisoned:
    """A referral whose every text has a script in it, and the other that came by FHIR."""

    referral: str
    other: str
    messages: tuple[str, ...]


@pytest.fixture(scope="package")
def poisoned(site: Site) -> Poisoned:
    identifier, run = site.patient()
    for code, name in (*HISTORY, ("QINGLIN", "09-township-referral.hl7")):
        text = scenario(name, run).replace(SCENARIO_PATIENT, identifier)
        if name.endswith(".json"):
            document, count = payloads.fhir(json.loads(text))
            assert count
            site.post(code, "", document)
        else:
            _send(site, text.strip().replace("\n", "\r") + "\r")
    referral = site.referral(f"Q{run}-R1{PAYLOAD}")
    for name in ("referral", "prescription", "problem"):
        text = (MESSAGES / f"{name}-every-field.hl7").read_text(encoding="utf-8").replace("\n", "\r")
        text = text.replace("|ZSWSY01|", "|QINGLIN|").replace("TERT", "JIANGZHOU").replace("|AL|NE|", "|||", 1)
        _send(site, text.replace("SYN000", f"S{run}").replace("770001", f"7700{run}"))
    document, _ = payloads.fhir(json.loads(scenario("20-county-referral.json", run)))
    site.post("YUNLING", "/$process-message", document)
    other = site.referral(f"YL-{run}-R1{PAYLOAD}")
    for one in (referral, other):
        site.move("JIANGZHOU", one, "accepted")
        site.record("JIANGZHOU", one)
    note = {"statusReason": {"text": PAYLOAD}, "executionPeriod": {"start": "2026-12-01T09:00:00+08:00"}}
    site.move("JIANGZHOU", referral, "accepted", "scheduled", **note)
    site.move("JIANGZHOU", referral, "in-progress", "arrived")
    outcome, _ = payloads.fhir(json.loads(scenario("10-outcome.json", run).replace(SCENARIO_PATIENT, identifier)),
                               check=False)  # fmt: skip
    site.move("JIANGZHOU", referral, "completed", "outcome-sent", **outcome)
    with psycopg.connect(site.hub.database) as connection:
        found = connection.execute(
            "SELECT id::text FROM messages WHERE referral_id = ANY(%s::uuid[]) ORDER BY id LIMIT 3",
            ([referral, other],),
        ).fetchall()
    return Poisoned(referral, other, tuple(identifier for (identifier,) in found))


def _send(site: Site, text: str) -> None:
    message, count = payloads.hl7v2(text.replace("GB 18030-2000", "UNICODE UTF-8"))
    assert count > 10
    site.send(message)


def unhurt(page: Page) -> None:
    ran, made = page.evaluate(HURT)
    assert ran is None, f"a script ran on {page.url}"
    assert made == 0, f"{made} elements were made of text on {page.url}"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("login", ["clinic", "specialist", "county", "engineer"])
def test_no_page_runs_what_came_in_a_message(enter: Open, poisoned: Poisoned, login: str) -> None:
    referrals = {"clinic": [poisoned.referral], "county": [poisoned.other], "engineer": []}
    theirs = referrals.get(login, [poisoned.referral, poisoned.other])
    starts = [f"/referrals/{one}" for one in theirs]
    starts += [f"/referrals/{one}/record" for one in theirs if login == "specialist"]
    if login == "engineer":
        starts = ["/admin", *(f"/admin/messages/{message}" for message in poisoned.messages)]
    with enter(login) as tab:
        shown = _visit(tab, [*starts, "/admin/messages" if login == "engineer" else "/referrals"])
        assert shown, "the payload reaches pages, as text"


def _visit(tab: Watched, starts: list[str]) -> list[str]:
    shown = []
    for path in crawling.pages(tab, starts, each=3, most=60):
        unhurt(tab.page)
        if PAYLOAD in (tab.page.locator("body").text_content() or ""):
            shown.append(path)
    return shown
