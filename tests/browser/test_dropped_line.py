"""The line drops while a referral is written: nothing is lost, nothing stays on the device, nothing goes twice."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.story import Actor, pdf
from tests.browser.watching import PHONE, Watched, Way

KEPT = "Object.keys(localStorage).length"


def forgive(tab: Watched) -> None:
    """Chromium and htmx tell the console that there was no line."""
    tab.faults[:] = [fault for fault in tab.faults if not re.search("ERR_INTERNET_DISCONNECTED|htmx:", fault)]


def test_what_was_written_without_a_line_is_there_again(enter: Open) -> None:
    with enter("clinic", Way("zh", PHONE)) as tab:
        clinic = Actor(tab, "zh", check=True)
        clinic.go("/referrals/new")
        clinic.fill(patient_name="断网患者")
        tab.page.wait_for_url("**/drafts/*")
        context = tab.page.context
        context.set_offline(True)
        clinic.fill(reason="写到一半，网络断开")
        told = tab.page.locator("#kept")
        expect(told).to_have_text(
            clinic.t("The line is down. What you write is kept on this device and saved when the line is back.")
        )
        clinic.seen("line-down")
        context.set_offline(False)
        expect(told).to_have_text(re.compile(clinic.t("Saved")))
        assert tab.page.evaluate(KEPT) == 0
        context.set_offline(True)
        clinic.fill(question="关掉之前写的")
        expect(told).to_have_class(re.compile("bad"))
        draft = clinic.here
        tab.page.goto("about:blank")
        context.set_offline(False)
        clinic.go(draft)
        expect(tab.page.locator("[name=question]")).to_have_value("关掉之前写的")
        expect(told).to_have_text(re.compile(clinic.t("Saved")))
        forgive(tab)


def test_nothing_stays_on_the_device_after_logging_out(enter: Open) -> None:
    with enter("clinic") as tab:
        clinic = Actor(tab, "zh")
        clinic.go("/referrals/new")
        tab.page.context.set_offline(True)
        clinic.fill(patient_name="不留痕迹")
        expect(tab.page.locator("#kept")).to_have_class(re.compile("bad"))
        assert tab.page.evaluate(KEPT) == 1
        tab.page.context.set_offline(False)
        clinic.press(clinic.button("Log out"), "out", "/login")
        assert tab.page.evaluate(KEPT) == 0
        forgive(tab)


def test_a_file_still_on_its_way_is_waited_for_and_goes_once(enter: Open) -> None:
    with enter("clinic", Way("zh", PHONE, slow=True)) as tab:
        clinic = Actor(tab, "zh")
        clinic.go("/referrals/new")
        clinic.fill(patient_name="慢线患者", reason="头痛")
        tab.page.get_by_label(clinic.t("Receiving hospital")).select_option("JIANGZHOU")
        file = {"name": "检验单.pdf", "mimeType": "application/pdf", "buffer": pdf("Creatinine 146 umol/L")}
        tab.page.locator("input[type=file]").set_input_files([file])
        clinic.press(clinic.button("Save draft"), "drafts", "/drafts")
        clinic.press(tab.page.get_by_role("link", name="慢线患者"), "draft", "/drafts/.*")
        assert tab.page.locator("#held").get_by_text("检验单.pdf").count() == 1
        clinic.press(clinic.button("Send referral"), "sent", "/referrals/[0-9a-f-]{36}")
        assert tab.page.evaluate(KEPT) == 0


def test_who_logs_in_again_goes_on_with_what_was_written(enter: Open, site: Site) -> None:
    with enter("clinic", Way("zh", PHONE)) as tab:
        clinic = Actor(tab, "zh")
        clinic.go("/referrals/new")
        tab.page.context.clear_cookies(name="session")
        clinic.fill(patient_name="登录失效患者", reason="头痛三天")
        tab.page.get_by_label(clinic.t("Receiving hospital")).select_option("JIANGZHOU")
        clinic.button("Send referral").click()
        tab.page.wait_for_url(re.compile("/login"))
        clinic.fill(login="clinic", password=site.passwords["clinic"])
        clinic.button("Log in").click()
        tab.page.wait_for_url("**/drafts/*")
        expect(tab.page.locator("[name=reason]")).to_have_value("头痛三天")
        expect(tab.page.locator("[name=patient_name]")).to_have_value("登录失效患者")
        tab.faults.clear()


def test_what_came_from_a_number_goes_with_it(enter: Open) -> None:
    with enter("clinic", Way("zh", PHONE)) as tab:
        clinic = Actor(tab, "zh")
        clinic.go("/referrals/new")
        number, birth = tab.page.locator("[name=national_identifier]"), tab.page.locator("[name=birth_date]")
        number.fill("９９０１０１１９５８０３１２００２７")
        expect(birth).to_have_value("1958-03-12")
        expect(tab.page.locator("[name=gender][value=female]")).to_be_checked()
        number.fill("")
        expect(birth).to_have_value("")
        assert tab.page.locator("[name=gender]:checked").count() == 0
        birth.fill("1960")
        number.fill("990101195803120027")
        expect(birth).to_have_value("1960")
