"""What people do, as functions of their tab: found by the words on the page, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urlsplit

from playwright.sync_api import Locator, expect
from reportlab.pdfgen.canvas import Canvas

from hub.domain.forms import Action
from hub.web.languages import catalogue
from hub.web.step_words import READ_AND_CLOSE, WORDS
from tests.browser.watching import Watched

NAME = "陈桂英"
REASON = "2型糖尿病合并慢性肾脏病，近半年肌酐上升。"
QUESTION = "二甲双胍能否继续使用？肾功能下降的原因？"
HISTORY = "口干多饮10年，双下肢水肿20天。\n目前口服二甲双胍0.5g每日两次，血糖控制不佳。\n青霉素过敏。"
OUTCOME = "糖尿病肾病，停用二甲双胍，改用利格列汀5mg每日一次。"
PLAN = "每2周测血压和空腹血糖，每月复查肌酐。"


@dataclass
class Actor:
    """One person at a tab. language: of the words that the person looks for."""

    tab: Watched
    language: str
    check: bool = False

    def t(self, msgid: str, **values: str) -> str:
        text = catalogue(self.language).gettext(msgid)
        return text % values if values else text

    def go(self, path: str) -> None:
        self.tab.go(path)
        self.seen(path.strip("/").replace("/", "-")[:24])

    def seen(self, what: str) -> None:
        """A new page is there: it is looked at, kept as a picture, and judged by axe-core where asked."""
        self.tab.page.wait_for_load_state()
        self.tab.look()
        self.tab.picture(what)
        if self.check:
            assert self.tab.accessible() == [], what

    def button(self, msgid: str) -> Locator:
        return self.tab.page.get_by_role("button", name=self.t(msgid), exact=True)

    def link(self, msgid: str) -> Locator:
        return self.tab.page.get_by_role("link", name=self.t(msgid), exact=True)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.tab.page.locator(f"[name={name}]").fill(value)

    def press(self, found: Locator, what: str, leads: str = "") -> None:
        """Press, wait for the page that `leads` (a pattern of its path) says, look at it."""
        found.first.click()
        if leads:
            self.tab.page.wait_for_url(lambda url: re.fullmatch(leads, urlsplit(url).path) is not None)
        self.seen(what)

    @property
    def here(self) -> str:
        return urlsplit(self.tab.page.url).path


def write(clinic: Actor, identifier: str) -> str:
    """A new referral, kept as a draft on the way, with two files; its id."""
    page = clinic.tab.page
    clinic.go("/referrals/new")
    clinic.fill(national_identifier=identifier, patient_name=NAME)
    if clinic.tab.scripts:
        expect(page.locator("[name=birth_date]")).to_have_value("1958-03-12")
        expect(page.locator("[name=gender][value=female]")).to_be_checked()
    page.get_by_label(clinic.t("Receiving hospital")).select_option("JIANGZHOU")
    clinic.fill(department="内分泌科", reason=REASON, question=QUESTION, history=HISTORY)
    page.get_by_role("radio", name=clinic.t("Urgent"), exact=True).check()
    page.locator("input[type=file]").set_input_files(
        [{"name": "检验单.pdf", "mimeType": "application/pdf", "buffer": pdf("Creatinine 146 umol/L")},
         {"name": "note.txt", "mimeType": "text/plain", "buffer": "夜尿3至4次。".encode()}]
    )  # fmt: skip
    clinic.press(clinic.button("Save draft"), "drafts", "/drafts")
    clinic.press(page.get_by_role("link", name=NAME), "draft", "/drafts/.*")
    expect(page.locator("[name=history]")).to_have_value(HISTORY)
    expect(page.get_by_text("检验单.pdf").first).to_be_visible()
    clinic.press(clinic.button("Send referral"), "sent", "/referrals/[0-9a-f-]{36}")
    return clinic.here.rpartition("/")[2]


def find(person: Actor, path: str, words: str, referral: str) -> None:
    """The referral in a list, by a search."""
    person.go(path)
    page = person.tab.page
    page.get_by_role("searchbox").first.fill(words)
    page.get_by_role("searchbox").first.press("Enter")
    found = page.locator(f"a[href*='{referral}']").first
    expect(found).to_be_visible()
    person.seen("found")
    assert words not in page.url, "no patient's name in an address"
    person.press(found, "referral", f"/referrals/{referral}(/record)?")


def step(person: Actor, referral: str, action: Action, fill: Callable[[Actor], None] = lambda _: None,
         button: str = "") -> None:  # fmt: skip
    """One step through its form; at the end the referral's page says what was done."""
    words, page = WORDS[action], person.tab.page
    person.go(f"/referrals/{referral}")
    link = person.link(button or words.button)
    later = page.locator("details:has(a[href*='/steps/'])")
    if not link.count() and later.count():
        later.locator("summary").first.click()
    person.press(link, f"form-{action}", f"/referrals/{referral}/steps/{action}")
    fill(person)
    send = page.locator(f"form[action$='/steps/{action}'] button").last
    assert send.inner_text().strip() == person.t(words.button)
    person.press(send, f"done-{action}", f"/referrals/{referral}")
    expect(page.get_by_role("status").filter(has_text=person.t(words.done))).to_be_visible()


def answer(person: Actor) -> None:
    person.fill(text="24小时动态血压平均151/94mmHg。")


def book(person: Actor) -> None:
    person.fill(date="2027-03-04", start="09:00", end="09:30", location="门诊楼3层内分泌科")


def conclude(person: Actor) -> None:
    person.fill(text=OUTCOME, plan=PLAN)


def close(clinic: Actor, referral: str) -> None:
    step(clinic, referral, "close", button=READ_AND_CLOSE)


def pdf(text: str) -> bytes:
    """One page that says it."""
    out = BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 720, text)
    canvas.save()
    return out.getvalue()
