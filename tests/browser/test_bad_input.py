"""Forms with what people and attackers really enter: told at its field, kept as typed, never a fault of the hub."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.story import Actor
from tests.browser.walking import Walk, caller
from tests.browser.watching import PHONE, Way

BAD = {
    "empty": "", "spaces": "   ", "nul": "a\0b", "long": "长" * 30_000, "control": "\x01\x1b[31m\u202e",
    "html": "</textarea><b>",
    "number": "-1", "sql": "' OR 1=1 --", "json": '{"a": [1', "path": "../../etc/passwd",
}  # fmt: skip
FORMS = {
    "clinic": ["/referrals", "/referrals/new", "/referrals/import", "/account", "/worklist"],
    "specialist": ["/worklist", "/referrals/{referral_id}/steps/{step}"],
    "engineer": ["/admin", "/admin/messages", "/admin/organizations", "/admin/users", "/admin/audit",
                 "/admin/dead-letters", "/admin/deliveries"],
}  # fmt: skip
STEPS = ("book", "arrive", "outcome", "cancel", "ask", "reject", "accept")


class _Forms(HTMLParser):
    """The forms of a page: method, action and the names of their fields with what stands in them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append((given.get("method", "get").upper(), given.get("action", ""), {}))
        elif tag in ("input", "textarea", "select", "button") and self.forms and given.get("name"):
            self.forms[-1][2].setdefault(given["name"], given.get("value", ""))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("login", FORMS)
def test_no_form_breaks(site: Site, walk: Walk, login: str) -> None:
    paths = [
        p for path in FORMS[login] for p in ([path.replace("{step}", s) for s in STEPS] if "{step}" in path else [path])
    ]
    with caller(site, login) as person:
        for path in paths:
            path = path.replace("{referral_id}", walk.values["referral_id"])
            page = person.ask("GET", path)
            assert page.status_code in (200, 409), (path, page.status_code)
            parser = _Forms()
            parser.feed(page.text)
            for method, action, fields in parser.forms:
                if "logout" in action or action.startswith("/admin/users/") or "password" in fields:
                    continue
                for kind, value in BAD.items():
                    kept = {n: v for n, v in fields.items() if n in ("key", "version", "record", "do")}
                    filled = dict.fromkeys(fields, value) | kept
                    filled.pop("csrf_token", None)
                    short = {n: v[:500] for n, v in filled.items()}
                    answer = (person.client.get(action or path, params=short) if method == "GET"
                              else person.ask(method, action or path, **filled))  # fmt: skip
                    assert answer.status_code < 500, (action, kind, answer.status_code)


def test_a_wrong_referral_is_told_at_its_fields_and_kept_as_typed(enter: Open) -> None:
    with enter("clinic", Way("zh", PHONE)) as tab:
        clinic = Actor(tab, "zh", check=True)
        clinic.go("/referrals/new")
        clinic.fill(national_identifier="990101195803120028", patient_name="某某", reason="头痛")
        tab.page.get_by_label(clinic.t("Receiving hospital")).select_option("JIANGZHOU")
        clinic.button("Send referral").click()
        expect(tab.page.get_by_role("alert")).to_be_visible()
        wrong = tab.page.locator("[name=national_identifier]")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_have_value(re.compile("990101"))
        expect(tab.page.locator("[name=reason]")).to_have_value("头痛")
        clinic.seen("wrong")


@pytest.mark.parametrize(("name", "kind", "content"), [
    ("run.exe", "application/x-msdownload", b"MZ\x90\0" + b"\0" * 100),
    ("page.html", "text/html", b"<!DOCTYPE html><script>window.xss=1</script>"),
    ("picture.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.xss=1</script></svg>"),
    ("scan.pdf", "application/pdf", b"this is no PDF \xff\xfe\0"),
])  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_name(enter: Open, name: str, kind: str, content: bytes) -> None:
    with enter("clinic") as tab:
        clinic = Actor(tab, "zh")
        clinic.go("/referrals/new")
        clinic.fill(patient_name="某某", reason="头痛")
        tab.page.get_by_label(clinic.t("Receiving hospital")).select_option("JIANGZHOU")
        tab.page.locator("input[type=file]").set_input_files([{"name": name, "mimeType": kind, "buffer": content}])
        clinic.button("Send referral").click()
        expect(tab.page.get_by_role("alert").filter(has_text=name).or_(tab.page.locator(".error", has_text=name)).first
               ).to_be_visible()  # fmt: skip
        assert "/referrals/new" in tab.page.url or "/drafts/" in tab.page.url, "nothing was sent"


def test_a_file_of_referrals_tells_its_wrong_lines(enter: Open) -> None:
    lines = ["name,national_identifier,receiver,reason", "孙建国,990102197406110111,JIANGZHOU,甲状腺结节",
             "李秀珍,990101196903240128,JIANGZHOU,血压高", "马春兰,,NOWHERE,骨质疏松"]  # fmt: skip
    with enter("clinic") as tab:
        clinic = Actor(tab, "zh", check=True)
        clinic.go("/referrals/import")
        tab.page.locator("input[type=file]").set_input_files(
            [{"name": "a.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}]
        )
        clinic.press(clinic.button("Check the file"), "lines", "/referrals/import/.*")
        shown = tab.page.locator("main").inner_text()
        assert "3" in shown and "4" in shown, "the lines of the file that are wrong"
        assert "孙建国" in shown


def test_a_rejection_without_reason_is_asked_for_it(enter: Open, site: Site) -> None:
    identifier, run = site.patient()
    site.deliver("QINGLIN", "09-township-referral.hl7", identifier, run)
    referral = site.referral(f"Q{run}-R1")
    with enter("specialist") as tab:
        specialist = Actor(tab, "zh", check=True)
        specialist.go(f"/referrals/{referral}/steps/reject")
        tab.page.locator("form[action$='/steps/reject'] button").last.click()
        specialist.seen("no-reason")
        expect(tab.page.locator("[name=text]")).to_have_attribute("aria-invalid", "true")
