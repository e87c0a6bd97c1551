"""The story of a referral, played by its people in the browser, from the clinic's form to the closed referral."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import story
from tests.browser.conftest import Open
from tests.browser.site import Site, eventually
from tests.browser.story import Actor, step
from tests.browser.watching import DESK, PHONE, Way

WAYS = [Way("zh", PHONE), Way("zh", DESK), Way("en", PHONE), Way("en", DESK)]


@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_referral_goes_there_and_back(enter: Open, site: Site, way: Way) -> None:
    identifier, run = site.patient()
    site.history(identifier, run)
    with enter("clinic", way) as one, enter("specialist", way) as other:
        clinic, specialist = Actor(one, way.language), Actor(other, way.language)
        referral = story.write(clinic, identifier)
        story.find(specialist, "/worklist", "chenguiying", referral)
        site.record("JIANGZHOU", referral)
        what_came(specialist, referral)
        step(specialist, referral, "ask", lambda person: person.fill(text="请补充动态血压。"))
        step(clinic, referral, "supply", story.answer)
        step(specialist, referral, "accept")
        record(specialist, site, referral)
        step(specialist, referral, "book", story.book)
        step(specialist, referral, "arrive")
        step(specialist, referral, "outcome", story.conclude)
        clinic.go("/referrals")
        clinic.press(one.page.locator(f"a[href$='{referral}']"), "answered", f"/referrals/{referral}")
        for text in (story.OUTCOME, story.PLAN):
            expect(one.page.get_by_text(text).first).to_be_visible()
        back_down(clinic, specialist, referral)
        story.close(clinic, referral)


def what_came(specialist: Actor, referral: str) -> None:
    """Before acceptance: the referral's page with its text and files, and a record of just that."""
    page = specialist.tab.page
    specialist.go(f"/referrals/{referral}")
    for text in (story.QUESTION, "青霉素过敏", "检验单.pdf"):
        expect(page.get_by_text(text).first).to_be_visible()
    specialist.press(specialist.link("Open the record"), "record-before", f"/referrals/{referral}/record")
    expect(page.get_by_text(specialist.t("only what came with the referral")).first).to_be_visible()
    assert page.get_by_text("云岭县人民医院").count() == 0, "other institutions speak only after acceptance"


def record(specialist: Actor, site: Site, referral: str) -> None:
    """The whole record; a statement's source beside it; one marked as checked, one as wrong."""
    page = specialist.tab.page
    eventually(lambda: len(site.record("JIANGZHOU", referral)["organizations"]) >= 4)
    specialist.press(specialist.link("Open the record"), "record", f"/referrals/{referral}/record")
    assert page.locator(".conflict").count() >= 1, "two doses stand side by side"
    page.locator(".conflict .side a.what").first.click()
    cited = page.locator("mark").first
    expect(cited).to_be_visible()
    specialist.seen("source")
    page.get_by_role("button", name=specialist.t("It is so: checked"), exact=True).first.click()
    expect(page.locator(".standing.mark-checked").first).to_be_visible()
    expect(page.locator("#marking-title"), "the pressed button is gone, its place is not").to_be_focused()
    page.locator("summary", has_text=specialist.t("Mark as wrong…")).first.click()
    page.locator("textarea[name=reason]").first.fill("剂量与患者药盒不符")
    page.get_by_role("button", name=specialist.t("Mark as wrong"), exact=True).first.click()
    expect(page.locator(".standing.mark-wrong").first).to_be_visible()
    specialist.seen("marked")
    specialist.go(f"/referrals/{referral}/record/print")


def back_down(clinic: Actor, specialist: Actor, referral: str) -> None:
    """A referral back to the clinic, which finds it among what it received."""
    page = specialist.tab.page
    specialist.go(f"/referrals/new?from={referral}&kind=down")
    specialist.fill(reason="病情稳定，下转基层随访。")
    specialist.press(specialist.button("Send referral"), "down", "/referrals/[0-9a-f-]{36}")
    down = specialist.here.rpartition("/")[2]
    assert down != referral
    expect(page.get_by_text(specialist.t("Down-referral")).first).to_be_visible()
    clinic.go("/worklist")
    clinic.press(clinic.tab.page.locator(f"a[href*='{down}']"), "received-down", f"/referrals/{down}.*")
    step(clinic, down, "accept")


@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", [Way("zh", DESK, scripts=False), Way("zh", PHONE, slow=True)], ids=str)
def test_the_core_path_needs_no_script_and_no_fast_line(enter: Open, site: Site, way: Way) -> None:
    identifier, _ = site.patient()
    with enter("clinic", way) as one:
        clinic = Actor(one, way.language)
        referral = story.write(clinic, identifier)
    with enter("specialist", way) as other:
        specialist = Actor(other, way.language)
        story.find(specialist, "/worklist", story.NAME, referral)
        step(specialist, referral, "accept")
        site.record("JIANGZHOU", referral)
        specialist.go(f"/referrals/{referral}/record")
        other.page.locator("a.what").first.click()
        expect(other.page.locator("mark").first).to_be_visible()
        step(specialist, referral, "outcome", story.conclude)
    with enter("clinic", way) as one:
        story.close(Actor(one, way.language), referral)
